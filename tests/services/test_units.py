"""Units of a meeting: 应到 and 实到, by scans and by roll call; whose representative registers; what a document and a list say of them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.errors import Conflict, Forbidden, Invalid, Missing, Unauthorized
from eventsvc.models import AuditEntry
from eventsvc.services import events, imports, registrations, rehearsals, units
from eventsvc.services.actors import PUBLIC, Actor
from tests.services.world import World, checkin, count_of

pytestmark = pytest.mark.usefixtures("app_context")

UNITS = [{"key": "beixia", "name": "北下街街道"}, {"key": "longhai", "name": "陇海马路街道", "expected": 2}, {"key": "park", "name": "演示园区"}]


@pytest.fixture
def world() -> World:
    """A meeting of three units, four people."""
    return World({"kind": "meeting", "units": UNITS})


def said(world: World) -> list[tuple[str, int]]:
    """Status and people of each unit."""
    return [(line.status, line.people) for line in units.roll(world.owner, world.slug).lines]


def test_scans_and_the_roll_call(world: World) -> None:
    ticket = world.ticket(2, unit="longhai")
    world.ticket(unit="beixia")
    roll = units.roll(world.owner, world.slug)
    assert (roll.units(), roll.expected, roll.people) == (3, 4, 0) and said(world) == [("awaited", 0)] * 3
    assert [line.registered for line in roll.lines] == [1, 2, 0]
    door = world.phone()
    [answer] = world.send(door, checkin(ticket, count=1))
    units.call(world.owner, world.slug, "beixia", "stand_in")
    units.call(world.owner, world.slug, "park", "leave")
    assert said(world) == [("stand_in", 1), ("present", 1), ("leave", 0)]
    units.call(world.owner, world.slug, "longhai", "present", 2)
    roll = units.roll(world.owner, world.slug)
    assert (roll.units("present", "stand_in"), roll.people, roll.lines[1].scanned) == (2, 3, 1)
    units.call(world.owner, world.slug, "longhai", None)
    assert said(world)[1] == ("present", 1), "taken back: by the scans again"
    events.close(world.owner, world.slug)
    units.call(world.owner, world.slug, "park", None)
    assert said(world)[2] == ("absent", 0), "it is over and nobody came"
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "unit.call").order_by(AuditEntry.id))
    assert [entry.detail["attendance"] for entry in entries] == ["stand_in", "leave", "present", None, None]
    assert answer["outcome"] == "admitted"


def test_a_cancelled_ticket_stands_for_nobody(world: World) -> None:
    ticket = world.ticket(unit="beixia")
    registrations.cancel(world.owner, world.slug, ticket.id)
    assert units.roll(world.owner, world.slug).lines[0].registered == 0


def test_a_rehearsal_s_roll_call_ends_with_it(world: World) -> None:
    rehearsals.start(world.owner, world.slug)
    units.call(world.owner, world.slug, "beixia", "present")
    world.send(world.phone(), {**checkin("0" * 20)})
    rehearsals.reset(world.owner, world.slug, count_of(world))
    assert said(world)[0] == ("awaited", 0)


@pytest.mark.parametrize(("key", "attendance", "people", "refusal"), [("nobody", "leave", None, Missing), ("park", "late", None, Invalid), ("park", "present", 0, Invalid), ("park", "present", "两", Invalid)])
def test_a_call_that_cannot_be(world: World, key: str, attendance: str, people: Any, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        units.call(world.owner, world.slug, key, attendance, people)
    assert said(world)[2] == ("awaited", 0)


def test_viewers_see_and_strangers_do_not(world: World) -> None:
    organization = events.read(world.owner, world.slug).organization_id
    viewer = Actor("member", id="user:v", organizations=((organization, "viewer"),))
    assert len(units.roll(viewer, world.slug).lines) == 3
    with pytest.raises(Forbidden):
        units.call(viewer, world.slug, "park", "leave")
    with pytest.raises(Unauthorized):
        units.roll(PUBLIC, world.slug)


def test_whoever_registers_says_for_whom(world: World) -> None:
    for unit, code in ((None, "required"), ("nobody", "unknown_key")):
        with pytest.raises(Invalid) as refused:
            world.ticket(unit=unit)
        assert [(fault.field, fault.code) for fault in refused.value.faults] == [("unit", code)]
    assert registrations.register(world.owner, world.slug, {"name": "李明"}).registration.unit is None, "the desk may leave it out"


def test_a_unit_that_somebody_stands_for_stays(world: World) -> None:
    world.ticket(unit="park")
    units.call(world.owner, world.slug, "beixia", "leave")
    with pytest.raises(Conflict) as refused:
        events.change(world.owner, world.slug, {"units": UNITS[:2]})
    assert refused.value.code == "key_in_use"
    events.change(world.owner, world.slug, {"units": [*UNITS[::-1], {"key": "more", "name": "又一个"}]})
    assert said(world) == [("awaited", 0), ("awaited", 0), ("leave", 0), ("awaited", 0)], "what was called stays with its key"
    with pytest.raises(Invalid) as doubled:
        events.change(world.owner, world.slug, {"units": [UNITS[0], UNITS[0]]})
    assert [fault.field for fault in doubled.value.faults] == ["units.1.key"]


def test_a_list_names_units(world: World) -> None:
    text = "姓名,单位,手机号\n王桂芳,北下街街道,13800001234\n李明,陇海,13800001235\n"
    import_id = imports.stage_file(world.owner, world.slug, text.encode())
    found = imports.overview(world.owner, world.slug, import_id)
    assert {line.number: [(fault.letter, fault.fault.code) for fault in line.faults] for line in found.told} == {3: [("B", "unknown")]}
    imports.start(world.owner, world.slug, import_id, channel="desk", consent=True, doubles=False, whole=False)
    _event, listed = registrations.export(world.owner, world.slug)
    assert [(line.unit, line.status) for line in listed] == [("北下街街道", "confirmed")]
