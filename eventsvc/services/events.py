"""Events: creating, changing, publishing, closing, cancelling, postponing; listing what a caller may see."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from eventsvc.db import db, micros, transaction
from eventsvc.errors import Conflict, Fault, Forbidden, Invalid, Missing
from eventsvc.models import Area, Checkpoint, Counter, Event, EventSession, Record, Registration
from eventsvc.ports import clock
from eventsvc.services import event_document, journal, messages, organizations, registrations, spares
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.event_document import EventDocument
from eventsvc.services.persons import unprintable
from eventsvc.services.record_form import moment
from eventsvc.services.reports import EventFacts

LATER = "延期，时间另行通知"
LONGEST_DATE_TEXT = 60  # characters; the column holds no more
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
        places_taken=0, next_seq=1, roster_revision=0, epoch=1, revision=0, rehearsal=False, demo=False, year_inferred=False,
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
    return Conflict("slug_taken", "网址名“{slug}”已被使用，请换一个", slug=slug)


@transaction
def change(actor: Actor, slug: str, data: Any) -> Event:
    """Change what ``data`` names; arrays are replaced whole. Raises Conflict ``key_in_use`` where a removed key has records."""
    event = load_event(actor, slug, "event.edit", lock="change")
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    whole = event_document.dump(event)
    registration = data.get("registration")
    if registration is not None and isinstance(registration, dict):
        data = {**data, "registration": {**whole["registration"], **registration}}
    document = event_document.parse({**whole, **data})
    if document.slug != event.slug:
        if event.status != "draft":
            raise Invalid.one("slug", "fixed", "发布以后网址名不能再改")
        if db.session.scalar(select(Event.id).where(Event.slug == document.slug)):
            raise _taken(document.slug)
        event.slug = document.slug
    _check_keys(event, document)
    if document.registration.capacity is not None and document.registration.capacity < event.places_taken:
        raise Invalid.one("registration.capacity", "below_taken", "已确认{taken}位，名额不能更少", taken=event.places_taken)
    before, times_before = _time_and_place(event), {part: _times(part) for part in (event, *event.sessions, *event.checkpoints)}
    _apply(event, document, clock.now())
    if event.starts_at and event.postponed_from:  # the new time of a postponed event: what was left as it was moves along
        _move(event, event.starts_at - event.postponed_from, {part: times for part, times in times_before.items() if _times(part) == times})
        event.date_text = None if event.date_text == LATER else event.date_text
        event.postponed_from = event.postponed_until = None
    db.session.flush()
    if event.status == "published" and _time_and_place(event) != before:
        messages.tell_all(event, "moved", f"moved:{event.revision}")
    registrations.promote(event)
    spares.fill(event)
    journal.note(actor, "event.edit", event, fields=sorted(key for key in data if key in whole))
    return event


def _time_and_place(event: Event) -> tuple[object, ...]:
    """What people have to know to come: whoever registered is told when it changes."""
    return event.starts_at, event.date_text, event.venue


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
        if any(gone.intersection(keys) for keys in chosen):
            raise Conflict("key_in_use", "有人报名的场次不能删除")
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
    event.retention_days = registration.retention_days
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


# --- states --------------------------------------------------------------------------------------------------------------


@transaction
def publish(actor: Actor, slug: str) -> Event:
    """Draft or closed to published; saying it twice is fine. Raises Conflict for a cancelled event."""
    event = load_event(actor, slug, "event.publish", lock="change")
    if event.status == "cancelled":
        raise Conflict("event_cancelled", "活动已取消，不能再发布")
    if event.status != "published":
        _turn(actor, event, "published")
        event.published_at = event.published_at or clock.now()
        event.closed_at = None
        spares.fill(event)
    return event


@transaction
def close(actor: Actor, slug: str) -> Event:
    """Stop registration and new scans; what phones still hold is kept by its own time."""
    event = load_event(actor, slug, "event.publish", lock="change")
    if event.status == "draft":
        raise Conflict("not_published", "活动还没有发布")
    if event.status == "published":
        _turn(actor, event, "closed")
        event.closed_at = clock.now()
    return event


@transaction
def cancel(actor: Actor, slug: str) -> Event:
    """Call an event off: its page, tickets, calendar and scanners say so at once."""
    event = load_event(actor, slug, "event.publish", lock="change")
    if event.status == "draft":
        raise Conflict("not_published", "活动还没有发布")
    if event.status != "cancelled":
        _turn(actor, event, "cancelled")
        event.cancelled_at = clock.now()
        messages.tell_all(event, "event_cancelled", "event_cancelled")
    return event


@transaction
def postpone(actor: Actor, slug: str, data: Any) -> Event:
    """Move an event: ``{starts_at, ends_at, date_text}``; without a new time it says 延期，时间另行通知.

    What has a time of its own (sessions, gates, the end of registration) moves by as much as the beginning does, also
    where the new time comes long after the old one was given up (``postponed_from``).
    """
    event = load_event(actor, slug, "event.publish", lock="change")
    data = data if isinstance(data, dict) else {}
    if event.status == "cancelled":
        raise Conflict("event_cancelled", "活动已取消，不能再延期")
    starts_at, ends_at = moment(data.get("starts_at")), moment(data.get("ends_at"))
    faults = [
        Fault(name, "time", "时间不对，要带时区")
        for name, value in (("starts_at", starts_at), ("ends_at", ends_at))
        if data.get(name) is not None and value is None
    ]
    if starts_at and ends_at and ends_at <= starts_at:
        faults.append(Fault("ends_at", "order", "结束时间要晚于开始时间"))
    if ends_at and not starts_at:
        faults.append(Fault("starts_at", "required", "填了结束时间，也要填开始时间"))
    date_text = data.get("date_text") or None
    if not isinstance(date_text, str | None):
        faults.append(Fault("date_text", "type", "应为文字"))
    elif date_text and unprintable(date_text):
        faults.append(Fault("date_text", "characters", "有无法显示的字符"))
    elif date_text and len(date_text) > LONGEST_DATE_TEXT:
        faults.append(Fault("date_text", "too_long", "最多{max_length}个字", {"max_length": LONGEST_DATE_TEXT}))
    if faults:
        raise Invalid(faults)
    before, was = _time_and_place(event), event.starts_at
    first, last = event.starts_at or event.postponed_from, event.ends_at or event.postponed_until
    shift = starts_at - first if starts_at and first else None
    if ends_at is None and shift is not None and last is not None:
        ends_at = last + shift
    event.postponed_from, event.postponed_until = (None, None) if starts_at else (first, last)
    event.starts_at, event.ends_at = starts_at, ends_at
    event.date_text = date_text if starts_at else (date_text or LATER)
    if shift is not None:
        _move(event, shift)
    event.updated_at = clock.now()
    event.revision += 1
    if event.status == "published" and _time_and_place(event) != before:  # pressed twice, people are told once
        messages.tell_all(event, "postponed", f"postponed:{event.revision}", was=micros(was) if was else None)
    journal.note(actor, "event.postpone", event)
    return event


_TIMES = {Event: ("registration_opens_at", "registration_closes_at"), EventSession: ("starts_at", "ends_at"), Checkpoint: ("opens_at", "closes_at")}


def _times(part: Any) -> list[datetime | None]:
    """The times of its own that an event's registration, a session or a checkpoint has."""
    return [getattr(part, name) for name in _TIMES[type(part)]]


