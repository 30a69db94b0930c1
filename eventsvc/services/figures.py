"""An event's figures: the ledger folded and named; the same object feeds API, pages, brief, .xlsx and screens."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select

from eventsvc.db import db
from eventsvc.models import Counter, Device, Event, Record, RecordDecision, Registration, SeenConflict
from eventsvc.ports import clock
from eventsvc.services import folds, live, quarantine
from eventsvc.services.actors import SALVAGE_FOR, Actor, load_event
from eventsvc.services.evidence import FIGURES, lines, lines_of, page
from eventsvc.services.reports import CheckpointFigure, CounterFigure, Figures, Reported

__all__ = ["FIGURES", "count_registrations", "fold_event", "lines", "lines_of", "of_event", "page", "stats"]

_ROW = tuple(getattr(Record, name) for name in folds.Row._fields)


def stats(actor: Actor, slug: str) -> Figures:
    """The figures of an event now; reads its own writes. Raises Missing, Forbidden or Unauthorized."""
    return of_event(load_event(actor, slug, "figures.read"))


def of_event(event: Event, epoch: int | None = None) -> Figures:
    """The figures of a loaded event, now or (``epoch``) of a rehearsal that was put aside."""
    sums, counts = live.sums(event, epoch)
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
        self_reported=sums.self_reported,
        by_checkpoint=tuple(
            CheckpointFigure(c.key, c.name, c.rule, c.entrance, s.people, s.entries, s.inside, s.records, s.self_reported)
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
    """Load the current epoch (or another one) of an event's ledger whole and fold it: what `live` must equal, and is tested against."""
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
