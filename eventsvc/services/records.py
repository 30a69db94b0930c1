"""The one door for everything that happens on the spot: a batch of field records in, one answer each, every record kept once.

Form, then a known id (replay or `id_reused`), then rights, then the decision; a bad record never sinks the others. Long
batches are cut into pieces of 50, each one transaction, so that no writer waits long; tickets are locked in sorted order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql

from eventsvc.db import db, is_postgresql, transaction
from eventsvc.errors import Invalid, TooLarge
from eventsvc.models import Checkpoint, Counter, Device, Event, Person, Record, RecordDecision, RecordNote, Registration, RetiredCode
from eventsvc.ports import clock
from eventsvc.services import admission, folds, wording
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import mask_name
from eventsvc.services.record_form import Form, Malformed, moment, read

MOST_RECORDS = 500
PIECE = 50
SKEW = timedelta(minutes=5)
SEEN_EVERY = timedelta(seconds=15)  # a phone's last contact is written no more often than this

_ROW = tuple(getattr(Record, name) for name in folds.Row._fields)


@dataclass(frozen=True)
class Known:
    """A ticket that a record named: the registration's facts, as the decision and the answer need them."""

    id: str
    event_id: str
    seq: int
    party_size: int
    status: str
    blocked: bool
    sessions: Sequence[str]
    answered: Sequence[str]
    valid_from: datetime | None
    valid_until: datetime | None
    name: str | None
    note: str | None
    event_title: str | None = None
    reissued: bool = False


@dataclass
class _Piece:
    """What one transaction knows while it works through its records."""

    actor: Actor
    event: Event
    now: datetime
    sent_at: datetime | None
    checkpoints: dict[str, Checkpoint]
    counters: dict[str, Counter]
    tickets: dict[str, Known] = field(default_factory=dict)  # by record id
    stored: dict[str, Record] = field(default_factory=dict)  # by record id: replays and targets of undos
    later: dict[str, set[str]] = field(default_factory=dict)  # decisions that phones added afterwards
    rows: dict[str, list[folds.Row]] = field(default_factory=dict)  # by registration id
    undos: list[folds.Row] = field(default_factory=list)
    new: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, tuple[str, dict[str, Any]]] = field(default_factory=dict)  # by record id: content and answer


def submit(actor: Actor, slug: str, body: Any) -> dict[str, Any]:
    """Take a batch ``{sent_at, queued, records}`` and answer each record in order; see the contract, section 4.

    Raises Missing, Forbidden or Unauthorized for the caller, TooLarge above 500 records, Invalid for a bad envelope.
    """
    load_event(actor, slug, "record.submit")
    raw, sent_at, queued = _envelope(body)
    results: list[dict[str, Any]] = []
    for start in range(0, max(1, len(raw)), PIECE):
        piece = raw[start : start + PIECE]
        last = start + PIECE >= len(raw)
        results += _take(actor, slug, piece, sent_at, (queued or 0) if last else None)
    return {"results": results, "server_time": clock.now().isoformat()}


def _envelope(body: Any) -> tuple[list[Any], datetime | None, int | None]:
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise Invalid.one("records", "required", "缺少 records 数组")
    if len(body["records"]) > MOST_RECORDS:
        raise TooLarge(message="一次最多{most}条记录", most=MOST_RECORDS)
    sent_at = moment(body.get("sent_at"))
    if body.get("sent_at") is not None and sent_at is None:
        raise Invalid.one("sent_at", "time", "时间不对，要带时区")
    queued = body.get("queued")
    if queued is not None and (type(queued) is not int or not 0 <= queued <= 1_000_000):
        raise Invalid.one("queued", "number", "应为不小于0的整数")
    return body["records"], sent_at, queued


@transaction
def _take(actor: Actor, slug: str, raw: list[Any], sent_at: datetime | None, queued: int | None) -> list[dict[str, Any]]:
    event = load_event(actor, slug, "record.submit", lock="share")
    piece = _Piece(
        actor=actor,
        event=event,
        now=clock.now(),
        sent_at=sent_at,
        checkpoints={checkpoint.key: checkpoint for checkpoint in event.checkpoints},
        counters={counter.key: counter for counter in event.counters},
    )
    read_ones: list[Form | Malformed] = []
    for item in raw:
        try:
            read_ones.append(read(item))
        except Malformed as fault:
            read_ones.append(fault)
    forms = [form for form in read_ones if isinstance(form, Form)]
    _load_tickets(piece, forms)
    _load_stored(piece, forms)
    answers: list[dict[str, Any]] = []
    for form in read_ones:
        if isinstance(form, Malformed):
            answers.append(_rejected(form.id, "malformed", str(form)))
        else:
            answers.append(_answer(piece, form))
    answers = _keep(piece, answers)
    if queued is not None:
        _note_contact(piece, queued)
    return answers


