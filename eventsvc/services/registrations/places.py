"""Places: how many are left, who waits for them, and who moves up when some return. Callers hold the event's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from eventsvc.db import db
from eventsvc.models import Event, Record, RecordDecision, Registration, RetiredCode
from eventsvc.ports import clock
from eventsvc.services import folds, messages, spares

CLOSED = {
    "draft": ("not_published", "活动还没有发布"),
    "cancelled": ("event_cancelled", "活动已取消"),
    "closed": ("registration_closed", "报名已截止"),
    "not_open_yet": ("registration_not_open", "报名还没有开始"),
}


def state(event: Event, now: datetime) -> str:
    """Whether residents may register now: ``open`` · ``full`` · ``waitlist`` · ``not_open_yet`` · ``closed`` · ``cancelled`` · ``draft``."""
    if event.status in {"draft", "cancelled", "closed"}:
        return event.status
    if not event.registration_open:
        return "closed"
    if event.registration_opens_at is not None and now < event.registration_opens_at:
        return "not_open_yet"
    closes = event.registration_closes_at or event.ends_at
    if closes is not None and now >= closes and not event.rehearsal:
        return "closed"
    if event.capacity is not None and (event.places_taken >= event.capacity or anyone_waits(event)):
        return "waitlist" if event.waitlist else "full"
    return "open"


def places_left(event: Event) -> int | None:
    """Free places, or None where they are unlimited."""
    return None if event.capacity is None else max(0, event.capacity - event.places_taken)


def waiting(event: Event) -> int:
    """How many parties wait."""
    query = select(func.count()).where(Registration.event_id == event.id, Registration.status == "waitlisted")
    return db.session.scalar(query) or 0


def anyone_waits(event: Event) -> bool:
    """Whether anyone is on the waitlist."""
    query = select(Registration.id).where(Registration.event_id == event.id, Registration.status == "waitlisted").limit(1)
    return db.session.scalar(query) is not None


def take_places(event: Event, registration: Registration, count: int) -> None:
    """Take places (or, with a negative count, give them back) of the event and of the registration's sessions."""
    event.places_taken += count
    for session in event.sessions:
        if session.key in registration.sessions:
            session.places_taken += count


def lacks_session(event: Event, registration: Registration) -> bool:
    """Whether a session that the party chose has too few places left for it."""
    return any(
        s.key in registration.sessions and s.capacity is not None and s.capacity - s.places_taken < registration.party_size
        for s in event.sessions
    )


def touch(event: Event, registration: Registration) -> None:
    """Mark a registration as changed now; figures and rosters read only what changed since they last looked."""
    event.roster_revision += 1
    registration.roster_revision = event.roster_revision
    registration.updated_at = clock.now()


def position(registration: Registration) -> int | None:
    """The parties ahead of a waitlisted one, plus one; None for any other."""
    if registration.status != "waitlisted":
        return None
    ahead = select(func.count()).where(
        Registration.event_id == registration.event_id, Registration.status == "waitlisted", Registration.seq < registration.seq
    )
    return (db.session.scalar(ahead) or 0) + 1


def promote(event: Event) -> None:
    """Move waiting parties up in order, each whole; the first that does not fit stops the line, so no place is offered twice."""
    waiting = select(Registration).where(Registration.event_id == event.id, Registration.status == "waitlisted").order_by(Registration.seq)
    for registration in db.session.scalars(waiting.with_for_update(key_share=True)):
        room = places_left(event)
        if (room is not None and registration.party_size > room) or lacks_session(event, registration):
            return
        confirm(event, registration)
        take_places(event, registration, registration.party_size)
        messages.tell(event, registration, "promoted", must_reach=True)


def confirm(event: Event, registration: Registration) -> None:
    """Make a waiting registration a ticket: its code comes from the spares, which phones without a network know; the old one goes on opening it."""
    registration.status = "confirmed"
    replace_code(event, registration, "alias")


def replace_code(event: Event, registration: Registration, kind: str) -> None:
    """Give a ticket another code; ``kind`` says what becomes of the old one (models.RetiredCode)."""
    db.session.add(RetiredCode(code=registration.code, registration_id=registration.id, kind=kind, retired_at=clock.now()))
    registration.code = spares.draw(event)
    touch(event, registration)


def people_in(event: Event, registration: Registration) -> int:
    """How many of the party have come in, at the checkpoint where most of them did."""
    return _fold_of(event, registration).people_admitted


def used_at(event: Event, registration: Registration) -> dict[str, int]:
    """Entries of a ticket by checkpoint, where there are any."""
    sums = _fold_of(event, registration)
    return {key: place.entries for key, place in sums.places.items() if place.entries}


def parties_in(event: Event, registrations: Sequence[Registration]) -> dict[str, int]:
    """How many of each party have come in, by registration; read for all of them together."""
    return {key: sums.people_admitted for key, sums in _folds_of(event, registrations).items()}


def _fold_of(event: Event, registration: Registration) -> folds.Sums:
    """The fold of one ticket's own records: read without the rest of the ledger."""
    return _folds_of(event, [registration])[registration.id]


def _folds_of(event: Event, registrations: Sequence[Registration]) -> dict[str, folds.Sums]:
    """The fold of each ticket's own records, with what took them back and what was decided later."""
    fields = tuple(getattr(Record, name) for name in folds.Row._fields)
    sizes = {registration.id: registration.party_size for registration in registrations}
    own = select(*fields).where(Record.registration_id.in_(list(sizes)), Record.epoch == event.epoch)
    rows: dict[str, list[folds.Row]] = {key: [] for key in sizes}
    owner: dict[str, str] = {}
    for found in db.session.execute(own):
        row = folds.Row(*found)
        owner[row.id] = str(row.registration_id)
        rows[owner[row.id]].append(row)
    later: dict[str, set[str]] = {}
    if owner:
        ids = list(owner)
        for found in db.session.execute(select(*fields).where(Record.undoes.in_(ids), Record.type == "undo")):
            undo = folds.Row(*found)
            rows[owner[str(undo.undoes)]].append(undo)
        for decision in db.session.execute(select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(ids))):
            later.setdefault(decision.record_id, set()).add(decision.decided)
    places = [folds.Place(c.key, c.rule, c.entrance) for c in event.checkpoints]
    return {key: folds.fold(rows[key], later=later, parties={key: size}, places=places, zone=event.timezone) for key, size in sizes.items()}
