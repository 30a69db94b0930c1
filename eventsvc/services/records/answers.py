"""Answers: one shape for every record, made from the ledger row; masked names come from the erasable tables."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select

from eventsvc.db import db
from eventsvc.models import Device, Registration
from eventsvc.prepared import Prepared
from eventsvc.services import folds, wording
from eventsvc.services.persons import mask_name
from eventsvc.services.record_form import Form
from eventsvc.services.records.piece import Known, Piece
from eventsvc.services.records.rows import LedgerRow

_DEVICE = Prepared(lambda among: select(Device.__table__.c.name).where(Device.__table__.c.id == bindparam("id")))
_EMPTY: dict[str, Any] = dict.fromkeys(
    (
        "id", "status", "outcome", "code", "message", "ref", "name", "party_size", "admitted", "used", "remaining",
        "questions", "first_at", "first_checkpoint", "first_device", "note", "flags",
    )
)  # fmt: skip


def rejected(record_id: str | None, code: str, message: str) -> dict[str, Any]:
    """The answer to a record that is not kept."""
    return {**_EMPTY, "id": record_id, "status": "rejected", "code": code, "message": message, "flags": []}


def answer_of(record: LedgerRow, status: str) -> dict[str, Any]:
    """The members that every kept record's answer has."""
    return {
        **_EMPTY,
        "id": record.id,
        "status": status,
        "outcome": record.outcome,
        "admitted": record.admitted,
        "used": record.used,
        "remaining": record.remaining,
        "flags": [*record.flags],
    }


def checkin_answer(
    piece: Piece,
    record: LedgerRow,
    known: Known | None,
    status: str,
    questions: Sequence[str] = (),
    opens_at: datetime | None = None,
) -> dict[str, Any]:
    """The answer to a check-in: whose ticket, what remains, when it was used first, in one sentence."""
    answer = answer_of(record, status)
    ours = known is not None and known.event_id == piece.site.id
    if known is not None and ours:
        answer["ref"] = known.id
        answer["name"] = mask_name(known.name) or None
        answer["party_size"] = known.party_size
        answer["note"] = known.note
    if record.outcome == "admitted":  # nothing else is to be said
        answer["message"] = sentence("admitted", admitted=record.quantity, direction=record.direction)
        return answer
    first, device = _first(piece, record.first_record, known.id if known else "")
    if first is not None:
        zone = ZoneInfo(piece.site.timezone)
        answer["first_at"] = first.corrected_at.astimezone(zone).isoformat()
        answer["first_checkpoint"] = first.checkpoint
        answer["first_device"] = device
    if record.outcome == "answers_needed":
        open_too = _may_be_asked(piece, known) if known else frozenset()
        answer["questions"] = [q for q in piece.site.questions if q["key"] in open_too.union(questions)]
    place = piece.site.checkpoints.get(first.checkpoint or "") if first else None
    answer["message"] = sentence(
        record.outcome,
        admitted=record.quantity,
        direction=record.direction,
        remaining=record.remaining,
        party_size=known.party_size if known else 1,
        first=wording.moment(first.corrected_at, piece.site.timezone, piece.now) if first else "",
        place=place.name if place else "",
        device=device or "",
        event_title=known.event_title if known else "",
        position=_position(piece, known) if record.outcome == "waitlisted" and known else None,
        sessions=_session_times(piece, known) if known and ours and record.outcome == "wrong_session" else "",
        opens=wording.moment(opens_at, piece.site.timezone, piece.now) if opens_at else "",
        questions=len(questions),
    )
    if record.decided == "admitted" and record.outcome != "admitted":
        answer["message"] = wording.let_in(answer["message"])
    return answer


def sentence(outcome: str, **facts: Any) -> str:
    """The sentence of an outcome, the phone's own refusal included."""
    return wording.scan(outcome, **facts)


def _first(piece: Piece, record_id: str | None, registration_id: str) -> tuple[folds.Row | None, str | None]:
    """The earlier admission that a refusal names, and the name of its device."""
    if record_id is None:
        return None, None
    row = next((row for row in piece.rows.get(registration_id, ()) if row.id == record_id), None)
    if row is None:
        return None, None
    found = _DEVICE.one(id=row.device_id) if row.device_id else None
    return row, found[0] if found else None


def _position(piece: Piece, known: Known) -> int:
    """How many parties wait before this one, plus one."""
    ahead = select(func.count()).where(
        Registration.event_id == piece.site.id, Registration.status == "waitlisted", Registration.seq < known.seq
    )
    return (db.session.scalar(ahead) or 0) + 1


def _session_times(piece: Piece, known: Known) -> str:
    """The beginnings of the ticket's own sessions: 20:00, or its names where they have no time."""
    own = [session for session in piece.site.sessions if session.key in known.sessions]
    zone = piece.site.timezone
    return "、".join(wording.moment(session.starts_at, zone) if session.starts_at else session.name for session in own)


def stored_answer(piece: Piece, form: Form, record: LedgerRow, status: str) -> dict[str, Any]:
    """The answer of a kept record, made again from the ledger; masked names come from the erasable table."""
    if record.type == "checkin":
        known = piece.tickets.get(form.id)
        asked = _open_questions(piece, known) if record.outcome == "answers_needed" and known else ()
        answer = checkin_answer(piece, record, known, status, asked)
    else:
        answer = answer_of(record, status)
        word = "walkin" if record.type == "walkin" and record.outcome == "admitted" else record.outcome
        answer["message"] = sentence(word, admitted=record.quantity)
        if record.type == "walkin":
            answer["party_size"] = record.quantity
    if "admitted" in piece.later.get(record.id, ()) and record.outcome != "admitted" and "conflict" not in answer["flags"]:
        answer["flags"].append("conflict")
    return answer


def _may_be_asked(piece: Piece, known: Known) -> frozenset[str]:
    """The desk's questions that may stay unanswered: they are asked with those that may not, never alone, with a queue at the gate."""
    optional = frozenset(q["key"] for q in piece.site.questions if q.get("ask") == "desk" and not q.get("required"))
    return optional.difference(piece.learnt.get(known.id, known.answered))


def _open_questions(piece: Piece, known: Known) -> tuple[str, ...]:
    """The desk's required questions that this ticket has not answered."""
    return tuple(sorted(piece.site.required.difference(piece.learnt.get(known.id, known.answered))))
