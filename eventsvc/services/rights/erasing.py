"""Deleting a person: every row that names them goes, what they left in others' rows too; the counts and the ledger stay.

What happens to the ticket: before the event is over the deletion takes the registration back, as cancelling does (places return,
the waitlist moves up; whoever has come in stays counted). Afterwards the row stays as it was, without anybody behind it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, cast, delete, or_, select, update

from eventsvc.db import db, transaction, wipe
from eventsvc.errors import Conflict
from eventsvc.models import Event, Import, ImportRow, Message, Person, QuarantinedRecord, Record, RecordNote, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, registrations, retention
from eventsvc.services.actors import Actor
from eventsvc.services.rights import proving
from eventsvc.services.rights.loading import load

CHANNELS = ("self", "phone", "desk")  # how the person asked for it
SHORTEST = 2  # characters of a name that is looked for in others' notes: one alone would be in all of them
NOTHING = ("[]", "{}", "null")
_PERSONAL_KEYS = ("name", "phone", "note", "answers", "reason")  # of a record as a phone sends it


@dataclass(frozen=True)
class Trace:
    """By what somebody is recognised in rows that are not theirs."""

    event_id: str
    name: str
    phone: str | None
    email: str | None

    def inside(self, text: str | None, event_id: str) -> bool:
        """Whether a text names this person: the number in any spelling, the address, and at the same event the whole name."""
        if not text:
            return False
        flat = unicodedata.normalize("NFKC", text)
        if event_id == self.event_id and len(self.name) >= SHORTEST and self.name in flat:
            return True
        if self.email and self.email.lower() in flat.lower():
            return True
        digits = self.phone.removeprefix("+86").removeprefix("+") if self.phone else ""
        return bool(digits) and digits in re.sub(r"\D", "", flat)


def is_over(event: Event) -> bool:
    """Whether an event is past, so that nobody's place is given back any more."""
    over = retention.over_since(event)
    return event.status in {"closed", "cancelled"} or (over is not None and over <= clock.now() and not event.rehearsal)


def erase(actor: Actor, slug: str, registration_id: str, *, asked: str = "self", proof: str = "") -> Registration:
    """Delete the person behind a registration, by themselves (``proof``) or (``asked``: phone, desk) by an organizer; twice is fine.

    Raises Missing, Conflict ``prove_again``.
    """
    if registration_id in actor.holds:
        proving.need(proof, registration_id)
    trace = _trace(actor, slug, registration_id)
    left = _leftovers(registration_id, trace) if trace else _Leftovers()  # read before the turn to write: a crowd's notes take a while
    gone = _erase(actor, slug, registration_id, asked, left)
    wipe()
    return gone


def _trace(actor: Actor, slug: str, registration_id: str) -> Trace | None:
    load(actor, slug, registration_id)
    person = db.session.get(Person, registration_id)
    return Trace(person.event_id, person.name, person.phone, person.email) if person else None


@dataclass(frozen=True)
class _Leftovers:
    """Keys of rows of others that name the person: notes of records, staged rows, quarantined records, other people's notes."""

    notes: tuple[str, ...] = ()
    rows: tuple[tuple[str, int], ...] = ()
    quarantined: tuple[tuple[str, str], ...] = ()
    people: tuple[str, ...] = ()
    trace: Trace | None = None


def _leftovers(registration_id: str, trace: Trace) -> _Leftovers:
    """Look for the person at every event: what they left at one desk they would not know of at another."""
    said = (RecordNote.name, RecordNote.phone, RecordNote.reason, RecordNote.note)
    notes = select(RecordNote.record_id, RecordNote.event_id, RecordNote.answers, *said).where(or_(*(column.is_not(None) for column in said)))
    found = [
        row.record_id for row in db.session.execute(notes)
        if _named(trace, row.event_id, row.name, row.phone, row.reason, row.note, row.answers)
    ]  # fmt: skip
    staged = select(ImportRow, Import.event_id).join(Import, Import.id == ImportRow.import_id).where(Import.emptied_at.is_(None))
    rows = [
        (row.ImportRow.import_id, row.ImportRow.number) for row in db.session.execute(staged)
        if row.ImportRow.registration_id == registration_id or _named(trace, row.event_id, row.ImportRow.cells, row.ImportRow.faults)
    ]  # fmt: skip
    held = select(QuarantinedRecord.device_id, QuarantinedRecord.id, QuarantinedRecord.event_id, QuarantinedRecord.body)
    quarantined = [(row.device_id, row.id) for row in db.session.execute(held) if _named(trace, row.event_id, json.loads(row.body))]
    said_by = (Person.registration_id, Person.event_id, Person.note, Person.members, Person.answers)
    others = select(*said_by).where(
        Person.registration_id != registration_id, or_(Person.note.is_not(None), *(cast(column, Text).not_in(NOTHING) for column in (Person.members, Person.answers)))
    )  # fmt: skip
    people = [row.registration_id for row in db.session.execute(others) if _named(trace, row.event_id, row.note, row.members, row.answers)]
    return _Leftovers(tuple(found), tuple(rows), tuple(quarantined), tuple(people), trace)


