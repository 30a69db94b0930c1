"""An event's figures: the ledger loaded, folded and named; the same object feeds API, pages, brief, .xlsx and screens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, func, or_, select

from eventsvc.db import db, in_transaction
from eventsvc.models import Counter, Device, Event, Person, Record, RecordDecision, RecordNote, Registration, SeenConflict
from eventsvc.ports import clock
from eventsvc.services import folds, live, quarantine
from eventsvc.services.actors import SALVAGE_FOR, Actor, load_event
from eventsvc.services.persons import mask_name
from eventsvc.services.reports import CheckpointFigure, CounterFigure, Figures, RecordLine, Reported

_ROW = tuple(getattr(Record, name) for name in folds.Row._fields)


def stats(actor: Actor, slug: str) -> Figures:
    """The figures of an event now; reads its own writes. Raises Missing, Forbidden or Unauthorized."""
    return of_event(load_event(actor, slug, "figures.read"))


def of_event(event: Event, epoch: int | None = None) -> Figures:
    """The figures of a loaded event, now or (``epoch``) of a rehearsal that was put aside."""
    whole = in_transaction() or epoch is not None
    sums, counts = (fold_event(event, epoch), count_registrations(event)) if whole else live.sums(event)
    registrations, people = counts.get("confirmed", (0, 0))
    waiting = quarantine.count(event)
    by_hour: dict[datetime, int] = {}
    zone = ZoneInfo(event.timezone)
    for quarter, count in sorted(sums.by_quarter.items()):
        hour = quarter.astimezone(zone).replace(minute=0).astimezone(UTC)
        by_hour[hour] = by_hour.get(hour, 0) + count
    return Figures(
        as_of=clock.now(),
        unsynced=_unsynced(event) + waiting,
        registrations=registrations,
        people_registered=people,
        waitlisted=counts.get("waitlisted", (0, 0))[1],
        people_admitted=sums.people_admitted,
        entries=sums.entries,
        inside=sums.inside,
        walkins=sums.walkins,
        scans=sums.scans,
        refused=sums.refused,
        conflicts=len(sums.conflicts),
        unidentified=sums.unidentified,
        by_checkpoint=tuple(
            CheckpointFigure(c.key, c.name, c.rule, c.entrance, s.people, s.entries, s.inside, s.records)
            for c in event.checkpoints
            for s in [sums.places.get(c.key, folds.PlaceSum())]
        ),
        by_hour=tuple(by_hour.items()),
        by_quarter=tuple(sorted(sums.by_quarter.items())),
        counters=_counters(event, sums),
        seq=sums.seq,
        conflicts_unseen=len(sums.conflicts - _seen(event)) if sums.conflicts else 0,
        quarantined=waiting,
    )


def _seen(event: Event) -> set[str]:
    """The records that an organizer has marked as looked at."""
    return set(db.session.scalars(select(SeenConflict.record_id).where(SeenConflict.event_id == event.id)))


def _unsynced(event: Event) -> int:
    """What the phones last said they hold; a revoked one counts as long as it may still hand it in."""
    still = or_(Device.revoked_at.is_(None), Device.revoked_at > clock.now() - SALVAGE_FOR)
    return int(db.session.scalar(select(func.sum(Device.queued)).where(Device.event_id == event.id, still)) or 0)


def count_registrations(event: Event) -> dict[str, tuple[int, int]]:
    """Parties and people by status of registration."""
    query = (
        select(Registration.status, func.count(), func.sum(Registration.party_size))
        .where(Registration.event_id == event.id)
        .group_by(Registration.status)
    )
    return {status: (parties, int(people)) for status, parties, people in db.session.execute(query)}


def fold_event(event: Event, epoch: int | None = None) -> folds.Sums:
    """Load the current epoch (or another one) of an event's ledger and fold it."""
    query = select(*_ROW).where(Record.event_id == event.id, Record.epoch == (epoch or event.epoch))
    rows = [folds.Row(*row) for row in db.session.execute(query)]
    later: dict[str, set[str]] = {}
    decisions = select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.event_id == event.id)
    for row in db.session.execute(decisions):
        later.setdefault(row.record_id, set()).add(row.decided)
    sizes = select(Registration.id, Registration.party_size).where(Registration.event_id == event.id)
    parties = {row.id: row.party_size for row in db.session.execute(sizes)}
    places = [folds.Place(c.key, c.rule, c.entrance) for c in event.checkpoints]
    return folds.fold(rows, later=later, parties=parties, places=places, zone=event.timezone)


