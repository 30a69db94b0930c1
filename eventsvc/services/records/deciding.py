"""One record: replay or rejection, else the decision, the row and the answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, exists, func, or_, select, type_coerce

from eventsvc.db import db
from eventsvc.models import Record
from eventsvc.services import admission, folds, wording
from eventsvc.services.persons import mask_name
from eventsvc.services.record_form import Form, Malformed
from eventsvc.services.records.answers import answer_of, checkin_answer, rejected, sentence, stored_answer
from eventsvc.services.records.piece import SKEW, Known, Piece, add_note, add_row, as_row, corrected, decided_at, entries, ticket_of
from eventsvc.services.records.rows import LedgerRow, line, row_of

_NONE: frozenset[str] = frozenset()
_FACTS = slice(Known._fields.index("party_size"), Known._fields.index("sessions"))  # of a ticket: what the decision asks, but for its lists
_UNDO_WITHIN = folds.UNDO_WITHIN // timedelta(microseconds=1)


def take(piece: Piece, forms: Sequence[Form | Malformed]) -> list[dict[str, Any]]:
    """Take the records of one batch in turn."""
    admit, found = admitting(piece), []
    for form in forms:
        if isinstance(form, Malformed):
            found.append(rejected(form.id, "malformed", str(form)))
        else:
            found.append((form.usual and admit(form)) or answer(piece, form))
    return found


def answer(piece: Piece, form: Form) -> dict[str, Any]:
    """Take one well-formed record and answer it; new rows wait in ``piece.new`` to be kept."""
    known = piece.stored.get(form.id)
    if known is not None:
        return _replay(piece, form, known)
    if form.id in piece.answered:  # twice in one batch
        answer, record = piece.answered[form.id], next(row for row in piece.new if row.id == form.id)
        if record.content != form.content:
            return rejected(form.id, "id_reused", "这个编号已用于另一条记录")
        flags = ["conflict"] if _decide_later(piece, form, record) and "conflict" not in answer["flags"] else []
        return {**answer, "status": "replayed", "flags": [*answer["flags"], *flags]}
    fault = _fault(piece, form)
    if fault is not None:
        return rejected(form.id, *fault)
    answer = _VERBS[form.type](piece, form)
    if answer["status"] == "recorded":
        piece.answered[form.id] = answer
    return answer


def _replay(piece: Piece, form: Form, known: LedgerRow) -> dict[str, Any]:
    """The stored answer again; a decision that is new is kept beside the record."""
    if known.event_id != piece.site.id or known.content != form.content:
        return rejected(form.id, "id_reused", "这个编号已用于另一条记录")
    _decide_later(piece, form, known)
    return stored_answer(piece, form, known, "replayed")


def _decide_later(piece: Piece, form: Form, record: LedgerRow) -> bool:
    """Keep a decision that is new beside its record; whether somebody was let in whom the record refuses."""
    later = piece.later.setdefault(record.id, set())
    if form.decided and form.decided != record.decided and form.decided not in later:
        later.add(form.decided)
        conflict = form.decided == "admitted" and record.outcome != "admitted"
        piece.decisions.append(
            {"record_id": record.id, "event_id": record.event_id, "decided": form.decided, "conflict": conflict, "received_at": piece.now}
        )
    return "admitted" in later and record.outcome != "admitted"


def _fault(piece: Piece, form: Form) -> tuple[str, str] | None:
    """Why this record is not kept: an unknown checkpoint or counter, a missing right."""
    actor, organization = piece.actor, piece.site.organization_id
    if form.basis == folds.SELF and actor.kind != "system":
        return "not_allowed", "自助签到只能由居民自己做"  # nobody else may put that mark on a record
    usual = (id(actor), form.checkpoint or "") if form.type == "checkin" and form.direction == "entry" else None
    if usual in piece.permitted:
        return None
    if form.checkpoint is not None and form.checkpoint not in piece.site.checkpoints:
        return "unknown_checkpoint", "这个活动没有这个签到点"
    if form.counter is not None and form.counter not in piece.site.counters:
        return "unknown_counter", "这个活动没有这个计数项"
    if not actor.may(f"record.{form.type}", organization):
        return "not_allowed", "这台手机没有这项权限"
    if form.checkpoint and actor.checkpoints and form.checkpoint not in actor.checkpoints:
        return "not_allowed", "这台手机不管这个签到点"
    if form.type == "tally":
        counter = piece.site.counters[form.counter or ""]
        if counter.kind == "material" and actor.kind == "device":
            return "not_allowed", "这个数由负责人填写"
        if form.direction == "out" and counter.kind != "headcount":
            return "malformed", "只有人数计数分进和出"
        if form.basis == "stocktake" and counter.kind == "headcount":
            return "malformed", "人数不用盘点"
    if form.type == "checkin" and form.direction == "exit" and piece.site.checkpoints[form.checkpoint or ""].door.rule != "each_time":
        return "malformed", "这个签到点不登记离场"
    if usual:
        piece.permitted.add(usual)
    return None


def admitting(piece: Piece) -> Callable[[Form], dict[str, Any] | None]:
    """What takes the usual check-in of a ticket that was never shown, if the door lets it in: as `_check_in` does, in half the time. None: look closer."""
    site, now, sent_at, arrived = piece.site, piece.now, piece.sent_at, piece.arrived
    event_id, epoch_now, began_at = site.id, site.epoch, site.epoch_began_at
    caller, device_id = id(piece.actor), piece.actor.id if piece.actor.kind == "device" else None
    tickets, rows, fresh, stored, answered, permitted, learnt = (
        piece.tickets, piece.rows, piece.fresh, piece.stored, piece.answered, piece.permitted, piece.learnt,
    )  # fmt: skip
    new, lines = piece.new, piece.lines
    open_to: dict[tuple[Any, ...], _Open] = {}
    steady = sent_at is not None and arrived is None and abs(now - sent_at) <= SKEW  # times are as the phone says

    def admit(form: Form) -> dict[str, Any] | None:
        record_id, known = form.id, tickets.get(form.id)
        if known is None or known.event_id != event_id:
            return None
        ticket_id = known.id
        if ticket_id in rows or ticket_id in fresh or ticket_id in learnt:
            return None
        checkpoint, decided, quantity = form.checkpoint, form.decided, form.quantity
        if decided == "refused" or known.reissued or record_id in stored or record_id in answered or (caller, checkpoint) not in permitted:
            return None
        at, flags = (form.at, []) if steady else corrected(piece, form)
        as_of = at if decided or arrived else now
        alike = (checkpoint, quantity, known[_FACTS], *known.sessions, None, *known.answered)
        if (door := open_to.get(alike)) is None or not door.since <= as_of <= door.until:
            door = _open(piece, checkpoint, known, quantity, as_of, further=door is not None)
            if door is None:
                return None
            open_to[alike] = door
        used, remaining = door.used, door.remaining
        epoch = epoch_now if began_at is None or at >= began_at else epoch_now - 1
        row = row_of((
            record_id, 0, event_id, epoch, "checkin", device_id, checkpoint, None, ticket_id, quantity, "entry", None, None, None, form.content,
            form.at, at, now, decided, "admitted", quantity, used, remaining, None, flags, None,
        ))  # fmt: skip
        if lines is not None:
            common = (decided, epoch, *flags)
            kind = door.kinds.get(common)
            if kind is None:
                kind = door.kinds[common] = lines.kind(row)
            lines.lines.append(line(record_id, ticket_id, form.content, form.at, at, len(new), kind))
        new.append(row)
        if epoch == epoch_now:
            fresh[ticket_id] = row
        answer = {
            "id": record_id, "status": "recorded", "outcome": "admitted", "code": None, "message": _welcome(quantity), "ref": ticket_id,
            "name": mask_name(known.name) or None, "party_size": known.party_size, "admitted": quantity, "used": used, "remaining": remaining,
            "questions": None, "first_at": None, "first_checkpoint": None, "first_device": None, "note": known.note, "flags": flags,
        }  # fmt: skip
        answered[record_id] = answer
        return answer

    return admit


class _Open(NamedTuple):
    """Between which times a door lets in tickets that are alike and were never shown, and what is used and remains of them after it."""

    since: datetime
    until: datetime
    used: int
    remaining: int | None
    kinds: dict[tuple[Any, ...], int]  # of their rows, by what else they have in common


def _open(piece: Piece, checkpoint: str | None, known: Known, count: int, as_of: datetime, further: bool) -> _Open | None:
    """Whether the door lets a ticket in as of a time; if it would now as well (``further``: worth asking), then at every time between, as `admission.decide` says."""
    door, ticket = piece.site.checkpoints[checkpoint or ""].door, ticket_of(piece, known, ours=True)
    verdict = admission.decide(door, ticket, (), count=count, direction="entry", now=as_of)
    if verdict.outcome != "admitted":
        return None
    until = as_of
    if further and as_of < piece.now and admission.decide(door, ticket, (), count=count, direction="entry", now=piece.now).outcome == "admitted":
        until = piece.now
    return _Open(as_of, until, verdict.used, verdict.remaining, {})


@cache
def _welcome(quantity: int) -> str:
    return sentence("admitted", admitted=quantity, direction="entry")


def _check_in(piece: Piece, form: Form) -> dict[str, Any]:
    checkpoint = piece.site.checkpoints[form.checkpoint or ""]
    known = piece.tickets.get(form.id)
    ours = known is not None and known.event_id == piece.site.id
    at, flags = corrected(piece, form)
    given = frozenset(key for key, value in form.answers.items() if value not in (None, "", [])) if form.answers else _NONE
    verdict = admission.decide(
        checkpoint.door,
        None if known is None else ticket_of(piece, known, ours),
        entries(piece, known.id, checkpoint.key, at if piece.arrived else None) if known and ours else (),
        count=form.quantity,
        direction=form.direction or "entry",
        now=decided_at(piece, form, at),
        answers=given,
    )
    outcome = verdict.outcome
    if known and ours and given & checkpoint.door.required:
        piece.learnt.setdefault(known.id, set(known.answered)).update(given & checkpoint.door.required)
    if form.decided == "refused" and outcome == "admitted":
        outcome = "refused"  # the phone turned the person away: kept, never admitted later
    if form.decided == "admitted" and outcome != "admitted":
        flags.append("conflict")
        if known is None or not ours:
            flags.append("unidentified")
    record = add_row(
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
    if known and ours and record.epoch == piece.site.epoch:
        piece.fresh[known.id] = record  # the one before was asked for with the entries
    answer = checkin_answer(piece, record, known, "recorded", verdict.questions, verdict.opens_at)
    return answer


def _walk_in(piece: Piece, form: Form) -> dict[str, Any]:
    """A party without a ticket, registered and admitted in one step; only the door's own times can refuse it."""
    at, flags = corrected(piece, form)
    way_in = piece.site.checkpoints[form.checkpoint or ""].door
    now = decided_at(piece, form, at)
    verdict = admission.decide(
        way_in,
        admission.Ticket(party_size=form.quantity, sessions=way_in.sessions, answered=way_in.required),
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
    record = add_row(piece, form, at, flags, outcome=outcome, admitted=form.quantity if passed else 0)
    answer = answer_of(record, "recorded")
    answer["party_size"] = form.quantity
    answer["name"] = mask_name(form.name) or None
    word = "walkin" if outcome == "admitted" else outcome
    opens = wording.moment(verdict.opens_at, piece.site.timezone, now) if verdict.opens_at else ""
    answer["message"] = sentence(word, admitted=form.quantity, opens=opens)
    return answer


def _tally(piece: Piece, form: Form) -> dict[str, Any]:
    at, flags = corrected(piece, form)
    counter = piece.site.counters[form.counter or ""]
    if counter.stock is not None and form.basis == "tapped":
        taken = _tapped(piece, counter.key) + form.quantity
        if taken > counter.stock:
            flags.append("below_zero")  # it happened: kept and flagged, never refused
    record = add_row(piece, form, at, flags, outcome="counted")
    answer = answer_of(record, "recorded")
    answer["message"] = wording.scan("counted")
    return answer


def _tapped(piece: Piece, counter: str) -> int:
    """What was handed out by taps so far, undone ones left out (as in `folds.takes_back`); only a flag hangs on it."""
    taps, undo = Record.__table__.alias("taps"), Record.__table__.alias("undo")
    taken_back = exists().where(
        undo.c.undoes == taps.c.id,
        undo.c.type == "undo",
        or_(
            undo.c.device_id.is_(None),
            (undo.c.device_id == taps.c.device_id)
            & (type_coerce(undo.c.at, BigInteger) - type_coerce(taps.c.at, BigInteger)).between(0, _UNDO_WITHIN),
        ),
    )
    query = select(func.coalesce(func.sum(taps.c.quantity), 0)).where(
        taps.c.event_id == piece.site.id, taps.c.epoch == piece.site.epoch, taps.c.counter == counter, taps.c.basis == "tapped", ~taken_back
    )
    stored = int(db.session.scalar(query) or 0)
    fresh = [as_row(row) for row in piece.new]
    own = [row for row in fresh if row.type == "tally" and row.counter == counter and row.basis == "tapped"]
    gone = folds.undone_ids(own, piece.undos)
    return stored + sum(row.quantity for row in own if row.id not in gone)


def _undo(piece: Piece, form: Form) -> dict[str, Any]:
    organizer = piece.actor.kind != "device"
    if organizer and not (form.reason or "").strip():
        return rejected(form.id, "malformed", "撤销请写明原因")
    at, flags = corrected(piece, form)
    record = add_row(piece, form, at, flags, outcome="undone", keep=False)
    target = piece.stored.get(form.undoes or "") or next((row for row in piece.new if row.id == form.undoes), None)
    if target is None:
        flags.append("target_missing")
    else:
        row = as_row(target)
        later = piece.later.get(row.id, ())
        if target.event_id != piece.site.id:
            return rejected(form.id, "not_allowed", "这条记录不属于这个活动")
        if row.type == "undo" or (row.type != "tally" and not folds.let_in(row, later)):
            return rejected(form.id, "not_allowed", "这条记录没有可以撤销的")
        if not folds.takes_back(as_row(record), row):
            return rejected(form.id, "not_allowed", "只能撤销这台手机15分钟内的记录，请找负责人")
    piece.undos.append(as_row(record))
    piece.keep(record)
    add_note(piece, form)
    answer = answer_of(record, "recorded")
    answer["message"] = wording.scan("undone")
    return answer


_VERBS = {"checkin": _check_in, "walkin": _walk_in, "tally": _tally, "undo": _undo}
