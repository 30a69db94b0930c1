"""Taking an import back: what it made is cancelled and erased, except whom somebody has touched or scanned since."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, delete, exists, select, update

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict
from eventsvc.models import ImportRow, Person, Record, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor
from eventsvc.services.imports.staging import load, rewrite

PIECE = 500  # rows of one transaction


def untouched(import_id: str) -> tuple[int, int]:
    """How many registrations of an import an undo would take back, and how many it would leave."""
    rows = db.session.execute(_made(import_id)).all()
    take = sum(_may_go(row) for row in rows)
    return take, len(rows) - take


def undo(actor: Actor, slug: str, import_id: str) -> tuple[int, int]:
    """Take an import back; how many went and how many were left. Saying it twice is fine. Raises Conflict while it runs."""
    taken = left = 0
    while True:
        more, went, stayed = _piece(actor, slug, import_id)
        taken, left = taken + went, left + stayed
        if not more:
            return taken, left


def _made(import_id: str) -> Select[Any]:
    scanned = exists().where(Record.registration_id == ImportRow.registration_id)
    return (
        select(ImportRow.number, ImportRow.revision, Registration, scanned.label("scanned"))
        .join(Registration, Registration.id == ImportRow.registration_id)
        .where(ImportRow.import_id == import_id, ImportRow.state == "created")
        .order_by(ImportRow.number)
    )


def _may_go(row: Row[Any]) -> bool:
    return not row.scanned and row.revision == row.Registration.roster_revision and row.Registration.status != "cancelled"


def _cancel(changes: list[dict[str, Any]], now: datetime) -> None:
    """Cancel and erase registrations by ``of``, each with its ``revision``; written without the session, which costs more than the rows do."""
    rows = Registration.__table__
    gone = {"status": "cancelled", "cancelled_at": now, "erased_at": now, "updated_at": now, "offered_until": None, "roster_revision": bindparam("revision")}
    db.session.execute(update(rows).where(rows.c.id == bindparam("of")).values(gone), changes)
    db.session.execute(delete(Person.__table__).where(Person.registration_id.in_([change["of"] for change in changes])))


@transaction
def _piece(actor: Actor, slug: str, import_id: str) -> tuple[bool, int, int]:
    event, found = load(actor, slug, import_id, lock=True)
    if found.state == "running":
        raise Conflict("import_running", "还在导入，请等它完成再撤销")
    rows = db.session.execute(_made(import_id).limit(PIECE)).all() if found.state != "draft" else []
    go = [row for row in rows if _may_go(row)]
    now = clock.now()
    changes: list[dict[str, Any]] = []
    leaving: list[Registration] = []
    for row in go:
        if registrations.holds_places(row.Registration):
            leaving.append(row.Registration)
        event.roster_revision += 1
        changes.append({"of": row.Registration.id, "revision": event.roster_revision})
    if changes:
        registrations.give_all_back(event, *leaving)
        _cancel(changes, now)
    gone = {row.number for row in go}
    rewrite(import_id, {row.number: {"state": "undone" if row.number in gone else "left"} for row in rows})
    more = len(rows) == PIECE
    if not more and found.state == "done":
        found.state = "undone"
        db.session.flush()
        registrations.promote(event)
        journal.note(actor, "registration.import_undo", event, list=import_id)
    return more, len(go), len(rows) - len(go)
