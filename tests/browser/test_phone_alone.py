"""A phone on its own in a real Chromium against a real server: it downloads the roster, works on without a network, and hands all in."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page

from tests.browser.conftest import Watcher
from tests.browser.door import Fair, Opener, Phone
from tests.live import LiveServer

READY = """async (slug) => (await (await (await import('/static/js/scan/idb-store.js')).openStore()).setting(`roster ${slug}`))?.at > 0"""


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """One real server for this file."""
    made = new_server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def house(server: LiveServer) -> Flask:
    """The application in this process, on the server's database."""
    return server.app()


@pytest.fixture
def fair(server: LiveServer, house: Flask) -> Fair:
    """An event of this test's own."""
    return Fair(server, house)


def wait_for_roster(page: Page, fair: Fair) -> None:
    """Until the roster is stored whole."""
    for _ in range(150):
        if page.evaluate(READY, fair.slug):
            return
        page.wait_for_timeout(100)
    raise AssertionError("the roster did not come")


def test_work_goes_on_without_a_network_and_all_arrives_once(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(r"Failed to load resource|net::ERR_")
    one, party = fair.ticket(), fair.ticket("李小明", 3)
    phone = Phone(open_page(), fair.link())
    wait_for_roster(phone.page, fair)
    newcomer = fair.ticket("赵新来", 2)  # after the download, with a code minted before it
    phone.page.context.set_offline(True)
    phone.type(one.code)
    phone.expect("admitted")
    phone.type(one.code)
    phone.expect("already_used")
    phone.type(party.pickup)
    phone.hook("party").fill("2")
    phone.hook("confirm").click()
    phone.expect("admitted")
    assert phone.result.get_attribute("data-remaining") == "1"
    phone.type(newcomer.code)
    phone.hook("party").fill("2")
    phone.hook("confirm").click()
    phone.expect("admitted")
    phone.type("Z" * 20)
    phone.expect("unknown_ticket")
    phone.hook("confirm").click()
    phone.expect("admitted")
    phone.expect_pending(6)
    assert fair.ledger() == []
    phone.page.context.set_offline(False)
    phone.expect_pending(0)
    said = [(record.decided, record.outcome, record.admitted) for record in fair.ledger()]
    assert said == [
        ("admitted", "admitted", 1), ("refused", "already_used", 0), ("admitted", "admitted", 2), ("admitted", "admitted", 2),
        ("refused", "unknown_ticket", 0), ("admitted", "unknown_ticket", 1),
    ]  # fmt: skip
    assert len({record.id for record in fair.ledger()}) == 6
    assert fair.figures().entries == 6


def test_a_known_ticket_costs_one_request(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    wait_for_roster(phone.page, fair)
    phone.sent.clear()
    phone.type(ticket.code)
    phone.expect("admitted")
    assert [line for line in phone.sent if "/lookup" in line] == []
    assert len([line for line in phone.sent if line.endswith("/records")]) == 1


def test_a_revoked_phone_hands_in_what_it_holds_and_forgets_people(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(r"Failed to load resource|net::ERR_")
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    wait_for_roster(phone.page, fair)
    phone.page.context.set_offline(True)
    phone.type(ticket.code)
    phone.expect("admitted")
    phone.expect_pending(1)
    fair.revoke_all()
    phone.page.context.set_offline(False)
    phone.expect_pending(0)
    phone.hook("revoked").wait_for()
    kept = "async () => JSON.stringify(await (await (await import('/static/js/scan/idb-store.js')).openStore()).all())"
    for _ in range(50):
        if "王" not in phone.page.evaluate(kept):
            break
        phone.page.wait_for_timeout(100)
    assert "王" not in phone.page.evaluate(kept)
    assert "王" not in phone.page.content()
    assert not phone.page.evaluate(READY, fair.slug)
    assert fair.ledger() == []  # in quarantine until an organizer accepts it
