"""Retention: persons of an event are erased when its days are over (PIPL art. 19, 47); every figure stays what it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select, update

from eventsvc.db import Erasable, db, transaction, wipe
from eventsvc.models import Device, Event, Message, Person, QuarantinedRecord, RecordNote, Registration, SpareCode
from eventsvc.ports import clock
from eventsvc.services import imports, journal
from eventsvc.services.actors import SYSTEM, load_event


@dataclass(frozen=True)
class Purged:
    """How many events were due, and how many persons and notes of records went with them."""

    events: int = 0
    persons: int = 0
    notes: int = 0


def over_since(event: Event) -> datetime | None:
    """When an event was over: its end, its day, its cancelling, or its closing where it never had a time; None: not over or never known."""
    if event.status == "cancelled":
        return event.cancelled_at
    if event.ends_at is not None or event.starts_at is not None:
        return event.ends_at or event.starts_at
    return event.closed_at if event.status == "closed" else None


def due(now: datetime) -> list[str]:
    """The slugs of the events whose ``retention_days`` are over and that still hold somebody's data."""
    holds = or_(
        *(exists().where(table.event_id == Event.id) for table in erasable()),
        exists().where(RecordNote.event_id == Event.id),
        exists().where(QuarantinedRecord.event_id == Event.id),
        exists().where(Device.event_id == Event.id, Device.operator != ""),
    )
    found = []
    for event in db.session.scalars(select(Event).where(holds).order_by(Event.slug)):
        over = over_since(event)
        if over is not None and over + timedelta(days=event.retention_days) <= now:
            found.append(event.slug)
    return found


def purge() -> Purged:
    """Erase the persons of every event that is due, each in a transaction of its own."""
    total = Purged()
    for slug in due(clock.now()):
        one = erase(slug)
        total = Purged(total.events + 1, total.persons + one.persons, total.notes + one.notes)
    if total.events:
        wipe()
    return total


def erasable() -> list[Any]:
    """Every table whose rows belong to one registration's people: deleted with the person, and with everybody of an event."""
    return [mapper.class_ for mapper in db.Model.registry.mappers if issubclass(mapper.class_, Erasable)]


def unsaid() -> ColumnElement[bool]:
    """Messages that still wait to be sent or to be told by telephone: with nobody left to tell, they are dropped."""
    return or_(Message.state == "waiting", (Message.state == "call") & Message.call_outcome.is_(None))


@transaction
def erase(slug: str) -> Purged:
    """Delete names, numbers, answers and notes of one event, volunteers' names too; registrations and ledger keep their counts."""
    event = load_event(SYSTEM, slug, "registration.edit", lock="change")
    persons = db.session.scalar(select(func.count()).select_from(Person).where(Person.event_id == event.id)) or 0
    for table in erasable():
        db.session.execute(delete(table).where(table.event_id == event.id), execution_options={"synchronize_session": False})
    notes = db.session.execute(delete(RecordNote).where(RecordNote.event_id == event.id)).rowcount
    imports.erase_of(event.id)
    db.session.execute(update(Device).where(Device.event_id == event.id).values(operator=""))
    for leftover in (QuarantinedRecord, SpareCode):  # nobody decided about the ones in time, nobody needs the others any more
        db.session.execute(delete(leftover).where(leftover.event_id == event.id))
    pending = update(Message).where(Message.event_id == event.id, unsaid())
    db.session.execute(pending.values(state="dropped", reason="erased", lease=None), execution_options={"synchronize_session": False})
    failed = update(Message).where(Message.event_id == event.id, Message.state == "failed", Message.reason.is_not(None))
    db.session.execute(failed.values(reason="erased"), execution_options={"synchronize_session": False})
    event.roster_revision += 1
    gone = update(Registration).where(Registration.event_id == event.id, Registration.erased_at.is_(None))
    db.session.execute(gone.values(erased_at=clock.now(), roster_revision=event.roster_revision))
    journal.note(SYSTEM, "retention.purge", event, persons=persons, notes=notes)
    return Purged(1, persons, notes)