def _named(trace: Trace, event_id: str, *things: Any) -> bool:
    """Whether one of these texts, or a text inside of these lists and objects, names the person."""
    for thing in things:
        inner = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
        if (isinstance(thing, str) and trace.inside(thing, event_id)) or _named_any(trace, event_id, inner):
            return True
    return False


def _named_any(trace: Trace, event_id: str, inner: Iterable[Any]) -> bool:
    things = tuple(inner)
    return bool(things) and _named(trace, event_id, *things)


@transaction
def _erase(actor: Actor, slug: str, registration_id: str, asked: str, left: _Leftovers) -> Registration:
    event, registration = load(actor, slug, registration_id, lock=True)
    if registration.erased_at is not None:
        return registration
    if not is_over(event) and registration.status != "cancelled":
        try:
            registrations.cancel(actor, slug, registration_id)
        except Conflict:
            pass  # all of them are in: they stay counted, and nobody is named any more
    for table in retention.erasable():
        db.session.execute(delete(table).where(table.registration_id == registration_id))
    _empty_notes(registration_id, left)
    _empty_rows(left)
    _forget(left)
    pending = update(Message).where(Message.registration_id == registration_id, retention.unsaid())
    db.session.execute(pending.values(state="dropped", reason="erased", lease=None))
    failed = update(Message).where(Message.registration_id == registration_id, Message.state == "failed", Message.reason.is_not(None))
    db.session.execute(failed.values(reason="erased"))  # mail servers quote the address that they refuse
    registration.erased_at = clock.now()
    registrations.touch(event, registration)
    journal.note(actor, "rights.erase", event, registration=registration_id, asked=asked)
    return registration


def _empty_notes(registration_id: str, left: _Leftovers) -> None:
    """Of the notes of records the volunteer's name stays, whose own it is."""
    own = select(Record.id).where(Record.registration_id == registration_id)
    taken_back = select(Record.id).where(Record.undoes.in_(own))
    nothing = {"name": None, "phone": None, "reason": None, "note": None, "answers": None}
    notes = update(RecordNote)
    db.session.execute(notes.where(or_(RecordNote.record_id.in_(own), RecordNote.record_id.in_(taken_back))).values(nothing))
    for start in range(0, len(left.notes), 500):
        db.session.execute(notes.where(RecordNote.record_id.in_(left.notes[start : start + 500])).values(nothing))


def _empty_rows(left: _Leftovers) -> None:
    """A row of a draft goes; one that waits in a running import is skipped; of one that was imported, that it was remains."""
    for import_id, number in left.rows:
        one = (ImportRow.import_id == import_id, ImportRow.number == number)
        draft = select(Import.id).where(Import.id == import_id, Import.state == "draft")
        db.session.execute(delete(ImportRow).where(*one, ImportRow.import_id.in_(draft)))
        db.session.execute(update(ImportRow).where(*one, ImportRow.state.in_(("good", "faulty", "double"))).values(state="skipped"))
        db.session.execute(update(ImportRow).where(*one).values(cells=None, faults=None))


def _forget(left: _Leftovers) -> None:
    """What a stopped phone handed in is kept without the person; what others' notes said of them goes."""
    for device_id, record_id in left.quarantined:
        row = db.session.get(QuarantinedRecord, (device_id, record_id), populate_existing=True)
        if row is not None:
            sent = {key: value for key, value in json.loads(row.body).items() if key not in _PERSONAL_KEYS}
            row.body = json.dumps(sent)
    for one in left.people:
        _forget_in(one, left.trace)


def _forget_in(registration_id: str, trace: Trace | None) -> None:
    """What another person's note, companions and answers say of somebody goes; that there is a companion, and of what age, stays."""
    other = db.session.get(Person, registration_id, populate_existing=True)
    if other is None or trace is None:
        return
    event_id = other.event_id
    if _named(trace, event_id, other.note):
        other.note = None
    other.members = [member | {"name": ""} if _named(trace, event_id, member.get("name")) else member for member in other.members]
    other.answers = {key: value for key, value in other.answers.items() if not _named(trace, event_id, value)}
