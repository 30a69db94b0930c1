"""Residents in real Chromium: registering without JavaScript on a phone, the ticket's QR code, 长辈版, faults, cancelling."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from eventsvc.services import actors, devices, events, organizations
from tests.live import LiveServer
from tests.services.world import World

ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}
SUBMIT = "form:has([name=phone]) button[type=submit]"

FAIR: dict[str, Any] = {
    "starts_at": "2099-08-14T18:00:00+08:00",
    "ends_at": "2099-08-14T21:30:00+08:00",
    "contact_phone": "0371-12345678",
    "registration": {"capacity": 500},
    "sessions": [{"key": "paper", "name": "剪纸体验", "capacity": 20}],
}


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> LiveServer:
    """A real server with one fair."""
    started = new_server()
    with started.app().app_context():
        World(FAIR)
    return started


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium, by the run's one Playwright: two in a process do not go together."""
    chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
    yield chromium
    chromium.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser profile of its own; whatever the policy blocks fails the test."""
    opened: list[BrowserContext] = []
    blocked: list[str] = []

    def make(viewport: dict[str, int] = PHONE, script: bool = True, **more: Any) -> Page:
        context = browser.new_context(viewport=viewport, java_script_enabled=script, **more)
        opened.append(context)
        page = context.new_page()
        page.on("console", lambda message: blocked.append(message.text) if "Content Security Policy" in message.text else None)
        page.on("pageerror", lambda error: blocked.append(str(error)))
        return page

    yield make
    for context in opened:
        context.close()
    assert blocked == []


def register(page: Page, server: LiveServer, phone: str, party: int = 3) -> str:
    """Fill in the form by hand and come to the ticket."""
    page.goto(f"{server.url}/e/ye-shi")
    page.fill("[name=name]", "王桂芳")
    page.fill("[name=phone]", phone)
    page.locator(f"label:has([name=party_size][value='{party}'])").click()
    page.check("[name=consent]")
    page.click(SUBMIT)
    page.wait_for_url("**/t/*")
    return page.url


def fits(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def read_qr(page: Page) -> str:
    """What a camera reads from the picture of the screen."""
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    return found.text


@pytest.mark.parametrize(("viewport", "phone"), [(PHONE, "13800000001"), (DESK, "0371-87654321")])
def test_registering_without_javascript(server: LiveServer, new_page: Callable[..., Page], viewport: dict[str, int], phone: str) -> None:
    page = new_page(viewport, script=False)
    ticket = register(page, server, phone)
    code = ticket.rsplit("/", 1)[1]
    assert len(code) == 20 and page.locator(".ticket-status").inner_text().split() == ["报名成功", "共3人"]
    box = page.locator("img[data-hook=qr]").bounding_box()
    assert box and box["width"] >= 240 and box["y"] + box["height"] <= viewport["height"], "the code is on the first screen"
    assert read_qr(page) == f"{server.url.upper()}/T/{code}"
    assert len(page.locator("[data-hook=pickup-code]").inner_text().strip()) == 6
    page.locator("form[data-hook=cancel] button").click()
    assert "已取消" in page.locator(".ticket-status").inner_text() and page.locator("img[data-hook=qr]").count() == 0
    page.locator("form[data-hook=restore] button").click()
    page.goto(ticket)  # without the message above it
    assert read_qr(page).endswith(code)


def test_the_rights_without_javascript(server: LiveServer, new_page: Callable[..., Page]) -> None:
    """From registering to being deleted, by links and forms alone: change, found again on /my, seen, corrected, taken along, deleted."""
    page = new_page(script=False)
    ticket = register(page, server, "13800000077", party=2)
    pickup = page.locator("[data-hook=pickup-code]").inner_text().strip()
    page.locator("#change label:has([name=party_size][value='4'])").click()
    page.locator("#change button[type=submit]").click()
    assert page.locator("#change [name=party_size]:checked").input_value() == "4"
    page.context.clear_cookies()  # another phone
    page.goto(f"{server.url}/my")
    page.fill("[name=phone]", "13800000077")
    page.fill("[name=pickup_code]", pickup)
    page.locator("form:has([name=pickup_code]) button[type=submit]").click()
    page.locator("a[href$='/data']").first.click()
    if page.locator("form[data-hook=prove]").count():
        page.fill("form[data-hook=prove] [name=phone]", "13800000077")
        page.locator("form[data-hook=prove] button[type=submit]").click()
    assert "王桂芳" in page.locator("[data-hook=kept]").inner_text() and page.locator("text=我们记着什么").count() and fits(page)
    page.fill("form[data-hook=correct] [name=name]", "王桂芬")
    page.locator("form[data-hook=correct] button[type=submit]").click()
    assert "王桂芬" in page.locator("[data-hook=kept]").inner_text()
    with page.expect_download() as download:
        page.locator("a[href$='data.txt']").click()
    copied = download.value.path().read_text(encoding="utf-8-sig")
    assert "王桂芬" in copied and "138 0000 0077" in copied and pickup in copied
    page.locator("a[href$='/erase']").click()
    assert "找不回来" in page.locator("main").inner_text()
    page.locator("form[data-hook=erase] button").click()
    assert page.locator("[data-hook=erased]").is_visible() and "王桂芬" not in page.content()
    page.goto(ticket)
    assert page.locator("[data-hook=erased]").count() == 1 or "王" not in page.locator("main").inner_text()


def test_faults_stand_beside_their_fields(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.url}/e/ye-shi")
    page.fill("[name=phone]", "138")
    page.locator("label:has([name=party_size][value='4'])").click()
    page.click(SUBMIT)
    page.wait_for_selector("#error-summary")
    assert page.evaluate("document.activeElement.id") == "error-summary"
    assert page.locator("[aria-invalid=true]").count() == 3 and page.input_value("[name=phone]") == "138"
    assert page.is_checked("[name=party_size][value='4']") and fits(page)
    page.locator("#error-summary a", has_text="电话号码不对").click()
    page.fill("[name=phone]", "13800000002")
    page.fill("[name=name]", "李建国")
    page.check("[name=consent]")
    page.click(SUBMIT)
    page.wait_for_url("**/t/*")


@pytest.mark.parametrize("faulty", [False, True], ids=["at once", "after a fault"])
def test_back_from_the_ticket_says_that_one_is_registered(server: LiveServer, new_page: Callable[..., Page], faulty: bool) -> None:
    page = new_page()
    page.goto(f"{server.url}/e/ye-shi")
    page.locator("label:has([name=party_size][value='2'])").click()
    page.fill("[name=phone]", f"1380000001{int(faulty)}")
    if faulty:
        page.click(SUBMIT)
        expect(page.locator("#error-summary")).to_be_visible()
    page.fill("[name=name]", "李建国")
    page.check("[name=consent]")
    page.click(SUBMIT)
    page.wait_for_url("**/t/*")
    page.go_back()
    box = page.locator("[data-mine]")
    expect(box).to_be_in_viewport(ratio=1)
    page.wait_for_timeout(300)  # the browser scrolls to where one was, a moment later
    expect(box).to_be_in_viewport(ratio=1)
    assert page.locator("[data-mine]").count() == 1 and page.url.endswith("/e/ye-shi")
    box.locator("a").click()
    page.wait_for_url("**/t/*")


def test_back_from_the_large_code_is_the_ticket(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page()
    ticket = register(page, server, "13800000012")
    large, link = page.locator("#large-code"), page.locator("a[data-enlarge]")
    link.click()
    expect(large).to_be_visible()
    page.go_back()
    expect(large).to_be_hidden()
    assert page.url == ticket
    link.click()
    large.locator("button").click()
    expect(large).to_be_hidden()
    page.wait_for_function("!history.state?.enlarged")
    link.click()
    page.reload()
    expect(large).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    page.wait_for_function("!history.state?.enlarged")
    page.go_back()
    assert page.url.endswith("/e/ye-shi")


def test_elder_mode_switches_in_place_and_stays(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.url}/e/ye-shi")
    page.fill("[name=name]", "王桂芳")
    size = "parseFloat(getComputedStyle(document.documentElement).fontSize)"
    before = page.evaluate(size)
    with page.expect_response("**/display"):
        page.locator("[data-display-switch] button").click()
    assert page.evaluate(size) >= before * 1.2 and page.input_value("[name=name]") == "王桂芳" and fits(page)
    page.goto(f"{server.url}/my")
    assert page.locator("html").get_attribute("data-display") == "elder" and fits(page)


def test_elder_mode_without_javascript(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page(script=False)
    page.goto(f"{server.url}/e/ye-shi")
    page.locator("[data-display-switch] button").click()
    assert page.url.endswith("/e/ye-shi") and page.locator("html").get_attribute("data-display") == "elder"


def test_a_dark_phone_still_shows_a_white_card(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page(color_scheme="dark")
    code = register(page, server, "13800000003").rsplit("/", 1)[1]
    assert read_qr(page).endswith(code)


def test_another_phone_opens_it_by_the_whole_number(server: LiveServer, new_page: Callable[..., Page]) -> None:
    ticket = register(new_page(), server, "13800000004")
    other = new_page()
    other.goto(ticket)
    assert "王**" in other.inner_text("main") and other.locator("img[data-hook=qr]").count() == 0
    other.fill("[name=phone]", "138 0000 0004")
    other.click(SUBMIT)
    other.wait_for_selector("img[data-hook=qr]")


def test_no_page_is_wider_than_the_phone(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page({"width": 320, "height": 640})
    for path in ("/", "/e/ye-shi", "/e/ye-shi/privacy", "/my", "/nope", "/join/NOSUCH", "/scan"):
        page.goto(server.url + path)
        assert fits(page), path
    register(page, server, "13800000005")
    assert fits(page)


def test_a_joined_volunteer_confirms_on_the_tickets_page(server: LiveServer, new_page: Callable[..., Page]) -> None:
    with server.app().app_context():
        owner = actors.authenticate(organizations.create_token("demo"))
        events.change(owner, "ye-shi", {"checkpoints": [{"key": "gate", "name": "东门", "opens_at": "2020-01-01T00:00:00+08:00"}]})
        url = devices.invite(owner, "ye-shi", {}).join_url
    ticket = register(new_page(), server, "13800000006")
    volunteer = new_page(script=False)
    volunteer.goto(url)
    volunteer.fill("[name=operator]", "志愿者甲")
    volunteer.press("[name=operator]", "Enter")
    volunteer.goto(ticket)
    assert "王*芳" in volunteer.inner_text("main")
    volunteer.locator("[data-hook=confirm]").click()
    result = volunteer.locator("[data-hook=result]")
    assert result.get_attribute("data-outcome") == "admitted" and "请进" in result.inner_text()


def test_the_telephone_stays_under_the_finger_that_tapped_beside_it(server: LiveServer, new_page: Callable[..., Page]) -> None:
    page = new_page()
    page.goto(f"{server.url}/e/ye-shi")
    page.evaluate("document.querySelector('#register').style.marginTop = '80rem'")  # a long description
    telephone, jump = page.locator(".bar a[href^='tel:']"), page.locator(".bar-jump")
    expect(jump).to_be_visible()
    before, finger = telephone.bounding_box(), jump.bounding_box()
    assert finger
    jump.click()
    expect(jump).to_be_hidden()
    assert telephone.bounding_box() == before
    spot = [finger["x"] + finger["width"] / 2, finger["y"] + finger["height"] / 2]
    assert not page.evaluate("([x, y]) => Boolean(document.elementFromPoint(x, y).closest('a'))", spot), "a second tap would do something"
