"""自助签到: who, where and whether; forged, late and repeated codes; two at once; what the figures say; nobody else's mark."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.models import Event, Record, Registration
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, figures, registrations, self_checkin, venue_codes
from eventsvc.services.actors import Actor
from tests.services.world import World, checkin, record

POINTS = [
    {"key": "gate", "name": "东门", "rule": "once", "entrance": True, "by_oneself": "screen"},
    {"key": "hall", "name": "长廊", "rule": "daily", "by_oneself": "word"},
    {"key": "stage", "name": "舞台", "rule": "each_time"},
    {"key": "paper", "name": "剪纸", "rule": "stamp", "by_oneself": "word"},
]


@pytest.fixture
def world(app_context: Flask) -> World:
    limits.reset()
    return World({"checkpoints": POINTS})


def holder(ticket: Registration) -> Actor:
    return Actor("public", holds=frozenset({ticket.id}))


def press(world: World, ticket: Registration, count: int = 1, key: str = "gate", nonce: str = "one") -> dict[str, Any]:
    return self_checkin.check_in(holder(ticket), world.slug, key, ticket.id, count, nonce)


def event_of(world: World) -> Event:
    return db.session.scalars(db.select(Event).where(Event.slug == world.slug)).one()


def prove(world: World, key: str, typed: str, subject: str = "s") -> None:
    event = event_of(world)
    self_checkin.prove(event, self_checkin.place_of(event, key), typed, subject)


def test_a_party_comes_in_and_the_figures_tell_it_apart(world: World) -> None:
    family, other = world.ticket(4), world.ticket(2)
    assert press(world, family, 1)["message"] == "请进 · 1位"
    assert press(world, family, 3, nonce="two")["outcome"] == "admitted"
    world.send(world.phone("scan"), checkin(other, count=2))
    kept = db.session.execute(db.select(Record.basis, Record.device_id, Record.quantity).order_by(Record.seq)).all()
    assert kept[0] == ("self", None, 1) and kept[2][0] is None
    found = figures.stats(world.owner, world.slug)
    gate = found.by_checkpoint[0]
    assert (found.people_admitted, found.entries, found.self_reported, gate.entries, gate.self_reported) == (6, 6, 4, 6, 4)
    assert [line.basis for line in figures.lines(world.owner, world.slug, "self_reported")] == ["self", "self"]
    whole = figures.fold_event(event_of(world))
    assert (whole.self_reported, whole.behind["self_reported"]) == (4, 2)


def test_pressed_twice_gone_back_or_changed_it_is_one_record(world: World, clock: FakeClock) -> None:
    family = world.ticket(4)
    first = press(world, family, 2)
    clock.advance(seconds=5)
    for count in (2, 2, 4):  # the same page again; with another number it is still what was kept
        again = press(world, family, count)
        assert (again["status"], again["outcome"], again["admitted"]) == ("replayed", "admitted", 2)
    assert first["status"] == "recorded" and db.session.query(Record).count() == 1
    assert press(world, family, 4, nonce="two")["outcome"] == "too_many"
    assert press(world, family, 2, nonce="two")["outcome"] == "admitted", "after a refusal one may try again from the same page"
    assert press(world, family, 2, nonce="two")["status"] == "replayed"
    assert press(world, family, 1, nonce="three")["outcome"] == "already_used"
    assert figures.stats(world.owner, world.slug).people_admitted == 4


def test_two_at_once_are_one(app: Flask, world: World) -> None:
    family = world.ticket(2)
    twin = Registration(id=family.id)
    db.session.commit()
    got: list[dict[str, Any]] = []

    def go() -> None:
        with app.app_context():
            got.append(press(world, twin, 2))
            db.session.remove()

    threads = [threading.Thread(target=go) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [one["outcome"] for one in got] == ["admitted"] * 6
    assert db.session.query(Record).count() == 1


def test_only_the_holder_and_only_where_it_is_on(world: World) -> None:
    own, other = world.ticket(), world.ticket()
    with pytest.raises(Missing):
        self_checkin.check_in(holder(own), world.slug, "gate", other.id, 1, "n")
    with pytest.raises(Missing):
        press(world, own, key="nowhere")
    with pytest.raises(Conflict) as off:
        press(world, own, key="stage")
    assert off.value.code == "not_by_oneself"
    World({"slug": "other", "checkpoints": POINTS})
    with pytest.raises(Missing):
        self_checkin.check_in(holder(own), "other", "gate", own.id, 1, "n")
    assert db.session.query(Record).count() == 0


@pytest.mark.parametrize("count", [0, 100, -1])
def test_a_number_that_is_none_is_not_kept(world: World, count: int) -> None:
    assert press(world, world.ticket(3), count)["status"] == "rejected"
    assert db.session.query(Record).count() == 0


def test_the_door_says_no_as_to_a_scan(world: World, clock: FakeClock) -> None:
    cancelled, small = world.ticket(), world.ticket(1)
    registrations.cancel(world.owner, world.slug, cancelled.id)
    assert press(world, cancelled)["outcome"] == "cancelled"
    assert press(world, small, 3)["outcome"] == "too_many"
    assert press(world, small, 1, nonce="b")["outcome"] == "admitted"
    late = world.ticket()
    clock.advance(hours=10)
    assert press(world, late)["outcome"] == "closed"
    events.change(world.owner, world.slug, {"starts_at": "2026-08-20T18:00:00+08:00", "ends_at": "2026-08-20T21:30:00+08:00"})
    assert press(world, late, nonce="early")["outcome"] == "not_yet_open"
    assert figures.stats(world.owner, world.slug).refused == 4


def test_daily_again_tomorrow_and_a_stamp_once(world: World, clock: FakeClock) -> None:
    events.change(world.owner, world.slug, {"ends_at": "2026-08-16T21:30:00+08:00"})
    one = world.ticket()
    hall = next(place for place in event_of(world).checkpoints if place.key == "hall")
    assert press(world, one, key="hall")["outcome"] == "admitted"
    assert [passage.by_oneself for passage in self_checkin.passages_of(event_of(world), one, hall)] == [True]
    clock.advance(hours=24)
    assert self_checkin.passages_of(event_of(world), one, hall) == []
    assert press(world, one, key="hall", nonce="tomorrow")["outcome"] == "admitted"
    assert press(world, one, key="paper")["outcome"] == "admitted"
    assert press(world, one, key="paper", nonce="again")["outcome"] == "already_used"


def test_codes_hold_for_a_moment_and_for_their_place_alone(world: World, clock: FakeClock) -> None:
    event = event_of(world)
    codes = {key: venue_codes.short_code(event, key, clock.now()) for key in ("gate", "hall")}
    link, word = venue_codes.link_code(event, "gate", clock.now()), venue_codes.word(event, "hall", clock.now())
    assert len(codes["gate"]) == 6 and len(link) == 16 and len(word) == 4 and word.isdecimal()
    for typed in (codes["gate"], f" {codes['gate'][:3]} {codes['gate'][3:]} ", "".join(chr(ord(digit) + 0xFEE0) for digit in codes["gate"])):
        prove(world, "gate", typed)
    prove(world, "hall", word)
    wrong = [("gate", codes["hall"]), ("gate", word), ("hall", codes["hall"]), ("hall", venue_codes.word(event, "paper", clock.now())), ("gate", link)]
    for number, (key, typed) in enumerate(wrong):
        with pytest.raises(Invalid):
            prove(world, key, typed, f"subject {number}")
    clock.advance(seconds=venue_codes.STEP * venue_codes.BEHIND)
    prove(world, "gate", codes["gate"])
    assert venue_codes.opens_link(event, "gate", "screen", link, clock.now())
    clock.advance(seconds=venue_codes.STEP)
    with pytest.raises(Invalid) as late:
        prove(world, "gate", codes["gate"])
    assert late.value.faults[0].code == "wrong_code"
    assert not venue_codes.opens_link(event, "gate", "screen", link, clock.now())
    clock.advance(hours=24)
    with pytest.raises(Invalid) as yesterday:
        prove(world, "hall", word)
    assert yesterday.value.faults[0].code == "wrong_word"


def test_exchanged_codes_end_at_once(world: World, clock: FakeClock) -> None:
    event = event_of(world)
    word, token = venue_codes.word(event, "hall", clock.now()), venue_codes.screen_token(event, "gate")
    assert venue_codes.opens_screen(event, "gate", token) and not venue_codes.opens_screen(event, "hall", token)
    self_checkin.exchange(world.owner, world.slug)
    event = event_of(world)
    assert not venue_codes.opens_screen(event, "gate", token)
    with pytest.raises(Invalid):
        prove(world, "hall", word)
    prove(world, "hall", venue_codes.word(event, "hall", clock.now()), "another")


def test_five_wrong_ones_lock_the_ticket_and_no_other(world: World, clock: FakeClock) -> None:
    word = venue_codes.word(event_of(world), "hall", clock.now())
    for _ in range(5):
        with pytest.raises(Invalid):
            prove(world, "hall", "0000", "mine")
    with pytest.raises(TooMany):
        prove(world, "hall", word, "mine")
    prove(world, "hall", word, "another's")
    with pytest.raises(Invalid) as empty:
        prove(world, "hall", "  ", "a third's")
    assert empty.value.faults[0].code == "required"


def test_many_tries_of_one_ticket_are_slowed(world: World) -> None:
    one = world.ticket()
    with pytest.raises(TooMany):
        for number in range(40):
            press(world, one, 1, nonce=str(number))


def test_nobody_else_puts_the_mark_on_a_record(world: World) -> None:
    one, phone = world.ticket(), world.phone("scan", "register")
    for sent in (checkin(one, basis="self"), record("walkin", checkpoint="gate", count=1, basis="self")):
        for actor in (phone, world.owner):
            [answer] = world.send(actor, {**sent, "id": str(uuid.uuid4())})
            assert (answer["status"], answer["code"]) == ("rejected", "not_allowed")
    usual, marked = world.send(phone, checkin(one), checkin(one, basis="self"))
    assert usual["status"] == "recorded" and marked["code"] == "not_allowed", "nor beside one that it may send"


def test_a_point_where_every_scan_counts_wants_a_volunteer(world: World) -> None:
    points = [{**point, "by_oneself": "word"} for point in POINTS]
    with pytest.raises(Invalid) as raised:
        events.change(world.owner, world.slug, {"checkpoints": points})
    assert [(fault.field, fault.code) for fault in raised.value.faults] == [("checkpoints.2.by_oneself", "each_time")]


def test_a_resident_without_a_code_of_a_reset_rehearsal(world: World, clock: FakeClock) -> None:
    event = event_of(world)
    before = venue_codes.word(event, "hall", clock.now())
    event.epoch += 1
    assert venue_codes.word(event, "hall", clock.now()) != before
