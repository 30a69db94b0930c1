"""报名未到 and 暂停报名: who only waits, who is exempt, and how organizers pause, excuse and lift."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventsvc.db import db
from eventsvc.errors import Conflict, Forbidden, Invalid, Missing
from eventsvc.models import Event, Pause, Person, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, organizations, registrations, upkeep
from eventsvc.services.actors import PUBLIC, authenticate
from tests.services.world import World, checkin

pytestmark = pytest.mark.usefixtures("app_context")
PHONE = "13900008888"


def evening(clock: FakeClock, slug: str, days: float = 1, **registration: Any) -> World:
    """An evening so many days ahead, of three hours."""
    begins = clock.now() + timedelta(days=days)
    ends = begins + timedelta(hours=3)
    return World({"slug": slug, "starts_at": begins.isoformat(), "ends_at": ends.isoformat(), "registration": registration})


def missed(clock: FakeClock, slug: str, scanned: bool = True, comes: bool = False, **said: Any) -> None:
    """An evening at which others came; the number's ticket did not, unless it ``comes``."""
    world = evening(clock, slug)
    data = {"name": "王桂芳", "phone": PHONE, "party_size": 1, "consent": True, **said}
    own = registrations.register(world.owner if "channel" in said and said["channel"] != "proxy" else PUBLIC, slug, data).registration
    clock.advance(days=1, minutes=5)
    if scanned:
        world.send(world.phone(), checkin(world.ticket(1)))
    if comes:
        world.send(world.phone(), checkin(own))
    clock.advance(days=1)


def come(world: World, **more: Any) -> Registration:
    return registrations.register(PUBLIC, world.slug, {"name": "王桂芳", "phone": PHONE, "party_size": 1, "consent": True, **more}).registration


def test_who_stayed_away_twice_waits_until_the_event_is_near(clock: FakeClock) -> None:
    missed(clock, "one")
    missed(clock, "two")
    world = evening(clock, "three", 9, capacity=2, no_show_rule=True)
    with pytest.raises(Conflict) as raised:  # the page asks first
        registrations.register(PUBLIC, "three", {"name": "王桂芳", "phone": PHONE, "party_size": 1, "consent": True}, may_wait=False)
    assert raised.value.code == "wait_first"
    own = come(world)
    assert (own.status, own.yields) == ("waitlisted", True)
    assert world.ticket().status == "confirmed", "nobody waits behind those who yield"
    upkeep.promote("three")
    assert db.session.get_one(Registration, own.id, populate_existing=True).status == "waitlisted"
    clock.advance(days=8, minutes=1)
    upkeep.work()
    assert db.session.get_one(Registration, own.id, populate_existing=True).status == "confirmed"
    assert come(evening(clock, "four", 9)).status == "confirmed", "only where the organizers want the rule"


@pytest.mark.parametrize("why", ["once", "came", "desk", "proxy", "nobody scanned", "long ago", "other organization", "excused"])
def test_who_is_exempt(clock: FakeClock, why: str) -> None:
    said: dict[str, Any] = {"channel": why} if why in {"desk", "proxy"} else {}
    missed(clock, "one", comes=why == "came", scanned=why != "nobody scanned", **said)
    if why != "once":
        missed(clock, "two", scanned=why != "nobody scanned", **said)
    if why == "long ago":
        clock.advance(days=31)
    world = evening(clock, "three", 9, no_show_rule=True)
    if why == "excused":
        registrations.excuse(world.owner, "two", _own())
    if why == "other organization":
        other = authenticate(organizations.create_token("elsewhere"))
        document = {"slug": "far", "title": "别处", "kind": "fair", "starts_at": (clock.now() + timedelta(days=9)).isoformat(), "registration": {"no_show_rule": True}}
        events.create(other, document)
        events.publish(other, "far")
        assert registrations.register(PUBLIC, "far", {"name": "王桂芳", "phone": PHONE, "consent": True}).registration.status == "confirmed"
        return
    assert come(world).status == "confirmed"


def _own() -> str:
    return db.session.scalars(db.select(Person.registration_id).join(Event, Event.id == Person.event_id).where(Event.slug == "two", Person.phone.like("%13900008888"))).one()


def test_an_elder_is_exempt(clock: FakeClock) -> None:
    question = [{"key": "age", "label": "年龄段", "type": "age_band"}]
    for slug in ("one", "two"):
        world = evening(clock, slug, questions=question)
        come(world, answers={"age": "60岁及以上"})
        clock.advance(days=1, minutes=5)
        world.send(world.phone(), checkin(world.ticket(1)))
        clock.advance(days=1)
    assert come(evening(clock, "three", 9, no_show_rule=True)).status == "confirmed"


def test_a_paused_number_registers_by_telephone_only(clock: FakeClock) -> None:
    world = evening(clock, "one", 3)
    own = come(world)
    registrations.pause(world.owner, "one", own.id)
    registrations.pause(world.owner, "one", own.id)  # twice is once
    [shown] = registrations.paused(world.owner, "one")
    assert (shown.kind, shown.name, shown.phone) == ("paused", "王*芳", "139****8888")
    kept = db.session.scalars(db.select(Pause)).one()
    assert "8888" not in kept.phone_hash and kept.until == clock.now() + timedelta(days=30)
    for slug, channel in (("one", "web"), ("two", "proxy")):
        if slug == "two":
            evening(clock, "two", 3)
        with pytest.raises(Conflict) as raised:
            registrations.register(PUBLIC, slug, {"name": "王桂芳", "phone": PHONE, "consent": True, "channel": channel})
        assert raised.value.code == "paused" and "王" not in raised.value.sentence()
    assert registrations.register(world.owner, "one", {"name": "王桂芳", "phone": PHONE, "channel": "phone"}).registration.status == "confirmed"
    registrations.lift(world.owner, "one", shown.id)
    registrations.lift(world.owner, "one", shown.id)
    assert come(world).status == "confirmed" and registrations.paused(world.owner, "one") == []
    registrations.pause(world.owner, "one", own.id)
    clock.advance(days=30)
    assert registrations.paused(world.owner, "one") == []


def test_only_organizers_pause(clock: FakeClock) -> None:
    world = evening(clock, "one", 3)
    own = come(world)
    nameless = registrations.register(world.owner, "one", {"name": "李建国"}).registration
    with pytest.raises(Invalid):
        registrations.pause(world.owner, "one", nameless.id)
    viewer = authenticate(organizations.create_token("demo", "viewer"))
    stranger = authenticate(organizations.create_token("elsewhere"))
    for actor, refusal in ((viewer, Forbidden), (stranger, Missing)):
        with pytest.raises(refusal):
            registrations.pause(actor, "one", own.id)
        with pytest.raises(refusal):
            registrations.lift(actor, "one", 1)
