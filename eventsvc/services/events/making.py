"""Making an event from a document and changing what a document names; arrays are replaced whole, rows of keys that stay are kept."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Forbidden, Invalid
from eventsvc.models import Area, Checkpoint, Counter, Event, EventSession, Record, Registration, SessionWait, Unit
from eventsvc.ports import clock
from eventsvc.services import event_document, journal, messages, organizations, registrations, spares
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.event_document import EventDocument
from eventsvc.services.events.times import LATER, move, time_and_place, times_of

_PLAIN = (
    "title", "short_title", "kind", "host", "undertaker", "co_host", "venue", "contact_phone", "description", "timezone",
    "starts_at", "ends_at", "date_text", "participation",
)  # fmt: skip


@transaction
def create(actor: Actor, data: Any, organization_id: str | None = None) -> Event:
    """Make a draft from a document. Raises Forbidden, Invalid with every fault, or Conflict ``slug_taken``."""
    organization_id = organization_id or organizations.organization_of(actor)
    if not actor.may("event.create", organization_id):
        raise Forbidden
    document = event_document.parse(data)
    now = clock.now()
    if db.session.scalar(select(Event.id).where(Event.slug == document.slug)):
        raise _taken(document.slug)
    event = Event(
        id=str(uuid.uuid4()), organization_id=organization_id, slug=document.slug, status="draft", created_at=now,
        places_taken=0, desk_taken=0, next_seq=1, roster_revision=0, epoch=1, revision=0, rehearsal=False, demo=False, year_inferred=False,
        ticked=[],
    )  # fmt: skip
    _apply(event, document, now)
    db.session.add(event)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise _taken(document.slug) from error
    journal.note(actor, "event.create", event)
    return event


def _taken(slug: str) -> Conflict:
    return Conflict("slug_taken", "网址“{slug}”已被使用，请换一个", slug=slug)


@transaction
def change(actor: Actor, slug: str, data: Any) -> Event:
    """Change what ``data`` names; arrays are replaced whole. Raises Conflict ``key_in_use`` where a removed key has records."""
    event = load_event(actor, slug, "event.edit", lock="change")
    registrations.settle(event)
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    whole = event_document.dump(event)
    registration = data.get("registration")
    if registration is not None and isinstance(registration, dict):
        data = {**data, "registration": {**whole["registration"], **registration}}
    document = event_document.parse({**whole, **data})
    if document.slug != event.slug:
        if event.status != "draft":
            raise Invalid.one("slug", "fixed", "发布以后网址不能再改")
        if db.session.scalar(select(Event.id).where(Event.slug == document.slug)):
            raise _taken(document.slug)
        event.slug = document.slug
    _check_keys(event, document)
    if document.registration.capacity is not None and document.registration.capacity < event.places_taken:
        raise Invalid.one("registration.capacity", "below_taken", "已确认{taken}位，名额不能更少", taken=event.places_taken)
    before, times_before = time_and_place(event), {part: times_of(part) for part in (event, *event.sessions, *event.checkpoints)}
    _apply(event, document, clock.now())
    if event.starts_at and event.postponed_from:  # the new time of a postponed event: what was left as it was moves along
        move(event, event.starts_at - event.postponed_from, {part: times for part, times in times_before.items() if times_of(part) == times})
        event.date_text = None if event.date_text == LATER else event.date_text
        event.postponed_from = event.postponed_until = None
    db.session.flush()
    if event.status == "published" and time_and_place(event) != before:
        messages.tell_all(event, "moved", f"moved:{event.revision}")
    registrations.promote(event)
    spares.fill(event)
    journal.note(actor, "event.edit", event, fields=sorted(key for key in data if key in whole))
    return event


def _check_keys(event: Event, document: EventDocument) -> None:
    """A checkpoint, counter or session that has records or registrations keeps its key."""
    gone = {c.key for c in event.checkpoints} - {c.key for c in document.checkpoints}
    if gone and db.session.scalar(select(Record.id).where(Record.event_id == event.id, Record.checkpoint.in_(gone)).limit(1)):
        raise Conflict("key_in_use", "有签到记录的签到点不能删除")
    gone = {c.key for c in event.counters} - {c.key for c in document.counters}
    if gone and db.session.scalar(select(Record.id).where(Record.event_id == event.id, Record.counter.in_(gone)).limit(1)):
        raise Conflict("key_in_use", "有记录的计数项不能删除")
    gone = {s.key for s in event.sessions} - {s.key for s in document.sessions}
    if gone:
        chosen = db.session.scalars(select(Registration.sessions).where(Registration.event_id == event.id))
        waited = select(SessionWait.id).where(SessionWait.event_id == event.id, SessionWait.session.in_(gone)).limit(1)
        if any(gone.intersection(keys) for keys in chosen) or db.session.scalar(waited):
            raise Conflict("key_in_use", "有人报名的场次不能删除")
    gone = {u.key for u in event.units} - {u.key for u in document.units}
    if gone and db.session.scalar(select(Registration.id).where(Registration.event_id == event.id, Registration.unit.in_(gone)).limit(1)):
        raise Conflict("key_in_use", "已有人代表报名的单位不能删除")
    for session in event.sessions:
        capacity = next((s.capacity for s in document.sessions if s.key == session.key), None)
        if capacity is not None and capacity < session.places_taken:
            raise Invalid.one(
                "sessions", "below_taken", "“{name}”已确认{taken}位，名额不能更少", name=session.name, taken=session.places_taken
            )


def _apply(event: Event, document: EventDocument, now: datetime) -> None:
    for name in _PLAIN:
        setattr(event, name, getattr(document, name))
    registration = document.registration
    event.registration_open = registration.open
    event.registration_opens_at = registration.opens_at
    event.registration_closes_at = registration.closes_at
    event.capacity = registration.capacity
    event.max_party = registration.max_party
    event.waitlist = registration.waitlist
    event.approval = registration.approval
    event.hold_hours = registration.hold_hours
    event.reserve = registration.reserve
    event.waitlist_rule = registration.waitlist_rule
    event.no_show_rule = registration.no_show_rule
    event.retention_days = registration.retention_days
    event.members = registration.members
    event.per_phone = registration.per_phone
    event.questions = [question.model_dump() for question in registration.questions]
    _merge(event.areas, Area, [part.model_dump() for part in document.areas])
    _merge(event.sessions, EventSession, [part.model_dump() for part in document.sessions])
    _merge(event.checkpoints, Checkpoint, [part.model_dump() for part in document.checkpoints])
    counters = []
    for part in document.counters:
        row = part.model_dump(exclude={"reported"}) | {"unit": part.unit or "", "verb": part.verb or ""}
        row["reported_value"] = part.reported.value if part.reported else None
        row["reported_qualifier"] = part.reported.qualifier if part.reported else None
        row["reported_source"] = part.reported.source if part.reported else None
        counters.append(row)
    _merge(event.counters, Counter, counters)
    _merge(event.units, Unit, [part.model_dump() for part in document.units])
    event.updated_at = now
    event.revision = (event.revision or 0) + 1


def _merge(parts: list[Any], model: type, wanted: list[dict[str, Any]]) -> None:
    """Make a collection what is wanted, keeping the rows (and the places taken) of keys that stay."""
    known = {part.key: part for part in parts}
    fresh = []
    for position, values in enumerate(wanted):
        part = known.get(values["key"]) or model()
        for name, value in values.items():
            setattr(part, name, value)
        part.position = position
        if model is EventSession and part.places_taken is None:
            part.places_taken = 0
        fresh.append(part)
    parts[:] = fresh
