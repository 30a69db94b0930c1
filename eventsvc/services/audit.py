"""What an owner reads in the journal: who did what to which event; names are looked up when shown, never written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Forbidden
from eventsvc.models import AccessToken, Event, User
from eventsvc.services import finalizing, journal, records
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.reports import Report


@dataclass(frozen=True)
class AuditLine:
    """One entry: when, who (a name, or the kind of caller), what, and the event if it concerned one."""

    at: datetime
    who: str
    action: str
    slug: str | None
    title: str | None
    detail: dict[str, Any]
    about: str = ""  # whom it concerned, where that was a member


def recent(actor: Actor, limit: int = 100) -> list[AuditLine]:
    """The latest entries of the organizations that the actor owns, newest first. Raises Forbidden."""
    owned = [organization for organization, _role in actor.organizations if actor.may("organization.manage", organization)]
    if not owned:
        raise Forbidden
    entries = [entry for organization in owned for entry in journal.recent(organization, limit)]
    entries = sorted(entries, key=lambda entry: entry.id, reverse=True)[:limit]
    concerned = {f"member:user:{entry.detail['user']}" for entry in entries if entry.detail.get("user")}
    found = names({entry.actor for entry in entries} | concerned)
    about = select(Event.id, Event.slug, Event.title).where(Event.id.in_({entry.event_id for entry in entries if entry.event_id}))
    events = {row.id: row for row in db.session.execute(about)}
    lines = []
    for entry in entries:
        event = events.get(entry.event_id or "")
        who = found.get(entry.actor, entry.actor.partition(":")[0])
        about = found.get(f"member:user:{entry.detail.get('user')}", "")
        lines.append(AuditLine(entry.at, who, entry.action, event and event.slug, event and event.title, entry.detail, about))
    return lines


def names(actors: set[str]) -> dict[str, str]:
    """What people call the callers: a user's name or address, a token's label."""
    users = {name.removeprefix("member:user:"): name for name in actors if name.startswith("member:user:")}
    tokens = {name.removeprefix("member:token:"): name for name in actors if name.startswith("member:token:")}
    found = {}
    for row in db.session.execute(select(User.id, User.name, User.email).where(User.id.in_(users))):
        found[users[row.id]] = row.name or row.email
    for row in db.session.execute(select(AccessToken.id, AccessToken.label).where(AccessToken.id.in_(tokens))):
        found[tokens[row.id]] = row.label or "token"
    return found


@transaction
def take_out(actor: Actor, slug: str, kind: str) -> Report:
    """The report for somebody who takes it out of the house (``txt``, ``xlsx``, ``json``); the journal keeps that it was done."""
    event = load_event(actor, slug, "report.read")
    journal.note(actor, "report.export", event, kind=kind)
    return finalizing.of_event(event)


@transaction
def take_back(actor: Actor, slug: str, record: dict[str, Any]) -> dict[str, Any]:
    """Hand an organizer's undo to the records door and keep in the journal that it was done; the door's answer."""
    event = load_event(actor, slug, "record.undo")
    result = records.submit(actor, slug, {"records": [record]})["results"][0]
    if result["status"] == "recorded":
        journal.note(actor, "record.undo", event, record=record["undoes"])
    return result
