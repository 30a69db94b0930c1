"""A list waits in its staging table: read, laid out, checked, looked at; erased after a day or when it is thrown away.

What stands in the cells are people's data: they are kept for a day at most, a row's own no longer than until it is registered.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, Import, ImportRow
from eventsvc.ports import clock
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.imports import columns, pasted, sheets
from eventsvc.services.imports.checking import Checked, check_cells, find_doubles
from eventsvc.services.imports.columns import Layout

KEPT_FOR = timedelta(hours=24)
SHOWN_ROWS, SHOWN_FAULTS = 8, 50
ACTION = "registration.edit"
Rows = Sequence[tuple[int, list[str]]]


@dataclass(frozen=True)
class RowFault:
    """What is wrong with a row, and where: ``column`` from 0, or None for the row as a whole."""

    column: int | None
    fault: Fault

    @property
    def letter(self) -> str:
        """The column as a spreadsheet names it; empty for the whole row."""
        return "" if self.column is None else columns.letter(self.column)


@dataclass(frozen=True)
class Line:
    """A row to look at; ``cells`` are gone where it was registered or a day is over."""

    number: int
    state: str
    cells: list[str]
    faults: list[RowFault]
    registration_id: str | None = None


@dataclass(frozen=True)
class Overview:
    """An import as its page shows it: counts of rows by state, the first rows, the first rows with something to say."""

    of: Import
    counts: dict[str, int]
    sample: list[Line]
    told: list[Line]

    @property
    def rows(self) -> int:
        """Rows that should become registrations."""
        return sum(count for state, count in self.counts.items() if state != "head")

    def count(self, *states: str) -> int:
        """Rows in these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def to_go(self) -> int:
        """Rows that will be registered when it starts, or are still to be."""
        return self.count("good", "double") if self.of.doubles else self.count("good")


def stage_file(actor: Actor, slug: str, raw: bytes) -> str:
    """Read a file and keep its rows for a day; the import's id. Raises Invalid or TooLarge."""
    event = load_event(actor, slug, ACTION)
    sheet = sheets.read(raw)
    return _stage(actor, event, sheet.kind, sheet.rows, columns.guess(sheet.rows, event))


def stage_text(actor: Actor, slug: str, text: str) -> str:
    """Read a pasted list likewise."""
    event = load_event(actor, slug, ACTION)
    rows = pasted.read(text)
    return _stage(actor, event, "text", rows, Layout(0, [""] * len(pasted.TARGETS), list(pasted.TARGETS)))


def _stage(actor: Actor, event: Event, source: str, rows: Rows, layout: Layout) -> str:
    _bounded(rows, layout.header)
    checked = check_rows(event, rows, layout)
    now = clock.now()
    made = Import(
        id=str(uuid.uuid4()), event_id=event.id, actor=actor.name, source=source, state="draft", header=layout.header, headings=layout.headings,
        targets=layout.targets, channel="phone" if source == "text" else "desk", doubles=False, position=0,
        created_at=now, touched_at=now, expires_at=now + KEPT_FOR,
    )  # fmt: skip
    _keep(actor, event.slug, made, rows, checked)
    return made.id


@transaction
def _keep(actor: Actor, slug: str, made: Import, rows: Rows, checked: dict[int, Checked]) -> None:
    load_event(actor, slug, ACTION)
    _erase(Import.expires_at <= clock.now())
    db.session.add(made)
    db.session.flush()
    values = [
        {"import_id": made.id, "number": number, "cells": cells, **_verdict(checked.get(number), made.targets)} for number, cells in rows
    ]
    db.session.execute(insert(ImportRow.__table__), values)


def _bounded(rows: Rows, header: int) -> None:
    people = sum(number > header for number, _cells in rows)
    if people > sheets.MOST_ROWS:
        raise Invalid.one("file", "too_many", "一次最多导入{most}行，这个文件有{rows}行；请分成几个文件", most=sheets.MOST_ROWS, rows=people)
    if not people:
        raise Invalid.one("file", "required", "表头下面没有内容，请换一个文件")


def check_rows(event: Event, rows: Rows, layout: Layout) -> dict[int, Checked]:
    """Every row below the headings, checked, by number."""
    checked = [check_cells(number, cells, layout.targets, event) for number, cells in rows if number > layout.header]
    find_doubles(event, checked)
    return {row.number: row for row in checked}


def _verdict(checked: Checked | None, targets: Sequence[str | None]) -> dict[str, Any]:
    if checked is None:
        return {"state": "head", "faults": None}
    return {"state": checked.state, "faults": written(checked.faults, targets)}


def written(faults: Sequence[Fault], targets: Sequence[str | None]) -> list[Any] | None:
    """Faults as the staging table keeps them; sentences are translated when they are shown."""
    places = {target: column for column, target in enumerate(targets) if target}
    return [[places.get(fault.field), fault.field, fault.code, fault.message, fault.params] for fault in faults] or None


def lay_out(actor: Actor, slug: str, import_id: str, header: Any, targets: Any) -> None:
    """Read the list by other columns or another heading row. Raises Invalid, or Conflict once it has begun."""
    event, found = load(actor, slug, import_id)
    _still_draft(found)
    kept = {row.number: row for row in db.session.scalars(select(ImportRow).where(ImportRow.import_id == import_id))}
    rows = [(number, kept[number].cells or []) for number in sorted(kept)]
    layout = columns.layout(rows, header, targets, event)
    _bounded(rows, layout.header)
    checked = check_rows(event, rows, layout)
    changes = {}
    for number in kept:
        verdict = _verdict(checked.get(number), layout.targets)
        if (kept[number].state, kept[number].faults) != (verdict["state"], verdict["faults"]):
            changes[number] = verdict
    _lay_out(actor, slug, import_id, layout, changes)


