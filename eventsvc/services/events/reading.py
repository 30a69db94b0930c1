"""Reading events: one for whoever may see it, lists of them, and what pages and papers say of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from eventsvc.db import db
from eventsvc.errors import Forbidden, Invalid, Missing
from eventsvc.models import Event
from eventsvc.services.actors import Actor
from eventsvc.services.reports import EventFacts


def read(actor: Actor, slug: str) -> Event:
    """An event for anyone who may see it: published ones for all, drafts for their own organization."""
    event = db.session.scalar(select(Event).where(Event.slug == slug))
    if event is None or (event.status == "draft" and not (actor.sees(event) and actor.may("event.read", event.organization_id))):
        raise Missing
    return event


def published(now: datetime, limit: int = 100) -> list[Event]:
    """The activities that anyone may see: those to come and under way first by time, then those that are over."""
    query = select(Event).where(Event.status != "draft").order_by(Event.starts_at.desc(), Event.created_at.desc()).limit(limit)
    events = list(db.session.scalars(query))

    def rank(event: Event) -> tuple[int, float]:
        end = event.ends_at or event.starts_at
        over = event.status in {"closed", "cancelled"} or (end is not None and end < now)
        when = event.starts_at.timestamp() if event.starts_at else 0.0
        return (1, -when) if over else (0, when)

    return sorted(events, key=rank)


def listed(actor: Actor, cursor: str | None = None, limit: int = 50) -> tuple[list[Event], str | None]:
    """A page of the caller's organizations' events, newest first, and the cursor of the next."""
    if actor.kind != "system" and not actor.organizations:
        raise Forbidden
    query = select(Event).order_by(Event.created_at.desc(), Event.id.desc())
    if actor.kind != "system":
        query = query.where(Event.organization_id.in_([organization for organization, _role in actor.organizations]))
    if cursor:
        last = db.session.get(Event, cursor)
        if last is None or not actor.sees(last):
            raise Invalid.one("cursor", "cursor", "翻页位置已失效，请从头看起")
        query = query.where(
            (Event.created_at < last.created_at) | ((Event.created_at == last.created_at) & (Event.id < last.id))
        )
    rows = list(db.session.scalars(query.limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


def facts(event: Event) -> EventFacts:
    """What the brief, the calendar and the pages say of an event."""
    return EventFacts(
        slug=event.slug,
        title=event.title,
        short_title=event.short_title,
        kind=event.kind,
        status=event.status,
        host=event.host,
        undertaker=event.undertaker,
        co_host=event.co_host,
        venue=event.venue,
        contact_phone=event.contact_phone,
        zone=event.timezone,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        date_text=event.date_text,
        demo=event.demo,
        year_inferred=event.year_inferred,
        rehearsal=event.rehearsal,
    )
