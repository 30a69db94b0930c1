"""Figures that cost what is new, not what there is: a rollup up to a settled point, carried on by whoever reads next.

A process keeps the rollups of the events that were asked for last, and now and then one is kept in the database, so that
a fresh process begins there. Both are copies that can be made again from the ledger, and always equal to the full fold
(tests/services/test_rollup.py). Readers and the worker make them; whoever scans writes nothing but the ledger.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from eventsvc.db import db, end_reading, in_transaction, is_postgresql, transaction
from eventsvc.errors import Refusal
from eventsvc.models import Event, FigureRollup, Record
from eventsvc.ports import clock
from eventsvc.services import passages
from eventsvc.services.folds import Place, Sums
from eventsvc.services.rollup import Rollup

KEPT = 64  # events that a process remembers
EVERY = 2_000  # records and registrations after which a rollup goes to the database
PATIENCE = 1.0  # seconds that a reader far behind waits for another transaction to end, before it reads all that is new at once
MOMENT = 0.05

_log = logging.getLogger("eventsvc.figures")


@dataclass
class _Remembered:
    """What a process knows of one event in one epoch."""

    mutex: threading.Lock = field(default_factory=threading.Lock)
    rollup: Rollup | None = None
    settling: passages.Settling = field(default_factory=passages.Settling)


_events: OrderedDict[tuple[str, int], _Remembered] = OrderedDict()
_mutex = threading.Lock()


def sums(event: Event, epoch: int | None = None) -> tuple[Sums, Mapping[str, tuple[int, int]]]:
    """The sums of an event's epoch (the current one) now, and its registrations' (parties, people) by status; reads its own writes.

    Sets of record ids other than the conflicts are left out.
    """
    now = rollup(event, epoch)
    return now.answer(places_of(event)), now.counts


def rollup(event: Event, epoch: int | None = None) -> Rollup:
    """The same as a rollup of all that there is now."""
    epoch, places = epoch or event.epoch, places_of(event)
    if in_transaction():  # what a verb has not committed must not be remembered
        db.session.flush()
        base = _fitting(_known(event.id, epoch).rollup or _from_database(event.id, epoch), places, event.timezone)
        return _now(event.id, epoch, base, places, passages.Settling(), patience=0)[1]
    known = _known(event.id, epoch)
    with known.mutex:
        base = _fitting(known.rollup or _from_database(event.id, epoch), places, event.timezone)
        known.rollup, now = _now(event.id, epoch, base, places, known.settling)
        keep = known.rollup if known.rollup.steps >= EVERY else None
        if keep:
            known.rollup = replace(keep, steps=0)
    if keep:
        _keep(event.id, epoch, keep)
    return now


def roll_up() -> int:
    """Carry on what is kept of every published event that got far ahead of it, so that no reader has to; how many there were."""
    kept = select(FigureRollup.seq).where(FigureRollup.event_id == Event.id, FigureRollup.epoch == Event.epoch).scalar_subquery()
    done = 0
    for event, seq in db.session.execute(select(Event, kept).where(Event.status == "published").order_by(Event.id)).all():
        ahead = select(Record.seq).where(Record.event_id == event.id, Record.epoch == event.epoch, Record.seq > (seq or 0))
        if db.session.scalar(ahead.order_by(Record.seq).offset(EVERY).limit(1)) is not None:
            rollup(event)
            done += 1
    return done


def places_of(event: Event) -> tuple[Place, ...]:
    """An event's checkpoints as the folds see them."""
    return tuple(Place(c.key, c.rule, c.entrance) for c in event.checkpoints)


def forget() -> None:
    """Forget everything that this process knows, as after the database was exchanged under it."""
    with _mutex:
        _events.clear()


def _known(event: str, epoch: int) -> _Remembered:
    with _mutex:
        known = _events.setdefault((event, epoch), _Remembered())
        _events.move_to_end((event, epoch))
        while len(_events) > KEPT:
            _events.popitem(last=False)
    return known


def _fitting(base: Rollup | None, places: Sequence[Place], zone: str) -> Rollup:
    """A rollup made by the present rules, or an empty one."""
    return base if base is not None and base.fits(places, zone) else Rollup(zone)


def _now(
    event: str, epoch: int, base: Rollup, places: Sequence[Place], settling: passages.Settling, patience: float = PATIENCE
) -> tuple[Rollup, Rollup]:
    """The rollup as far as it may be remembered, and of all that there is.

    ``patience`` 0: within a verb's own transaction. A reader that is far behind on PostgreSQL reads each window in a transaction
    of its own: two that catch up at once, a server and its worker, would otherwise hold up each other until both read everything.
    """
    while True:
        drawn = settling.look() if is_postgresql() else None
        found = passages.news(event, epoch, base.cut)
        if not found:
            return base, base
        if drawn and not found.fits_a_window and found.settled(base.cut, drawn) == base.cut:  # more under way than a window holds
            if patience > 0:
                patience -= MOMENT
                end_reading()
                time.sleep(MOMENT)
                continue
            found = passages.news(event, epoch, base.cut, whole=True)
        whole, moved = passages.concerned(event, epoch, base.cut, found)
        until = found.settled(base.cut, drawn) if drawn else found.until(base.cut)
        base = base.carried(until, [row for row in found.rows if until.has_record(row.seq)], whole, moved, places)
        if found.fits_a_window:
            besides = found.besides(base.cut)
            if besides == base.cut:
                return base, base
            return base, base.carried(besides, [row for row in found.rows if row.seq > base.cut.seq], whole, moved, places)
        if drawn and patience > 0:
            end_reading()


def _from_database(event: str, epoch: int) -> Rollup | None:
    kept = db.session.scalar(select(FigureRollup.sums).where(FigureRollup.event_id == event, FigureRollup.epoch == epoch))
    return Rollup.unpack(kept) if kept else None


def _keep(event: str, epoch: int, made: Rollup) -> None:
    """Keep a rollup for whoever starts afresh; figures are told all the same where that fails."""
    try:
        _store(event, epoch, made)
    except (Refusal, DBAPIError):
        _log.warning("a rollup of figures could not be kept; a fresh process begins further back")


@transaction
def _store(event: str, epoch: int, made: Rollup) -> None:
    kept = db.session.get(FigureRollup, (event, epoch))
    if kept is None:
        kept = FigureRollup(event_id=event, epoch=epoch)
        db.session.add(kept)
    kept.seq, kept.sums, kept.at = made.cut.seq, made.pack(), clock.now()
