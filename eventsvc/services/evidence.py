"""A figure opened down to its records: a page of them costs the same whatever the size of the ledger.

Rows are taken from indexes, newest or oldest first, a window at a time; only the subjects of the window are folded, up to
the same cut at which the figure stands. What opens under which figure is `folds.opens_under`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select, text, union_all

from eventsvc.db import db
from eventsvc.models import Device, Event, Person, Record, RecordDecision, RecordNote, Registration
from eventsvc.models.record import EXCEPTIONAL, RARE
from eventsvc.services import folds, live, passages
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.folds import Row, Sums
from eventsvc.services.persons import mask_name
from eventsvc.services.reports import RecordLine
from eventsvc.services.rollup import Rollup

FIGURES = ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "conflicts", "unidentified", "self_reported", "records")
WINDOW = 500  # rows that are looked at together

_columns = [getattr(Record, name) for name in Row._fields]


class Page(NamedTuple):
    """Some of the rows behind a figure, newest first, and how many there are in all; ``newer`` and ``older`` say where the next ones are, if any."""

    lines: list[RecordLine]
    records: int
    newer: int | None  # rows after this number follow before this page
    older: int | None  # rows before this number follow after it


def page(
    actor: Actor, slug: str, figure: str = "records", key: str | None = None, *,
    skip: int = 0, count: int = 100, before: int | None = None, after: int | None = None,
) -> Page:  # fmt: skip
    """A page of the rows behind a figure; ``before`` or ``after`` a number of the ledger, else after ``skip`` rows."""
    event = load_event(actor, slug, "report.read")
    opened = _Opened(event, figure, key)
    if after is not None:
        found, more = _some(opened.rows(newest=False, beyond=after), 0, count)[::-1], True
    else:
        found = _some(opened.rows(newest=True, beyond=before), 0 if before else skip, count + 1)
        found, more = found[:count], len(found) > count
    newer = found[0].seq if found else None
    older = found[-1].seq if found and more else None
    return Page(opened.lines([row.id for row in found]), opened.count(), newer, older)


def lines(actor: Actor, slug: str, figure: str = "records", key: str | None = None) -> Iterator[RecordLine]:
    """The ledger rows behind a figure, in order: one of FIGURES, ``checkpoint`` or ``counter`` with its key.

    ``ticket`` with a registration's id gives that ticket's history, refused scans and undos too; ``record`` one row by its id.
    """
    return lines_of(load_event(actor, slug, "report.read"), figure, key)


def lines_of(event: Event, figure: str = "records", key: str | None = None, epoch: int | None = None) -> Iterator[RecordLine]:
    """The same for a loaded event, now or (``epoch``) of a rehearsal that was put aside; read a window at a time."""
    opened = _Opened(event, figure, key, epoch)
    window: list[str] = []
    for row in opened.rows(newest=False):
        window.append(row.id)
        if len(window) == WINDOW:
            yield from opened.lines(window)
            window = []
    yield from opened.lines(window)


def conflicts(event: Event) -> list[tuple[RecordLine, tuple[RecordLine, ...]]]:
    """Every conflict, oldest first, with the other passages of the same ticket at the same place."""
    opened = _Opened(event, "conflicts")
    rows = list(opened.rows(newest=False))
    of = opened.fold(rows)
    beside = [row for row in of.rows if row.registration_id and "people_admitted" in of.names(row)]
    told = {line.id: line for line in opened.lines([row.id for row in (*rows, *beside)], "people_admitted")}
    own = {line.id: line for line in opened.lines([row.id for row in rows])}

    def others(row: Row) -> Iterator[RecordLine]:
        for one in sorted(beside, key=lambda other: other.seq):
            if (one.registration_id, one.checkpoint) == (row.registration_id, row.checkpoint) and one.id != row.id:
                yield told[one.id]

    return [(own[row.id], tuple(others(row))) for row in rows]


def _some(rows: Iterator[Row], skip: int, count: int) -> list[Row]:
    found: list[Row] = []
    for number, row in enumerate(rows):
        if number >= skip:
            found.append(row)
        if len(found) == count:
            break
    return found


class _Folded(NamedTuple):
    """A window's subjects, whole and folded."""

    rows: Sequence[Row]
    sums: Sums
    targets: dict[str, str]  # undo -> the counter of what it takes back
    entrances: frozenset[str]

    def names(self, row: Row) -> set[str]:
        """The figures under which a row opens."""
        return set(folds.opens_under(row, self.sums, entrance=row.checkpoint in self.entrances, target=self.targets.get(row.id)))


