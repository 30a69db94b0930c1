"""A bad network before a real Chromium and a real server: whatever happens, every record arrives once and the figures equal the taps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from eventsvc.services import quarantine
from tests.browser.faults import Network
from tests.browser.handset import Chromium, Ground, Handset
from tests.browser.truth import Tap, Truth
from tests.live import LiveServer

Pick = Callable[..., Handset]
AT_ONCE = 3.5  # seconds: a request slower than 2 s is decided on the phone
HOURS = """(() => {
  const Real = Date, off = %d * 3600000;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
    static now() { return Real.now() + off; }
  };
})()"""  # the clock alone; timers run as ever

# What the page sees when storage is full: every write ends in an aborted transaction. (Chromium's own quota override is not
# looked at again for half a minute after a write.)
FULL = """(full) => {
  const store = IDBObjectStore.prototype;
  store.trulyPut ??= store.put;
  store.put = full ? function (...given) { const request = this.trulyPut(...given); this.transaction.abort(); return request; } : store.trulyPut;
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


@pytest.fixture(scope="module")
def network() -> Iterator[Network]:
    """The bad network between them."""
    with Network() as made:
        yield made


@pytest.fixture
def ground(server: LiveServer, house: Flask) -> Ground:
    """An event of this test's own."""
    return Ground(server, house)


@pytest.fixture
def truth(ground: Ground) -> Truth:
    """What this test taps."""
    return Truth(ground)


@pytest.fixture
def pick(chromium: Browser, network: Network, server: LiveServer, ground: Ground) -> Iterator[Pick]:
    """A function that takes a phone in the hand: joined, its roster and shell stored."""
    contexts: list[BrowserContext] = []

    def take(name: str = "甲", ahead: int = 0, ready: bool = True) -> Handset:
        context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai")
        context.set_default_timeout(15_000)
        contexts.append(context)
        if ahead:
            context.add_init_script(HOURS % ahead)
        handset = Handset(context, network.gate(server.port), name)
        handset.join(ground)
        if ready:
            handset.wait_ready(offline=True)
        return handset

    yield take
    for context in contexts:
        context.close()


def _scan(truth: Truth, phone: Handset, party: int = 1) -> Tap:
    ticket = truth.fair.ticket(party_size=party)
    return _again(truth, phone, ticket, party)


def _again(truth: Truth, phone: Handset, ticket, party: int = 1) -> Tap:  # type: ignore[no-untyped-def]
    said = phone.scan(ticket.code)
    return truth.add(Tap(phone.name, "checkin", said.record, said.outcome, ticket=ticket, party=party, count=said.count))


def _count(truth: Truth, phone: Handset, times: int = 1) -> None:
    for _ in range(times):
        truth.add(Tap(phone.name, "tally", phone.tap("booklets") or "", counter="booklets"))


def _arrived(truth: Truth, *phones: Handset) -> None:
    """Nothing waits, nothing was rejected, the banner is gone, and ledger and figures say what was tapped."""
    for phone in phones:
        hooks = phone.until(lambda now: now["pending"] == 0 and now["network"] == "online", "uploaded", 30)
        assert hooks["rejected"] == 0, phone.rejected()
        phone.gate.idle()
        assert phone.errors == []
    assert truth.faults() == []


BEFORE = ("dead", "hang", "portal", "busy")  # the server never sees the request
AFTER = ("gateway", "reset", "drop", "cut", "short")  # the server has committed it


@pytest.fixture(scope="module")
def steady(chromium: Browser, network: Network, server: LiveServer, house: Flask) -> Iterator[tuple[Handset, Truth]]:
    """One joined phone that goes through every fault in turn."""
    ground = Ground(server, house)
    context = chromium.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai")
    context.set_default_timeout(15_000)
    phone = Handset(context, network.gate(server.port), "甲")
    truth = Truth(ground)
    tickets = [ground.ticket() for _ in range(30)]
    truth.spare = iter(tickets)  # type: ignore[attr-defined]
    phone.join(ground)
    phone.wait_ready(offline=True)
    yield phone, truth
    context.close()


@pytest.mark.parametrize("fault", ["flag", "refused", *BEFORE, *AFTER])
def test_whatever_breaks_the_phone_decides_says_so_and_the_record_arrives_once(steady: tuple[Handset, Truth], fault: str) -> None:
    phone, truth = steady
    ticket = next(truth.spare)  # type: ignore[attr-defined]
    if fault == "flag":
        phone.context.set_offline(True)
    elif fault == "refused":
        phone.gate.shut()
    else:
        phone.gate.fail(fault, "/api/", seconds=1)
    began = time.monotonic()
    tap = _again(truth, phone, ticket)
    assert tap.outcome == "admitted"
    assert time.monotonic() - began < AT_ONCE
    assert _again(truth, phone, ticket).outcome == "already_used"
    _count(truth, phone, 2)
    hooks = phone.until(lambda now: now["network"] == "offline", "offline", 10)
    assert (hooks["pending"], hooks["rejected"], hooks["ready"]) == (4, 0, True)
    phone.context.set_offline(False)
    phone.gate.open()
    phone.gate.lift()
    phone.nudge()
    _arrived(truth, phone)


def test_a_request_of_which_the_phone_knows_nothing_arrives_late_and_is_the_same_record(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("late", "/records", times=3, seconds=1.5)
    _scan(truth, phone)
    _count(truth, phone, 3)
    _arrived(truth, phone)


def test_a_request_delivered_twice_is_one_record(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("twice", "/records")
    _scan(truth, phone)
    _count(truth, phone, 5)
    _arrived(truth, phone)


def test_a_slow_answer_is_not_waited_for(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("tardy", "/api/", seconds=4)
    began = time.monotonic()
    assert _scan(truth, phone).outcome == "admitted"
    assert time.monotonic() - began < AT_ONCE
    phone.gate.lift()
    _arrived(truth, phone)


def test_reload_second_tab_and_closed_tab_without_a_network(truth: Truth, pick: Pick) -> None:
    ticket = truth.fair.ticket(party_size=2)
    phone = pick()
    phone.gate.shut()
    first = _again(truth, phone, ticket, 2)
    phone.reload()
    _count(truth, phone, 2)
    phone.second_tab()
    _count(truth, phone)
    assert _again(truth, phone, first.ticket, 2).outcome == "already_used"
    phone.kill_tab()
    said = phone.undo(first.id)
    assert said and said.outcome == "undone"
    truth.add(Tap(phone.name, "undo", said.record, said.outcome, target=first))
    assert phone.hooks()["pending"] == 6
    phone.gate.open()
    phone.nudge()
    _arrived(truth, phone)


def test_two_phones_without_a_network_admit_one_ticket(truth: Truth, pick: Pick) -> None:
    ticket = truth.fair.ticket(party_size=2)
    one, two = pick("甲"), pick("乙")
    for phone in (one, two):
        phone.gate.fail("dead")
        assert _again(truth, phone, ticket, 2).outcome == "admitted"
    for phone in (two, one):  # the earlier one arrives last
        phone.gate.lift()
        phone.nudge()
        _arrived(truth, phone) if phone is one else phone.uploaded()
    figures = truth.fair.stats()
    assert (figures["entries"], figures["people_admitted"], figures["conflicts"]) == (2, 2, 1)


def test_kill_9_of_the_server(server: LiveServer, truth: Truth, pick: Pick) -> None:
    phone = pick()
    _scan(truth, phone)
    server.kill()
    try:
        assert _scan(truth, phone).outcome == "admitted"
        _count(truth, phone, 3)
    finally:
        server.start()
    phone.nudge()
    _arrived(truth, phone)


@pytest.mark.parametrize("hours", [3, -3])
def test_a_clock_three_hours_off(truth: Truth, pick: Pick, hours: int) -> None:
    wrong, right = pick("甲", ahead=hours), pick("乙")
    ticket = truth.fair.ticket()
    right.gate.fail("dead")
    wrong.gate.fail("dead")
    assert _again(truth, right, ticket).outcome == "admitted"
    assert _again(truth, wrong, ticket).outcome == "admitted"
    _count(truth, wrong, 2)
    for phone in (wrong, right):
        phone.gate.lift()
        phone.nudge()
        phone.uploaded()
    _arrived(truth, wrong, right)
    kept = {row.id: row for row in truth.fair.ledger()}
    flagged = [tap.phone for tap in truth.taps if "clock_skew" in kept[tap.id].flags]
    assert flagged == ["甲"] * 3
    first, second = sorted((kept[tap.id] for tap in truth.taps[:2]), key=lambda row: row.corrected_at)
    assert (first.id, second.id) == (truth.taps[0].id, truth.taps[1].id)


def test_a_full_phone_says_that_it_keeps_nothing_and_what_it_had_arrives(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("dead")
    _count(truth, phone, 3)
    phone.page.evaluate(FULL, True)
    phone.page.locator("[data-key=booklets] [data-hook=plus]").click()
    expect(phone.page.locator("[data-part=word]")).to_have_text("没有记上")
    assert phone.total("booklets") == 3
    assert phone.hooks()["pending"] == 3
    phone.page.evaluate(FULL, False)
    phone.close()
    _count(truth, phone, 1)
    phone.gate.lift()
    phone.nudge()
    _arrived(truth, phone)


def test_a_phone_whose_storage_is_really_full_keeps_showing_and_uploads_what_it_holds(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("dead", "/api/")
    _count(truth, phone, 2)
    phone.limit_storage(1)
    word = phone.page.locator("[data-part=word]")
    for _ in range(40):  # the browser looks at its quota again half a minute after a write
        phone.page.locator("[data-key=booklets] [data-hook=plus]").click()
        phone.page.wait_for_timeout(1500)
        if word.text_content():
            break
        truth.add(Tap(phone.name, "tally", phone.latest(), counter="booklets"))
    expect(word).to_have_text("没有记上")
    phone.page.reload(wait_until="commit")
    phone.wait_ready()
    kept = len(truth.taps)
    phone.until(lambda now: (now["pending"], phone.total("booklets")) == (kept, kept), "nothing was lost", 5)
    phone.gate.lift()
    phone.nudge()
    for _ in range(60):
        if len(truth.fair.ledger()) == kept:
            break
        phone.page.wait_for_timeout(200)
    phone.limit_storage(None)
    phone.kill_tab()
    phone.uploaded(60)
    _count(truth, phone, 1)
    _arrived(truth, phone)


def test_a_revoked_phone_hands_in_its_evening_and_the_organizer_accepts_it(house: Flask, truth: Truth, pick: Pick) -> None:
    ticket = truth.fair.ticket(party_size=2)
    phone = pick()
    _scan(truth, phone)
    phone.gate.fail("dead", "/api/")
    assert _again(truth, phone, ticket, 2).outcome == "admitted"
    assert _again(truth, phone, ticket, 2).outcome == "already_used"
    said = phone.walkin(3, "gate")
    truth.add(Tap(phone.name, "walkin", said.record, said.outcome, count=3))
    _count(truth, phone, 4)
    minus = phone.tap("booklets", "minus")
    truth.add(Tap(phone.name, "undo", minus or "", target=truth.taps[-1]))
    truth.fair.revoke_all()
    phone.gate.lift()
    phone.nudge()
    phone.hook("revoked").wait_for()
    phone.until(lambda now: now["pending"] == 0, "handed in", 30)
    assert len(truth.fair.ledger()) == 1  # all else waits for a person
    with house.app_context():
        [waiting] = quarantine.waiting(truth.fair.owner, truth.fair.slug)
        quarantine.accept(truth.fair.owner, truth.fair.slug, waiting.device_id)
    assert truth.faults() == []
    with house.app_context():
        assert quarantine.waiting(truth.fair.owner, truth.fair.slug) == []


def test_sigkill_of_the_browser_with_a_full_queue(truth: Truth, ground: Ground, network: Network, server: LiveServer, playwright: Playwright, tmp_path: Path) -> None:
    with Chromium(playwright, tmp_path / "profile") as chromium:
        phone = Handset(chromium.context, network.gate(server.port), "甲")
        phone.join(ground)
        phone.wait_ready(offline=True)
        phone.gate.fail("dead")
        _scan(truth, phone)
        _count(truth, phone, 8)
        chromium.kill()
        phone = Handset(chromium.start(), phone.gate, "甲")
        phone.reopen()  # still without a network
        phone.until(lambda now: now["pending"] == 9 and phone.total("booklets") == 8, "nothing was lost", 5)
        phone.gate.lift()
        phone.nudge()
        _arrived(truth, phone)


@pytest.mark.timeout(400)
def test_5000_records_wait_and_all_arrive(truth: Truth, pick: Pick) -> None:
    phone = pick()
    phone.gate.fail("dead")
    _count(truth, phone, 1)
    phone.fill_queue(5000)
    phone.reload()
    phone.until(lambda now: now["pending"] == 5001, "nothing was lost", 5)
    began = time.monotonic()
    _count(truth, phone, 1)
    assert time.monotonic() - began < 2
    phone.gate.lift()
    phone.gate.fail("gateway", "/records", times=2)
    phone.gate.fail("reset", "/records", times=2)
    phone.nudge()
    phone.uploaded(150)
    assert truth.fair.counter("booklets") == 5002
    assert len({row.id for row in truth.fair.ledger()}) == len(truth.fair.ledger()) == 5002