# --- what is known before deciding -------------------------------------------------------------------------------------


def _load_tickets(piece: _Piece, forms: Sequence[Form]) -> None:
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


def _load_passages(piece: _Piece, registration_ids: set[str]) -> None:
    """The earlier check-ins of these tickets in this epoch, what took them back, and what phones decided later."""
    if not registration_ids:
        return
    query = select(*_ROW).where(Record.registration_id.in_(registration_ids), Record.epoch == piece.event.epoch)
    ids = []
    for row in db.session.execute(query):
        ids.append(row.id)
        piece.rows.setdefault(row.registration_id, []).append(folds.Row(*row))
    if ids:
        piece.undos += [folds.Row(*row) for row in db.session.execute(select(*_ROW).where(Record.undoes.in_(ids), Record.type == "undo"))]
        _load_later(piece, ids)


def _load_later(piece: _Piece, record_ids: Sequence[str]) -> None:
    query = select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(record_ids))
    for row in db.session.execute(query):
        piece.later.setdefault(row.record_id, set()).add(row.decided)


def _load_stored(piece: _Piece, forms: Sequence[Form]) -> None:
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
        early = db.session.execute(select(*_ROW).where(Record.undoes.in_(fresh), Record.type == "undo"))
        piece.undos += [folds.Row(*row) for row in early]


# --- one record --------------------------------------------------------------------------------------------------------


def _answer(piece: _Piece, form: Form) -> dict[str, Any]:
    known = piece.stored.get(form.id)
    if known is not None:
        return _replay(piece, form, known)
    if form.id in piece.answered:  # twice in one batch
        content, answer = piece.answered[form.id]
        same = content == form.content
        return {**answer, "status": "replayed"} if same else _rejected(form.id, "id_reused", "这个编号已用于另一条记录")
    fault = _fault(piece, form)
    if fault is not None:
        return _rejected(form.id, *fault)
    answer = {"checkin": _check_in, "walkin": _walk_in, "tally": _tally, "undo": _undo}[form.type](piece, form)
    if answer["status"] == "recorded":
        piece.answered[form.id] = (form.content, answer)
    return answer


def _replay(piece: _Piece, form: Form, known: Record) -> dict[str, Any]:
    """The stored answer again; a decision that is new is kept beside the record."""
    if known.event_id != piece.event.id or known.content != form.content:
        return _rejected(form.id, "id_reused", "这个编号已用于另一条记录")
    later = piece.later.setdefault(known.id, set())
    if form.decided and form.decided != known.decided and form.decided not in later:
        later.add(form.decided)
        conflict = form.decided == "admitted" and known.outcome != "admitted"
        piece.decisions.append(
            {"record_id": known.id, "event_id": known.event_id, "decided": form.decided, "conflict": conflict, "received_at": piece.now}
        )
    return _stored_answer(piece, form, known, "replayed")


def _fault(piece: _Piece, form: Form) -> tuple[str, str] | None:
    """Why this record is not kept: an unknown checkpoint or counter, a missing right."""
    actor, organization = piece.actor, piece.event.organization_id
    if form.checkpoint is not None and form.checkpoint not in piece.checkpoints:
        return "unknown_checkpoint", "这个活动没有这个签到点"
    if form.counter is not None and form.counter not in piece.counters:
        return "unknown_counter", "这个活动没有这个计数项"
    if not actor.may(f"record.{form.type}", organization):
        return "not_allowed", "这台手机没有这项权限"
    if form.checkpoint and actor.checkpoints and form.checkpoint not in actor.checkpoints:
        return "not_allowed", "这台手机不管这个签到点"
    if form.type == "tally":
        counter = piece.counters[form.counter or ""]
        if counter.kind == "material" and actor.kind == "device":
            return "not_allowed", "这个数由负责人填写"
        if form.direction == "out" and counter.kind != "headcount":
            return "malformed", "只有人数计数分进和出"
        if form.basis == "stocktake" and counter.kind == "headcount":
            return "malformed", "人数不用盘点"
    if form.type == "checkin" and form.direction == "exit" and piece.checkpoints[form.checkpoint or ""].rule != "each_time":
        return "malformed", "这个签到点不登记离场"
    return None


