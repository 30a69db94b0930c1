"""Units that take part in a meeting or a tour: 应到 and 实到, by the scans of their tickets unless an organizer has called the roll."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid, Missing
from eventsvc.models import Event, Registration, Unit
from eventsvc.models.event import ATTENDANCE
from eventsvc.ports import clock
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor, load_event

HERE = frozenset({"present", "stand_in"})  # 代会: somebody else of the unit came
_SET = 500  # registrations folded together


@dataclass(frozen=True)
class Line:
    """One unit. ``status``: present · stand_in · leave · absent · awaited; ``called``: an organizer said so, whatever was scanned."""

    key: str
    name: str
    expected: int
    registered: int
    scanned: int
    status: str
    people: int
    called: bool


@dataclass(frozen=True)
class Roll:
    """All units of an event in their order, and the sums over them."""

    lines: tuple[Line, ...]

    def units(self, *statuses: str) -> int:
        """How many units have one of these statuses; all of them without any."""
        return sum(not statuses or line.status in statuses for line in self.lines)

    @property
    def expected(self) -> int:
        """应到 in people."""
        return sum(line.expected for line in self.lines)

    @property
    def people(self) -> int:
        """实到 in people."""
        return sum(line.people for line in self.lines)


def roll(actor: Actor, slug: str) -> Roll:
    """Who is expected and who is there. Raises Missing, Forbidden."""
    event = load_event(actor, slug, "registration.list")
    registered, scanned = _parties(event)
    over = event.status == "closed" or (event.ends_at is not None and event.ends_at <= clock.now())
    return Roll(tuple(_line(event, unit, registered.get(unit.key, 0), scanned.get(unit.key, 0), over) for unit in event.units))


def _parties(event: Event) -> tuple[dict[str, int], dict[str, int]]:
    """People registered and people who came in, by unit."""
    registered: dict[str, int] = {}
    scanned: dict[str, int] = {}
    standing = select(Registration).where(Registration.event_id == event.id, Registration.unit.is_not(None), Registration.status == "confirmed")
    parties = list(db.session.scalars(standing))
    for start in range(0, len(parties), _SET):
        some = parties[start : start + _SET]
        came = registrations.parties_in(event, some)
        for party in some:
            unit = party.unit or ""
            registered[unit] = registered.get(unit, 0) + party.party_size
            scanned[unit] = scanned.get(unit, 0) + came[party.id]
    return registered, scanned


def _line(event: Event, unit: Unit, registered: int, scanned: int, over: bool) -> Line:
    called = unit.attendance is not None and unit.called_epoch == event.epoch
    if called:
        status, people = unit.attendance or "", (unit.people or 0) if unit.attendance in HERE else 0
    else:
        status, people = "present" if scanned else "absent" if over else "awaited", scanned
    return Line(unit.key, unit.name, unit.expected, registered, scanned, status, people, called)


@transaction
def call(actor: Actor, slug: str, key: str, attendance: str | None, people: int | None = None) -> Unit:
    """Call one unit: ``present`` or ``stand_in`` with how many (all that are expected unless said), ``leave``, ``absent``; None: by the scans again.

    Raises Invalid, Missing, Forbidden. The journal keeps every call.
    """
    event = load_event(actor, slug, "registration.edit", lock="share")
    unit = db.session.scalar(select(Unit).where(Unit.event_id == event.id, Unit.key == key).with_for_update())
    if unit is None:
        raise Missing
    if attendance is not None and attendance not in ATTENDANCE:
        raise Invalid.one("attendance", "choice", "只能选实到、代会、请假或缺席")
    if attendance in HERE and people is not None and (type(people) is not int or not 1 <= people <= 9999):
        raise Invalid.one("people", "number", "实到人数请填1到9999")
    unit.attendance, unit.called_epoch = attendance, event.epoch if attendance else None
    unit.people = (people or unit.expected) if attendance in HERE else None
    journal.note(actor, "unit.call", event, unit=key, attendance=attendance, people=unit.people)
    return unit
