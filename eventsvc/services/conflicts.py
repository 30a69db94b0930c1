"""What an organizer has to look at: who was let in against the rules or twice, by which phones; and that somebody has looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from eventsvc.db import db, transaction
from eventsvc.errors import Missing
from eventsvc.models import Record, SeenConflict
from eventsvc.ports import clock
from eventsvc.services import audit, evidence
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.reports import RecordLine

_marks = SeenConflict.__table__


@dataclass(frozen=True)
class Conflict:
    """A record to look at, the other passages of the same ticket at the same place, and who has looked at it, when."""

    record: RecordLine
    others: tuple[RecordLine, ...]
    seen_by: str | None = None
    seen_at: datetime | None = None


def listed(actor: Actor, slug: str) -> list[Conflict]:
    """An event's conflicts, those that nobody has seen first, newest first."""
    event = load_event(actor, slug, "report.read")
    marks = {row.record_id: row for row in db.session.execute(select(_marks).where(_marks.c.event_id == event.id))}
    names = audit.names({mark.actor for mark in marks.values()})
    conflicts = []
    for line, others in reversed(evidence.conflicts(event)):
        mark = marks.get(line.id)
        seen_by = names.get(mark.actor, mark.actor.partition(":")[0]) if mark else None
        conflicts.append(Conflict(line, others, seen_by, mark.at if mark else None))
    return sorted(conflicts, key=lambda one: one.seen_at is not None)


@transaction
def mark(actor: Actor, slug: str, record_id: str, seen: bool) -> None:
    """Say that a conflict was looked at, or take that back; saying it twice is fine. Raises Missing for a record of another event."""
    event = load_event(actor, slug, "conflict.mark", lock="change")
    if db.session.scalar(select(Record.id).where(Record.id == record_id, Record.event_id == event.id)) is None:
        raise Missing
    there = db.session.scalar(select(_marks.c.record_id).where(_marks.c.record_id == record_id)) is not None
    if seen and not there:
        db.session.execute(insert(_marks).values(record_id=record_id, event_id=event.id, actor=actor.name, at=clock.now()))
    elif there and not seen:
        db.session.execute(delete(_marks).where(_marks.c.record_id == record_id))
