"""The times of an event and of its parts, and how they move together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from eventsvc.models import Checkpoint, Event, EventSession
from eventsvc.ports import clock

LATER = "延期，时间另行通知"
_TIMES = {Event: ("registration_opens_at", "registration_closes_at"), EventSession: ("starts_at", "ends_at"), Checkpoint: ("opens_at", "closes_at")}


def time_and_place(event: Event) -> tuple[object, ...]:
    """What people have to know to come: whoever registered is told when it changes."""
    return event.starts_at, event.date_text, event.venue


def times_of(part: Any) -> list[datetime | None]:
    """The times of its own that an event's registration, a session or a checkpoint has."""
    return [getattr(part, name) for name in _TIMES[type(part)]]


def move(event: Event, shift: timedelta, only: Any = None) -> None:
    """Registration, sessions and checkpoints with times of their own move along, else every gate would be shut on the new day."""
    for part in (event, *event.sessions, *event.checkpoints):
        if only is None or part in only:
            for name, value in zip(_TIMES[type(part)], times_of(part), strict=True):
                if value is not None and (name != "registration_opens_at" or value > clock.now()):  # what has opened stays open
                    setattr(part, name, value + shift)
