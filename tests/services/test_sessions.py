"""Sessions with places and lines of their own (behaviours G)."""

from __future__ import annotations

from typing import Any

import pytest

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import EventSession, Message, Registration, SessionWait
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations, upkeep
from eventsvc.services.actors import Actor
from tests.services.world import World

pytestmark = pytest.mark.usefixtures("app_context")

EVENING = {
    "starts_at": "2026-08-20T18:00:00+08:00",
    "ends_at": "2026-08-20T22:00:00+08:00",
    "sessions": [
        {"key": "seven", "name": "剪纸19:00", "capacity": 3, "starts_at": "2026-08-20T19:00:00+08:00", "ends_at": "2026-08-20T19:45:00+08:00"},
        {"key": "eight", "name": "剪纸20:00", "capacity": 3, "starts_at": "2026-08-20T20:00:00+08:00", "ends_at": "2026-08-20T20:45:00+08:00"},
        {"key": "opera", "name": "豫剧", "starts_at": "2026-08-20T19:30:00+08:00", "ends_at": "2026-08-20T20:30:00+08:00"},
    ],
}


def evening(**registration: Any) -> World:
    return World({**EVENING, "registration": registration})


def again(registration: Registration) -> Registration:
    return db.session.get_one(Registration, registration.id, populate_existing=True)


def taken() -> dict[str, int]:
    query = db.select(EventSession.key, EventSession.places_taken).execution_options(populate_existing=True)
    return {key: count for key, count in db.session.execute(query)}


def lines(world: World) -> list[tuple[str, str, int, bool]]:
    rows = db.session.scalars(db.select(SessionWait).order_by(SessionWait.id).execution_options(populate_existing=True))
    return [(row.registration_id, row.session, row.size, row.offered_until is not None) for row in rows]


def holder(of: Registration) -> Actor:
    return Actor("public", holds=frozenset({of.id}))


def test_a_full_session_says_which_are_free() -> None:
    world = evening()
    world.ticket(3, sessions=["seven"])
    with pytest.raises(Invalid) as raised:
        world.ticket(2, sessions=["seven"])
    assert [fault.sentence() for fault in raised.value.faults] == ["“剪纸19:00”已满，可以候补，也可以选别的场次", "还有名额的场次：剪纸20:00、豫剧"]


def test_one_is_confirmed_for_the_event_and_waits_for_the_session_in_order() -> None:
    world = evening()
    first = world.ticket(3, sessions=["seven"])
    second = world.ticket(2, sessions=["seven", "eight"], wait_for_sessions=True)
    third = world.ticket(1, sessions=["seven"], wait_for_sessions=["seven"])
    assert (second.status, second.sessions, third.status, third.sessions) == ("confirmed", ["eight"], "confirmed", [])
    assert [registrations.session_position(wait) for one in (second, third) for wait in registrations.session_waits(one)] == [1, 2]
    registrations.change(world.owner, world.slug, first.id, {"party_size": 2})  # one place, two are needed: the line is kept
    assert (again(second).sessions, again(third).sessions) == (["eight"], [])
    with pytest.raises(Invalid) as raised:
        world.ticket(1, sessions=["seven"])
    assert raised.value.faults[0].sentence() == "“剪纸19:00”有人在候补，空出的名额先给他们"
    registrations.cancel(world.owner, world.slug, first.id)
    assert (again(second).sessions, again(third).sessions, taken()["seven"]) == (["seven", "eight"], ["seven"], 3)
    assert lines(world) == []


def test_fewer_of_the_party_may_go_to_a_session() -> None:
    world = evening()
    family = world.ticket(4, sessions=["seven", "opera"], session_sizes={"seven": 2, "opera": 2})  # at once, but not the same people
    assert taken() == {"seven": 2, "eight": 0, "opera": 2}
    with pytest.raises(Invalid) as raised:
        world.ticket(3, sessions=["seven", "opera"], session_sizes={"seven": 2})
    assert raised.value.faults[0].sentence() == "“剪纸19:00”和“豫剧”时间重叠，只能去一个"
    for wrong in ({"seven": 0}, {"seven": 5}, {"seven": "2"}, {"eight": 1}, [1]):
        with pytest.raises(Invalid) as raised:
            world.ticket(4, sessions=["seven"], session_sizes=wrong)
        assert raised.value.faults[0].field.startswith("session_sizes")
    registrations.change(world.owner, world.slug, family.id, {"party_size": 2})
    assert (again(family).session_sizes, taken()) == ({}, {"seven": 2, "eight": 0, "opera": 2})
    registrations.change(world.owner, world.slug, family.id, {"party_size": 3})
    assert taken() == {"seven": 3, "eight": 0, "opera": 3}
    registrations.cancel(world.owner, world.slug, family.id)
    assert taken() == {"seven": 0, "eight": 0, "opera": 0}


