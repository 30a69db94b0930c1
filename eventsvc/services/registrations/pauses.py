"""Pausing a telephone number (暂停报名), excusing it from the no-show rule, and taking either back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid
from eventsvc.models import Pause, Person
from eventsvc.ports import clock
from eventsvc.services import journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import mask_name, mask_phone
from eventsvc.services.registrations.changing import load
from eventsvc.services.registrations.trust import of_number, sealed

PAUSED_FOR, EXCUSED_FOR = timedelta(days=30), timedelta(days=90)


@dataclass(frozen=True)
class Paused:
    """A number that is paused or excused, by whoever is still known to have it."""

    id: int
    kind: str
    name: str
    phone: str
    until: datetime


@transaction
def pause(actor: Actor, slug: str, registration_id: str) -> Pause:
    """Let the number of a registration register no more on the web for 30 days; the telephone and the desk stay open to it."""
    return _note(actor, slug, registration_id, "paused", PAUSED_FOR)


@transaction
def excuse(actor: Actor, slug: str, registration_id: str) -> Pause:
    """Free the number of a registration from a pause and, for 90 days, from the no-show rule."""
    return _note(actor, slug, registration_id, "excused", EXCUSED_FOR)


def _note(actor: Actor, slug: str, registration_id: str, kind: str, days: timedelta) -> Pause:
    event, registration = load(actor, slug, registration_id, "registration.edit")
    phone = db.session.scalar(select(Person.phone).where(Person.registration_id == registration.id))
    if phone is None:
        raise Invalid.one("phone", "missing", "这份报名没有留电话")
    now = clock.now()
    db.session.execute(delete(Pause).where(of_number(event.organization_id, phone) | (Pause.until <= now)))
    made = Pause(
        organization_id=event.organization_id, phone_hash=sealed(event.organization_id, phone), registration_id=registration.id,
        kind=kind, until=now + days, created_at=now, created_by=actor.name,
    )  # fmt: skip
    db.session.add(made)
    journal.note(actor, f"registration.{kind}", event, registration=registration.id)
    return made


@transaction
def lift(actor: Actor, slug: str, pause_id: int) -> None:
    """Take a pause or an excuse back; one that is gone already is fine."""
    event = load_event(actor, slug, "registration.edit")
    db.session.execute(delete(Pause).where(Pause.id == pause_id, Pause.organization_id == event.organization_id))
    journal.note(actor, "registration.unpaused", event)


def paused(actor: Actor, slug: str) -> list[Paused]:
    """The numbers of the organization that are paused or excused now, masked, the newest first."""
    event = load_event(actor, slug, "registration.list")
    rows = db.session.execute(
        select(Pause, Person).outerjoin(Person, Person.registration_id == Pause.registration_id)
        .where(Pause.organization_id == event.organization_id, Pause.until > clock.now()).order_by(Pause.id.desc()).limit(200)
    )  # fmt: skip
    return [
        Paused(one.id, one.kind, mask_name(person.name) if person else "", mask_phone(person.phone) if person else "", one.until)
        for one, person in rows
    ]
