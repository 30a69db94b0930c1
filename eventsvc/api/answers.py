"""What the verbs return as plain JSON values: one function a noun, times with the event's own offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from eventsvc.ports import clock
from eventsvc.services import devices as phones, questions
from eventsvc.services import event_document, imports, links, quarantine, registrations
from eventsvc.services.persons import mask_name, mask_phone
from eventsvc.services.reports import Figures, Frozen


def moment(at: datetime | None, zone: str) -> str | None:
    """RFC 3339 with the offset of an IANA zone."""
    return at.astimezone(ZoneInfo(zone)).isoformat() if at is not None else None


def event(of: Any) -> dict[str, Any]:
    """The event's document, its address, and what residents see of its places."""
    return {
        **event_document.dump(of),
        "url": links.event(of.slug),
        "places_left": registrations.places_left(of),
        "registration_state": registrations.state(of, clock.now()),
    }


def registered(made: registrations.Registered) -> dict[str, Any]:
    """A registration as its holder needs it."""
    registration = made.registration
    return {
        "id": registration.id,
        "status": registration.status,
        "party_size": registration.party_size,
        **_secrets(registration),
        "waitlist_position": made.waitlist_position,
        "sessions": registration.sessions,
        "waiting_sessions": session_lines(registration, made.timezone) if made.in_lines else [],
    }


def session_lines(of: Any, zone: str) -> list[dict[str, Any]]:
    """The sessions that a party waits for."""
    return [
        {
            "key": wait.session, "party_size": wait.size, "position": registrations.session_position(wait),
            "offered_until": moment(wait.offered_until, zone),
        }
        for wait in registrations.session_waits(of)
        if wait.lapsed_at is None
    ]  # fmt: skip


def registration(of: Any, person: Any, zone: str, *, secrets: bool, asked: list[dict[str, Any]]) -> dict[str, Any]:
    """A registration as the event's members see it; ``secrets``: the whole person, code, ticket and manage token, else masked."""
    name, phone = (person.name, person.phone) if person else (None, None)
    return {
        "id": of.id,
        "status": of.status,
        "blocked": of.blocked,
        "party_size": of.party_size,
        "name": name if secrets else mask_name(name) or None,
        "phone": phone if secrets else mask_phone(phone) or None,
        "email": person.email if person and secrets else None,
        "sessions": of.sessions,
        "session_sizes": of.session_sizes or {},
        "offered_until": moment(of.offered_until, zone),
        "answers": questions.shown(asked, person.answers) if person and secrets else {},
        "unit": of.unit,
        "members": person.members if person and secrets else [],
        "guardian": person.guardian if person and secrets else None,
        "note": person.note if person and secrets else None,
        "channel": of.channel,
        "created_at": moment(of.created_at, zone),
        "updated_at": moment(of.updated_at, zone),
        "cancelled_at": moment(of.cancelled_at, zone),
        **(_secrets(of) if secrets else {}),
    }


def brought(of: imports.Brought) -> dict[str, Any]:
    """What became of each row of an import."""
    results = []
    for row, made in of.rows:
        errors = [{"field": fault.field, "code": fault.code, "message": fault.sentence()} for fault in row.faults]
        known = {"id": made.id, "registration_status": made.status, "pickup_code": made.pickup_code} if made else {}
        results.append({"row": row.number, "status": "created" if made else row.state, "errors": errors, **known})
    return {"import_id": of.import_id, "created": sum(made is not None for _row, made in of.rows), "results": results}


def _secrets(of: Any) -> dict[str, Any]:
    return {
        "code": of.code,
        "pickup_code": of.pickup_code,
        "qr_text": links.qr_text(of.code),
        "ticket_url": links.ticket(of.code),
        "manage_token": registrations.manage_token(of.id),
    }


def found(row: registrations.Found) -> dict[str, Any]:
    """A row of a look-up."""
    return {
        "ref": row.ref,
        "name": row.name,
        "phone_tail": row.phone_tail,
        "party_size": row.party_size,
        "status": row.status,
        "used": row.used,
    }


def device(of: Any, zone: str) -> dict[str, Any]:
    """A joined phone as its organizers see it."""
    return {
        "id": of.id,
        "invitation": of.invitation_id,
        "name": of.name,
        "operator": of.operator,
        "scopes": of.scopes,
        "checkpoints": of.checkpoints,
        "joined_at": moment(of.joined_at, zone),
        "last_contact": moment(of.last_seen_at, zone),
        "heard_of": phones.heard_of(of, clock.now()),
        "queued": of.queued,
        "roster_age": phones.roster_age(of, clock.now()),
        "version": of.version,
        "revoked_at": moment(of.revoked_at, zone),
    }


def invitation(of: Any, zone: str) -> dict[str, Any]:
    """An invitation as its organizers see it."""
    return {
        "id": of.id,
        "name": of.name,
        "scopes": of.scopes,
        "checkpoints": of.checkpoints,
        "max_uses": of.max_uses,
        "uses": of.uses,
        "expires_at": moment(of.expires_at, zone),
        "revoked_at": moment(of.revoked_at, zone),
        "created_at": moment(of.created_at, zone),
    }


def quarantined(of: quarantine.Waiting, zone: str) -> dict[str, Any]:
    """What one phone handed in."""
    return {
        "device": of.device_id,
        "name": of.name,
        "operator": of.operator,
        "revoked_at": moment(of.revoked_at, zone),
        "received_at": moment(of.received_at, zone),
        "first_at": moment(of.first_at, zone),
        "last_at": moment(of.last_at, zone),
        "count": of.count,
        "types": of.types,
        "faults": of.faults,
    }


def figures(of: Figures, zone: str) -> dict[str, Any]:
    """The figures by the contract's names."""
    return {
        "as_of": moment(of.as_of, zone),
        "unsynced": of.unsynced,
        "registrations": of.registrations,
        "people_registered": of.people_registered,
        "waitlisted": of.waitlisted,
        "people_admitted": of.people_admitted,
        "entries": of.entries,
        "inside": of.inside,
        "walkins": of.walkins,
        "scans": of.scans,
        "refused": of.refused,
        "conflicts": of.conflicts,
        "conflicts_unseen": of.conflicts_unseen,
        "unidentified": of.unidentified,
        "self_reported": of.self_reported,
        "quarantined": of.quarantined,
        "by_checkpoint": [
            {"key": c.key, "name": c.name, "rule": c.rule, "entrance": c.entrance, "people": c.people, "entries": c.entries, "inside": c.inside, "self_reported": c.self_reported}
            for c in of.by_checkpoint
        ],
        "by_hour": [{"hour": moment(hour, zone), "entries": count} for hour, count in of.by_hour],
        "counters": [_counter(c) for c in of.counters],
    }


def _counter(of: Any) -> dict[str, Any]:
    reported = of.reported
    return {
        "key": of.key,
        "name": of.name,
        "kind": of.kind,
        "unit": of.unit,
        "verb": of.verb,
        "total": of.total,
        "tapped": of.tapped,
        "stocktake": of.stocktake,
        "taken_in": of.taken_in,
        "taken_out": of.taken_out,
        "stock": of.stock,
        "stock_left": of.stock_left,
        "by_topic": of.by_topic,
        "reported": {"value": reported.value, "qualifier": reported.qualifier, "source": reported.source} if reported else None,
        "basis": of.basis,
        "parent": of.parent,
    }


def frozen(of: Frozen, zone: str) -> dict[str, Any]:
    """定稿: when, by which post, and the figures."""
    return {"at": moment(of.at, zone), "by": of.by, "figures": figures(of.figures, zone)}
