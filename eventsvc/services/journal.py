"""The audit journal: one verb, `note`, called inside the transaction of the deed itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from eventsvc.db import db
from eventsvc.models import AuditEntry, Event
from eventsvc.ports import clock
from eventsvc.services.actors import Actor


def note(actor: Actor, action: str, event: Event | None = None, organization_id: str | None = None, **detail: Any) -> None:
    """Write down who did what; no names and no phone numbers in ``detail``."""
    db.session.execute(insert(AuditEntry), [_entry(actor, action, event, event.organization_id if event else organization_id, detail)])


def note_each(actor: Actor, action: str, event: Event, registrations: Sequence[str]) -> None:
    """The same for each of these registrations, written together."""
    entries = [_entry(actor, action, event, event.organization_id, {"registration": one}) for one in registrations]
    if entries:
        db.session.execute(insert(AuditEntry), entries)


def _entry(actor: Actor, action: str, event: Event | None, organization_id: str | None, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "organization_id": organization_id,
        "event_id": event.id if event else None,
        "registration_id": detail.get("registration"),
        "role": actor.role_in(organization_id),
        "actor": actor.name,
        "action": action,
        "detail": detail,
        "at": clock.now(),
    }


def recent(organization_id: str, limit: int = 100) -> list[AuditEntry]:
    """The latest entries of an organization, newest first; who looked at whom stands with the person (services/rights)."""
    query = select(AuditEntry).where(AuditEntry.organization_id == organization_id, AuditEntry.action != "registration.view").order_by(AuditEntry.id.desc()).limit(limit)
    return list(db.session.scalars(query))
