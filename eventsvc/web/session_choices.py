"""The sessions of an event as a party's ticket shows them: what it has, what it waits for, what may be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventsvc.ports import clock
from eventsvc.services import registrations
from eventsvc.web import filters


@dataclass(frozen=True)
class SessionChoice:
    """A session as the ticket shows it: what the party has there, how it is filled, and what may be chosen."""

    key: str
    name: str
    when: str
    size: int  # chosen now: people who have places, or who wait
    left: int | None
    position: int | None  # in its line
    offered_until: datetime | None
    waits: bool
    lapsed: bool
    full: bool  # whoever chooses it now waits
    open: bool  # may be chosen


def choices(event: Any, registration: Any, typed: dict[str, int] | None = None) -> list[SessionChoice]:
    """Every session with places of its own or chosen by the party; ``typed``: what was sent and refused."""
    waits = {wait.session: wait for wait in registrations.session_waits(registration)}
    lines = registrations.sessions_waited_for(event)
    now = clock.now()
    shown = []
    for session in event.sessions:
        wait = waits.get(session.key)
        mine = session.key in registration.sessions
        left = None if session.capacity is None else max(0, session.capacity - session.places_taken)
        held = wait is not None and wait.offered_until is not None and wait.offered_until > now
        size = registrations.size_in(registration, session.key) if mine else wait.size if wait is not None and wait.lapsed_at is None else 0
        full = not mine and left is not None and (left == 0 or bool(lines.get(session.key)))
        shown.append(
            SessionChoice(
                session.key, session.name, _when(event, session), (typed or {}).get(session.key, size), left,
                registrations.session_position(wait) if wait is not None else None, wait.offered_until if held and wait else None,
                wait is not None and wait.lapsed_at is None and not held, wait is not None and wait.lapsed_at is not None, full,
                mine or wait is not None or not full or session.waitlist,
            )
        )  # fmt: skip
    return shown


def _when(event: Any, session: Any) -> str:
    if session.starts_at is None:
        return ""
    days = {filters.local(one.starts_at, event.timezone).date() for one in event.sessions if one.starts_at}
    day = filters.day(session.starts_at, event.timezone, year=False) if len(days) > 1 else ""
    return " ".join(part for part in (day, filters.times(session.starts_at, session.ends_at, event.timezone)) if part)