def _door(piece: _Piece, checkpoint: Checkpoint) -> admission.Door:
    event = piece.event
    return admission.Door(
        zone=event.timezone,
        status=event.status,
        rule=checkpoint.rule,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        closed_at=event.closed_at,
        opens_at=checkpoint.opens_at,
        closes_at=checkpoint.closes_at,
        sessions=frozenset(checkpoint.sessions),
        required=frozenset(q["key"] for q in event.questions if q.get("required") and q.get("ask") == "desk"),
        rehearsal=event.rehearsal,
    )


def _check_in(piece: _Piece, form: Form) -> dict[str, Any]:
    checkpoint = piece.checkpoints[form.checkpoint or ""]
    known = piece.tickets.get(form.id)
    ours = known is not None and known.event_id == piece.event.id
    at, flags = _corrected(piece, form)
    verdict = admission.decide(
        _door(piece, checkpoint),
        None if known is None else _ticket(known, ours),
        _entries(piece, known.id, checkpoint.key) if known and ours else (),
        count=form.quantity,
        direction=form.direction or "entry",
        now=at if form.decided else piece.now,
        answers=frozenset(form.answers or ()),
    )
    outcome = verdict.outcome
    if form.decided == "refused" and outcome == "admitted":
        outcome = "refused"  # the phone turned the person away: kept, never admitted later
    if form.decided == "admitted" and outcome != "admitted":
        flags.append("conflict")
        if known is None or not ours:
            flags.append("unidentified")
    record = _row(
        piece,
        form,
        at,
        flags,
        outcome=outcome,
        admitted=form.quantity if outcome == "admitted" or form.decided == "admitted" else 0,
        used=verdict.used if outcome == verdict.outcome else None,
        remaining=verdict.remaining,
        registration_id=known.id if known and ours else None,
        first_record=verdict.first.id if verdict.first else None,
        scanned=form.scanned if known is None else None,
    )
    if known and ours:
        piece.rows.setdefault(known.id, []).append(_as_row(record))
    answer = _checkin_answer(piece, record, known, "recorded", verdict.questions, verdict.opens_at)
    return answer


def _ticket(known: Known, ours: bool) -> admission.Ticket:
    return admission.Ticket(
        party_size=known.party_size,
        status=known.status,
        belongs=ours,
        reissued=known.reissued,
        blocked=known.blocked,
        sessions=frozenset(known.sessions),
        answered=frozenset(known.answered),
        valid_from=known.valid_from,
        valid_until=known.valid_until,
    )


def _entries(piece: _Piece, registration_id: str, checkpoint: str) -> list[admission.Entry]:
    """The effective admissions of a ticket at a checkpoint, from what is stored and what this piece has added."""
    rows = [row for row in piece.rows.get(registration_id, ()) if row.checkpoint == checkpoint and row.direction == "entry"]
    undone = folds.undone_ids(rows, piece.undos)
    return [
        admission.Entry(row.quantity, row.corrected_at, row.id)
        for row in rows
        if row.id not in undone and folds.let_in(row, piece.later.get(row.id, ()))
    ]


def _walk_in(piece: _Piece, form: Form) -> dict[str, Any]:
    """A party without a ticket, registered and admitted in one step; only the door's own times can refuse it."""
    at, flags = _corrected(piece, form)
    door = _door(piece, piece.checkpoints[form.checkpoint or ""])
    now = at if form.decided else piece.now
    verdict = admission.decide(
        door,
        admission.Ticket(party_size=form.quantity, sessions=door.sessions, answered=door.required),
        (),
        count=form.quantity,
        direction="entry",
        now=now,
    )
    outcome = verdict.outcome
    if form.decided == "refused" and outcome == "admitted":
        outcome = "refused"
    if form.decided == "admitted" and outcome != "admitted":
        flags.append("conflict")
    passed = outcome == "admitted" or form.decided == "admitted"
    record = _row(piece, form, at, flags, outcome=outcome, admitted=form.quantity if passed else 0)
    answer = _answer_of(record, "recorded")
    answer["party_size"] = form.quantity
    answer["name"] = mask_name(form.name) or None
    word = "walkin" if outcome == "admitted" else outcome
    opens = wording.moment(verdict.opens_at, piece.event.timezone, now) if verdict.opens_at else ""
    answer["message"] = _sentence(word, admitted=form.quantity, opens=opens)
    return answer


