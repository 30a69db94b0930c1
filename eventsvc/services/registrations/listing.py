"""The organizers' list: searched, narrowed, sorted, a page at a time; as quick at a hundred thousand registrations as at ten."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, cast, exists, func, or_, select, tuple_, type_coerce
from sqlalchemy.orm import aliased

from eventsvc.db import db, is_postgresql
from eventsvc.errors import Invalid
from eventsvc.models import Event, Person, Record, RecordDecision, Registration
from eventsvc.models.registration import EVERY_CHANNEL, STATUSES
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.folds import UNDO_WITHIN
from eventsvc.services.registrations.finding import standing_for

ORDERS = ("arrival", "newest", "name")


@dataclass(frozen=True)
class Sieve:
    """What a list is narrowed to; unknown words narrow nothing. ``arrived``: ``yes`` · ``no``; ``answered``: a question's key."""

    status: str = ""
    session: str = ""
    channel: str = ""
    arrived: str = ""
    answered: str = ""
    double: bool = False  # the same telephone number more than once, cancelled ones left out
    order: str = "arrival"

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return bool(self.status or self.session or self.channel or self.arrived or self.answered or self.double)


def search(
    actor: Actor, slug: str, said: str | None = None, status: str | None = None, cursor: str | None = None, limit: int = 50, sieve: Sieve | None = None
) -> tuple[list[tuple[Registration, Person | None]], str | None]:
    """A page of an event's registrations for its organizers, and the next page's cursor. Raises Invalid for a cursor that is none."""
    event = load_event(actor, slug, "registration.list")
    sieve = sieve or Sieve(status=status or "")
    condition = narrowed(event, sieve, said)
    if condition is None:
        return [], None
    query = select(Registration, Person).where(condition)
    query = _ordered(query, event, sieve, cursor).limit(limit + 1)
    rows = [(row.Registration, row.Person) for row in db.session.execute(query)]
    return rows[:limit], str(rows[limit - 1][0].seq) if len(rows) > limit else None


def narrowed(event: Event, sieve: Sieve, said: str | None = None) -> ColumnElement[bool] | None:
    """The condition for an event's registrations, None where the search can match nobody."""
    listed = or_(Registration.status != "cancelled", Registration.erased_at.is_(None))  # of an import that was undone
    parts: list[ColumnElement[bool]] = [Registration.event_id == event.id, listed]
    if sieve.status == "blocked":
        parts.append(Registration.blocked)
    elif sieve.status in STATUSES:
        parts.append(Registration.status == sieve.status)
    if sieve.channel in EVERY_CHANNEL:
        parts.append(Registration.channel == sieve.channel)
    if sieve.session:
        parts.append(_holds(Registration.sessions, sieve.session))
    if sieve.answered:
        parts.append(_holds(Registration.answered, sieve.answered))
    if sieve.arrived in {"yes", "no"}:
        came = arrived(event)
        parts.append(came if sieve.arrived == "yes" else and_(~came, Registration.status != "cancelled"))
    if sieve.double:
        parts += [Registration.status != "cancelled", Registration.id.in_(_doubles(event))]
    if said and said.strip():
        found = standing_for(event, said)
        if found is None:
            return None
        parts.append(found)
    return and_(*parts)


def _holds(column: Any, key: str) -> ColumnElement[bool]:
    """Whether a list of keys, kept as JSON, holds this one: keys have no quotation marks."""
    return cast(column, Text).contains(f'"{key}"', autoescape=True)


def arrived(event: Event) -> ColumnElement[bool]:
    """Whether anybody of the party has come in: what `folds` counts as people, said in SQL (a test holds the two together)."""
    undo = aliased(Record)
    apart = type_coerce(undo.at, BigInteger) - type_coerce(Record.at, BigInteger)
    by_phone = and_(undo.device_id == Record.device_id, apart.between(0, UNDO_WITHIN.total_seconds() * 1_000_000))
    undone = exists().where(undo.undoes == Record.id, undo.type == "undo", or_(undo.device_id.is_(None), by_phone))

    def later(word: str) -> ColumnElement[bool]:
        return exists().where(RecordDecision.record_id == Record.id, RecordDecision.decided == word)

    refused = or_(Record.decided.is_not_distinct_from("refused"), later("refused"))
    let_in = or_(Record.decided == "admitted", later("admitted"), and_(Record.outcome == "admitted", ~refused))
    return exists().where(
        Record.registration_id == Registration.id, Record.epoch == event.epoch, Record.type == "checkin",
        Record.direction.is_distinct_from("exit"), let_in, ~undone,
    )  # fmt: skip


def _doubles(event: Event) -> Select[Any]:
    """The registrations whose number another one has that is not cancelled."""
    often = select(Person.phone).where(Person.event_id == event.id, Person.phone.is_not(None)).group_by(Person.phone).having(func.count() > 1)
    one, other, theirs = aliased(Person), aliased(Person), aliased(Registration)
    again = exists().where(
        other.event_id == event.id, other.phone == one.phone, other.registration_id != one.registration_id,
        theirs.id == other.registration_id, theirs.status != "cancelled",
    )  # fmt: skip
    query = select(one.registration_id).where(one.event_id == event.id, again)
    # measured at 100,000: SQLite looks each one up (490 ms) unless told which numbers come more than once (75); PostgreSQL is slower for it (50, 350)
    return query if is_postgresql() else query.where(one.phone.in_(often))


def _ordered(query: Select[Any], event: Event, sieve: Sieve, cursor: str | None) -> Select[Any]:
    after = _number(cursor) if cursor else None
    if sieve.order == "name":
        query = query.join(Person, Person.registration_id == Registration.id).where(Person.event_id == event.id)
        if after is not None:
            last = select(Person.spelt, Person.registration_id).join(Registration, Registration.id == Person.registration_id)
            found = db.session.execute(last.where(Registration.event_id == event.id, Registration.seq == after)).one_or_none()
            if found is None:  # deleted since
                raise Invalid.one("cursor", "cursor", "翻页位置已失效，请从头看起")
            query = query.where(tuple_(Person.spelt, Person.registration_id) > tuple_(found.spelt, found.registration_id))
        return query.order_by(Person.spelt, Person.registration_id)
    query = query.outerjoin(Person, Person.registration_id == Registration.id)
    if sieve.order == "newest":
        query = query.where(Registration.seq < after) if after is not None else query
        return query.order_by(Registration.seq.desc())
    query = query.where(Registration.seq > after) if after is not None else query
    return query.order_by(Registration.seq)


def _number(cursor: str) -> int:
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
        raise Invalid.one("cursor", "cursor", "翻页位置已失效，请从头看起")
    return int(cursor)
