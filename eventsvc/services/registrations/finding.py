"""Finding registrations: for volunteers little and masked, for organizers in pages, for residents their own."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from eventsvc.db import db
from eventsvc.errors import Fault, Invalid, Missing, TooMany
from eventsvc.models import Event, Person, Registration, RetiredCode
from eventsvc.ports import limits
from eventsvc.services import codes
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import clean_text, mask_name, read_phone, unprintable
from eventsvc.services.registrations.arrivals import used_at

MOST_FOUND = 8  # rows that a volunteer's look-up may show: enough to choose, too few to browse
FAILURES = "5/15minutes"


@dataclass(frozen=True)
class Found:
    """A row of a look-up: what a volunteer may see, and the ``ref`` that a record may bring instead of the code."""

    ref: str
    name: str
    phone_tail: str | None
    party_size: int
    status: str
    used: dict[str, int]


def lookup(actor: Actor, slug: str, said: Any) -> list[Found]:
    """At most 8 rows by ticket text, 签到码, phone tail, whole phone, name or pinyin initials; search first, never a list."""
    event = load_event(actor, slug, "lookup")
    if not isinstance(said, str) or not said.strip() or len(said) > codes.LONGEST:
        raise Invalid.one("q", "required", "请输入姓名、手机尾号或签到码")
    if actor.kind == "device" and codes.parse(said).kind != "code":  # a whole code cannot be guessed; a queue must not be slowed
        limits.hit("120/minute", "lookup", actor.id)
    condition = standing_for(event, said)
    if condition is None:
        return []
    query = (
        select(Registration, Person.name, Person.phone_tail)
        .join(Person, Person.registration_id == Registration.id)
        .where(Registration.event_id == event.id, condition)
        .order_by(Registration.seq)
        .limit(MOST_FOUND)
    )
    return [
        Found(
            ref=row.Registration.id,
            name=mask_name(row.name),
            phone_tail=row.phone_tail,
            party_size=row.Registration.party_size,
            status="blocked" if row.Registration.blocked else row.Registration.status,
            used=used_at(event, row.Registration),
        )
        for row in db.session.execute(query)
    ]


def standing_for(event: Event, said: str) -> Any:
    """The condition for an event's registrations that a typed text stands for, or None where it can match nobody.

    The event's people are looked through first, not the whole list in its order, each with its person.
    """
    found = _matches(said)
    kind = codes.parse(said).kind
    if found is None or kind == "code":
        return found
    of = select(Person.registration_id).where(Person.event_id == event.id)
    if kind == "pickup":  # six digits may be somebody's number too
        of = select(Registration.id).outerjoin(Person, Person.registration_id == Registration.id).where(Registration.event_id == event.id)
    return Registration.id.in_(of.where(found))


def _matches(said: str) -> Any:
    """The condition for a typed text, or None where it can match nobody."""
    text = codes.parse(said)
    if text.kind == "code":
        former = select(RetiredCode.registration_id).where(RetiredCode.code == text.value, RetiredCode.kind == "alias")
        return (Registration.code == text.value) | Registration.id.in_(former)
    flat = clean_text(unicodedata.normalize("NFKC", said))
    if unprintable(flat):
        return None
    digits = "".join(character for character in flat if character.isdigit())
    if digits and not any(character.isalpha() for character in flat):
        either = []
        if text.kind == "pickup":
            either.append(Registration.pickup_code == text.value)
        if len(digits) == 4:
            either.append(Person.phone_tail == digits)
        phone, fault = read_phone(flat)
        if not fault:
            either.append(Person.phone == phone)
        return or_(*either) if either else None
    if flat.isascii():
        letters = "".join(character for character in flat.lower() if character.isalnum())
        return Person.spelt.contains(f" {letters}", autoescape=True) if len(letters) >= 2 else None
    return Person.name.startswith(flat, autoescape=True) | (Person.name.contains(flat, autoescape=True) if len(flat) >= 2 else False)


def read(actor: Actor, slug: str, registration_id: str) -> tuple[Event, Registration, Person | None]:
    """One registration with its person, for organizers."""
    event = load_event(actor, slug, "registration.list")
    registration = db.session.scalar(
        select(Registration).where(Registration.id == registration_id, Registration.event_id == event.id)
    )
    if registration is None:
        raise Missing
    return event, registration, db.session.get(Person, registration.id)


def by_code(code: str) -> tuple[Event, Registration, Person | None, bool]:
    """What stands behind a code in a ticket's address, and whether it was replaced by a reissue. Raises Missing."""
    text = codes.parse(code)
    if text.kind != "code":
        raise Missing
    registration = db.session.scalar(select(Registration).where(Registration.code == text.value))
    reissued = False
    if registration is None:
        retired = db.session.get(RetiredCode, text.value)
        registration = db.session.get(Registration, retired.registration_id) if retired else None
        reissued = retired is not None and retired.kind == "reissued"
    if registration is None:
        raise Missing
    return db.session.get_one(Event, registration.event_id), registration, db.session.get(Person, registration.id), reissued