def _move(event: Event, shift: timedelta, only: Any = None) -> None:
    """Registration, sessions and checkpoints with times of their own move along, else every gate would be shut on the new day."""
    for part in (event, *event.sessions, *event.checkpoints):
        if only is None or part in only:
            for name, value in zip(_TIMES[type(part)], _times(part), strict=True):
                if value is not None and (name != "registration_opens_at" or value > clock.now()):  # what has opened stays open
                    setattr(part, name, value + shift)


def _turn(actor: Actor, event: Event, status: str) -> None:
    event.status = status
    event.updated_at = clock.now()
    event.revision += 1
    journal.note(actor, f"event.{status}", event)


TICKS = ("poster", "team")


@transaction
def tick(actor: Actor, slug: str, name: str, done: bool) -> Event:
    """Remember that a line of the checklist was done by hand (``poster`` is up, the ``team`` has its sheet). Raises Missing."""
    event = load_event(actor, slug, "event.edit", lock="change")
    if name not in TICKS:
        raise Missing
    event.ticked = sorted({*event.ticked, name} if done else {*event.ticked} - {name})
    return event


@transaction
def mark(event_id: str, *, demo: bool = False, rehearsal: bool = False, year_inferred: bool = False) -> Event:
    """Label an event as 演示, open it for rehearsal, say that its year is inferred (the demo's own verb)."""
    event = db.session.get_one(Event, event_id)
    event.demo, event.rehearsal, event.year_inferred = demo, rehearsal, year_inferred
    event.revision += 1
    return event


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