def test_choosing_later_on_the_ticket() -> None:
    world = evening()
    family, other = world.ticket(3), world.ticket(2, sessions=["seven"])
    choose = registrations.choose_sessions
    choose(holder(family), world.slug, family.id, {"seven": 1, "eight": 3})
    assert (again(family).sessions, again(family).session_sizes, taken()["seven"]) == (["seven", "eight"], {"seven": 1}, 3)
    with pytest.raises(Invalid) as raised:  # larger than what is left, and nothing changed
        choose(holder(family), world.slug, family.id, {"seven": 2, "eight": 1})
    assert raised.value.faults[0].code == "session_full" and taken()["eight"] == 3
    with pytest.raises(Invalid):  # the page did not say that it is full
        choose(holder(other), world.slug, other.id, {"seven": 2, "eight": 2}, may_wait_for=[])
    choose(holder(other), world.slug, other.id, {"seven": 2, "eight": 2}, may_wait_for=["eight"])
    assert lines(world) == [(other.id, "eight", 2, False)]
    choose(holder(family), world.slug, family.id, {"seven": 1, "eight": 1})  # two places return to whoever waits
    assert (again(other).sessions, lines(world), taken()["eight"]) == (["seven", "eight"], [], 3)
    choose(holder(other), world.slug, other.id, {})
    assert (again(other).sessions, taken()) == ([], {"seven": 1, "eight": 1, "opera": 0})
    for wrong in ({"nix": 1}, {"seven": 9}, {"seven": "1"}, []):
        with pytest.raises(Invalid):
            choose(holder(other), world.slug, other.id, wrong)
    events.close(world.owner, world.slug)
    with pytest.raises(Conflict):
        choose(holder(other), world.slug, other.id, {"seven": 1})


def test_leaving_a_line_and_cancelling_take_one_out_of_it() -> None:
    world = evening()
    world.ticket(3, sessions=["seven"])
    second, third, fourth = (world.ticket(1, sessions=["seven"], wait_for_sessions=True) for _ in range(3))
    registrations.choose_sessions(holder(second), world.slug, second.id, {})
    registrations.cancel(holder(third), world.slug, third.id)
    assert [row[0] for row in lines(world)] == [fourth.id]
    events.change(world.owner, world.slug, {"sessions": [{**EVENING["sessions"][0], "capacity": 4}, *EVENING["sessions"][1:]]})
    assert again(fourth).sessions == ["seven"]


def test_a_place_in_a_session_is_held_and_passed_on(clock: FakeClock) -> None:
    world = evening(hold_hours=24)
    first = world.ticket(3, sessions=["seven"])
    second, third = (world.ticket(3, sessions=["seven"], wait_for_sessions=True) for _ in range(2))
    registrations.cancel(world.owner, world.slug, first.id)
    assert [row[3] for row in lines(world)] == [True, False] and taken()["seven"] == 3
    clock.advance(hours=25)
    upkeep.work()
    assert [row[3] for row in lines(world)] == [False, True] and taken()["seven"] == 3
    with pytest.raises(Conflict) as raised:
        registrations.accept(holder(second), world.slug, second.id, "seven")
    assert raised.value.code == "offer_over"
    for _ in range(2):
        done = registrations.accept(holder(third), world.slug, third.id, "seven")
        assert (done.registration.sessions, taken()["seven"]) == (["seven"], 3)
    told = db.session.scalars(db.select(Message.template).order_by(Message.id)).all()
    assert [name for name in told if name.startswith("session")] == ["session_offered", "session_offered"]


def test_a_party_that_moves_up_waits_for_a_session_that_is_full_by_then() -> None:
    world = evening(capacity=4)
    first = world.ticket(3, sessions=["seven"])
    second = world.ticket(2, sessions=["seven"])
    world.ticket(1, name="李建国")
    assert second.status == "waitlisted"
    events.change(world.owner, world.slug, {"registration": {"capacity": 6}})
    assert (again(second).status, again(second).sessions, lines(world)) == ("confirmed", [], [(second.id, "seven", 2, False)])
    registrations.cancel(world.owner, world.slug, first.id)
    assert (again(second).sessions, taken()["seven"]) == (["seven"], 2)