def held(registration_ids: frozenset[str]) -> list[tuple[Event, Registration, Person | None]]:
    """The registrations that a browser holds, newest first."""
    if not registration_ids:
        return []
    query = (
        select(Registration, Event, Person)
        .join(Event, Event.id == Registration.event_id)
        .outerjoin(Person, Person.registration_id == Registration.id)
        .where(Registration.id.in_(registration_ids))
        .order_by(Registration.created_at.desc())
    )
    return [(row.Event, row.Registration, row.Person) for row in db.session.execute(query)]


def find_mine(phone: str, pickup: str) -> list[Registration]:
    """The registrations of a whole phone number with that 签到码; others of the number need their own.

    Anybody can register under anybody's number, so a 签到码 opens its own ticket only. One constant answer for "no such" and "wrong"; five failures in 15 minutes lock that number's look-ups.
    """
    number, fault = read_phone(phone)
    if fault:
        raise Invalid([fault])
    limits.check(FAILURES, "my", number or "")
    text = codes.parse(pickup or "")
    query = select(Registration).join(Person, Person.registration_id == Registration.id).where(Person.phone == number)
    every = db.session.scalars(query.order_by(Registration.created_at.desc()))
    mine = [registration for registration in every if text.kind == "pickup" and registration.pickup_code == text.value]
    if not mine:
        limits.hit(FAILURES, "my", number or "")
        raise Invalid([Fault("pickup_code", "no_match", "没有找到：请核对手机号和6位签到码")], "no_match")
    return mine


def prove(code: str, phone: str) -> Registration:
    """The registration of a ticket's code, if the whole phone number is its own; the same lock as `find_mine`."""
    event, registration, person, reissued = by_code(code)
    number, fault = read_phone(phone)
    if fault:
        raise Invalid([fault])
    try:
        limits.check(FAILURES, "prove", registration.id)
    except TooMany as refusal:
        raise TooMany(refusal.retry_after, "输错次数太多，请15分钟后再试") from refusal
    if reissued or person is None or person.phone != number:
        limits.hit(FAILURES, "prove", registration.id)
        raise Invalid([Fault("phone", "no_match", "手机号与这份报名对不上")], "no_match")
    return registration


def same_person(person: Person, name: str, phone: str) -> bool:
    """Whether what was typed is the name and the number that a registration stands under; one number may report a family, one by one."""
    number, _fault = read_phone(phone)
    return clean_text(name) == person.name and number is not None and number == person.phone


def reported_before(registration: Registration, person: Person | None) -> bool:
    """Whether the number of a registration had reported for this event before it; for its holder, who alone is told."""
    if person is None or person.phone is None or registration.status == "cancelled":
        return False
    earlier = (
        select(Registration.id)
        .join(Person, Person.registration_id == Registration.id)
        .where(Person.event_id == registration.event_id, Person.phone == person.phone)
        .where(Registration.status != "cancelled", Registration.seq < registration.seq)
        .limit(1)
    )
    return db.session.scalar(earlier) is not None


def may_see(actor: Actor, registration: Registration, event: Event) -> bool:
    """Whether a caller sees the whole ticket: its holder, or the event's own members."""
    if registration.id in actor.holds:
        return True
    return actor.kind in {"member", "system"} and actor.sees(event)
