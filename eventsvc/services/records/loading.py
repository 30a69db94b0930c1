"""What is known before deciding: the tickets (locked in sorted order), their passages, and what is already kept.

A scan costs two statements here, one for tickets and one for ledger rows, however many records the piece has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select

from eventsvc.db import db, is_postgresql
from eventsvc.models import Event, Person, Record, RecordDecision, Registration, RetiredCode
from eventsvc.services import folds
from eventsvc.services.record_form import Form
from eventsvc.services.records.piece import Known, Piece

_tickets, _events, _persons = Registration.__table__, Event.__table__, Person.__table__
_TICKET = (
    select(
        *(_tickets.c[name] for name in (
            "id", "event_id", "seq", "party_size", "status", "blocked", "sessions", "answered", "valid_from", "valid_until", "code",
            "pickup_code",
        )),
        _events.c.organization_id, _events.c.title, _events.c.short_title, _persons.c.name, _persons.c.note,
    )
    .select_from(
        _tickets.join(_events, _events.c.id == _tickets.c.event_id).outerjoin(_persons, _persons.c.registration_id == _tickets.c.id)
    )
    .order_by(_tickets.c.id)
    .with_for_update(of=_tickets, key_share=True)
)  # fmt: skip
_BY_CODE = _TICKET.where(_tickets.c.code == bindparam("code"))
_LEDGER = tuple(Record.__table__.columns)


def load(piece: Piece, forms: Sequence[Form]) -> None:
    """Fill the piece with the tickets that its records name and the ledger rows that bear on them."""
    tickets = _load_tickets(piece, forms)
    _load_ledger(piece, forms, tickets)


def _load_tickets(piece: Piece, forms: Sequence[Form]) -> set[str]:
    """Find and lock the tickets; the ids of those that are this event's own."""
    asked = [form for form in forms if form.type == "checkin"]
    if not asked:
        return set()
    rows, retired = _find(piece, asked)
    rows = [row for row in rows if row.organization_id == piece.site.organization_id]
    here = {row.id for row in rows if row.event_id == piece.site.id}
    by_id = {row.id: _known(row) for row in rows}
    by_code = {row.code: row.id for row in rows}
    by_pickup = {row.pickup_code: row.id for row in rows if row.id in here}
    for form in asked:
        text, reissued = form.ticket, False
        if form.ref:
            found = form.ref if form.ref in here else None
        elif text is None or text.kind == "foreign":
            found = None
        elif text.kind == "pickup":
            found = by_pickup.get(text.value)
        else:
            found, kind = retired.get(text.value) or (by_code.get(text.value), "")
            reissued = kind == "reissued"
        if found is not None and found in by_id:
            piece.tickets[form.id] = by_id[found].replaced() if reissued else by_id[found]
    return here


def _find(piece: Piece, asked: Sequence[Form]) -> tuple[Sequence[Any], dict[str, tuple[str, str]]]:
    """The rows of the named tickets, in the order in which they were locked; retired codes with their registration's id and their kind."""
    codes = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "code"}
    pickups = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "pickup"}
    refs = {form.ref for form in asked if form.ref}
    if len(codes) == 1 and not pickups and not refs:
        rows = db.session.execute(_BY_CODE, {"code": next(iter(codes))}).all()
        if rows:
            return rows, {}
    either: list[ColumnElement[bool]] = []
    if codes:
        either.append(_tickets.c.code.in_(codes))
    if pickups:
        either.append((_tickets.c.event_id == piece.site.id) & _tickets.c.pickup_code.in_(pickups))
    if refs:
        either.append((_tickets.c.event_id == piece.site.id) & _tickets.c.id.in_(refs))
    if not either:
        return [], {}
    retired: dict[str, tuple[str, str]] = {}
    if not is_postgresql():
        rows = db.session.execute(_TICKET.where(or_(*either))).all()
        found = {row.code for row in rows}
    else:  # ids first, so that the locks are taken in one sorted order
        plain = db.session.execute(select(_tickets.c.id, _tickets.c.code).where(or_(*either))).all()
        found = {row.code for row in plain}
        rows = db.session.execute(_TICKET.where(_tickets.c.id.in_({row.id for row in plain}))).all() if plain else []
    if lost := codes - found:
        old = db.session.execute(select(RetiredCode.code, RetiredCode.registration_id, RetiredCode.kind).where(RetiredCode.code.in_(lost)))
        retired = {row.code: (row.registration_id, row.kind) for row in old}
    if missing := {found for found, _kind in retired.values()} - {row.id for row in rows}:
        rows = [*rows, *db.session.execute(_TICKET.where(_tickets.c.id.in_(missing))).all()]
    return rows, retired


def _known(row: Any) -> Known:
    return Known(
        id=row.id,
        event_id=row.event_id,
        seq=row.seq,
        party_size=row.party_size,
        status=row.status,
        blocked=row.blocked,
        sessions=row.sessions,
        answered=row.answered,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        name=row.name,
        note=row.note,
        event_title=row.short_title or row.title,
    )


def _load_ledger(piece: Piece, forms: Sequence[Form], registration_ids: set[str]) -> None:
    """Earlier passages of the tickets, records kept under these ids, targets of undos, and undos that came before their targets."""
    ids = {form.id for form in forms}
    wanted = ids | {form.undoes for form in forms if form.undoes}
    if not wanted:
        return
    ledger = Record.__table__.c
    either: list[ColumnElement[bool]] = [ledger.id.in_(wanted), ledger.undoes.in_(ids)]
    if registration_ids:
        either.append(ledger.registration_id.in_(registration_ids))
    passages = []
    for found in db.session.execute(select(*_LEDGER).where(or_(*either))):
        row = folds.Row(*(getattr(found, name) for name in folds.Row._fields))
        if found.id in wanted:
            piece.stored[found.id] = found._asdict()
        if found.type == "undo":
            piece.undos.append(row)
        elif found.registration_id in registration_ids and found.epoch == piece.site.epoch:
            piece.rows.setdefault(found.registration_id, []).append(row)
            passages.append(row.id)
    if passages:
        query = select(*(ledger[name] for name in folds.Row._fields)).where(ledger.undoes.in_(passages), ledger.type == "undo")
        piece.undos += [folds.Row(*found) for found in db.session.execute(query)]
    if asked := {*passages, *(ids & piece.stored.keys())}:
        later = select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(asked))
        for decision in db.session.execute(later):
            piece.later.setdefault(decision.record_id, set()).add(decision.decided)
