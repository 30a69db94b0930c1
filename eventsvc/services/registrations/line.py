"""The line: who moves up when places return, how long a place is held for whom it is offered to, and what becomes of it then.

Everything here runs under the event's row lock: nothing depends on the worker, which only saves the next request the work.
One rule decides (`Event.waitlist_rule`): ``strict``, the first party that does not fit stops the line; ``fit``, a smaller one
behind may go round it, which is counted, and after `PATIENCE` times the line waits for it.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from eventsvc.db import db, micros
from eventsvc.models import Event, EventSession, Registration, SessionWait
from eventsvc.ports import clock
from eventsvc.services import messages
from eventsvc.services.registrations.places import (
    ON_SITE,
    confirm,
    give_all_back,
    in_line,
    move_session,
    room_for,
    session_left,
    take_all,
    touch,
)

PATIENCE = 3  # times that a party may be gone round
AT_ONCE = timedelta(hours=6)  # so shortly before the beginning nobody is waited for
SHORTEST = timedelta(hours=2)
NIGHT, MORNING = time(21), time(9)  # an offer does not end while people sleep
NEAR = timedelta(hours=24)  # from then on those who yield (no-show rule) get what is left


def hold_until(event: Event, now: datetime) -> datetime | None:
    """Until when a place offered now is held; None: no hold, it is given at once.

    The organizer's hours, but at most a third of the time that is left before the beginning and at least two hours; an end
    at night moves to nine in the morning where that is early enough.
    """
    if not event.hold_hours:
        return None
    hold = timedelta(hours=event.hold_hours)
    if event.starts_at is not None:
        left = event.starts_at - now
        if left < AT_ONCE:
            return None
        hold = max(SHORTEST, min(hold, left / 3))
    until = (now + hold).replace(second=0, microsecond=0) + timedelta(minutes=1)
    here = until.astimezone(ZoneInfo(event.timezone))
    if here.time() >= NIGHT or here.time() < MORNING:
        day = here.date() + timedelta(days=1) if here.time() >= NIGHT else here.date()
        morning = datetime.combine(day, MORNING, here.tzinfo)
        if event.starts_at is None or morning <= event.starts_at - SHORTEST:
            return morning.astimezone(until.tzinfo)
    return until


def settle(event: Event) -> int:
    """End the offers whose time is over and pass their places on; how many ended. Costs nothing while none is due."""
    now = clock.now()
    if event.offers_due_at is None or now < event.offers_due_at:
        return 0
    over = select(Registration).where(
        Registration.event_id == event.id, Registration.status == "waitlisted", Registration.offered_until <= now
    ).order_by(Registration.seq)  # fmt: skip
    lapsed = list(db.session.scalars(over.with_for_update(key_share=True).execution_options(populate_existing=True)))
    for registration in lapsed:
        give_all_back(event, registration)
        registration.status, registration.cancelled_by, registration.cancelled_at = "cancelled", "lapsed", now
        registration.offered_until = None
        touch(event, registration)
        messages.tell(event, registration, "lapsed", f"lapsed:{registration.roster_revision}")
    waits = list(db.session.scalars(_offered(event).where(SessionWait.offered_until <= now)))
    for wait in waits:
        _lapse(event, wait, now)
    db.session.flush()
    event.offers_due_at = _next_end(event)
    promote(event)
    return len(lapsed) + len(waits)


def promote(event: Event) -> None:
    """Move waiting parties up in order, each whole, by the event's rule; then those who wait for a session. No place is offered twice."""
    db.session.flush()
    now = clock.now()
    stopped: set[bool] = set()  # for whom (on site or not) the line is stopped
    gone_round: list[Registration] = []
    waiting = select(Registration).where(*in_line(event)).order_by(Registration.yields, Registration.seq)
    for registration in db.session.scalars(waiting.with_for_update(key_share=True).execution_options(populate_existing=True)):
        on_site = registration.channel in ON_SITE
        if on_site in stopped or (registration.yields and not is_near(event, now)):
            continue
        room = room_for(event, registration.channel, bool(stopped) and on_site)
        if room is None or registration.party_size <= room:
            for other in gone_round:
                other.passed_over += (other.channel in ON_SITE) == on_site
            _give(event, registration, now)
        elif event.waitlist_rule == "fit" and room > 0 and registration.passed_over < PATIENCE:
            gone_round.append(registration)
        else:
            stopped.add(on_site)
        if stopped == {True, False} or (event.capacity is not None and event.places_taken >= event.capacity):
            break
        if not event.reserve and stopped:
            break
    for session in event.sessions:
        promote_session(event, session)