def _counters(event: Event, sums: folds.Sums) -> tuple[CounterFigure, ...]:
    """Each counter's figure; a combined counter's total is its own taps and those of its parts."""
    own = {counter.key: _own_total(counter, sums) for counter in event.counters}
    children: dict[str, list[str]] = {}
    for counter in event.counters:
        if counter.parent:
            children.setdefault(counter.parent, []).append(counter.key)

    def total(key: str, seen: frozenset[str] = frozenset()) -> int:
        parts = (total(part, seen | {key}) for part in children.get(key, ()) if part not in seen)
        return own.get(key, 0) + sum(parts)

    return tuple(_counter(counter, sums.tallies.get(counter.key, folds.Tally()), total(counter.key)) for counter in event.counters)


def _own_total(counter: Counter, sums: folds.Sums) -> int:
    tally = sums.tallies.get(counter.key, folds.Tally())
    return tally.stocktake if counter.basis == "stocktake" and tally.stocktake is not None else tally.tapped


def _counter(counter: Counter, tally: folds.Tally, total: int) -> CounterFigure:
    reported = None
    if counter.reported_value is not None:
        reported = Reported(counter.reported_value, counter.reported_qualifier or "exact", counter.reported_source or "人工填报")
    by_stock = counter.basis == "stocktake" and tally.stocktake is not None
    return CounterFigure(
        key=counter.key,
        name=counter.name,
        kind=counter.kind,
        unit=counter.unit,
        verb=counter.verb,
        total=total,
        tapped=tally.tapped,
        stocktake=tally.stocktake,
        taken_in=tally.taken_in,
        taken_out=tally.taken_out,
        stock=counter.stock,
        stock_left=None if counter.stock is None else counter.stock - total,
        by_topic={topic: tally.by_topic.get(topic, 0) for topic in dict.fromkeys([*counter.topics, *sorted(tally.by_topic)])},
        reported=reported,
        basis="stocktake" if by_stock else "tapped",
        qualifier=counter.qualifier,
        parent=counter.parent,
        records=tally.records,
    )


# --- opening a figure down to its records --------------------------------------------------------------------------------

FIGURES = ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "conflicts", "unidentified", "records")


def lines(actor: Actor, slug: str, figure: str = "records", key: str | None = None) -> Iterator[RecordLine]:
    """The ledger rows behind a figure, in order: one of FIGURES, ``checkpoint`` or ``counter`` with its key.

    ``ticket`` with a registration's id gives that ticket's history, refused scans and undos too; ``record`` one row by its id.
    """
    event = load_event(actor, slug, "report.read")
    return lines_of(event, figure, key)


def lines_of(event: Event, figure: str = "records", key: str | None = None, epoch: int | None = None) -> Iterator[RecordLine]:
    """The same for a loaded event, now or (``epoch``) of a rehearsal that was put aside."""
    sums = fold_event(event, epoch)
    places, names = {c.key: c for c in event.checkpoints}, _names(event)
    for row in db.session.execute(_rows_of(event, figure, key, epoch).order_by(Record.seq)):
        if _belongs(figure, row.Record, sums, places):
            yield _line(row, sums, names, figure)


