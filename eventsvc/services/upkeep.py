"""Upkeep: what has to be done again and again without anybody asking; the worker's one verb is `work`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.models import Event, Registration, SessionWait
from eventsvc.ports import clock
from eventsvc.services import idempotency, imports, live, registrations, retention
from eventsvc.services.actors import SYSTEM, load_event
from eventsvc.services.messages import reminders


@dataclass(frozen=True)
class Done:
    """What one pass did: old answers forgotten, parties that moved up (or were offered a place), persons erased, reminders that fell due."""

    forgotten: int
    promoted: int
    erased: int
    reminded: int


def work() -> Done:
    """One pass: forget what is a day old, sum up, finish imports that stopped, move waiting parties up, erase, remind of what is tomorrow."""
    forgotten = idempotency.forget_old()
    live.roll_up()
    imports.expire()
    for slug, import_id in imports.left_alone():
        imports.go_on(SYSTEM, slug, import_id)
    for slug in _offers_over():
        end_offers(slug)
    promoted = sum(promote(slug) for slug in _waited_for())
    return Done(forgotten, promoted, retention.purge().persons, reminders.write())


def _waited_for() -> list[str]:
    """The slugs of the events under way or to come in which somebody waits."""
    now = clock.now()
    waiting = select(Registration.event_id).where(Registration.status == "waitlisted")
    for_session = select(SessionWait.event_id).where(SessionWait.lapsed_at.is_(None))
    somebody = Event.id.in_(waiting) | Event.id.in_(for_session)
    events = db.session.scalars(select(Event).where(Event.status == "published", somebody).order_by(Event.slug))
    return [event.slug for event in events if event.rehearsal or event.ends_at is None or now < event.ends_at]


def _offers_over() -> list[str]:
    """The slugs of the events in which an offer of a place may be over."""
    return list(db.session.scalars(select(Event.slug).where(Event.offers_due_at <= clock.now()).order_by(Event.slug)))


@transaction
def end_offers(slug: str) -> int:
    """End the offers of one event whose time is over and pass their places on; how many ended."""
    return registrations.settle(load_event(SYSTEM, slug, "registration.edit", lock="change"))


@transaction
def promote(slug: str) -> int:
    """Move the waiting parties of one event up as far as its places go; how many moved."""
    event = load_event(SYSTEM, slug, "registration.edit", lock="change")
    before = registrations.waiting(event)
    registrations.promote(event)
    db.session.flush()
    return before - registrations.waiting(event)