def is_near(event: Event, now: datetime) -> bool:
    """Whether an event begins so soon that those who yield get what is left."""
    return event.starts_at is not None and now >= event.starts_at - NEAR


def _give(event: Event, registration: Registration, now: datetime) -> None:
    """Give a waiting party its places: at once, or held until it has said yes."""
    take_all(event, registration)
    until = hold_until(event, now)
    if until is None:
        come(event, registration)
        return
    registration.offered_until = until
    _remember(event, until)
    touch(event, registration)
    messages.tell(event, registration, "offered", f"offered:{registration.roster_revision}", must_reach=True, until=micros(until))


def come(event: Event, registration: Registration) -> None:
    """Make a party whose places are counted a confirmed one, or where the organizer approves each, one that waits for that."""
    registration.offered_until = None
    registration.passed_over = 0
    if event.approval and registration.channel in {"web", "proxy"} and registration.consent_at is not None:
        registration.status = "pending"
        touch(event, registration)
        messages.tell(event, registration, "to_approve", f"to_approve:{registration.roster_revision}")
    else:
        confirm(event, registration)
        messages.tell(event, registration, "promoted", must_reach=True)


def promote_session(event: Event, session: EventSession) -> None:
    """Move those up who wait for one session, in its own order and by the event's rule."""
    if session_left(session) == 0:
        return
    db.session.flush()
    query = (
        select(SessionWait, Registration).join(Registration, Registration.id == SessionWait.registration_id)
        .where(
            SessionWait.event_id == event.id, SessionWait.session == session.key, SessionWait.offered_until.is_(None),
            SessionWait.lapsed_at.is_(None), Registration.status.in_(("confirmed", "pending")) | Registration.offered_until.is_not(None),
        ).order_by(SessionWait.id)
    )  # fmt: skip
    gone_round: list[SessionWait] = []
    now = clock.now()
    for wait, registration in db.session.execute(query.execution_options(populate_existing=True)):
        left = session_left(session)
        if left is not None and wait.size > left:
            if event.waitlist_rule == "strict" or wait.passed_over >= PATIENCE or left == 0:
                return
            gone_round.append(wait)
            continue
        for other in gone_round:
            other.passed_over += 1
        until = _session_hold(event, session, now)
        touch(event, registration)
        if registration.offered_until is not None:  # one yes is enough: it goes with the offer of the event's own place
            take_session(event, registration, session, wait)
            continue
        if until is None:
            take_session(event, registration, session, wait)
            _tell_of(event, registration, session, "session_promoted")
            continue
        session.places_taken += wait.size
        wait.offered_until = until
        _remember(event, until)
        _tell_of(event, registration, session, "session_offered", until=micros(until))


def take_session(event: Event, registration: Registration, session: EventSession, wait: SessionWait) -> None:
    """Turn a place in a session's line, held or not, into places of the party."""
    size = min(wait.size, registration.party_size)
    if wait.offered_until is not None:
        session.places_taken -= wait.size
    db.session.delete(wait)
    db.session.flush()
    move_session(event, registration, session, size)
    touch(event, registration)


def _session_hold(event: Event, session: EventSession, now: datetime) -> datetime | None:
    """As `hold_until`; a session that begins soon holds nothing."""
    if session.starts_at is not None and session.starts_at - now < AT_ONCE:
        return None
    return hold_until(event, now)


def _lapse(event: Event, wait: SessionWait, now: datetime) -> None:
    session = next((one for one in event.sessions if one.key == wait.session), None)
    if session is not None:
        session.places_taken -= wait.size
    wait.offered_until, wait.lapsed_at = None, now
    registration = db.session.get_one(Registration, wait.registration_id, populate_existing=True)
    touch(event, registration)
    if session is not None:
        _tell_of(event, registration, session, "session_lapsed")


def _tell_of(event: Event, registration: Registration, session: EventSession, template: str, **facts: int) -> None:
    cause = f"{template}:{registration.roster_revision}"
    messages.tell(event, registration, template, cause, must_reach=template != "session_lapsed", session=session.key, **facts)


def _offered(event: Event) -> object:
    return select(SessionWait).where(SessionWait.event_id == event.id, SessionWait.offered_until.is_not(None)).order_by(SessionWait.id)


def _remember(event: Event, until: datetime) -> None:
    event.offers_due_at = min(until, event.offers_due_at or until)


def _next_end(event: Event) -> datetime | None:
    first = select(func.min(Registration.offered_until)).where(Registration.event_id == event.id, Registration.status == "waitlisted")
    second = select(func.min(SessionWait.offered_until)).where(SessionWait.event_id == event.id)
    ends = [end for end in (db.session.scalar(first), db.session.scalar(second)) if end is not None]
    return min(ends, default=None)
