"""Who of the organization saw a person's data: kept when it happens, told to the person by post and role, never by name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from eventsvc.db import db, end_reading, transaction
from eventsvc.models import AuditEntry, Event, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor, load_event

AGAIN = timedelta(hours=1)  # whoever opens a page again within the hour has looked once
WHOLE_LIST = ("registration.export", "calls.read")  # these concerned everybody who was on the list then
OWN = ("registration.view", "registration.edit", "registration.approve", "registration.cancel", "registration.restore", "registration.reissue",
       "registration.block", "registration.unblock", "registration.paused", "registration.excused", "registration.accept", "registration.sessions",
       "registration.reveal", "slip.name", "calls.tick", "rights.copy", "rights.correct", "rights.erase")  # fmt: skip
MOST = 200


@dataclass(frozen=True)
class Access:
    """One time that somebody had the data in hand: when, in which role (``owner`` · ``editor`` · ``viewer`` · ``device`` · ``program`` ·
    ``system`` · ``self``), what they did; ``plain``: of an export, whether names and numbers were whole."""

    at: datetime
    role: str
    action: str
    plain: bool | None = None


def look(actor: Actor, slug: str, registration_id: str) -> tuple[Event, Registration, Person | None]:
    """One registration with its person for the organizers; whoever sees it whole is written down. Raises Missing, Forbidden."""
    event, found, person = registrations.read(actor, slug, registration_id)
    if person is not None and actor.kind == "member" and actor.may("registration.edit", event.organization_id) and not _seen_lately(actor, found):
        end_reading()
        _keep(actor, slug, registration_id)
        return registrations.read(actor, slug, registration_id)
    return event, found, person


def _seen_lately(actor: Actor, registration: Registration) -> bool:
    mine = select(AuditEntry.at).where(AuditEntry.registration_id == registration.id, AuditEntry.actor == actor.name, AuditEntry.action == "registration.view")
    last = db.session.scalar(mine.order_by(AuditEntry.id.desc()).limit(1))
    return last is not None and last > clock.now() - AGAIN


@transaction
def _keep(actor: Actor, slug: str, registration_id: str) -> None:
    journal.note(actor, "registration.view", load_event(actor, slug, "registration.list"), registration=registration_id)


def accesses(registration: Registration) -> list[Access]:
    """Every time since the registration, newest first: what concerned this party, and every list that it was on."""
    own = (AuditEntry.registration_id == registration.id) & AuditEntry.action.in_(OWN)
    lists = (AuditEntry.event_id == registration.event_id) & AuditEntry.action.in_(WHOLE_LIST) & (AuditEntry.at >= registration.created_at)
    until = registration.erased_at
    rows = [*_latest(own), *_latest(lists)]
    rows = [row for row in rows if until is None or row.at <= until]
    return [_access(row) for row in sorted(rows, key=lambda row: row.id, reverse=True)[:MOST]]


def _latest(condition: object) -> list[AuditEntry]:
    return list(db.session.scalars(select(AuditEntry).where(or_(condition)).order_by(AuditEntry.id.desc()).limit(MOST)))  # type: ignore[arg-type]


def _access(row: AuditEntry) -> Access:
    kind, _, rest = row.actor.partition(":")
    role = "self" if kind == "public" else kind if kind in {"device", "system"} else "program" if rest.startswith("token:") else row.role or "member"
    return Access(row.at, role, row.action, row.detail.get("plain"))
