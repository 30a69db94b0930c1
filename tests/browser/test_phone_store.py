"""What a phone stores, in a real Chromium: an older database keeps its rows, and a roster in pages decides without a network."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Route

from eventsvc.services import codes
from tests.browser.conftest import Watcher
from tests.browser.door import Fair, Opener, Phone
from tests.live import LiveServer

MANY = 6_000
PAGE = 5_000
FIRST_VERSION = """() => new Promise((resolve, reject) => {
  const request = indexedDB.open('eventsvc-scan', 1);
  request.onerror = () => reject(request.error);
  request.onupgradeneeded = () => {
    const rows = request.result.createObjectStore('rows', {keyPath: 'id'});
    rows.createIndex('state', ['state', 'seq']);
    rows.createIndex('seq', 'seq');
    request.result.createObjectStore('settings');
  };
  request.onsuccess = () => {
    const work = request.result.transaction(['rows', 'settings'], 'readwrite');
    for (const [seq, state] of ['queued', 'kept', 'rejected', 'queued'].entries())
      work.objectStore('rows').put({id: `r${seq}`, seq, device: 'old', state, record: {id: `r${seq}`, type: 'tally'}, label: '宣传册', result: null, answeredAt: null});
    work.objectStore('settings').put({old: {token: 't', slug: 'fair'}}, 'senders');
    work.oncomplete = () => { request.result.close(); resolve(); };
  };
})"""
AFTERWARDS = """async () => {
  const {openStore} = await import('/static/js/scan/idb-store.js');
  const store = await openStore();
  return {lasting: store.lasting, queued: (await store.queuedOf('old')).map((row) => row.id), all: (await store.all()).map((row) => row.state),
          senders: await store.setting('senders'), page: await store.addPage('fair', {tickets: [], cursor: '1'}), pages: (await store.pages('fair', 0)).length};
}"""


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


def test_the_rows_of_the_first_version_stay(server: LiveServer, open_page: Opener) -> None:
    page: Page = open_page()
    page.goto(f"{server.url}/healthz")
    page.evaluate(FIRST_VERSION)
    assert page.evaluate(AFTERWARDS) == {
        "lasting": True,
        "queued": ["r0", "r3"],
        "all": ["queued", "kept", "rejected", "queued"],
        "senders": {"old": {"token": "t", "slug": "fair"}},
        "page": 1,
        "pages": 1,
    }


STORED = """async (slug) => (await (await (await import('/static/js/scan/idb-store.js')).openStore()).pages(slug, 0)).length"""


def short_hash(text: str) -> str:
    """As the server writes it into the roster."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:12]).decode()


def roster_of(event: dict[str, Any], many: int) -> tuple[list[str], list[dict[str, Any]]]:
    """So many tickets' codes, and the roster's pages that hold them."""
    minted = [codes.mint() for _ in range(many)]
    tickets = [
        {
            "ref": f"ref-{number:05d}", "hash": short_hash(code), "pickup_hash": short_hash(f"salt:{number:06d}"), "name": "王*芳", "initials": ["wxf", "wgf"],
            "phone_tail": f"{number % 10_000:04d}", "party_size": 1, "status": "confirmed", "used": {"gate": 1} if number % 2 else {},
            "entries": {"gate": [{"id": secrets.token_hex(8), "count": 1, "at": "2026-08-14T19:02:11+08:00", "device": "东门"}]} if number % 2 else {},
        }
        for number, code in enumerate(minted)
    ]  # fmt: skip
    starts = range(0, many, PAGE)
    pages = [
        {"tickets": tickets[start : start + PAGE], "removed": [], "spare": [], "cursor": str(start + PAGE), "has_more": start + PAGE < many, "salt": "salt", "event": event}
        for start in starts
    ]
    return minted, pages


def test_a_roster_of_two_pages_decides_without_a_network_and_outlives_a_reload(server: LiveServer, house: Flask, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(r"Failed to load resource|net::ERR_")
    fair = Fair(server, house)
    page = open_page()
    minted, pages = roster_of(page.request.get(f"{server.url}/api/v1/events/{fair.slug}").json(), MANY)
    asked: list[int] = []

    def serve(route: Route) -> None:
        asked.append(int(route.request.url.partition("cursor=")[2] or 0))
        route.fulfill(json=pages[asked[-1] // PAGE] if asked[-1] < MANY else {**pages[-1], "tickets": []})

    page.route(re.compile(r"/api/v1/events/[^/]+/roster"), serve)
    phone = Phone(page, fair.link())
    phone.type(minted[0])  # the roster may not be there yet: this asks the server, who does not know the ticket
    for _ in range(100):
        if page.evaluate(STORED, fair.slug) == 2:
            break
        page.wait_for_timeout(100)
    assert asked == [0, PAGE]
    page.route(re.compile(r"/api/"), lambda route: route.abort())
    page.reload()  # the shell comes from the server, all else from what is stored
    phone.wait_until_ready()
    phone.page.evaluate("dispatchEvent(new Event('offline'))")
    for number in (1, 2, MANY - 2, MANY - 1):
        phone.type(minted[number])
        phone.expect("already_used" if number % 2 else "admitted")
    phone.type(minted[2])
    phone.expect("already_used")
    phone.type("ZZZZZZZZZZZZZZZZZZZZ")
    phone.expect("unknown_ticket")
    phone.hook("confirm").click()
    phone.expect("admitted")
    phone.expect_pending(7)
    assert [record.outcome for record in fair.ledger()] == ["unknown_ticket"]