class _Opened:
    """One figure of one event, at the moment of asking."""

    def __init__(self, event: Event, figure: str, key: str | None = None, epoch: int | None = None) -> None:
        self.event, self.figure, self.key = event, figure, key
        self.epoch = epoch or event.epoch
        self.places = live.places_of(event)
        self.entrances = frozenset(place.key for place in self.places if place.entrance)
        self.rollup: Rollup = live.rollup(event, epoch)
        self.name = f"{figure}:{key}" if figure in ("checkpoint", "counter") else figure

    def count(self) -> int:
        """How many rows there are behind the figure."""
        return self.rollup.sums.behind[self.name]

    def rows(self, *, newest: bool, beyond: int | None = None) -> Iterator[Row]:
        """The rows behind the figure, newest or oldest first, beyond a number of the ledger."""
        while True:
            window = self._window(newest, beyond)
            of = self.fold(window)
            for row in window:
                if self.rollup.cut.has_record(row.seq) and (self.figure in ("ticket", "record") or self.name in of.names(row)):
                    yield row
            if len(window) < WINDOW:
                return
            beyond = window[-1].seq

    def fold(self, window: Sequence[Row]) -> _Folded:
        """The subjects of some rows, folded up to the cut of the figure."""
        undos = {row.id: row.undoes for row in window if row.type == "undo" and row.undoes}
        of, cut = (self.event.id, self.epoch), self.rollup.cut
        counters = {row.id: row.counter for row in passages.rows_of(*of, set(undos.values())) if row.counter and cut.has_record(row.seq)}
        acts = [row for row in window if row.type != "undo"]
        whole = passages.passages(*of, {row.registration_id for row in acts if row.registration_id}, [row for row in acts if not row.registration_id], cut)
        targets = {undo: counters[target] for undo, target in undos.items() if target in counters}
        return _Folded(whole.rows, whole.fold(cut, self.places, self.event.timezone), targets, self.entrances)

    def lines(self, ids: Sequence[str], figure: str | None = None) -> list[RecordLine]:
        """These rows as they are shown, in this order."""
        if not ids:
            return []
        found = {row.Record.id: row for start in range(0, len(ids), WINDOW) for row in db.session.execute(_whole(ids[start : start + WINDOW]))}
        sums = self.fold([Row(*(getattr(row.Record, name) for name in Row._fields)) for row in found.values()]).sums
        names = {c.key: c.name for c in [*self.event.checkpoints, *self.event.counters]}
        return [_line(found[key], sums, names, figure or self.figure) for key in ids]

    def _window(self, newest: bool, beyond: int | None) -> list[Row]:
        """The next rows among which those of the figure are."""
        if self.figure == "conflicts":
            return self._conflicts(newest, beyond)
        streams = self._streams()
        if beyond is not None:
            streams = [stream.where(Record.seq < beyond if newest else Record.seq > beyond) for stream in streams]
        order = Record.seq.desc() if newest else Record.seq.asc()
        limited = [stream.order_by(order).limit(WINDOW) for stream in streams]
        if not limited:
            return []
        if len(limited) == 1:
            return [Row(*row) for row in db.session.execute(limited[0])]
        every = union_all(*(select(one.subquery()) for one in limited)).subquery()
        by_number = every.c.seq.desc() if newest else every.c.seq.asc()
        found = dict.fromkeys(Row(*row) for row in db.session.execute(select(every).order_by(by_number).limit(WINDOW * len(limited))))
        return list(found)[:WINDOW]

    def _conflicts(self, newest: bool, beyond: int | None) -> list[Row]:
        """The next of the rows that the rollup knows to be conflicts."""
        numbers = sorted(self.rollup.conflicts.items(), key=lambda one: one[1], reverse=newest)
        ids = [key for key, seq in numbers if beyond is None or (seq < beyond if newest else seq > beyond)][:WINDOW]
        found = {row.id: row for row in passages.rows_of(self.event.id, self.epoch, ids)}
        return [found[key] for key in ids]

    def _streams(self) -> list[Select[Any]]:
        """Where the rows of the figure are, each an index of its own: see models/record.py."""
        here = select(*_columns).where(Record.event_id == self.event.id, Record.epoch == self.epoch)
        rare = here.where(text(RARE))
        if self.figure == "ticket":
            own = select(Record.id).where(Record.registration_id == (self.key or ""))
            return [here.where(Record.registration_id == (self.key or "")), here.where(Record.undoes.in_(own))]
        if self.figure == "record":
            return [here.where(Record.id == (self.key or ""))]
        if self.figure == "counter":
            return [here.where(Record.counter == self.key), rare.where(Record.type == "undo")]
        if self.figure == "checkpoint":
            return [here.where(Record.checkpoint == self.key)]
        if self.figure == "walkins":
            return [rare.where(Record.type == "walkin")]
        if self.figure in ("refused", "unidentified"):
            later = select(RecordDecision.record_id).where(RecordDecision.event_id == self.event.id, RecordDecision.decided == "refused")
            return [here.where(text(EXCEPTIONAL)), here.where(Record.id.in_(later))]
        if self.figure in ("people_admitted", "entries", "inside", "scans", "self_reported"):
            anywhere = self.figure in ("people_admitted", "scans")
            return [here.where(Record.checkpoint == place.key) for place in self.places if anywhere or place.entrance]
        return [here]


def _whole(ids: Sequence[str]) -> Select[Any]:
    """Some rows with what is shown beside them."""
    return (
        select(Record, RecordNote, Registration.pickup_code, Person.name, Device.name.label("device"))
        .outerjoin(RecordNote, RecordNote.record_id == Record.id)
        .outerjoin(Registration, Registration.id == Record.registration_id)
        .outerjoin(Person, Person.registration_id == Record.registration_id)
        .outerjoin(Device, Device.id == Record.device_id)
        .where(Record.id.in_(ids))
    )


def _line(row: Any, sums: Sums, names: dict[str, str], figure: str) -> RecordLine:
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
