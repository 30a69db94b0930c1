"""The reminder of the evening before: written once for every event, at its hour, to whoever was confirmed by then."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, select

from eventsvc.db import db, micros, transaction
from eventsvc.models import Event, Message, Registration
from eventsvc.ports import clock
from eventsvc.services.actors import SYSTEM, load_event
from eventsvc.services.messages import channels
from eventsvc.services.messages.outbox import tell_all


def due_at(event: Event) -> datetime | None:
    """When people are reminded of an event: the hour that is set, on the day before it starts, in its zone; None: never."""
    hour = channels.remind_at()
    if hour is None or event.starts_at is None:
        return None
    local = event.starts_at.astimezone(ZoneInfo(event.timezone))
    return datetime.combine(local.date() - timedelta(days=1), hour, local.tzinfo)


def write() -> int:
    """Write the reminders that are due now; how many."""
    if not channels.any_is_on():
        return 0
    now = clock.now()
    soon = select(Event).where(Event.status == "published", Event.starts_at > now, Event.starts_at < now + timedelta(days=2))
    due = [event.slug for event in db.session.scalars(soon.order_by(Event.slug)) if (at := due_at(event)) and at <= now]
    return sum(_remind(slug) for slug in due)


@transaction
def _remind(slug: str) -> int:
    event = load_event(SYSTEM, slug, "event.edit", lock="share")
    at = due_at(event)
    if event.status != "published" or event.starts_at is None or at is None or at > clock.now():
        return 0
    cause = f"reminder:{event.starts_at:%Y%m%dT%H%MZ}"
    if db.session.scalar(select(exists().where(Message.event_id == event.id, Message.cause == cause))):
        return 0
    told = and_(Registration.status == "confirmed", Registration.blocked.is_(False), Registration.created_at < at)
    return tell_all(event, "reminder", cause, must_reach=False, only=told, starts_at=micros(event.starts_at))
