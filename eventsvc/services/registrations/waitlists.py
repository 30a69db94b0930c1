"""The lines of an event as its organizers see them: who waits where, who was offered a place until when, who was gone round."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from eventsvc.db import db
from eventsvc.models import Event, Person, Registration, SessionWait
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import mask_name

MOST_SHOWN = 200  # of each line; the longest are counted, not shown


@dataclass(frozen=True)
class Waiting:
    """A party in a line; ``position`` None where a place is held for it (``offered_until``)."""

    registration_id: str
    name: str
    size: int
    position: int | None
    since: datetime
    offered_until: datetime | None
    passed_over: int
    yields: bool = False


@dataclass(frozen=True)
class Line:
    """One line: the event's own (``key`` None) or a session's; ``held``: people to whom places are offered."""

    key: str | None
    name: str
    capacity: int | None
    taken: int
    held: int
    count: int
    parties: tuple[Waiting, ...]


def lines(actor: Actor, slug: str) -> tuple[Event, list[Line]]:
    """The event's own line and one for each session that has places of its own."""
    event = load_event(actor, slug, "registration.list")
    own = (Registration.event_id == event.id, Registration.status == "waitlisted")
    query = (
        select(Registration, Person.name).outerjoin(Person, Person.registration_id == Registration.id).where(*own)
        .order_by(Registration.offered_until.is_(None), Registration.yields, Registration.seq).limit(MOST_SHOWN)
    )  # fmt: skip
    found = []
    for registration, name in db.session.execute(query):
        found.append((registration.id, name, registration.party_size, registration.created_at, registration.offered_until, registration.passed_over, registration.yields))
    held = db.session.scalar(select(func.sum(Registration.party_size)).where(*own, Registration.offered_until.is_not(None))) or 0
    count = db.session.scalar(select(func.count()).select_from(Registration).where(*own, Registration.offered_until.is_(None))) or 0
    shown = [Line(None, event.title, event.capacity, event.places_taken, held, count, _numbered(found))]
    for session in event.sessions:
        waits = [
            (wait.registration_id, name, wait.size, wait.created_at, wait.offered_until, wait.passed_over, False)
            for wait, name in db.session.execute(_of_session(event, session.key).limit(MOST_SHOWN))
        ]
        if session.capacity is not None or waits:
            offered = sum(wait[2] for wait in waits if wait[4])
            number = db.session.scalar(select(func.count()).select_from(_of_session(event, session.key).where(SessionWait.offered_until.is_(None)).subquery())) or 0
            shown.append(Line(session.key, session.name, session.capacity, session.places_taken, offered, number, _numbered(waits)))
    return event, shown


def _of_session(event: Event, key: str) -> Any:
    return (
        select(SessionWait, Person.name).outerjoin(Person, Person.registration_id == SessionWait.registration_id)
        .where(SessionWait.event_id == event.id, SessionWait.session == key, SessionWait.lapsed_at.is_(None))
        .order_by(SessionWait.offered_until.is_(None), SessionWait.id)
    )  # fmt: skip


def _numbered(rows: list[tuple[Any, ...]]) -> tuple[Waiting, ...]:
    number = 0
    shown = []
    for registration_id, name, size, since, until, passed_over, yields in rows:
        number += until is None
        shown.append(Waiting(registration_id, mask_name(name), size, number if until is None else None, since, until, passed_over, yields))
    return tuple(shown)
