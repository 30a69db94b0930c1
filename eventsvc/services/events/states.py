"""The states of an event: published, closed, cancelled, moved to another time; and what is ticked off by hand."""

from __future__ import annotations

from typing import Any

from eventsvc.db import db, micros, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event
from eventsvc.ports import clock
from eventsvc.services import journal, messages, spares
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.events.times import LATER, move, time_and_place
from eventsvc.services.persons import unprintable
from eventsvc.services.record_form import moment

LONGEST_DATE_TEXT = 60  # characters; the column holds no more
TICKS = ("poster", "team")


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
    before, was = time_and_place(event), event.starts_at
    first, last = event.starts_at or event.postponed_from, event.ends_at or event.postponed_until
    shift = starts_at - first if starts_at and first else None
    if ends_at is None and shift is not None and last is not None:
        ends_at = last + shift
    event.postponed_from, event.postponed_until = (None, None) if starts_at else (first, last)
    event.starts_at, event.ends_at = starts_at, ends_at
    event.date_text = date_text if starts_at else (date_text or LATER)
    if shift is not None:
        move(event, shift)
    event.updated_at = clock.now()
    event.revision += 1
    if event.status == "published" and time_and_place(event) != before:  # pressed twice, people are told once
        messages.tell_all(event, "postponed", f"postponed:{event.revision}", was=micros(was) if was else None)
    journal.note(actor, "event.postpone", event)
    return event


def _turn(actor: Actor, event: Event, status: str) -> None:
    event.status = status
    event.updated_at = clock.now()
    event.revision += 1
    journal.note(actor, f"event.{status}", event)


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
