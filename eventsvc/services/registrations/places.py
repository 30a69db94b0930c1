"""Places: how many are left and for whom, and how a party takes them and gives them back. Callers hold the event's row.

``places_taken`` of the event and of each session counts who is confirmed, pending or offered a place. A reserve (现场名额) is
kept back from the web: only what comes by the desk, the telephone or a printed slip uses it up.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import bindparam, func, or_, select

from eventsvc.db import db
from eventsvc.errors import Invalid
from eventsvc.models import Event, EventSession, Registration, RetiredCode, SessionWait
from eventsvc.ports import clock
from eventsvc.prepared import Prepared
from eventsvc.services import spares
from eventsvc.services.registrations.terms import Terms

CLOSED = {
    "draft": ("not_published", "活动还没有发布"),
    "cancelled": ("event_cancelled", "活动已取消"),
    "closed": ("registration_closed", "报名已截止"),
    "not_open_yet": ("registration_not_open", "报名还没有开始"),
}
ON_SITE = frozenset({"desk", "phone", "paper"})  # channels that the reserve is for


def state(event: Event, now: datetime) -> str:
    """Whether residents may register now: ``open`` · ``full`` · ``waitlist`` · ``not_open_yet`` · ``closed`` · ``cancelled`` · ``draft``."""
    if said := closed(event, now):
        return said
    if event.capacity is not None and (places_left(event) == 0 or anyone_waits(event)):
        return "waitlist" if event.waitlist else "full"
    return "open"


def closed(event: Event | Terms, now: datetime) -> str | None:
    """Why residents may not register now whatever places there are (a key of `CLOSED`), or None."""
    if event.status in {"draft", "cancelled", "closed"}:
        return event.status
    if not event.registration_open:
        return "closed"
    if event.registration_opens_at is not None and now < event.registration_opens_at:
        return "not_open_yet"
    closes = event.registration_closes_at or event.ends_at
    if closes is not None and now >= closes and not event.rehearsal:
        return "closed"
    return None


def places_left(event: Event) -> int | None:
    """Free places for residents on the web, or None where they are unlimited."""
    return None if event.capacity is None else max(0, event.capacity - event.places_taken - reserve_left(event))


def reserve_left(event: Event) -> int:
    """Places of the reserve that nobody has used up."""
    return max(0, (event.reserve or 0) - (event.desk_taken or 0))


def room_for(event: Event, channel: str, waits: bool) -> int | None:
    """Places that a party of this channel may take now, None where they are unlimited; ``waits``: others are in line before it."""
    if event.capacity is None:
        return None
    if channel not in ON_SITE:
        return 0 if waits else places_left(event)
    free = max(0, event.capacity - event.places_taken)
    return min(free, reserve_left(event)) if waits else free


def in_line(event: Event) -> list[object]:
    """The conditions of being in the event's line: waiting, and not offered a place yet."""
    return [Registration.event_id == event.id, Registration.status == "waitlisted", Registration.offered_until.is_(None)]


def waiting(event: Event) -> int:
    """How many parties wait."""
    return db.session.scalar(select(func.count()).select_from(Registration).where(*in_line(event))) or 0


_parties = Registration.__table__.c
_FIRST_IN_LINE = Prepared(  # by its index: where nobody ever waited SQLite's statistics do not know that few do, and it reads all parties for each one that comes
    lambda among: select(_parties.id)
    .with_hint(Registration.__table__, "INDEXED BY ix_registrations_event_id_status_seq", "sqlite")
    .where(_parties.event_id == bindparam("event"), _parties.status == "waitlisted", _parties.offered_until.is_(None), _parties.yields.is_(False))
    .limit(1)
)


def anyone_waits(event: Event) -> bool:
    """Whether anyone is in line whom a later arrival has to let go first."""
    db.session.flush()
    return _FIRST_IN_LINE.one(event=event.id) is not None


