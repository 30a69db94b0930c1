"""Printed slips: real tickets that every phone knows at once; they take their places, are named later or never, and the unused ones go in one act."""

from __future__ import annotations

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid, Missing
from eventsvc.models import Event, Message, Person, Registration, Slip
from eventsvc.services import actors, figures, registrations, roster, slips
from tests.services.world import World, checkin


def small(capacity: int = 10) -> World:
    return World({"registration": {"capacity": capacity, "max_party": 5, "waitlist": True}})


def codes_of(world: World, batch: int = 1) -> list[slips.Printed]:
    return slips.printed(world.owner, world.slug, batch)


def event_of(world: World) -> Event:
    return actors.load_event(world.owner, world.slug, "event.read")


def test_every_phone_knows_a_slip_before_it_asks_again(app_context: Flask) -> None:
    world = small()
    phone = world.phone("scan")
    before = roster.read(phone, world.slug)
    slips.make(world.owner, world.slug, {"count": 3})
    hashes = {roster.hash_of(one.code) for one in codes_of(world)}
    assert len(hashes) == 3 and hashes <= set(before["spare"]), "printed after the download, recognised without another"
    after = roster.read(phone, world.slug, before["cursor"])
    assert {(row["hash"], row["name"]) for row in after["tickets"]} == {(roster.hash_of(one.code), f"凭条{one.number:03d}") for one in codes_of(world)}


def test_a_slip_enters_by_the_ordinary_door_and_is_counted_once(app_context: Flask) -> None:
    world = small()
    slips.make(world.owner, world.slug, {"count": 2, "party_size": 2})
    one = codes_of(world)[0]
    first, again = world.send(world.phone("scan"), checkin(one.code, count=2), checkin(one.pickup_code))
    assert (first["outcome"], first["name"], again["outcome"]) == ("admitted", "凭条001", "already_used")
    found = figures.stats(world.owner, world.slug)
    assert (found.registrations, found.people_registered, found.people_admitted) == (2, 4, 2)


def test_slips_take_their_places_and_never_more(app_context: Flask) -> None:
    world = small(5)
    world.ticket(2)
    with pytest.raises(Conflict) as refused:
        slips.make(world.owner, world.slug, {"count": 2, "party_size": 2})
    assert refused.value.code == "event_full" and "只剩3位" in refused.value.sentence()
    assert slips.batches(world.owner, world.slug) == []
    slips.make(world.owner, world.slug, {"count": 3})
    assert event_of(world).places_taken == 5
    assert world.ticket(1).status == "waitlisted"
    with pytest.raises(Conflict):
        slips.make(world.owner, world.slug, {"count": 1})


@pytest.mark.parametrize("wrong", [{"count": 0}, {"count": 201}, {"count": "三"}, {"count": 1, "party_size": 6}, {"count": 1, "sessions": ["no"]}, [], {}])
def test_wrong_wishes_are_refused(app_context: Flask, wrong: object) -> None:
    with pytest.raises(Invalid):
        slips.make(small().owner, "ye-shi", wrong)


def test_the_unused_go_in_one_act_and_the_waiting_move_up(app_context: Flask) -> None:
    world = small(4)
    slips.make(world.owner, world.slug, {"count": 4})
    waiting = world.ticket(2)
    used, named, *_rest = codes_of(world)
    world.send(world.phone("scan"), checkin(used.code))
    slips.name(world.owner, world.slug, {"slip": named.pickup_code, "name": "李建国", "consent": True})
    assert slips.void(world.owner, world.slug, 1) == 2
    db.session.refresh(waiting)
    assert waiting.status == "confirmed" and event_of(world).places_taken == 4
    batch = slips.batches(world.owner, world.slug)[0]
    assert (batch.count, batch.used, batch.named, batch.void, batch.unused) == (4, 1, 1, 2, 0)
    assert slips.void(world.owner, world.slug, 1) == 0, "twice is once"
    left = _rest[0]
    assert world.send(world.phone("scan"), checkin(left.code))[0]["outcome"] == "cancelled"
    gone = db.session.query(Registration).filter_by(code=left.code).one()
    assert db.session.query(Message).filter_by(registration_id=gone.id).count() == 0, "nobody is to be telephoned"
    with pytest.raises(Missing):
        slips.void(world.owner, world.slug, 9)


def test_a_slip_is_named_later_by_whoever_may_register(app_context: Flask) -> None:
    world = small()
    slips.make(world.owner, world.slug, {"count": 2})
    one, two = codes_of(world)
    said = {"slip": one.code, "name": "王桂芳", "phone": "13800001234", "consent": True}
    with pytest.raises(Invalid) as refused:
        slips.name(world.owner, world.slug, {**said, "slip": "000000", "name": "", "phone": "1", "consent": False})
    assert {fault.field for fault in refused.value.faults} == {"slip", "name", "phone", "consent"}
    desk = world.phone("register")
    slips.name(desk, world.slug, said)
    person = db.session.query(Person).filter_by(phone="+8613800001234").one()
    assert (person.name, person.phone_tail) == ("王桂芳", "1234") and person.initials.strip()
    with pytest.raises(Invalid):
        slips.name(desk, world.slug, {**said, "name": "李四"})
    assert registrations.find_mine("13800001234", one.pickup_code), "from then on the ticket is found like any other"
    other = World({"slug": "other"})
    with pytest.raises(Invalid):
        slips.name(other.owner, "other", {**said, "slip": two.code})
    ticket = world.ticket(1)
    with pytest.raises(Invalid):
        slips.name(world.owner, world.slug, {**said, "slip": ticket.code})
    assert db.session.query(Slip).count() == 2


def test_the_on_site_reserve_is_for_slips_and_nobody_in_line_is_passed_over(app_context: Flask) -> None:
    world = World({"registration": {"capacity": 5, "max_party": 5, "waitlist": True, "reserve": 2}})
    world.ticket(3)
    assert world.ticket(1).status == "waitlisted", "what is left is kept for those who come"
    with pytest.raises(Conflict):
        slips.make(world.owner, world.slug, {"count": 3})
    slips.make(world.owner, world.slug, {"count": 2})
    assert (event_of(world).places_taken, event_of(world).desk_taken) == (5, 2)
    slips.void(world.owner, world.slug, 1)
    assert (event_of(world).places_taken, event_of(world).desk_taken) == (3, 0)


def test_a_full_session_refuses_the_whole_print_and_void_gives_its_places_back(app_context: Flask) -> None:
    world = World({"sessions": [{"key": "cut", "name": "剪纸", "capacity": 3}]})
    with pytest.raises(Conflict):
        slips.make(world.owner, world.slug, {"count": 4, "sessions": ["cut"]})
    assert slips.batches(world.owner, world.slug) == []
    slips.make(world.owner, world.slug, {"count": 3, "sessions": ["cut"]})
    taken = [session.places_taken for session in event_of(world).sessions]
    slips.void(world.owner, world.slug, 1)
    db.session.expire_all()
    assert (taken, [session.places_taken for session in event_of(world).sessions]) == ([3], [0])