def _tally(piece: _Piece, form: Form) -> dict[str, Any]:
    at, flags = _corrected(piece, form)
    counter = piece.counters[form.counter or ""]
    if counter.stock is not None and form.basis == "tapped":
        taken = _tapped(piece, counter.key) + form.quantity
        if taken > counter.stock:
            flags.append("below_zero")  # it happened: kept and flagged, never refused
    record = _row(piece, form, at, flags, outcome="counted")
    answer = _answer_of(record, "recorded")
    answer["message"] = wording.scan("counted")
    return answer


def _tapped(piece: _Piece, counter: str) -> int:
    """What was handed out by taps so far, undone ones left out, this piece's own included."""
    query = select(*_ROW).where(
        Record.event_id == piece.event.id, Record.epoch == piece.event.epoch, Record.counter == counter, Record.basis == "tapped"
    )
    rows = [folds.Row(*row) for row in db.session.execute(query)]
    undos = db.session.execute(
        select(*_ROW).where(Record.event_id == piece.event.id, Record.epoch == piece.event.epoch, Record.type == "undo")
    )
    fresh = [_as_row(row) for row in piece.new]
    rows += [row for row in fresh if row.type == "tally" and row.counter == counter and row.basis == "tapped"]
    all_undos = [folds.Row(*row) for row in undos] + [row for row in fresh if row.type == "undo"]
    undone = folds.undone_ids(rows, all_undos)
    return sum(row.quantity for row in rows if row.id not in undone)


def _undo(piece: _Piece, form: Form) -> dict[str, Any]:
    organizer = piece.actor.kind != "device"
    if organizer and not (form.reason or "").strip():
        return _rejected(form.id, "malformed", "撤销请写明原因")
    at, flags = _corrected(piece, form)
    record = _row(piece, form, at, flags, outcome="undone", keep=False)
    target = piece.stored.get(form.undoes or "") or next((row for row in piece.new if row["id"] == form.undoes), None)
    if target is None:
        flags.append("target_missing")
    else:
        row = _as_row(target)
        later = piece.later.get(row.id, ())
        if isinstance(target, Record) and target.event_id != piece.event.id:
            return _rejected(form.id, "not_allowed", "这条记录不属于这个活动")
        if row.type == "undo" or (row.type != "tally" and not folds.let_in(row, later)):
            return _rejected(form.id, "not_allowed", "这条记录没有可以撤销的")
        if not folds.takes_back(_as_row(record), row):
            return _rejected(form.id, "not_allowed", "只能撤销这台手机15分钟内的记录，请找负责人")
    piece.undos.append(_as_row(record))
    piece.new.append(record)
    _note(piece, form)
    answer = _answer_of(record, "recorded")
    answer["message"] = wording.scan("undone")
    return answer


# --- rows and answers --------------------------------------------------------------------------------------------------


def _corrected(piece: _Piece, form: Form) -> tuple[datetime, list[str]]:
    """The record's time put right by the phone's skew, and the flag that says so."""
    if piece.sent_at is None:
        return (piece.now, ["clock_skew"]) if form.at - piece.now > SKEW else (form.at, [])
    skew = piece.now - piece.sent_at
    return (form.at + skew, ["clock_skew"]) if abs(skew) > SKEW else (form.at, [])


def _row(piece: _Piece, form: Form, at: datetime, flags: list[str], *, outcome: str, keep: bool = True, **more: Any) -> dict[str, Any]:
    """The ledger row of a record; kept at once unless the caller still has to decide."""
    row = {
        "id": form.id,
        "seq": 0,
        "event_id": piece.event.id,
        "epoch": piece.event.epoch,
        "type": form.type,
        "device_id": piece.actor.id if piece.actor.kind == "device" else None,
        "checkpoint": form.checkpoint,
        "counter": form.counter,
        "registration_id": None,
        "quantity": form.quantity,
        "direction": form.direction,
        "topic": form.topic,
        "basis": form.basis,
        "undoes": form.undoes,
        "content": form.content,
        "at": form.at,
        "corrected_at": at,
        "received_at": piece.now,
        "decided": form.decided,
        "outcome": outcome,
        "admitted": 0,
        "used": None,
        "remaining": None,
        "first_record": None,
        "flags": flags,
        "scanned": None,
    } | more
    if keep:
        piece.new.append(row)
        _note(piece, form)
    return row