def position(registration: Registration) -> int | None:
    """The parties ahead of one that waits, plus one; None for any other, also for one that a place is held for."""
    if registration.status != "waitlisted" or registration.offered_until is not None:
        return None
    before = Registration.seq < registration.seq
    ahead = select(func.count()).where(
        Registration.event_id == registration.event_id, Registration.status == "waitlisted", Registration.offered_until.is_(None),
        or_(Registration.yields.is_(False), before) if registration.yields else before & Registration.yields.is_(False),
    )  # fmt: skip
    return (db.session.scalar(ahead) or 0) + 1


# --- sessions ------------------------------------------------------------------------------------------------------------


def size_in(registration: Registration, key: str) -> int:
    """How many of the party go to a session."""
    return min((registration.session_sizes or {}).get(key, registration.party_size), registration.party_size)


def session_left(session: EventSession) -> int | None:
    """Free places of a session, or None where they are unlimited."""
    return None if session.capacity is None else max(0, session.capacity - session.places_taken)


def sessions_waited_for(event: Event, keys: Iterable[str] | None = None) -> dict[str, int]:
    """How many parties are in line for each session (of ``keys``) that anyone waits for."""
    query = select(SessionWait.session, func.count()).where(
        SessionWait.event_id == event.id, SessionWait.offered_until.is_(None), SessionWait.lapsed_at.is_(None)
    )
    if keys is not None:
        query = query.where(SessionWait.session.in_(list(keys)))
    return {key: count for key, count in db.session.execute(query.group_by(SessionWait.session))}


def has_room(event: Event, session: EventSession, size: int) -> bool:
    """Whether ``size`` people may have places in a session now: they are free, and nobody is in line for them."""
    left = session_left(session)
    return left is None or (left >= size and not sessions_waited_for(event, [session.key]))


def lacks_session(event: Event, registration: Registration) -> bool:
    """Whether a session that the party chose has too few places left for it."""
    return any(s.key in registration.sessions and not has_room(event, s, size_in(registration, s.key)) for s in event.sessions)


def free_sessions(event: Event, size: int, but: Iterable[str] = ()) -> list[str]:
    """The names of the sessions with places for ``size`` people."""
    without = set(but)
    return [session.name for session in event.sessions if session.key not in without and has_room(event, session, size)]


def move_session(event: Event, registration: Registration, session: EventSession, size: int) -> None:
    """Give a party ``size`` places in a session in place of those that it has; 0 takes it out."""
    had = size_in(registration, session.key) if session.key in registration.sessions else 0
    session.places_taken += size - had
    sizes = {key: value for key, value in (registration.session_sizes or {}).items() if key != session.key}
    if 0 < size < registration.party_size:
        sizes[session.key] = size
    registration.session_sizes = sizes
    kept = [key for key in registration.sessions if key != session.key] + ([session.key] if size else [])
    registration.sessions = [known.key for known in event.sessions if known.key in kept]


# --- taking and giving back ------------------------------------------------------------------------------------------------


def holds_places(registration: Registration) -> bool:
    """Whether places are counted for a party."""
    return registration.status in {"confirmed", "pending"} or (registration.status == "waitlisted" and registration.offered_until is not None)


def take_places(event: Event, registration: Registration, count: int) -> None:
    """Count ``count`` more (or, below zero, fewer) people of a party at the event itself."""
    event.places_taken += count
    if registration.channel in ON_SITE:
        event.desk_taken += count


def take_all(event: Event, registration: Registration) -> None:
    """Take the party's places at the event and in the sessions that it has chosen; for those that are full it waits."""
    take_places(event, registration, registration.party_size)
    for session in event.sessions:
        if session.key in registration.sessions:
            size = size_in(registration, session.key)
            if has_room(event, session, size):
                session.places_taken += size
            else:
                wait_for_session(event, registration, session.key, size)


def give_all_back(event: Event, *leaving: Registration) -> None:
    """Give back all the places of parties, and their places in the lines of sessions; what they chose stays written down."""
    for registration in leaving:
        take_places(event, registration, -registration.party_size)
        for session in event.sessions:
            if session.key in registration.sessions:
                session.places_taken -= size_in(registration, session.key)
    leave_lines(event, *leaving)


