"""Registering the good rows of a list: in pieces, each a transaction, or all of them in one; never a row twice."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.models import Event, Import, ImportRow, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor
from eventsvc.services.imports.checking import Checked, check_cells, find_doubles
from eventsvc.services.imports.staging import load, rewrite, written

PIECE = 250  # rows of one transaction: about a tenth of a second of SQLite's writer
BUDGET = 4.0  # seconds that one request goes on with it
CHANNELS = ("desk", "phone", "proxy")


def start(actor: Actor, slug: str, import_id: str, *, channel: str, consent: bool, doubles: bool, whole: bool) -> None:
    """Begin to register. ``consent``: the organizer's word that the people agreed; ``whole``: all rows or none.

    Raises Invalid, or Conflict where the event takes none, the list is gone, or (``whole``) a row cannot be registered.
    """
    if not consent:
        raise Invalid.one("consent", "required", "请先确认：已取得本人同意")
    if channel not in CHANNELS:
        raise Invalid.one("channel", "choice", "渠道只能是 phone、desk 或 proxy")
    _begin(actor, slug, import_id, channel, doubles, whole)
    if whole:
        _all(actor, slug, import_id)
    else:
        go_on(actor, slug, import_id)


@transaction
def _begin(actor: Actor, slug: str, import_id: str, channel: str, doubles: bool, whole: bool) -> None:
    event, found = load(actor, slug, import_id, lock=True)
    if found.state != "draft":
        return
    if found.emptied_at is not None or found.expires_at <= clock.now():
        raise Conflict("import_expired", "超过24小时，名单已删除，请重新上传")
    if event.status != "published":
        raise Conflict(*registrations.CLOSED[event.status])
    if "name" not in found.targets:
        raise Invalid.one("columns", "name", "请指明哪一列是姓名")
    found.channel, found.doubles = channel, doubles
    wrong = _any(found, "faulty") or (not doubles and _any(found, "double"))
    if whole and wrong:
        raise Conflict("import_faulty", "有几行不能导入，什么都没有导入；请改好再传，或选“导入没有问题的行”")
    found.consent_at = found.touched_at = clock.now()
    found.state = "draft" if whole else "running"
    counted = select(func.count()).where(ImportRow.import_id == import_id, ImportRow.state.in_(_states(found)))
    rows = db.session.scalar(counted)
    journal.note(actor, "registration.import", event, list=import_id, rows=rows, channel=channel, consent=True)


def _any(found: Import, state: str) -> bool:
    query = select(ImportRow.number).where(ImportRow.import_id == found.id, ImportRow.state == state).limit(1)
    return db.session.scalar(query) is not None


def _states(found: Import) -> tuple[str, ...]:
    return ("good", "double") if found.doubles else ("good",)


def go_on(actor: Actor, slug: str, import_id: str, seconds: float = BUDGET) -> None:
    """Register piece by piece until the list is done or ``seconds`` are over; two at once do no row twice."""
    until = time.monotonic() + seconds
    while True:
        event, found = load(actor, slug, import_id)
        if found.state != "running":
            return
        rows = _next_rows(found, PIECE)
        _piece(actor, slug, import_id, found.position, [_checked(event, found, row) for row in rows])
        if not rows or time.monotonic() > until:
            return


class _Row(NamedTuple):
    """A row that is still to do."""

    number: int
    cells: list[str] | None


def _next_rows(found: Import, most: int | None) -> list[_Row]:
    query = select(ImportRow.number, ImportRow.cells).where(
        ImportRow.import_id == found.id, ImportRow.number > found.position, ImportRow.state.in_(_states(found))
    )
    return [_Row(*row) for row in db.session.execute(query.order_by(ImportRow.number).limit(most))]


def _checked(event: Event, found: Import, row: _Row) -> Checked:
    """The row as the event takes it now; read before the event's row is held."""
    return check_cells(row.number, row.cells or [], found.targets, event, found.channel)


@transaction
def _piece(actor: Actor, slug: str, import_id: str, position: int, checked: Sequence[Checked]) -> None:
    event, found = load(actor, slug, import_id, lock=True)
    if found.state != "running" or found.position != position:
        return  # another request was faster
    found.touched_at = clock.now()
    if not checked:
        found.state = "done"
        return
    _register(event, found, checked)
    found.position = checked[-1].number


def _register(event: Event, found: Import, checked: Sequence[Checked]) -> list[Checked]:
    """Register the good rows and write down what became of each; the rows that were refused."""
    if not found.doubles:
        find_doubles(event, checked, inside=False)
    good = [row for row in checked if row.state == "good"]
    answers = registrations.register_many(event, [row.wanted for row in good if row.wanted])
    became: dict[int, dict[str, Any]] = {}
    for row, answer in zip(good, answers, strict=True):
        if isinstance(answer, Registration):
            became[row.number] = {"state": "created", "cells": None, "faults": None, "registration_id": answer.id, "revision": answer.roster_revision}
        else:
            row.complain("refused", *_faults(answer))
    for row in checked:
        if row.number not in became:
            state = row.state if row.state == "double" else "refused"
            row.state = state
            became[row.number] = {"state": state, "faults": written(row.faults, found.targets)}
    for made in (True, False):
        rewrite(found.id, {number: change for number, change in became.items() if ("cells" in change) == made})
    return [row for row in checked if row.state != "good"]


def _faults(refusal: Conflict | Invalid) -> list[Fault]:
    return list(refusal.faults) if isinstance(refusal, Invalid) else [Fault("party_size", refusal.code, refusal.message, refusal.params)]


class _Undone(Exception):
    """Takes the whole list back; carries the rows that were refused."""

    def __init__(self, refused: list[Checked]) -> None:
        super().__init__()
        self.refused = refused


def _all(actor: Actor, slug: str, import_id: str) -> None:
    event, found = load(actor, slug, import_id)
    checked = [_checked(event, found, row) for row in _next_rows(found, None)]
    try:
        _whole(actor, slug, import_id, checked)
    except _Undone as undone:
        _mark(actor, slug, import_id, undone.refused)
        raise Conflict("import_refused", "有{count}行报不上，什么都没有导入；请看下面的原因", count=len(undone.refused)) from undone


@transaction
def _whole(actor: Actor, slug: str, import_id: str, checked: Sequence[Checked]) -> None:
    event, found = load(actor, slug, import_id, lock=True)
    if found.state != "draft":
        return
    if refused := _register(event, found, checked):
        raise _Undone(refused)
    found.state = "done"


@transaction
def _mark(actor: Actor, slug: str, import_id: str, refused: Sequence[Checked]) -> None:
    """Write down why the whole list was not registered; its rows stay where they were."""
    _event, found = load(actor, slug, import_id, lock=True)
    said = {row.number: {"state": "double" if row.state == "double" else "faulty", "faults": written(row.faults, found.targets)} for row in refused}
    rewrite(import_id, said)


def left_alone() -> list[tuple[str, str]]:
    """(slug, import id) of lists that stopped half-way more than a minute ago, for the worker to finish."""
    quiet = clock.now() - timedelta(minutes=1)
    query = select(Event.slug, Import.id).join(Event, Event.id == Import.event_id).where(Import.state == "running", Import.touched_at < quiet)
    return [(row.slug, row.id) for row in db.session.execute(query)]
