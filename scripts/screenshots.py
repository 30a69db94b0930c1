"""Takes the README's pictures of the three journeys from a fresh demo: ``make screenshots`` (needs Chromium).

Starts a server of its own on a free loopback port with a throw-away folder, walks as a resident, a volunteer and an
organizer, and writes docs/screenshots/*.png. Everything shown is the demo's: the people in it are made up.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.browser.conftest import FLAGS, Demo, printed_links  # noqa: E402
from tests.live import LiveServer  # noqa: E402

OUT = PROJECT / "docs" / "screenshots"
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


def main() -> None:
    """Walk the three journeys and keep the pictures."""
    folder = Path(tempfile.mkdtemp(prefix="eventsvc-screenshots-"))
    server = LiveServer(folder, f"sqlite:///{folder / 'demo.sqlite3'}", demo=True)
    OUT.mkdir(parents=True, exist_ok=True)
    try:
        server.start()
        demo = printed_links(server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            pickup = resident(browser, demo)
            volunteer(browser, demo, pickup)
            organizer(browser, demo)
            browser.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def opened(browser: Browser, size: dict[str, int]) -> Page:
    """A page of a browser of its own, in Chinese."""
    return browser.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai").new_page()


def keep(page: Page, name: str) -> None:
    """Save what is seen, in few colours, so that the repository stays small."""
    path = OUT / f"{name}.png"
    page.screenshot(path=path)
    with Image.open(path) as image:
        image.convert("RGB").quantize(96).save(path, optimize=True)
    print(f"{path.relative_to(PROJECT)}  {path.stat().st_size // 1024} KB")


def resident(browser: Browser, demo: Demo) -> str:
    """Register, and show the ticket; returns its 签到码."""
    page = opened(browser, PHONE)
    page.goto(demo.resident)
    page.fill("input[name=name]", "王桂芳")
    page.fill("input[name=phone]", "13900009001")
    keep(page, "resident-register")
    page.check("input[name=consent]")
    page.click("form[method=post] button.btn-primary[type=submit]")
    page.wait_for_selector("[data-hook=pickup-code]")
    page.wait_for_load_state("networkidle")
    keep(page, "resident-ticket")
    return "".join(character for character in page.inner_text("[data-hook=pickup-code]") if character.isdigit())


def volunteer(browser: Browser, demo: Demo, pickup: str) -> None:
    """Join, let the resident in by the 签到码, and show the counters."""
    page = opened(browser, PHONE)
    page.goto(demo.volunteer)  # the link that `make run` prints
    page.fill("input[name=operator]", "志愿者甲")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-hook=code-input]")
    page.wait_for_timeout(1500)
    page.fill("[data-hook=code-input]", pickup)
    page.keyboard.press("Enter")
    page.locator("[data-hook=confirm]").first.click()
    page.wait_for_selector("[data-hook=result][data-outcome=admitted]")
    page.wait_for_timeout(300)
    keep(page, "volunteer-admitted")
    page.wait_for_timeout(4000)
    page.locator("[data-hook=counter]").first.scroll_into_view_if_needed()
    page.wait_for_timeout(300)
    keep(page, "volunteer-counters")


def organizer(browser: Browser, demo: Demo) -> None:
    """Sign in with the one-time password, change it, and show the live page and the brief."""
    page = opened(browser, DESK)
    page.goto(demo.organizer)
    page.fill("input[name=email]", demo.email)
    page.fill("input[name=password]", demo.password)
    page.click("main button[type=submit]")
    page.wait_for_selector("input[name=old]")
    page.fill("input[name=old]", demo.password)
    page.fill("input[name=new]", "demo-pass-2026")
    page.fill("input[name=again]", "demo-pass-2026")
    page.click("main button[type=submit]")
    page.wait_for_selector("a[href$='/manage/new']")
    page.goto(f"{demo.url}/manage/e/feiyi-yanshi/live")
    page.wait_for_timeout(1500)
    keep(page, "organizer-live")
    page.goto(f"{demo.url}/manage/e/yangguang-zhengwu/report")
    page.wait_for_timeout(500)
    keep(page, "organizer-brief")


if __name__ == "__main__":
    main()
