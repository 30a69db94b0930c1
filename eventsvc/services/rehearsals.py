"""演练: doors open whatever the clock says, and what was tried out is put aside before the real evening begins.

A reset deletes nothing, for the ledger only grows: it freezes the rehearsal's figures, opens a new epoch, and whatever
folds the event from then on starts at zero. The old epoch can be taken out as a workbook at any time afterwards. Records
that phones made before the reset and upload later belong to the rehearsal, too (``epoch_began_at``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Missing
from eventsvc.models import Event, Record
from eventsvc.ports import clock
from eventsvc.services import events, figures, finalizing, journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.reports import RecordLine, Report


@dataclass(frozen=True)
class Rehearsal:
    """One that is over: its epoch, how many records it has, when it was reset."""

    epoch: int
    records: int
    ended_at: datetime | None


def count(event: Event) -> int:
    """How many records the event's current epoch has."""
    query = select(func.count()).where(Record.event_id == event.id, Record.epoch == event.epoch)
    return db.session.scalar(query) or 0


@transaction
def start(actor: Actor, slug: str) -> Event:
    """Open an event for rehearsal; saying it twice is fine. Raises Conflict ``has_records`` where real ones are there already."""
    event = load_event(actor, slug, "event.publish", lock="freeze")
    if event.status in {"cancelled", "closed"}:
        raise Conflict("event_over", "活动已取消或已结束，不能演练")
    if event.rehearsal:
        return event
    if records := count(event):
        raise Conflict(
            "has_records", "已经有{records}条真实记录，不能再开始演练：演练的记录会和它们混在一起。要演练，请复制一个活动", records=records
        )
    _turn(event, rehearsing=True)
    journal.note(actor, "rehearsal.begin", event)
    return event


@transaction
def reset(actor: Actor, slug: str, records: int, *, again: bool = False) -> Event:
    """Put the rehearsal's records aside and end it (``again``: rehearse once more). ``records``: how many the caller has seen.

    Raises Conflict ``not_rehearsing``, or ``records_changed`` where more have come since.
    """
    event = load_event(actor, slug, "event.publish", lock="freeze")
    if not event.rehearsal:
        if again or count(event):
            raise Conflict("not_rehearsing", "现在不是演练，真实的记录不能清零")
        return event
    found = count(event)
    if found != records:
        raise Conflict("records_changed", "刚才又来了新的记录，现在一共{records}条。请再看一遍再按", records=found)
    if found:
        finalizing.freeze(actor, event)
        event.epoch += 1
        event.epoch_began_at = clock.now()
    _turn(event, rehearsing=again)
    journal.note(actor, "rehearsal.reset" if found else "rehearsal.end", event, records=found, epoch=event.epoch)
    return event


def _turn(event: Event, *, rehearsing: bool) -> None:
    event.rehearsal = rehearsing
    event.updated_at = clock.now()
    event.revision += 1


def past(event: Event) -> list[Rehearsal]:
    """The rehearsals that were put aside, newest first."""
    if event.epoch == 1:
        return []
    query = select(Record.epoch, func.count().label("records")).where(Record.event_id == event.id, Record.epoch < event.epoch).group_by(Record.epoch)
    found = {row.epoch: row.records for row in db.session.execute(query)}
    rows = []
    for epoch in sorted(found, reverse=True):
        frozen = finalizing.latest(event, epoch)
        rows.append(Rehearsal(epoch, found[epoch], frozen.at if frozen else None))
    return rows


@transaction
def take_out(actor: Actor, slug: str, epoch: int) -> tuple[Report, list[RecordLine]]:
    """The report of a rehearsal that was put aside, with its records; the journal keeps that it was taken. Raises Missing."""
    event = load_event(actor, slug, "report.read")
    if epoch not in {one.epoch for one in past(event)}:
        raise Missing
    journal.note(actor, "report.export", event, kind="xlsx", epoch=epoch)
    told = finalizing.of_event(event, epoch)
    labelled = replace(told, event=replace(events.facts(event), rehearsal=True))
    return labelled, list(figures.lines_of(event, epoch=epoch))
