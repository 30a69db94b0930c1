"""Every page in four states (标准版, 长辈版; light, dark): no axe violation, nothing cut off at 320 px or 200 %, all by keyboard, all large enough."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, Page
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

from eventsvc import ROOT
from tests.browser import crowd as crowds
from tests.browser.crowd import Crowd
from tests.browser.every_page import EVERY, NOT_PAGES, NOTHING, Sight
from tests.browser.measure import CUT_OFF, KEYBOARD_READY, KEYBOARD_SAID, SMALL
from tests.browser.test_components import RULES
from tests.live import LiveServer

AXE = Axe()
# By all rules of WCAG 2.2 AA, the contrast of AAA and axe's best practices in the light; the dark has other colours and nothing else
# (`test_the_dark_is_other_colours_alone`), so there the rules about colours are asked again. EVERY_RULE=1 asks all of them everywhere.
EVERY_RULE = bool(os.environ.get("EVERY_RULE"))
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "color-contrast-enhanced", "link-in-text-block"]}}
QUICK = {"resultTypes": ["violations"], "preload": False, "selectors": False}  # only the report is short
MAIN = {"standard": 44, "elder": 60}  # least height of buttons and fields
SWITCH = "display => { document.documentElement.dataset.display = display; }"  # what the switch on the page does
WIDTHS = {  # window, factor of the text; 长辈版 grows to the same 36 px as 标准版 at 200 %
    "standard": ((320, 1, "320 px"), (390, 2, "390 px, text at 36 px")),
    "elder": ((320, 1, "320 px"), (390, 36 / 22, "390 px, text at 36 px")),
}


class Desk:
    """One browser window for each kind of person, used again from page to page."""

    def __init__(self, browser: Browser, crowd: Crowd) -> None:
        self.browser, self.crowd = browser, crowd
        self.pages: dict[str, Page] = {}

    def page(self, who: str) -> Page:
        """The window of that person."""
        if who not in self.pages:
            context = self.browser.new_context(
                viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
            )
            context.set_default_timeout(15_000)
            context.add_cookies([{"name": name, "value": value, "url": self.crowd.server.url} for name, value in self.crowd.cookies(who).items()])
            self.pages[who] = context.new_page()
        return self.pages[who]

    def open(self, sight: Sight) -> Page:
        """That page in 标准版, on a phone, in the light."""
        page = self.page(sight.who)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.set_viewport_size({"width": 390, "height": 844})
        page.goto("about:blank")  # a page of the same address but for its fragment would not be loaded anew
        page.goto(self.crowd.server.url + sight.address(self.crowd))
        if sight.deed:
            sight.deed(page)
        assert page.get_attribute("html", "data-display") == "standard"
        return page

    def close(self) -> None:
        """Close every window."""
        for page in self.pages.values():
            page.context.close()


@pytest.fixture(scope="module")
def first_day(chromium: Browser, new_server: Callable[..., LiveServer]) -> Iterator[Desk]:
    """A server without any event."""
    server = new_server()
    desk = Desk(chromium, crowds.nothing(server))
    yield desk
    desk.close()
    server.close()


@pytest.fixture(scope="module")
def full_house(chromium: Browser, new_server: Callable[..., LiveServer]) -> Iterator[Desk]:
    """A server with far too much on it."""
    server = new_server(BASE_URL="http://community.example.test")  # a poster needs an address that leads somewhere
    desk = Desk(chromium, crowds.fill(crowds.nothing(server)))
    yield desk
    desk.close()
    server.close()


@pytest.mark.parametrize("sight", EVERY, ids=lambda sight: sight.name)
def test_a_page(full_house: Desk, sight: Sight) -> None:
    found = faults(full_house, sight)
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("sight", NOTHING, ids=lambda sight: sight.name)
def test_a_page_on_the_first_day(first_day: Desk, sight: Sight) -> None:
    found = faults(first_day, sight)
    assert not found, "\n".join(map(str, found))


def test_the_dark_is_other_colours_alone() -> None:
    own = [path for path in (ROOT / "static/css").glob("*.css") if "prefers-color-scheme" in path.read_text(encoding="utf-8")]
    assert [path.name for path in own] == ["tokens.css"]
    dark = re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)^\}", own[0].read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    said = re.findall(r"([\w-]+):\s*([^;]+);", re.sub(r"/\*.*?\*/", "", "".join(dark), flags=re.DOTALL))
    assert dark
    assert [name for name, _ in said if not name.startswith("--") and name != "color-scheme"] == []


def test_no_page_is_left_out(full_house: Desk) -> None:
    app = full_house.crowd.app
    reached = {endpoint_of(app, sight.address(full_house.crowd).split("?")[0]) for sight in EVERY}
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    named = {part for part in NOT_PAGES if any(name.startswith(part) for name in shown)}
    assert named == set(NOT_PAGES), "an exception that is not needed any more"
    assert {name for name in shown - reached if not name.startswith(tuple(NOT_PAGES))} == set()


@pytest.mark.parametrize("name", ["poster", "team-sheet", "self-checkin-word"])
def test_what_is_printed_has_one_page(full_house: Desk, name: str) -> None:
    page = full_house.open(next(sight for sight in EVERY if sight.name == name))
    page.emulate_media(media="print")
    file = page.pdf(format="A4", prefer_css_page_size=True)
    page.emulate_media(media="screen")
    assert re.findall(rb"/Count (\d+)", file) == [b"1"]


def endpoint_of(app: Flask, path: str) -> str | None:
    """The view behind an address."""
    try:
        return app.url_map.bind("localhost").match(path, "GET")[0]
    except RequestRedirect as leads:
        return endpoint_of(app, leads.new_url.removeprefix("http://localhost"))
    except NotFound:
        return None


def faults(desk: Desk, sight: Sight) -> list[Any]:
    """Everything that is wrong with a page in its four states; it is loaded once, and both displays are switched in place."""
    found: list[Any] = []
    page = desk.open(sight)
    page.evaluate(AXE.axe_script)
    for display, main in MAIN.items():
        page.evaluate(SWITCH, display)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += violations(page, f"{display} {scheme}", RULES if scheme == "light" or EVERY_RULE else COLOURS)
        found += [(display, "small", small) for small in page.evaluate(SMALL, {"least": 44, "main": main})]
        for width, zoom, name in WIDTHS[display]:
            page.set_viewport_size({"width": width, "height": 720})
            found += [(display, name, cut) for cut in page.evaluate(CUT_OFF, zoom)]
        page.set_viewport_size({"width": 390, "height": 844})
    found += unreached(page)
    return found


def violations(page: Page, state: str, rules: dict[str, Any]) -> list[Any]:
    """What axe complains about by these rules."""
    found = page.evaluate("options => axe.run(options).then(said => said.violations)", {**rules, **QUICK})
    return [(state, one["id"], [node["html"][:160] for node in one["nodes"]][:4]) for one in found]


def unreached(page: Page) -> list[Any]:
    """What the Tab key does not come to, or comes to without showing it."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 390, "height": 844})
    for _ in range(page.evaluate(KEYBOARD_READY)):
        page.keyboard.press("Tab")
    return [("keyboard", *said) for said in page.evaluate(KEYBOARD_SAID)]