def resize(event: Event, registration: Registration, size: int) -> None:
    """Make a party as large as said, at the event, in its sessions and in their lines. Raises Invalid where a session has no room for more."""
    before, sizes = registration.party_size, registration.session_sizes or {}
    held = holds_places(registration)
    for session in event.sessions:
        if held and session.key in registration.sessions:
            more = min(sizes.get(session.key, size), size) - size_in(registration, session.key)
            if more > 0 and not has_room(event, session, more):
                left = session_left(session) or 0
                raise Invalid.one("party_size", "session_full", "“{name}”只剩{left}位", name=session.name, left=left if left < more else 0)
            session.places_taken += more
    if held:
        take_places(event, registration, size - before)
    registration.party_size = size
    registration.session_sizes = {key: value for key, value in sizes.items() if value < size}
    for wait in session_waits(registration):
        if wait.size > size or wait.size == before:
            if wait.offered_until is None:
                wait.size = size
            elif wait.size > size:
                _session(event, wait.session).places_taken -= wait.size - size
                wait.size = size


def wait_for_session(event: Event, registration: Registration, key: str, size: int) -> None:
    """Put a party at the end of a session's line."""
    registration.sessions = [known for known in registration.sessions if known != key]
    registration.session_sizes = {known: value for known, value in (registration.session_sizes or {}).items() if known != key}
    db.session.add(
        SessionWait(event_id=event.id, registration_id=registration.id, session=key, size=size, passed_over=0, created_at=clock.now())
    )


def leave_lines(event: Event, *leaving: Registration, key: str | None = None) -> None:
    """Take parties out of the line of one session, or of all; a place that was held for them is free again."""
    for wait in session_waits(*leaving):
        if key in {None, wait.session}:
            if wait.offered_until is not None:
                _session(event, wait.session).places_taken -= wait.size
            db.session.delete(wait)
    db.session.flush()


def session_waits(*of: Registration) -> list[SessionWait]:
    """The lines of sessions in which parties are, those that they fell out of too."""
    query = select(SessionWait).where(SessionWait.registration_id.in_([one.id for one in of])).order_by(SessionWait.id)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def session_position(wait: SessionWait) -> int | None:
    """The parties ahead in a session's line, plus one; None where the place is held already, or was given up."""
    if wait.offered_until is not None or wait.lapsed_at is not None:
        return None
    ahead = select(func.count()).where(
        SessionWait.event_id == wait.event_id, SessionWait.session == wait.session, SessionWait.id < wait.id,
        SessionWait.offered_until.is_(None), SessionWait.lapsed_at.is_(None),
    )  # fmt: skip
    return (db.session.scalar(ahead) or 0) + 1


def _session(event: Event, key: str) -> EventSession:
    return next(session for session in event.sessions if session.key == key)


# --- tickets ---------------------------------------------------------------------------------------------------------------


def touch(event: Event, registration: Registration) -> None:
    """Mark a registration as changed now; figures and rosters read only what changed since they last looked."""
    event.roster_revision += 1
    registration.roster_revision = event.roster_revision
    registration.updated_at = clock.now()


def confirm(event: Event, registration: Registration, code: str | None = None) -> None:
    """Make a waiting registration a ticket: its code comes from the spares, which phones without a network know; the old one goes on opening it."""
    registration.status = "confirmed"
    replace_code(event, registration, "alias", code)


def replace_code(event: Event, registration: Registration, kind: str, code: str | None = None) -> None:
    """Give a ticket another code (one drawn already, or a spare); ``kind`` says what becomes of the old one (models.RetiredCode)."""
    db.session.add(RetiredCode(code=registration.code, registration_id=registration.id, kind=kind, retired_at=clock.now()))
    registration.code = code or spares.draw(event)
    touch(event, registration)
