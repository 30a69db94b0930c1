"""The line: holds, reserve, rules, approval; nobody is offered what another has (behaviours G40)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import Event, Message, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations, upkeep
from eventsvc.services.actors import PUBLIC, Actor
from tests.services.world import World

pytestmark = pytest.mark.usefixtures("app_context")

LATER = {"starts_at": "2026-08-30T18:00:00+08:00", "ends_at": "2026-08-30T21:00:00+08:00"}


def held(**registration: Any) -> World:
    return World({**LATER, "registration": {"capacity": 2, "hold_hours": 24, **registration}})


def again(*rows: Registration) -> list[str]:
    found = [db.session.get_one(Registration, row.id, populate_existing=True) for row in rows]
    return [f"offered:{row.party_size}" if row.offered_until else row.status for row in found]


def event_of(world: World) -> Event:
    return db.session.scalars(db.select(Event).where(Event.slug == world.slug).execution_options(populate_existing=True)).one()


def holder(of: Registration) -> Actor:
    return Actor("public", holds=frozenset({of.id}))


def told(world: World) -> list[str]:
    return list(db.session.scalars(db.select(Message.template).order_by(Message.id)))


def test_a_place_is_held_for_the_first_until_it_says_yes() -> None:
    world = held()
    one, other = world.ticket(), world.ticket()
    first, second = world.ticket(), world.ticket()
    registrations.cancel(world.owner, world.slug, one.id)
    assert (again(first, second), event_of(world).places_taken) == (["offered:1", "waitlisted"], 2)
    assert (registrations.position(first), registrations.position(second)) == (None, 1)
    assert world.ticket().status == "waitlisted", "the held place is nobody else's"
    for _ in range(2):
        assert registrations.accept(holder(first), world.slug, first.id).registration.status == "confirmed"
    assert event_of(world).places_taken == 2 and {"offered", "promoted"} <= set(told(world))
    with pytest.raises(Conflict):
        registrations.accept(holder(second), world.slug, second.id)
    registrations.cancel(holder(other), world.slug, other.id)
    registrations.cancel(holder(second), world.slug, second.id)  # no, thank you: it goes on at once
    assert again(first, second) == ["confirmed", "cancelled"] and event_of(world).places_taken == 2


@pytest.mark.parametrize("worker", [True, False])
def test_what_is_not_taken_up_goes_on_with_or_without_the_worker(clock: FakeClock, worker: bool) -> None:
    world = held(capacity=1)
    one, first, second = world.ticket(), world.ticket(), world.ticket()
    registrations.cancel(world.owner, world.slug, one.id)
    clock.advance(hours=24, minutes=2)
    if worker:
        upkeep.work()
        assert again(first, second) == ["cancelled", "offered:1"]
    with pytest.raises(Conflict) as raised:
        registrations.accept(holder(first), world.slug, first.id)
    assert raised.value.code == "offer_over"
    assert again(first, second) == ["cancelled", "offered:1"], "the late one has passed it on"
    assert (again(first, second), event_of(world).places_taken) == (["cancelled", "offered:1"], 1)
    assert db.session.get_one(Registration, first.id).cancelled_by == "lapsed"
    registrations.restore(holder(first), world.slug, first.id)
    assert (again(first), registrations.position(first)) == (["waitlisted"], 1)
    registrations.cancel(holder(second), world.slug, second.id)
    assert (again(first), event_of(world).places_taken) == (["offered:1"], 1)


def test_raising_shrinking_and_cancelling_offer_in_order() -> None:
    world = held(capacity=3, max_party=4)
    family = world.ticket(3)
    two, one = world.ticket(2), world.ticket(1)
    registrations.change(holder(family), world.slug, family.id, {"party_size": 2})
    assert again(two, one) == ["waitlisted", "waitlisted"]
    registrations.change(holder(family), world.slug, family.id, {"party_size": 1})
    assert again(two, one) == ["offered:2", "waitlisted"]
    events.change(world.owner, world.slug, {"registration": {"capacity": 4}})
    assert again(two, one) == ["offered:2", "offered:1"]
    with pytest.raises(Invalid):
        events.change(world.owner, world.slug, {"registration": {"capacity": 3}})
    registrations.change(holder(two), world.slug, two.id, {"party_size": 1})
    assert event_of(world).places_taken == 3


def test_an_offer_is_shorter_near_the_beginning_and_never_ends_at_night(clock: FakeClock) -> None:
    world = held()
    event = event_of(world)

    def at(said: str) -> str:
        until = registrations.hold_until(event, datetime.fromisoformat(said))
        return until.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%d %H:%M") if until else "at once"

    assert at("2026-08-20T12:00:00+08:00") == "21 12:01"
    assert at("2026-08-20T23:00:00+08:00") == "22 09:00"
    assert at("2026-08-20T05:00:00+08:00") == "21 09:00"
    assert at("2026-08-30T03:00:00+08:00") == "30 09:00"  # fifteen hours are left: a third of them, and not at night
    assert at("2026-08-30T11:00:00+08:00") == "30 13:21"
    assert at("2026-08-30T12:01:00+08:00") == "at once"
    for wrong in (1, 23, -1, 400):
        with pytest.raises(Invalid):
            events.change(world.owner, world.slug, {"registration": {"hold_hours": wrong}})


def test_near_the_beginning_nobody_is_waited_for(clock: FakeClock) -> None:
    world = held(capacity=1)
    one, first = world.ticket(), world.ticket()
    clock.advance(seconds=int((datetime.fromisoformat(LATER["starts_at"]) - clock.now() - timedelta(hours=3)).total_seconds()))
    registrations.cancel(world.owner, world.slug, one.id)
    assert again(first) == ["confirmed"]


def test_a_smaller_party_may_go_round_one_that_does_not_fit_three_times() -> None:
    world = World({**LATER, "registration": {"capacity": 4, "waitlist_rule": "fit"}})
    there = [world.ticket() for _ in range(4)]
    large, small = world.ticket(3), [world.ticket() for _ in range(5)]
    for number in range(3):
        registrations.cancel(world.owner, world.slug, there[number].id)
        assert again(large, small[number]) == ["waitlisted", "confirmed"]
    assert db.session.get_one(Registration, large.id, populate_existing=True).passed_over == 3
    registrations.cancel(world.owner, world.slug, there[3].id)  # now the line waits for the large party
    assert again(large, small[3], small[4]) == ["waitlisted"] * 3
    for one in small[:2]:
        registrations.cancel(world.owner, world.slug, one.id)
    assert again(large, small[3]) == ["confirmed", "waitlisted"] and event_of(world).places_taken == 4


def test_the_reserve_is_for_the_desk() -> None:
    world = World({**LATER, "registration": {"capacity": 4, "reserve": 2}})
    web = [world.ticket() for _ in range(3)]
    assert again(*web) == ["confirmed", "confirmed", "waitlisted"]

    def desk(**more: Any) -> Registration:
        return registrations.register(world.owner, world.slug, {"name": "李建国", **more}).registration

    assert [desk().status, desk(channel="phone").status, desk().status] == ["confirmed", "confirmed", "waitlisted"]
    registrations.cancel(world.owner, world.slug, web[0].id)
    assert again(web[2]) == ["confirmed"]
    event = event_of(world)
    assert (event.places_taken, event.desk_taken, registrations.places_left(event), registrations.state(event, event.starts_at)) == (4, 2, 0, "waitlist")
    with pytest.raises(Invalid):
        events.change(world.owner, world.slug, {"registration": {"reserve": 5}})


def test_what_is_left_of_the_reserve_goes_to_the_line_when_it_is_given_up() -> None:
    world = World({**LATER, "registration": {"capacity": 2, "reserve": 2}})
    waiting = world.ticket()
    assert waiting.status == "waitlisted"
    events.change(world.owner, world.slug, {"registration": {"reserve": 0}})
    assert again(waiting) == ["confirmed"]


def test_where_each_is_approved_a_party_that_moves_up_is_too() -> None:
    world = held(capacity=1, approval=True, hold_hours=0)
    one, first = world.ticket(), world.ticket()
    assert again(one, first) == ["pending", "waitlisted"]
    registrations.cancel(world.owner, world.slug, one.id)
    assert (again(first), event_of(world).places_taken) == (["pending"], 1)
    registrations.approve(world.owner, world.slug, first.id)
    assert again(first) == ["confirmed"]


def test_nobody_else_says_yes_for_somebody() -> None:
    world = held(capacity=1)
    one, first = world.ticket(), world.ticket()
    registrations.cancel(world.owner, world.slug, one.id)
    for stranger in (PUBLIC, holder(one)):
        with pytest.raises(Exception) as caught:
            registrations.accept(stranger, world.slug, first.id)
        assert caught.value.status in {401, 404}
    assert registrations.accept(world.owner, world.slug, first.id).registration.status == "confirmed"  # by telephone
