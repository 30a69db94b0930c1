"""Keeping: new rows in bulk, each with its number of the ledger; an id that another request kept first is its replay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from eventsvc.db import db, is_postgresql
from eventsvc.models import Record, RecordDecision, RecordNote, Registration
from eventsvc.prepared import Prepared
from eventsvc.services.records.answers import rejected
from eventsvc.services.records.piece import Piece

_LEDGER = Record.__table__
_TICKET_ID = Registration.__table__.c.id
_LAST = Prepared(lambda among: select(func.max(_LEDGER.c.seq)))
_KEEP = Prepared(lambda among: insert(_LEDGER))
_UNUSUAL = ("counter", "topic", "basis", "undoes", "first_record", "scanned")  # empty of a usual check-in; the driver is slow to bind nothing
_KEEP_USUAL = Prepared(lambda among: insert(_LEDGER), [name for name in _LEDGER.columns.keys() if name not in _UNUSUAL])
_NOTE = Prepared(lambda among: insert(RecordNote.__table__))
_DECISION = Prepared(lambda among: insert(RecordDecision.__table__), ["record_id", "event_id", "decided", "conflict", "received_at"])
_ANSWERED = Prepared(
    lambda among: update(Registration.__table__).where(_TICKET_ID == bindparam("ticket")).values(answered=bindparam("keys"))
)


def keep(piece: Piece) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Write the new rows in bulk; where another server kept an id in the meantime, what makes the answers right."""
    for registration_id, keys in sorted(piece.learnt.items()):  # whose row is locked already
        _ANSWERED.run(ticket=registration_id, keys=sorted(keys))
    lost = _keep_rows(piece) if piece.new else {}
    stored = {row.id: row for row in db.session.execute(select(*_LEDGER.columns).where(_LEDGER.c.id.in_(lost)))} if lost else {}
    foreign = {row.id for row in stored.values() if row.event_id != piece.site.id or row.content != lost[row.id]}
    decisions = [decision for decision in piece.decisions if decision["record_id"] not in foreign]
    if decisions:  # after the rows: a record and its later decision may come together
        _DECISION.many(decisions)
    if not lost:
        return None

    def overtaken(answer: dict[str, Any]) -> dict[str, Any]:
        record = stored.get(answer["id"] or "")
        if answer["status"] != "recorded" or record is None:
            return answer
        if record.id in foreign:
            return rejected(record.id, "id_reused", "这个编号已用于另一条记录")
        again = {"outcome": record.outcome, "admitted": record.admitted, "used": record.used, "remaining": record.remaining}
        return {**answer, "status": "replayed", **again}

    return overtaken


def _keep_rows(piece: Piece) -> dict[str, str]:
    """Write the new rows and their notes; id and content of those whose id was taken meanwhile."""
    if is_postgresql():
        kept = piece.lines.keep_new() if piece.lines else set()
    else:
        _keep_in_turn(piece)  # nobody else writes meanwhile, and none of these ids is there
        kept = None
    notes = [note for note in piece.notes if kept is None or note["record_id"] in kept]
    if notes:
        _NOTE.many(notes)
    return {} if kept is None else {row.id: row.content for row in piece.new if row.id not in kept}


def _keep_in_turn(piece: Piece) -> None:
    """Write the new rows on SQLite: those that are in lines at once, the others one after the other."""
    first = (_LAST.all()[0][0] or 0) + 1
    if piece.lines is not None and piece.lines.lines:
        piece.lines.keep(first)
    usual, others = [], []
    for place, row in enumerate(piece.new) if piece.lines is None else piece.lines.apart:
        (others if row.type != "checkin" or row.basis or row.first_record or row.scanned else usual).append(row._asdict() | {"seq": first + place})
    for statement, rows in ((_KEEP_USUAL, usual), (_KEEP, others)):
        if rows:
            statement.many(rows)
