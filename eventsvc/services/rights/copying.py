"""A person's own copy: everything that is kept of a registration, why and until when, in one object for page, text and JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from eventsvc.db import db, transaction
from eventsvc.models import Event, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import evidence, journal, questions, registrations, retention
from eventsvc.services.actors import Actor
from eventsvc.services.messages import overview
from eventsvc.services.rights.access import Access, accesses
from eventsvc.services.rights.erasing import is_over
from eventsvc.services.rights.loading import load


@dataclass(frozen=True)
class Told:
    """A message: which, by what way, what became of it."""

    at: datetime
    template: str
    channel: str | None
    state: str


@dataclass(frozen=True)
class Passage:
    """A scan: when, where, how many, what came of it."""

    at: datetime
    place: str | None
    quantity: int
    outcome: str
    undone: bool


@dataclass(frozen=True)
class Copy:
    """Everything that is kept of one registration. ``until``: when the organizers delete it; None: not known before the event has a date."""

    event: Event
    registration: Registration
    name: str
    phone: str | None
    email: str | None
    note: str | None
    answers: tuple[tuple[str, Any], ...]  # (the question's words, the answer), sealed ones in plain for the holder and in a copy that the journal keeps
    members: tuple[dict[str, Any], ...]  # companions: {name, age_band}
    guardian: str | None  # what the registrant is to the children among them
    sessions: tuple[str, ...]
    told: tuple[Told, ...]
    passages: tuple[Passage, ...]
    accesses: tuple[Access, ...]
    until: datetime | None
    over: bool
    made_at: datetime


def copy(actor: Actor, slug: str, registration_id: str) -> Copy:
    """A holder's own copy (or an editor's look at it before handing it over). Raises Missing."""
    event, registration = load(actor, slug, registration_id)
    return _copy(event, registration, plain=registration_id in actor.holds)


@transaction
def copy_of(actor: Actor, slug: str, registration_id: str) -> Copy:
    """The copy that an organizer hands to somebody who asked for it by telephone or at the desk; the journal keeps that."""
    event, registration = load(actor, slug, registration_id, lock=True)
    journal.note(actor, "rights.copy", event, registration=registration_id)
    return _copy(event, registration, plain=True)


def _copy(event: Event, registration: Registration, plain: bool) -> Copy:
    person = db.session.get(Person, registration.id)
    kept = registrations.answers_of(event, registration, person)
    given = questions.plain(kept) if plain else questions.shown(event.questions, kept)
    labels = {question["key"]: question["label"] for question in event.questions}
    over = retention.over_since(event)
    return Copy(
        event=event,
        registration=registration,
        name=person.name if person else "",
        phone=person.phone if person else None,
        email=person.email if person else None,
        note=person.note if person else None,
        answers=tuple((labels.get(key, key), value) for key, value in given.items()),
        members=tuple(person.members) if person else (),
        guardian=person.guardian if person else None,
        sessions=tuple(session.name for session in event.sessions if session.key in registration.sessions),
        told=tuple(Told(line.at, line.template, line.channel, line.state) for line in overview.of_registration(registration)),
        passages=tuple(
            Passage(line.corrected_at or line.at, line.place, line.quantity, line.outcome, line.undone)
            for line in evidence.lines_of(event, "ticket", registration.id)
            if line.type == "checkin"
        ),
        accesses=tuple(accesses(registration)),
        until=over + timedelta(days=event.retention_days) if over else None,
        over=is_over(event),
        made_at=clock.now(),
    )
