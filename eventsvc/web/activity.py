"""An activity as the resident pages show it: its facts, its places, its programme, and what can be done now."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from eventsvc.ports import clock
from eventsvc.services import events, registrations
from eventsvc.services.questions import SENSITIVE
from eventsvc.services.reports import EventFacts
from eventsvc.web import filters

BY_INVITATION = {"meeting", "tour"}  # without a form these are closed, not open to all comers


@dataclass(frozen=True)
class Activity(EventFacts):
    """`EventFacts` and what residents ask about; ``registration_state`` is as in templates/events/page.html."""

    registration_state: str = "open"
    ended_early: bool = False  # closed by its organizers before the day it was to be
    places_left: int | None = None
    capacity: int | None = None
    max_party: int = 1
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    description: str | None = None
    retention_days: int = 180
    waiting: int = 0
    areas: tuple[dict[str, Any], ...] = ()
    sessions: tuple[dict[str, Any], ...] = ()
    members: str = "number"
    sealed: tuple[tuple[str, str], ...] = ()  # questions whose answers are encrypted, and why they are asked
    questions: tuple[str, ...] = field(default_factory=tuple)

    @property
    def is_past(self) -> bool:
        """Whether it stands below, among those that are over."""
        return self.registration_state == "over" or self.status in {"closed", "cancelled"}


def of(event: Any) -> Activity:
    """What a list says of an event: no programme, no stalls."""
    return Activity(**_facts(event), **_places(event))


def whole(event: Any, **changes: Any) -> Activity:
    """Everything that the event's own page says; ``changes`` overrides, as the state that a refusal found."""
    state = _places(event)
    more: dict[str, Any] = {
        "opens_at": event.registration_opens_at,
        "closes_at": event.registration_closes_at or event.ends_at,
        "description": event.description,
        "retention_days": event.retention_days,
        "waiting": registrations.waiting(event) if state["registration_state"] == "waitlist" else 0,
        "areas": tuple({name: getattr(area, name) for name in ("key", "name", "kind", "parent", "note")} for area in event.areas),
        "sessions": tuple(_sessions(event)),
        "members": event.members,
        "sealed": tuple((q["label"], q.get("reason") or "") for q in event.questions if q["type"] in SENSITIVE),
        "questions": tuple(question["label"] for question in event.questions),
    }
    return Activity(**{**_facts(event), **state, **more, **changes})


def _facts(event: Any) -> dict[str, Any]:
    facts = events.facts(event)
    return {known.name: getattr(facts, known.name) for known in fields(EventFacts)}


def _places(event: Any) -> dict[str, Any]:
    state = _state(event)
    return {
        "registration_state": state,
        "ended_early": state == "over" and _ended_early(event),
        "places_left": 0 if state == "waitlist" else registrations.places_left(event),  # while anyone waits, later ones wait
        "capacity": event.capacity,
        "max_party": event.max_party,
    }


def _ended_early(event: Any) -> bool:
    return event.status == "closed" and event.starts_at is not None and (event.closed_at or clock.now()) < event.starts_at


def _state(event: Any) -> str:
    now = clock.now()
    found = registrations.state(event, now)
    ended = event.status == "closed" or (event.ends_at is not None and now >= event.ends_at and not event.rehearsal)
    if found in {"draft", "cancelled"}:
        return found
    if ended:
        return "over"
    if not event.registration_open and event.next_seq == 1 and event.kind not in BY_INVITATION:
        return "none"  # nobody could ever register: one just comes
    return {"not_open_yet": "not_yet"}.get(found, found)


def _sessions(event: Any) -> list[dict[str, Any]]:
    """The sessions with their day, where they are not all on one."""
    days = {filters.local(session.starts_at, event.timezone).date() for session in event.sessions if session.starts_at}
    lines = registrations.sessions_waited_for(event) if event.sessions else {}
    shown = []
    for session in event.sessions:
        day = filters.day(session.starts_at, event.timezone, year=False) if session.starts_at and len(days) > 1 else ""
        left = None if session.capacity is None else 0 if session.key in lines else max(0, session.capacity - session.places_taken)
        row = {name: getattr(session, name) for name in ("key", "name", "area", "starts_at", "ends_at", "capacity", "waitlist")}
        shown.append({**row, "day": day, "places_left": left})
    return shown
