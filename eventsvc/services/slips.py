"""Printed slips for people without a phone: real tickets with spare codes, so that every gate knows them at once, even offline.

A slip takes its places when it is made, as a registration at the desk does (the on-site reserve is open to it). It is
named later or never; those that were never used are made void in one act, which gives the places back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, Person, Registration, Slip
from eventsvc.ports import clock
from eventsvc.services import codes, journal, registrations
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import initials, is_slip, phone_tail, read_name, read_phone, slip_name, spelt

CHANNEL = "paper"
MOST = 200  # slips of one print
MOST_IN_ALL = 2000


@dataclass(frozen=True)
class Batch:
    """Slips that were printed together, and how they stand."""

    batch: int
    first: int
    last: int
    count: int
    party_size: int
    made_at: datetime
    sessions: tuple[str, ...]
    used: int = 0
    named: int = 0
    void: int = 0
    unused: int = 0  # neither used nor named nor void


@dataclass(frozen=True)
class Printed:
    """What is printed on one slip."""

    number: int
    code: str
    pickup_code: str
    party_size: int


@transaction
def make(actor: Actor, slug: str, data: Any) -> int:
    """Make ``count`` slips of ``party_size`` (and ``sessions``); the number of the batch. Raises Invalid or Conflict ``event_full``."""
    event = load_event(actor, slug, "registration.edit", lock="change")
    count, size, sessions = _read(event, data)
    left = room(event)
    if left is not None and count * size > left:
        raise Conflict("event_full", "只剩{room}位，不够印{count}张（每张{size}位）。可以少印几张，或先增加名额", room=left, count=count, size=size)
    batch, last = db.session.execute(
        select(func.coalesce(func.max(Slip.batch), 0) + 1, func.coalesce(func.max(Slip.number), 0)).where(Slip.event_id == event.id)
    ).one()
    if last + count > MOST_IN_ALL:
        raise Conflict("too_many_slips", "一场活动最多印{most}张凭条，已印{made}张", most=MOST_IN_ALL, made=last)
    wanted = [registrations.Wanted(slip_name(last + n), None, size, sessions, {}, CHANNEL, None) for n in range(1, count + 1)]
    made = registrations.register_many(event, wanted)
    rows = [one for one in made if isinstance(one, Registration) and one.status == "confirmed" and set(one.sessions) == set(sessions)]
    if len(rows) < count:  # a session has too few places, or others are in line for them
        raise Conflict("event_full", "所选场次名额不够，或有人在候补，现在不能印这么多凭条")
    now = clock.now()
    db.session.add_all(Slip(registration_id=row.id, event_id=event.id, batch=batch, number=last + n, made_at=now) for n, row in enumerate(rows, 1))
    journal.note(actor, "slip.make", event, batch=batch, slips=count, party_size=size)
    return int(batch)


def room(event: Event) -> int | None:
    """How many people slips may still be printed for (the on-site reserve too; nobody in line is passed over), None where places are unlimited."""
    return registrations.room_for(event, CHANNEL, registrations.anyone_waits(event))


def _read(event: Event, data: Any) -> tuple[int, int, tuple[str, ...]]:
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    faults = []
    count, size, sessions = data.get("count"), data.get("party_size", 1), data.get("sessions") or []
    if type(count) is not int or not 1 <= count <= MOST:
        faults.append(Fault("count", "number", "一次印1到{most}张，多的分几次印", {"most": MOST}))
    if type(size) is not int or not 1 <= size <= event.max_party:
        faults.append(Fault("party_size", "number", "每张1到{most}位", {"most": event.max_party}))
    known = {session.key for session in event.sessions}
    if not isinstance(sessions, list) or any(key not in known for key in sessions):
        faults.append(Fault("sessions", "unknown_key", "没有这个场次"))
    if faults:
        raise Invalid(faults)
    return count, size, tuple(dict.fromkeys(sessions))


def batches(actor: Actor, slug: str) -> list[Batch]:
    """Every print of the event, newest first."""
    event = load_event(actor, slug, "registration.list")
    rows = _rows(event)
    came = registrations.parties_in(event, [row.Registration for row in rows])
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.Slip.batch, []).append(row)
    return [_batch(number, of, came) for number, of in sorted(found.items(), reverse=True)]


def _batch(number: int, rows: Sequence[Any], came: dict[str, int]) -> Batch:
    void = sum(row.Registration.status == "cancelled" for row in rows)
    named = sum(_named(row) for row in rows)
    used = sum(came[row.Registration.id] > 0 for row in rows)
    return Batch(
        number, rows[0].Slip.number, rows[-1].Slip.number, len(rows), rows[0].Registration.party_size, rows[0].Slip.made_at,
        tuple(rows[0].Registration.sessions), used, named, void, sum(_idle(row, came) for row in rows),
    )  # fmt: skip


def _named(row: Any) -> bool:
    return row.name is not None and not is_slip(row.name)


def _idle(row: Any, came: dict[str, int]) -> bool:
    return row.Registration.status == "confirmed" and not _named(row) and not came[row.Registration.id]


def _rows(event: Event, batch: int | None = None) -> Sequence[Any]:
    """The event's slips (or a batch's) in the order of their numbers, each with its registration and its name."""
    query = (
        select(Slip, Registration, Person.name)
        .join(Registration, Registration.id == Slip.registration_id)
        .outerjoin(Person, Person.registration_id == Slip.registration_id)
        .where(Slip.event_id == event.id)
        .order_by(Slip.number)
    )
    return db.session.execute(query if batch is None else query.where(Slip.batch == batch)).all()


@transaction
def printed(actor: Actor, slug: str, batch: int) -> list[Printed]:
    """What to print of a batch: those that are still good. The sheet opens doors, so that printing it is written down. Raises Missing."""
    event = load_event(actor, slug, "registration.edit")
    rows = _rows(event, batch)
    if not rows:
        raise Missing
    journal.note(actor, "slip.print", event, batch=batch)
    good = [row for row in rows if row.Registration.status == "confirmed"]
    return [Printed(row.Slip.number, row.Registration.code, row.Registration.pickup_code, row.Registration.party_size) for row in good]


@transaction
def void(actor: Actor, slug: str, batch: int) -> int:
    """Make the slips of a batch void that were neither used nor named; their places return. How many there were."""
    event = load_event(actor, slug, "registration.edit", lock="change")
    rows = _rows(event, batch)
    if not rows:
        raise Missing
    ids = [row.Registration.id for row in rows]
    locked = select(Registration.id).where(Registration.id.in_(ids)).order_by(Registration.id).with_for_update(key_share=True)
    db.session.execute(locked).all()  # a scan that is under way comes first
    db.session.expire_all()
    rows = _rows(event, batch)
    came = registrations.parties_in(event, [row.Registration for row in rows])
    idle = [row.Registration for row in rows if _idle(row, came)]
    now = clock.now()
    for registration in idle:  # nobody has to be told: nobody holds it
        registration.status, registration.cancelled_at, registration.cancelled_by = "cancelled", now, "organizer"
        registrations.touch(event, registration)
    if idle:
        registrations.give_all_back(event, *idle)
        registrations.promote(event)
        journal.note(actor, "slip.void", event, batch=batch, slips=len(idle))
    return len(idle)


@transaction
def name(actor: Actor, slug: str, data: Any) -> Registration:
    """Give a slip ``{slip, name, phone, consent}`` a person's name: by its code, its address or its 签到码. Raises Invalid with every fault."""
    event = load_event(actor, slug, "slip.name", lock="change")
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    registration = _by_text(event, data.get("slip"))
    faults = [] if registration is not None else [Fault("slip", "no_slip", "没有这张凭条，请核对6位签到码")]
    if registration is not None and registration.status == "cancelled":
        faults.append(Fault("slip", "void", "这张凭条已作废，请换一张"))
    said, fault = read_name(data.get("name"))
    faults += [fault] if fault else []
    phone: str | None = None
    if isinstance(data.get("phone"), str) and data["phone"].strip():
        phone, fault = read_phone(data["phone"])
        faults += [fault] if fault else []
    if data.get("consent") is not True:
        faults.append(Fault("consent", "required", "留姓名前，请先征得本人同意"))
    person = db.session.get(Person, registration.id) if registration is not None else None
    if person is not None and not is_slip(person.name) and actor.kind == "device":
        faults.append(Fault("slip", "named", "这张凭条已经记过姓名，要改请找负责人"))
    if faults or registration is None:
        raise Invalid(faults)
    if person is None:
        raise Invalid.one("slip", "erased", "这张凭条的信息已按期删除")
    person.name, person.initials, person.spelt = said, initials(said), spelt(said)
    person.phone, person.phone_tail = phone, phone_tail(phone)
    registration.consent_version, registration.consent_at = registrations.CONSENT_VERSION, clock.now()
    registrations.touch(event, registration)
    journal.note(actor, "slip.name", event, registration=registration.id)
    return registration


def _by_text(event: Event, said: Any) -> Registration | None:
    """The slip of a typed or scanned text, among this event's only."""
    text = codes.parse(said) if isinstance(said, str) else codes.TicketText("foreign")
    if text.kind == "foreign":
        return None
    column = Registration.code if text.kind == "code" else Registration.pickup_code
    query = select(Registration).join(Slip, Slip.registration_id == Registration.id)
    return db.session.scalar(query.where(Registration.event_id == event.id, column == text.value).with_for_update(key_share=True, of=Registration))


def is_one(registration_id: str) -> bool:
    """Whether a registration is a slip."""
    return db.session.get(Slip, registration_id) is not None
