"""What is known before deciding: the tickets (locked in sorted order), their passages, and what is already kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select

from eventsvc.db import db
from eventsvc.models import Event, Person, Record, RecordDecision, Registration, RetiredCode
from eventsvc.services import folds
from eventsvc.services.record_form import Form
from eventsvc.services.records.piece import ROW, Known, Piece


def load_tickets(piece: Piece, forms: Sequence[Form]) -> None:
    """Find the tickets that the records name, lock them in sorted order, and read their earlier passages."""
    asked = [form for form in forms if form.type == "checkin"]
    named_codes = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "code"}
    pickups = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "pickup"}
    refs = {form.ref for form in asked if form.ref}
    retired: dict[str, str] = {}
    either = []
    if named_codes:
        either.append(Registration.code.in_(named_codes))
    if pickups:
        either.append((Registration.event_id == piece.event.id) & Registration.pickup_code.in_(pickups))
    if refs:
        either.append((Registration.event_id == piece.event.id) & Registration.id.in_(refs))
    if not either:
        return
    found = db.session.execute(select(Registration.id, Registration.code).where(or_(*either))).all()
    if lost := named_codes - {row.code for row in found}:
        rows = db.session.execute(select(RetiredCode.code, RetiredCode.registration_id).where(RetiredCode.code.in_(lost)))
        retired = {row.code: row.registration_id for row in rows}
    ids = {row.id for row in found} | set(retired.values())
    if not ids:
        return
    query = (
        select(Registration, Event.organization_id, Event.title, Event.short_title)
        .join(Event, Event.id == Registration.event_id)
        .where(Registration.id.in_(ids))
        .order_by(Registration.id)
        .with_for_update(of=Registration, key_share=True)
        .execution_options(populate_existing=True)
    )
    rows = [row for row in db.session.execute(query) if row.organization_id == piece.event.organization_id]
    here = {row.Registration.id for row in rows if row.Registration.event_id == piece.event.id}
    people = {}
    if here:
        persons = db.session.execute(select(Person.registration_id, Person.name, Person.note).where(Person.registration_id.in_(here)))
        people = {row.registration_id: row for row in persons}
    by_id = {row.Registration.id: _known(row, people.get(row.Registration.id)) for row in rows}
    by_code = {row.Registration.code: row.Registration.id for row in rows}
    by_pickup = {row.Registration.pickup_code: row.Registration.id for row in rows if row.Registration.id in here}
    for form in asked:
        if form.ref:
            ticket = by_id.get(form.ref) if form.ref in here else None
        elif form.ticket is None or form.ticket.kind == "foreign":
            ticket = None
        elif form.ticket.kind == "pickup":
            ticket = by_id.get(by_pickup.get(form.ticket.value, ""))
        elif form.ticket.value in retired:
            old = by_id.get(retired[form.ticket.value])
            ticket = old and Known(**{**old.__dict__, "reissued": True})
        else:
            ticket = by_id.get(by_code.get(form.ticket.value, ""))
        if ticket is not None:
            piece.tickets[form.id] = ticket
    _load_passages(piece, here)


def _known(row: Any, person: Any) -> Known:
    registration: Registration = row.Registration
    return Known(
        id=registration.id,
        event_id=registration.event_id,
        seq=registration.seq,
        party_size=registration.party_size,
        status=registration.status,
        blocked=registration.blocked,
        sessions=registration.sessions,
        answered=registration.answered,
        valid_from=registration.valid_from,
        valid_until=registration.valid_until,
        name=person.name if person else None,
        note=person.note if person else None,
        event_title=row.short_title or row.title,
    )


def _load_passages(piece: Piece, registration_ids: set[str]) -> None:
    """The earlier check-ins of these tickets in this epoch, what took them back, and what phones decided later."""
    if not registration_ids:
        return
    query = select(*ROW).where(Record.registration_id.in_(registration_ids), Record.epoch == piece.event.epoch)
    ids = []
    for row in db.session.execute(query):
        ids.append(row.id)
        piece.rows.setdefault(row.registration_id, []).append(folds.Row(*row))
    if ids:
        piece.undos += [folds.Row(*row) for row in db.session.execute(select(*ROW).where(Record.undoes.in_(ids), Record.type == "undo"))]
        _load_later(piece, ids)


def _load_later(piece: Piece, record_ids: Sequence[str]) -> None:
    query = select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(record_ids))
    for row in db.session.execute(query):
        piece.later.setdefault(row.record_id, set()).add(row.decided)


def load_stored(piece: Piece, forms: Sequence[Form]) -> None:
    """Records that are already kept under these ids, the targets of undos, and undos that came before their targets."""
    wanted = {form.id for form in forms} | {form.undoes for form in forms if form.undoes}
    if wanted:
        for record in db.session.scalars(select(Record).where(Record.id.in_(wanted))):
            piece.stored[record.id] = record
    replayed = [form.id for form in forms if form.id in piece.stored]
    if replayed:
        _load_later(piece, replayed)
    fresh = [form.id for form in forms if form.id not in piece.stored and form.type != "undo"]
    if fresh:
        early = db.session.execute(select(*ROW).where(Record.undoes.in_(fresh), Record.type == "undo"))
        piece.undos += [folds.Row(*row) for row in early]
