"""Choosing sessions after registering, and saying yes to a place that is held."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from eventsvc.db import transaction
from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.models import Event, EventSession, Registration
from eventsvc.ports import clock
from eventsvc.services import journal
from eventsvc.services.actors import Actor
from eventsvc.services.registrations.arrivals import used_at
from eventsvc.services.registrations.changing import change, load
from eventsvc.services.registrations.line import come, promote_session, take_session
from eventsvc.services.registrations.places import (
    CLOSED,
    free_sessions,
    has_room,
    holds_places,
    leave_lines,
    move_session,
    position,
    session_waits,
    size_in,
    state,
    touch,
    wait_for_session,
)
from eventsvc.services.registrations.arriving import full
from eventsvc.services.registrations.registering import Registered
from eventsvc.services.registrations.sessions import clashes, read


@transaction
def choose_sessions(actor: Actor, slug: str, registration_id: str, wanted: Any, may_wait_for: Iterable[str] | None = None) -> Registered:
    """Make the party's sessions what ``wanted`` says: {key: people}, a session that is not named or has 0 is left.

    ``may_wait_for``: keys of full sessions whose line will do (None: any). Raises Invalid with every fault, Conflict.
    """
    event, registration = load(actor, slug, registration_id, "registration.edit")
    if registration.status == "cancelled":
        raise Conflict("registration_cancelled", "这份报名已取消")
    if registration_id in actor.holds and (closed := CLOSED.get(state(event, clock.now()))):
        raise Conflict(*closed)
    sizes = _read(event, registration, wanted)
    if not holds_places(registration) or registration.offered_until is not None:
        if registration.offered_until is not None:
            raise Conflict("offered", "先确认要不要来，再选场次")
        registration.sessions = list(sizes)
        registration.session_sizes = {key: size for key, size in sizes.items() if size < registration.party_size}
    else:
        _move(event, registration, sizes, may_wait_for)
    touch(event, registration)
    journal.note(actor, "registration.sessions", event, registration=registration.id)
    return Registered(registration, event.timezone, position(registration))


def _read(event: Event, registration: Registration, wanted: Any) -> dict[str, int]:
    known = {session.key for session in event.sessions}
    if not isinstance(wanted, dict) or any(key not in known for key in wanted):
        raise Invalid.one("sessions", "unknown_key", "没有这个场次")
    faults = [
        Fault(f"session_sizes.{key}", "number", "去这个场次的人数应为1到{most}位", {"most": registration.party_size})
        for key, size in wanted.items()
        if type(size) is not int or not 0 <= size <= registration.party_size
    ]
    if faults:
        raise Invalid(faults)
    sizes = {session.key: wanted[session.key] for session in event.sessions if wanted.get(session.key)}
    if faults := clashes(event, sizes, registration.party_size):
        raise Invalid(faults)
    return sizes


def _move(event: Event, registration: Registration, sizes: dict[str, int], may_wait_for: Iterable[str] | None) -> None:
    """First everything that is given back, then what is taken; the lines move last, so that nobody is overtaken."""
    inside = _inside(event, registration)
    waits = {wait.session: wait for wait in session_waits(registration)}
    may = None if may_wait_for is None else set(may_wait_for)
    faults: list[Fault] = []
    freed: list[EventSession] = []
    grow: list[tuple[EventSession, int]] = []
    for session in event.sessions:
        had = size_in(registration, session.key) if session.key in registration.sessions else 0
        size = sizes.get(session.key, 0)
        wait = waits.get(session.key)
        if size < min(inside.get(session.key, 0), had):
            faults.append(Fault("sessions", "already_in", "“{name}”已有{inside}位进场，不能再少", {"name": session.name, "inside": inside[session.key]}))
        elif size < had:
            move_session(event, registration, session, size)
            freed.append(session)
        elif size > had:
            grow.append((session, size))
        if wait is not None and (size == 0 or (had == 0 and wait.lapsed_at is not None)):
            freed += [session] if wait.offered_until is not None or wait.lapsed_at is None else []
            leave_lines(event, registration, key=session.key)
            waits.pop(session.key)
    for session, size in grow:
        had = size_in(registration, session.key) if session.key in registration.sessions else 0
        wait = waits.get(session.key)
        if wait is not None:
            if wait.offered_until is None or size <= wait.size:
                if wait.offered_until is not None:
                    session.places_taken -= wait.size - size
                freed += [session] if size < wait.size else []
                wait.size = size
            else:
                faults.append(full(event, session, size))
        elif has_room(event, session, size - had):
            move_session(event, registration, session, size)
        elif had == 0 and session.waitlist and (may is None or session.key in may):
            wait_for_session(event, registration, session.key, size)
        else:
            faults.append(full(event, session, size - had))
    if faults:
        names = free_sessions(event, 1, [*sizes])
        raise Invalid([*faults, *([Fault("sessions", "sessions_free", "还有名额的场次：{names}", {"names": "、".join(names)})] if names else [])])
    for session in freed:
        promote_session(event, session)


def _inside(event: Event, registration: Registration) -> dict[str, int]:
    """How many of the party came in at the checkpoints of each session."""
    used = used_at(event, registration)
    inside: dict[str, int] = {}
    for checkpoint in event.checkpoints:
        if len(checkpoint.sessions) == 1 and used.get(checkpoint.key):
            [key] = checkpoint.sessions
            inside[key] = max(inside.get(key, 0), used[checkpoint.key])
    return inside


def accept(actor: Actor, slug: str, registration_id: str, session_key: str | None = None) -> Registered:
    """Take up a place that is held, of the event or of a session; saying it twice is fine. Raises Conflict ``offer_over``."""
    try:
        return _accept(actor, slug, registration_id, session_key)
    except Conflict:
        _pass_on(actor, slug, registration_id)  # the refusal rolled that back
        raise


@transaction
def _pass_on(actor: Actor, slug: str, registration_id: str) -> None:
    load(actor, slug, registration_id, "registration.edit")


@transaction
def _accept(actor: Actor, slug: str, registration_id: str, session_key: str | None) -> Registered:
    event, registration = load(actor, slug, registration_id, "registration.edit")
    if session_key is None:
        if registration.status == "waitlisted" and registration.offered_until is not None:
            come(event, registration)
            journal.note(actor, "registration.accept", event, registration=registration.id)
        elif registration.status not in {"confirmed", "pending"}:
            raise Conflict("offer_over", "确认的时限过了，名额已经给了后面的人；还想来可以重新排队")
        return Registered(registration, event.timezone, position(registration))
    wait = next((wait for wait in session_waits(registration) if wait.session == session_key), None)
    if wait is not None and wait.offered_until is not None:
        session = next(one for one in event.sessions if one.key == session_key)
        take_session(event, registration, session, wait)
        journal.note(actor, "registration.accept", event, registration=registration.id, session=session_key)
    elif session_key not in registration.sessions:
        raise Conflict("offer_over", "确认的时限过了，名额已经给了后面的人；还想来可以重新排队")
    return Registered(registration, event.timezone, position(registration))


@transaction
def revise(actor: Actor, slug: str, registration_id: str, data: Any) -> Registered:
    """`change` and, where ``sessions`` are named, `choose_sessions`, both or neither; their size follows ``session_sizes``, else the party."""
    done = change(actor, slug, registration_id, data)
    if "sessions" not in data:
        return done
    event, _registration = load(actor, slug, registration_id, "registration.edit")
    chosen, faults = read(data, event, done.registration.party_size)
    if faults:
        raise Invalid(faults)
    wanted = {key: chosen.sizes.get(key, done.registration.party_size) for key in chosen.keys}
    return choose_sessions(actor, slug, registration_id, wanted, chosen.may_wait_for)