def _note(piece: _Piece, form: Form) -> None:
    said = {key: getattr(form, key) for key in ("operator", "reason", "note", "name", "phone", "answers")}
    if any(said.values()):
        piece.notes.append({"record_id": form.id, "event_id": piece.event.id, **said})


def _as_row(record: dict[str, Any] | Record) -> folds.Row:
    if isinstance(record, dict):
        return folds.Row(*(record[name] for name in folds.Row._fields))
    return folds.Row(*(getattr(record, name) for name in folds.Row._fields))


def _rejected(record_id: str | None, code: str, message: str) -> dict[str, Any]:
    return {**_EMPTY, "id": record_id, "status": "rejected", "code": code, "message": message, "flags": []}


_EMPTY: dict[str, Any] = dict.fromkeys(
    (
        "id", "status", "outcome", "code", "message", "ref", "name", "party_size", "admitted", "used", "remaining",
        "questions", "first_at", "first_checkpoint", "first_device", "note", "flags",
    )
)  # fmt: skip


def _answer_of(record: dict[str, Any] | Record, status: str) -> dict[str, Any]:
    row = record if isinstance(record, dict) else record.__dict__
    return {
        **_EMPTY,
        "id": row["id"],
        "status": status,
        "outcome": row["outcome"],
        "admitted": row["admitted"],
        "used": row["used"],
        "remaining": row["remaining"],
        "flags": list(row["flags"]),
    }


def _checkin_answer(
    piece: _Piece,
    record: dict[str, Any] | Record,
    known: Known | None,
    status: str,
    questions: Sequence[str] = (),
    opens_at: datetime | None = None,
) -> dict[str, Any]:
    answer = _answer_of(record, status)
    row = record if isinstance(record, dict) else record.__dict__
    ours = known is not None and known.event_id == piece.event.id
    first, device = _first(piece, row["first_record"], known.id if known else "")
    if known is not None and ours:
        answer["ref"] = known.id
        answer["name"] = mask_name(known.name) or None
        answer["party_size"] = known.party_size
        answer["note"] = known.note
    if first is not None:
        zone = ZoneInfo(piece.event.timezone)
        answer["first_at"] = first.corrected_at.astimezone(zone).isoformat()
        answer["first_checkpoint"] = first.checkpoint
        answer["first_device"] = device
    if row["outcome"] == "answers_needed":
        answer["questions"] = [q for q in piece.event.questions if q["key"] in set(questions)]
    place = piece.checkpoints.get(first.checkpoint or "") if first else None
    answer["message"] = _sentence(
        row["outcome"],
        admitted=row["quantity"],
        direction=row["direction"],
        remaining=row["remaining"],
        party_size=known.party_size if known else 1,
        first=wording.moment(first.corrected_at, piece.event.timezone, piece.now) if first else "",
        place=place.name if place else "",
        device=device or "",
        event_title=known.event_title or "" if known and not ours else "",
        position=_position(piece, known) if row["outcome"] == "waitlisted" and known else None,
        sessions=_session_times(piece, known) if known and ours else "",
        opens=wording.moment(opens_at, piece.event.timezone, piece.now) if opens_at else "",
        questions=len(questions),
    )
    if row["decided"] == "admitted" and row["outcome"] != "admitted":
        answer["message"] = f"已放行 · 待负责人核对（{answer['message'].replace(' · ', '，')}）"
    return answer


def _sentence(outcome: str, **facts: Any) -> str:
    return "手机上已拒绝" if outcome == "refused" else wording.scan(outcome, **facts)


def _first(piece: _Piece, record_id: str | None, registration_id: str) -> tuple[folds.Row | None, str | None]:
    """The earlier admission that a refusal names, and the name of its device."""
    if record_id is None:
        return None, None
    row = next((row for row in piece.rows.get(registration_id, ()) if row.id == record_id), None)
    if row is None:
        return None, None
    return row, db.session.scalar(select(Device.name).where(Device.id == row.device_id)) if row.device_id else None