def page(
    actor: Actor, slug: str, figure: str = "records", key: str | None = None, *, start: int = 0, count: int = 100
) -> tuple[list[RecordLine], int]:
    """Some of the same rows, newest first, and how many there are in all: only those that are asked for are loaded whole."""
    event = load_event(actor, slug, "report.read")
    sums, places = fold_event(event), {c.key: c for c in event.checkpoints}
    every = _rows_of(event, figure, key).with_only_columns(
        Record.id, Record.type, Record.checkpoint, Record.direction, Record.registration_id, maintain_column_froms=True
    )
    ids = [row.id for row in db.session.execute(every.order_by(Record.seq.desc())) if _belongs(figure, row, sums, places)]
    shown = _rows_of(event, figure, key).where(Record.id.in_(ids[start : start + count])).order_by(Record.seq.desc())
    names = _names(event)
    return [_line(row, sums, names, figure) for row in db.session.execute(shown)], len(ids)


def _names(event: Event) -> dict[str, str]:
    return {c.key: c.name for c in [*event.checkpoints, *event.counters]}


def _rows_of(event: Event, figure: str, key: str | None, epoch: int | None = None) -> Select[Any]:
    """The ledger rows among which those of a figure are, with what is shown beside them."""
    query = (
        select(Record, RecordNote, Registration.pickup_code, Person.name, Device.name.label("device"))
        .outerjoin(RecordNote, RecordNote.record_id == Record.id)
        .outerjoin(Registration, Registration.id == Record.registration_id)
        .outerjoin(Person, Person.registration_id == Record.registration_id)
        .outerjoin(Device, Device.id == Record.device_id)
        .where(Record.event_id == event.id, Record.epoch == (epoch or event.epoch))
    )
    if figure == "counter" and key is not None:
        targets = select(Record.id).where(Record.event_id == event.id, Record.counter == key)
        query = query.where((Record.counter == key) | Record.undoes.in_(targets))
    elif figure == "checkpoint" and key is not None:
        query = query.where(Record.checkpoint == key)
    elif figure == "ticket":
        targets = select(Record.id).where(Record.event_id == event.id, Record.registration_id == (key or ""))
        query = query.where((Record.registration_id == (key or "")) | Record.undoes.in_(targets))
    elif figure == "record":
        query = query.where(Record.id == (key or ""))
    return query


def _belongs(figure: str, record: Record | Row[Any], sums: folds.Sums, places: dict[str, Any]) -> bool:
    passed = record.id in sums.passed and record.id not in sums.undone
    place = places.get(record.checkpoint or "")
    entrance = place is not None and place.entrance
    known = record.registration_id is not None or record.type == "walkin"
    if figure == "people_admitted":
        return passed and known and record.direction != "exit"
    if figure == "entries":
        return passed and entrance and record.direction != "exit"
    if figure == "inside":
        return passed and entrance
    if figure == "walkins":
        return record.type == "walkin"
    if figure == "scans":
        return record.type == "checkin"
    if figure == "refused":
        return record.type == "checkin" and record.id not in sums.passed
    if figure == "conflicts":
        return record.id in sums.conflicts
    if figure == "unidentified":
        return passed and record.type == "checkin" and record.registration_id is None
    return True


def _line(row: Any, sums: folds.Sums, names: dict[str, str], figure: str) -> RecordLine:
    record: Record = row.Record
    note: RecordNote | None = row.RecordNote
    flags = list(record.flags)
    if record.id in sums.conflicts and "conflict" not in flags:
        flags.append("conflict")
    name = row.name or (note.name if note else None)
    key = record.checkpoint or record.counter
    return RecordLine(
        seq=record.seq,
        id=record.id,
        type=record.type,
        at=record.at,
        received_at=record.received_at,
        place=names.get(key, key) if key else None,
        ticket=row.pickup_code,
        person=mask_name(name) or None,
        quantity=record.quantity,
        direction=record.direction,
        topic=record.topic,
        basis=record.basis,
        outcome=record.outcome,
        decided=record.decided,
        undone=record.id in sums.undone,
        flags=tuple(flags),
        device=row.device,
        operator=note.operator if note else None,
        reason=note.reason if note else None,
        note=note.note if note else None,
        place_key=key,
        corrected_at=record.corrected_at,
        counts=(sums.people if figure == "people_admitted" else sums.counted).get(record.id, 0),
    )
