"""Takes every page of tests/browser/every_page.py in each state and lays them side by side: ``python -m scripts.sights OUT``.

    python -m scripts.sights OUT [--only people,live] [--states phone-standard-light,desk-elder-dark] [--first-day]

Needs Chromium. Starts a server of its own with far too much on it (5,000 registrations, names of 50 characters), or with
nothing (``--first-day``), and writes OUT/<state>/<page>.png and contact sheets OUT/sheet-<state>-<n>.png, for a person to look at.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from tests.browser import crowd as crowds  # noqa: E402
from tests.browser.conftest import FLAGS  # noqa: E402
from tests.browser.crowd import Crowd  # noqa: E402
from tests.browser.every_page import EVERY, NOTHING, Sight  # noqa: E402
from tests.live import LiveServer  # noqa: E402

SIZES = {"phone": (390, 844), "desk": (1280, 800)}
STATES = [f"{size}-{display}-{scheme}" for size in SIZES for display in ("standard", "elder") for scheme in ("light", "dark")]
LONGEST = {"phone": 1700, "desk": 1150}  # a page of 5,000 rows is not shown to its end
SHEET = {"phone": 8, "desk": 4}  # pictures on one sheet


def main() -> int:
    """Take the pictures that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--states", default=",".join(STATES))
    parser.add_argument("--first-day", action="store_true")
    asked = parser.parse_args()
    wanted = set(filter(None, asked.only.split(",")))
    sights = [sight for sight in (NOTHING if asked.first_day else EVERY) if not wanted or sight.name in wanted]
    folder = Path(tempfile.mkdtemp(prefix="eventsvc-sights-"))
    server = LiveServer(folder, f"sqlite:///{folder / 'sights.sqlite3'}", environ={"BASE_URL": "http://community.example.test"})
    try:
        server.start()
        crowd = crowds.nothing(server) if asked.first_day else crowds.fill(crowds.nothing(server))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for state in asked.states.split(","):
                taken = list(shots(browser, crowd, sights, state, asked.out / state))
                most = SHEET[state.split("-")[0]]
                for number in range(0, len(taken), most):
                    sheet(taken[number : number + most], asked.out / f"sheet-{state}-{number // most:02}.png")
            browser.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def shots(browser: Browser, crowd: Crowd, sights: list[Sight], state: str, out: Path) -> Iterator[tuple[str, Path]]:
    """One picture of each page in that state: what is seen first, and what is below it."""
    size, display, scheme = state.split("-")
    width, height = SIZES[size]
    out.mkdir(parents=True, exist_ok=True)
    contexts: dict[str, BrowserContext] = {}
    pages: dict[str, Page] = {}
    for sight in sights:
        if sight.who not in contexts:
            context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce", color_scheme="dark" if scheme == "dark" else "light")
            context.set_default_timeout(15_000)
            cookies = crowd.cookies(sight.who) | {"display": display}
            context.add_cookies([{"name": name, "value": value, "url": crowd.server.url} for name, value in cookies.items()])
            contexts[sight.who], pages[sight.who] = context, context.new_page()
        page = pages[sight.who]
        try:
            page.goto("about:blank")
            page.goto(crowd.server.url + sight.address(crowd))
            if sight.deed:
                sight.deed(page)
            tall = min(page.evaluate("document.documentElement.scrollHeight"), LONGEST[size])
            page.set_viewport_size({"width": width, "height": max(tall, height)})
            path = out / f"{sight.name}.png"
            page.screenshot(path=path)
            page.set_viewport_size({"width": width, "height": height})
            yield sight.name, path
        except Exception as wrong:  # one page that does not come up hides no other  # noqa: BLE001
            print(f"{state} {sight.name}: {str(wrong).splitlines()[0]}", file=sys.stderr)
    for context in contexts.values():
        context.close()


def sheet(taken: list[tuple[str, Path]], path: Path) -> None:
    """Several pictures side by side, each with its name above it."""
    pictures = [(name, Image.open(one).convert("RGB")) for name, one in taken]
    columns = len(pictures) if pictures[0][1].width < 600 else 2
    wide, high = (max(getattr(picture, side) for _name, picture in pictures) for side in ("width", "height"))
    whole = Image.new("RGB", ((wide + 12) * columns, (high + 24) * -(-len(pictures) // columns)), "#808080")
    draw = ImageDraw.Draw(whole)
    for place, (name, picture) in enumerate(pictures):
        left, top = place % columns * (wide + 12), place // columns * (high + 24)
        draw.text((left + 4, top + 4), name, fill="white")
        whole.paste(picture, (left, top + 24))
    whole.save(path)


if __name__ == "__main__":
    sys.exit(main())