def _position(piece: _Piece, known: Known) -> int:
    """How many parties wait before this one, plus one."""
    ahead = select(func.count()).where(
        Registration.event_id == piece.event.id, Registration.status == "waitlisted", Registration.seq < known.seq
    )
    return (db.session.scalar(ahead) or 0) + 1


def _session_times(piece: _Piece, known: Known) -> str:
    """The beginnings of the ticket's own sessions: 20:00, or its names where they have no time."""
    own = [session for session in piece.event.sessions if session.key in known.sessions]
    zone = piece.event.timezone
    return "、".join(wording.moment(session.starts_at, zone) if session.starts_at else session.name for session in own)


def _stored_answer(piece: _Piece, form: Form, record: Record, status: str) -> dict[str, Any]:
    """The answer of a kept record, made again from the ledger; masked names come from the erasable table."""
    if record.type == "checkin":
        known = piece.tickets.get(form.id)
        asked = _open_questions(piece, known) if record.outcome == "answers_needed" and known else ()
        answer = _checkin_answer(piece, record, known, status, asked)
    else:
        answer = _answer_of(record, status)
        word = "walkin" if record.type == "walkin" and record.outcome == "admitted" else record.outcome
        answer["message"] = _sentence(word, admitted=record.quantity)
        if record.type == "walkin":
            answer["party_size"] = record.quantity
    if "admitted" in piece.later.get(record.id, ()) and record.outcome != "admitted" and "conflict" not in answer["flags"]:
        answer["flags"].append("conflict")
    return answer


def _open_questions(piece: _Piece, known: Known) -> tuple[str, ...]:
    """The desk's required questions that this ticket has not answered."""
    asked = {q["key"] for q in piece.event.questions if q.get("required") and q.get("ask") == "desk"}
    return tuple(sorted(asked - set(known.answered)))


# --- keeping -----------------------------------------------------------------------------------------------------------


def _keep(piece: _Piece, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write the new rows in bulk; an id that another request kept in the meantime is answered as its replay."""
    if piece.decisions:
        db.session.execute(insert(RecordDecision), piece.decisions)
    if not piece.new:
        return answers
    for row, seq in zip(piece.new, _numbers(len(piece.new)), strict=True):
        row["seq"] = seq
    ledger = Record.__table__
    if is_postgresql():
        statement = postgresql.insert(ledger).on_conflict_do_nothing(index_elements=["id"]).returning(ledger.c.id)
        kept = set(db.session.scalars(statement, piece.new))
    else:
        db.session.execute(insert(ledger), piece.new)
        kept = {row["id"] for row in piece.new}
    notes = [note for note in piece.notes if note["record_id"] in kept]
    if notes:
        db.session.execute(insert(RecordNote), notes)
    lost = {row["id"]: row for row in piece.new if row["id"] not in kept}
    if not lost:
        return answers
    stored = {record.id: record for record in db.session.scalars(select(Record).where(Record.id.in_(lost)))}
    return [_overtaken(piece, answer, lost, stored) for answer in answers]


def _overtaken(piece: _Piece, answer: dict[str, Any], lost: dict[str, Any], stored: dict[str, Record]) -> dict[str, Any]:
    """The answer to a record that another request kept first, under the same id."""
    record = stored.get(answer["id"] or "")
    if answer["status"] != "recorded" or record is None:
        return answer
    if record.event_id != piece.event.id or record.content != lost[record.id]["content"]:
        return _rejected(record.id, "id_reused", "这个编号已用于另一条记录")
    return {**answer, "status": "replayed", "outcome": record.outcome, "admitted": record.admitted, "used": record.used, "remaining": record.remaining}


def _numbers(count: int) -> list[int]:
    """The next numbers of the ledger; on SQLite nobody else writes meanwhile."""
    if is_postgresql():
        return list(db.session.scalars(text("SELECT nextval('records_seq') FROM generate_series(1, :n)"), {"n": count}))
    last = db.session.scalar(select(func.max(Record.seq))) or 0
    return list(range(last + 1, last + count + 1))


def _note_contact(piece: _Piece, queued: int) -> None:
    """When the phone was last heard of and how many records it still holds; each phone has a row of its own."""
    if piece.actor.kind != "device":
        return
    db.session.execute(
        update(Device)
        .where(
            Device.id == piece.actor.id,
            or_(Device.last_seen_at.is_(None), Device.last_seen_at < piece.now - SEEN_EVERY, Device.queued != queued),
        )
        .values(last_seen_at=piece.now, queued=queued)
    )
