"""What one transaction of the records door knows while it works, and the facts of the tickets that its records name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from eventsvc.models import Record
from eventsvc.services import admission, folds
from eventsvc.services.actors import Actor
from eventsvc.services.record_form import Form
from eventsvc.services.records.rows import LedgerRow, Lines
from eventsvc.services.sites import Site

SKEW = timedelta(minutes=5)
_NONE: frozenset[str] = frozenset()
ROW = tuple(getattr(Record, name) for name in folds.Row._fields)


_of_fold = itemgetter(*map(LedgerRow._fields.index, folds.Row._fields))


class Known(NamedTuple):
    """A ticket that a record named: the facts of its registration and person, as the decision and the answer need them."""

    id: str
    event_id: str
    seq: int
    party_size: int
    status: str
    blocked: bool
    valid_from: datetime | None
    valid_until: datetime | None
    sessions: Sequence[str]
    answered: Sequence[str]
    code: str
    pickup_code: str
    name: str | None
    note: str | None
    event_title: str = ""  # of another event of the same organization
    reissued: bool = False

    def replaced(self) -> Known:
        """The same ticket, named by a code that was replaced since."""
        return self._replace(reissued=True)


known_of: Callable[[Sequence[Any]], Known] = partial(tuple.__new__, Known)  # all its facts in order, in half of the time


@dataclass
class Piece:
    """What one transaction knows while it works through its records."""

    actor: Actor
    site: Site
    now: datetime
    sent_at: datetime | None
    arrived: datetime | None = None  # of records that waited in quarantine: when they came; they are decided as of their own time
    tickets: dict[str, Known] = field(default_factory=dict)  # by record id
    stored: dict[str, LedgerRow] = field(default_factory=dict)  # by record id: replays and targets of undos
    later: dict[str, set[str]] = field(default_factory=dict)  # decisions that phones added afterwards
    rows: dict[str, list[folds.Row]] = field(default_factory=dict)  # by registration id
    fresh: dict[str, LedgerRow] = field(default_factory=dict)  # the latest of this piece's own records, until somebody asks for them
    undos: list[folds.Row] = field(default_factory=list)
    new: list[LedgerRow] = field(default_factory=list)
    lines: Lines | None = None  # the same as they are written, where they are many
    notes: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[dict[str, Any]] = field(default_factory=list)
    learnt: dict[str, set[str]] = field(default_factory=dict)  # by registration id: the questions that are answered by now
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)  # by record id: what was answered to new ones
    retired: bool = False  # a record named its ticket by a code that was replaced or is an alias
    heard: set[str] = field(default_factory=set)  # phones that said something of themselves
    permitted: set[tuple[int, str]] = field(default_factory=set)  # (actor, checkpoint): whose check-ins there were found to be allowed

    def keep(self, row: LedgerRow) -> None:
        """One more row to be written."""
        if self.lines is not None:
            self.lines.add(row, len(self.new))
        self.new.append(row)

    def of(self, actor: Actor, sent_at: datetime | None, arrived: datetime | None) -> Piece:
        """What another caller's records see of the same transaction; all that is known is shared."""
        other = object.__new__(Piece)
        other.__dict__.update(self.__dict__, actor=actor, sent_at=sent_at, arrived=arrived)
        return other


def as_row(record: LedgerRow) -> folds.Row:
    """A ledger row as the folds read it."""
    return folds.Row._make(_of_fold(record))


def corrected(piece: Piece, form: Form) -> tuple[datetime, list[str]]:
    """The record's time put right by the phone's skew, and the flag that says so."""
    came, flags = piece.arrived or piece.now, ["salvaged"] if piece.arrived else []
    if piece.sent_at is None:
        return (came, ["clock_skew", *flags]) if form.at - came > SKEW else (form.at, flags)
    skew = came - piece.sent_at
    return (form.at + skew, ["clock_skew", *flags]) if abs(skew) > SKEW else (form.at, flags)


def epoch_of(site: Site, at: datetime) -> int:
    """The epoch of what happened at ``at``: what a phone held back from a rehearsal stays with the rehearsal."""
    return site.epoch if site.epoch_began_at is None or at >= site.epoch_began_at else site.epoch - 1


def add_row(
    piece: Piece, form: Form, at: datetime, flags: list[str], *, outcome: str, keep: bool = True, admitted: int = 0, used: int | None = None,
    remaining: int | None = None, registration_id: str | None = None, first_record: str | None = None, scanned: str | None = None,
) -> LedgerRow:
    """The ledger row of a record; kept at once unless the caller still has to decide."""
    row = LedgerRow(
        id=form.id,
        seq=0,
        event_id=piece.site.id,
        epoch=epoch_of(piece.site, at),
        type=form.type,
        device_id=piece.actor.id if piece.actor.kind == "device" else None,
        checkpoint=form.checkpoint,
        counter=form.counter,
        registration_id=registration_id,
        quantity=form.quantity,
        direction=form.direction,
        topic=form.topic,
        basis=form.basis,
        undoes=form.undoes,
        content=form.content,
        at=form.at,
        corrected_at=at,
        received_at=piece.now,
        decided=form.decided,
        outcome=outcome,
        admitted=admitted,
        used=used,
        remaining=remaining,
        first_record=first_record,
        flags=flags,
        scanned=scanned,
    )
    if keep:
        piece.keep(row)
        add_note(piece, form)
    return row


def add_note(piece: Piece, form: Form) -> None:
    """Keep what the record says of persons apart from the ledger."""
    if form.operator or form.reason or form.note or form.name or form.phone or form.answers:
        said = {key: getattr(form, key) for key in ("operator", "reason", "note", "name", "phone", "answers")}
        piece.notes.append({"record_id": form.id, "event_id": piece.site.id, **said})


def ticket_of(piece: Piece, known: Known, ours: bool) -> admission.Ticket:
    """The ticket as the decision sees it."""
    answered = piece.learnt.get(known.id, known.answered)
    return admission.Ticket(
        known.party_size,
        known.status,
        ours,
        known.reissued,
        known.blocked,
        frozenset(known.sessions) if known.sessions else _NONE,
        frozenset(answered) if answered else _NONE,
        known.valid_from,
        known.valid_until,
    )


def decided_at(piece: Piece, form: Form, at: datetime) -> datetime:
    """As of when a record is decided: its own (corrected) time where it was decided or handed in earlier, else now."""
    return at if form.decided or piece.arrived else piece.now


def entries(piece: Piece, registration_id: str, checkpoint: str, until: datetime | None = None) -> list[admission.Entry]:
    """The effective admissions of a ticket at a checkpoint (``until`` a time), from what is stored and what this piece has added."""
    if fresh := piece.fresh.pop(registration_id, None):
        piece.rows.setdefault(registration_id, []).append(as_row(fresh))
    shown = piece.rows.get(registration_id)
    if shown is None:
        return []
    rows = [row for row in shown if row.checkpoint == checkpoint and row.direction == "entry"]
    undone = folds.undone_ids(rows, piece.undos)
    return [
        admission.Entry(row.quantity, row.corrected_at, row.id)
        for row in rows
        if row.id not in undone and folds.let_in(row, piece.later.get(row.id, ())) and (until is None or row.corrected_at <= until)
    ]
