"""Writing an event as a document, for the API, a file, a form and a copy."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventsvc.models import Event


def dump(event: Event) -> dict[str, Any]:
    """The event as a document, times with the event's own offset; ``parse`` takes it back."""
    zone = ZoneInfo(event.timezone)

    def show(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat() if moment is not None else None

    return {
        "slug": event.slug,
        "title": event.title,
        "short_title": event.short_title,
        "kind": event.kind,
        "status": event.status,
        "host": event.host,
        "undertaker": event.undertaker,
        "co_host": event.co_host,
        "venue": event.venue,
        "contact_phone": event.contact_phone,
        "description": event.description,
        "timezone": event.timezone,
        "starts_at": show(event.starts_at),
        "ends_at": show(event.ends_at),
        "date_text": event.date_text,
        "participation": event.participation,
        "demo": event.demo,
        "rehearsal": event.rehearsal,
        "year_inferred": event.year_inferred,
        "registration": {
            "open": event.registration_open,
            "opens_at": show(event.registration_opens_at),
            "closes_at": show(event.registration_closes_at),
            "capacity": event.capacity,
            "max_party": event.max_party,
            "waitlist": event.waitlist,
            "approval": event.approval,
            "hold_hours": event.hold_hours,
            "reserve": event.reserve,
            "waitlist_rule": event.waitlist_rule,
            "no_show_rule": event.no_show_rule,
            "retention_days": event.retention_days,
            "members": event.members,
            "per_phone": event.per_phone,
            "questions": event.questions,
        },
        "areas": [{"key": a.key, "name": a.name, "kind": a.kind, "parent": a.parent, "note": a.note, "queue": a.queue} for a in event.areas],
        "sessions": [
            {
                "key": s.key,
                "name": s.name,
                "area": s.area,
                "starts_at": show(s.starts_at),
                "ends_at": show(s.ends_at),
                "capacity": s.capacity,
                "waitlist": s.waitlist,
            }
            for s in event.sessions
        ],
        "checkpoints": [
            {
                "key": c.key,
                "name": c.name,
                "area": c.area,
                "rule": c.rule,
                "entrance": c.entrance,
                "sessions": c.sessions,
                "opens_at": show(c.opens_at),
                "closes_at": show(c.closes_at),
                "by_oneself": c.by_oneself,
            }
            for c in event.checkpoints
        ],
        "counters": [
            {
                "key": c.key,
                "name": c.name,
                "kind": c.kind,
                "unit": c.unit,
                "verb": c.verb,
                "steps": c.steps,
                "stock": c.stock,
                "topics": c.topics,
                "parent": c.parent,
                "area": c.area,
                "basis": c.basis,
                "qualifier": c.qualifier,
                "reported": None
                if c.reported_value is None
                else {"value": c.reported_value, "qualifier": c.reported_qualifier, "source": c.reported_source},
            }
            for c in event.counters
        ],
        "units": [{"key": u.key, "name": u.name, "expected": u.expected} for u in event.units],
    }