@transaction
def _lay_out(actor: Actor, slug: str, import_id: str, layout: Layout, changes: dict[int, dict[str, Any]]) -> None:
    _event, found = load(actor, slug, import_id, lock=True)
    _still_draft(found)
    found.header, found.headings, found.targets = layout.header, layout.headings, layout.targets
    rewrite(import_id, changes)


def rewrite(import_id: str, changes: dict[int, dict[str, Any]]) -> None:
    """Change rows of an import by their numbers, each by the same columns; without the session, which costs more than the rows do."""
    if changes:
        rows = ImportRow.__table__
        names = next(iter(changes.values()))
        one = update(rows).where(rows.c.import_id == import_id, rows.c.number == bindparam("of_number"))
        db.session.execute(one.values({name: bindparam(f"to_{name}") for name in names}), [
            {"of_number": number, **{f"to_{name}": value for name, value in change.items()}} for number, change in changes.items()
        ])  # fmt: skip


def load(actor: Actor, slug: str, import_id: str, *, lock: bool = False) -> tuple[Event, Import]:
    """An import of the actor's own event; ``lock`` holds the event's row and then its own. Raises Missing."""
    event = load_event(actor, slug, ACTION, lock="change" if lock else None)
    query = select(Import).where(Import.id == import_id, Import.event_id == event.id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = db.session.scalar(query)
    if found is None:
        raise Missing
    return event, found


def _still_draft(found: Import) -> None:
    if found.state != "draft":
        raise Conflict("import_begun", "已经开始导入，不能再改")
    if found.emptied_at is not None or found.expires_at <= clock.now():
        raise Conflict("import_expired", "超过24小时，名单已删除，请重新上传")


def overview(actor: Actor, slug: str, import_id: str) -> Overview:
    """One import to look at."""
    _event, found = load(actor, slug, import_id)
    counted = select(ImportRow.state, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.state)
    counts = {state: count for state, count in db.session.execute(counted)}
    sample = lines(found, found.header, SHOWN_ROWS)
    told = lines(found, 0, SHOWN_FAULTS, ("faulty", "double", "refused", "left"))
    return Overview(found, counts, sample, told)


def lines(found: Import, after: int = 0, most: int | None = None, states: tuple[str, ...] | None = None) -> list[Line]:
    """Rows of an import after a number, in order."""
    query = select(ImportRow).where(ImportRow.import_id == found.id, ImportRow.number > after).order_by(ImportRow.number)
    if states:
        query = query.where(ImportRow.state.in_(states))
    return [_line(row) for row in db.session.scalars(query.limit(most) if most else query)]


def _line(row: ImportRow) -> Line:
    faults = [RowFault(column, Fault(field, code, message, params)) for column, field, code, message, params in row.faults or []]
    return Line(row.number, row.state, row.cells or [], faults, row.registration_id)


def recent(actor: Actor, slug: str, limit: int = 10) -> list[tuple[Import, dict[str, int]]]:
    """The latest imports of an event with their counts by state, newest first."""
    event = load_event(actor, slug, ACTION)
    found = list(db.session.scalars(select(Import).where(Import.event_id == event.id).order_by(Import.created_at.desc()).limit(limit)))
    counts: dict[str, dict[str, int]] = {one.id: {} for one in found}
    counted = select(ImportRow.import_id, ImportRow.state, func.count()).where(ImportRow.import_id.in_(list(counts)))
    for import_id, state, count in db.session.execute(counted.group_by(ImportRow.import_id, ImportRow.state)):
        counts[import_id][state] = count
    return [(one, counts[one.id]) for one in found]


@transaction
def discard(actor: Actor, slug: str, import_id: str) -> None:
    """Throw a list away that was not begun. Raises Conflict."""
    _event, found = load(actor, slug, import_id, lock=True)
    if found.state != "draft":
        raise Conflict("import_begun", "已经开始导入，不能再改")
    db.session.execute(delete(ImportRow).where(ImportRow.import_id == import_id))
    db.session.delete(found)


@transaction
def expire() -> int:
    """Erase the cells of lists that are older than a day; how many lists."""
    return _erase(Import.expires_at <= clock.now())


@transaction
def erase_of(event_id: str) -> int:
    """Erase the cells of an event's lists, whatever their age; how many lists."""
    return _erase(Import.event_id == event_id)


def _erase(which: Any) -> int:
    """Drafts go altogether; of the others the cells and what was said of them, so that counts and undo remain."""
    ids = list(db.session.scalars(select(Import.id).where(which, Import.emptied_at.is_(None))))
    if ids:
        drafts = list(db.session.scalars(select(Import.id).where(Import.id.in_(ids), Import.state == "draft")))
        db.session.execute(delete(ImportRow).where(ImportRow.import_id.in_(drafts)))
        db.session.execute(delete(Import).where(Import.id.in_(drafts)))
        rows = update(ImportRow).where(ImportRow.import_id.in_(ids))
        db.session.execute(rows.values(cells=None, faults=None), execution_options={"synchronize_session": False})
        now: datetime = clock.now()
        db.session.execute(update(Import).where(Import.id.in_(ids)).values(emptied_at=now), execution_options={"synchronize_session": False})
    return len(ids)
