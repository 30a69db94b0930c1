"""自助签到 at the venue in real Chromium: the screen is read by a camera, changes in place, covers itself without network; a phone without script checks in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from eventsvc.db import db
from eventsvc.models import Event, Record
from eventsvc.ports import clock
from eventsvc.services import registrations, self_checkin, venue_codes
from tests.browser.conftest import Watcher
from tests.live import LiveServer
from tests.services.world import World

NOW = datetime.now(ZoneInfo("Asia/Shanghai"))
FAIR: dict[str, Any] = {
    "starts_at": (NOW - timedelta(hours=1)).isoformat(), "ends_at": (NOW + timedelta(hours=3)).isoformat(), "contact_phone": "0371-12345678",
    "checkpoints": [
        {"key": "gate", "name": "东门", "rule": "once", "entrance": True, "by_oneself": "screen"},
        {"key": "paper", "name": "剪纸", "rule": "stamp", "by_oneself": "word"},
    ],
}  # fmt: skip


class Venue:
    """A real server with a fair that is on."""

    def __init__(self, server: LiveServer) -> None:
        self.server, self.app = server, server.app()
        with self.app.app_context():
            self.world = World(FAIR)

    def ask(self, question: Callable[[Event], str]) -> str:
        """Something about the event as it is now."""
        with self.app.app_context():
            return question(db.session.scalars(db.select(Event)).one())

    def screen(self) -> str:
        """The address of the gate's screen."""
        return f"{self.server.url}/e/ye-shi/here/gate/screen/{self.ask(lambda event: venue_codes.screen_token(event, 'gate'))}"

    def ticket(self, page: Page, party: int) -> str:
        """Make a phone the holder of a new ticket; the ticket's id."""
        with self.app.app_context():
            made = self.world.ticket(party)
            key, link = made.id, f"{self.server.url}/m/{registrations.manage_token(made.id)}"
        page.goto(link)
        return key

    def kept(self, ticket: str) -> list[tuple[str, str, int]]:
        """Where a ticket was checked in, how, and how many."""
        with self.app.app_context():
            query = db.select(Record.checkpoint, Record.basis, Record.quantity).where(Record.registration_id == ticket).order_by(Record.seq)
            return [tuple(row) for row in db.session.execute(query)]


@pytest.fixture(scope="module")
def venue(new_server: Callable[..., LiveServer]) -> Venue:
    """One for this file."""
    return Venue(new_server())


def seen_on(page: Page) -> str:
    """What a camera reads from the picture of the screen."""
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.screenshot())).convert("L"))
    return found.text


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080), (800, 1280), (390, 844)], ids=str)
def test_a_phone_reads_the_screen_and_checks_in(open_page: Callable[..., Page], venue: Venue, size: tuple[int, int], script: bool) -> None:
    screen = open_page(width=size[0], height=size[1], javascript=script)
    screen.goto(venue.screen())
    assert screen.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
    assert screen.locator("[data-hook=short]").bounding_box()["y"] < size[1], "the digits are on the first screen, too"  # type: ignore[index]
    phone = open_page(javascript=script)
    ticket = venue.ticket(phone, 3)
    phone.goto(seen_on(screen))
    assert phone.url.endswith("/e/ye-shi/here/gate"), "no code is left in the address"
    phone.locator("form[data-hook=check-in] label:has([value='2'])").click()
    phone.locator("form[data-hook=check-in] button[type=submit]").click()
    expect(phone.locator("[data-hook=checked-in] .ticket-status")).to_contain_text("已签到2位，还有1位")
    phone.go_back()
    assert venue.kept(ticket) == [("gate", "self", 2)]


def test_without_script_by_the_word_and_a_card_of_nobody(open_page: Callable[..., Page], venue: Venue) -> None:
    phone, passer_by = open_page(javascript=False), open_page(javascript=False)
    ticket = venue.ticket(phone, 1)
    word = venue.ask(lambda event: venue_codes.word(event, "paper", clock.now()))
    phone.goto(f"{venue.server.url}/e/ye-shi/here/paper")
    phone.locator("[name=code]").fill(word)
    phone.locator("form[data-hook=check-in] button[type=submit]").click()
    assert venue.kept(ticket) == [("paper", "self", 1)]
    phone.locator("[data-hook=checked-in] a").click()
    expect(phone.locator("[data-hook=stamps] li[data-key=paper]")).to_have_class("is-stamped")
    passer_by.goto(f"{venue.server.url}/e/ye-shi/here/paper")
    expect(passer_by.locator("form[data-hook=stamp]")).to_have_count(0)


def test_the_screen_turns_over_in_place_and_covers_itself_without_network(open_page: Callable[..., Page], venue: Venue, complaints: Watcher) -> None:
    complaints.allow("ERR_INTERNET_DISCONNECTED|404")
    screen = open_page(width=1280, height=800)
    screen.clock.install()
    screen.goto(venue.screen())
    code, lost = screen.locator(".venue-code"), screen.locator("[data-lost]")
    screen.evaluate("document.querySelector('[data-venue]').dataset.old = '1'")
    screen.clock.fast_forward(31_000)
    expect(screen.locator("[data-venue]:not([data-old])")).to_be_visible()
    screen.context.set_offline(True)
    screen.clock.fast_forward(31_000)
    expect(lost).to_be_visible()
    expect(code).to_be_hidden()
    screen.context.set_offline(False)
    screen.clock.fast_forward(3_100)
    expect(code).to_be_visible()
    expect(lost).to_be_hidden()
    with venue.app.app_context():
        self_checkin.exchange(venue.world.owner, venue.world.slug)
    screen.clock.fast_forward(31_000)
    expect(screen.locator(".venue-code")).to_have_count(0)
