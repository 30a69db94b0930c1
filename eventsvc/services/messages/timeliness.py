"""When a message is still true, and when a text message may ring."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from eventsvc.db import db, micros
from eventsvc.models import Event, Message, Registration, SessionWait
from eventsvc.services.messages.outbox import URGENT

QUIET_FROM, QUIET_TO = time(21, 0), time(8, 0)  # in the event's zone
NEEDS = {
    "confirmed": "confirmed", "promoted": "confirmed", "reminder": "confirmed", "waitlisted": "waitlisted", "cancelled": "cancelled",
    "offered": "waitlisted", "lapsed": "cancelled", "to_approve": "pending",
}  # fmt: skip


def stale(message: Message, registration: Registration, event: Event, now: datetime) -> str | None:
    """Why a message is no longer worth sending, as a code, or None: ``changed`` (what it says is no longer so) or ``over``."""
    end = event.ends_at or event.starts_at
    if end is not None and now >= end and not event.rehearsal:
        return "over"
    if event.status == "cancelled":
        return None if message.template in {"event_cancelled", "cancelled"} and _stands(message, registration) else "changed"
    if message.template == "event_cancelled" or not _stands(message, registration):
        return "changed"
    if message.template == "reminder" and (event.starts_at is None or micros(event.starts_at) != message.facts.get("starts_at")):
        return "changed"
    return None


def _stands(message: Message, registration: Registration) -> bool:
    wanted, until, session = NEEDS.get(message.template), message.facts.get("until"), message.facts.get("session")
    if message.template == "waitlisted" and registration.offered_until is not None:
        return False
    if message.template == "offered" and (registration.offered_until is None or micros(registration.offered_until) != until):
        return False
    if message.template == "session_promoted" and session not in registration.sessions:
        return False
    if message.template == "session_offered":
        held = select(SessionWait.offered_until).where(SessionWait.registration_id == registration.id, SessionWait.session == session)
        end = db.session.scalar(held)
        return end is not None and micros(end) == until
    return registration.status == wanted if wanted else registration.status != "cancelled"


def awake(message: Message, event: Event, now: datetime) -> datetime:
    """From when a text message may ring: now, or eight in the morning; what concerns this very day also at night."""
    here = now.astimezone(ZoneInfo(event.timezone))
    if QUIET_TO <= here.time() < QUIET_FROM or (message.template in URGENT and _is_near(message, event, here)):
        return now
    morning = here if here.time() < QUIET_TO else here + timedelta(days=1)
    return morning.replace(hour=QUIET_TO.hour, minute=QUIET_TO.minute, second=0, microsecond=0)


def _is_near(message: Message, event: Event, here: datetime) -> bool:
    """Whether people would come within twelve hours: of a postponed event the old time counts, not the new one."""
    known = message.facts.get("was", micros(event.starts_at) if event.starts_at else None)
    if known is None:
        return False
    return -6 <= (known - micros(here)) / 3_600_000_000 <= 12
