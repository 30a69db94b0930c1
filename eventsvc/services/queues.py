"""Queue numbers on the spot (体验排号): one takes a number at a stall by ticket or on paper, and the stall calls them in order.

A ticket has one open number a stall; who was called and did not come (过号) may take another. Numbers are kept under the event's
row lock, so that none is given twice; those of a rehearsal stay with its epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Missing
from eventsvc.models import Area, Event, QueueNumber, Registration
from eventsvc.ports import clock
from eventsvc.services import journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.registrations.changing import load

BEFORE = timedelta(hours=1)  # numbers are for whoever is there, not for those at home
OPEN = ("waiting", "called")


@dataclass(frozen=True)
class Queue:
    """A stall with numbers: the one that is called, how many wait, the last that was taken; ``numbered``: whether numbers are given."""

    key: str
    name: str
    numbered: bool
    called: int | None
    waiting: int
    last: int


@dataclass(frozen=True)
class Mine:
    """A stall as a ticket sees it: its own open number, if any, and how many are before it."""

    key: str
    name: str
    called: int | None
    waiting: int
    number: int | None
    state: str
    ahead: int


def of_event(event: Event, everything: bool = False) -> list[Queue]:
    """The stalls that give numbers, or ``everything`` that could."""
    mine = (QueueNumber.event_id == event.id, QueueNumber.epoch == event.epoch)
    last = dict(db.session.execute(select(QueueNumber.area, func.max(QueueNumber.number)).where(*mine).group_by(QueueNumber.area)).all())
    waits = dict(
        db.session.execute(
            select(QueueNumber.area, func.count()).where(*mine, QueueNumber.state == "waiting").group_by(QueueNumber.area)
        ).all()
    )  # fmt: skip
    called = dict(
        db.session.execute(select(QueueNumber.area, QueueNumber.number).where(*mine, QueueNumber.state == "called")).all()
    )  # fmt: skip
    return [
        Queue(area.key, area.name, area.queue, called.get(area.key), waits.get(area.key, 0), last.get(area.key, 0))
        for area in event.areas
        if everything or area.queue
    ]


def of_ticket(event: Event, registration: Registration) -> list[Mine]:
    """The stalls that give numbers, each with the ticket's own."""
    queues = of_event(event)
    if not queues:
        return []
    own = {
        number.area: number
        for number in db.session.scalars(_open(event).where(QueueNumber.registration_id == registration.id).order_by(QueueNumber.number))
    }
    shown = []
    for queue in queues:
        number = own.get(queue.key)
        ahead = 0
        if number is not None and number.state == "waiting":
            ahead = db.session.scalar(
                select(func.count()).select_from(QueueNumber).where(
                    QueueNumber.event_id == event.id, QueueNumber.epoch == event.epoch, QueueNumber.area == queue.key,
                    QueueNumber.state == "waiting", QueueNumber.number < number.number,
                )
            ) or 0  # fmt: skip
        shown.append(
            Mine(queue.key, queue.name, queue.called, queue.waiting, number.number if number else None, number.state if number else "", ahead)
        )
    return shown


def may_take(event: Event, now: datetime) -> bool:
    """Whether numbers are given now: while the event is on, from an hour before."""
    if event.status != "published":
        return False
    if event.rehearsal or event.starts_at is None:
        return True
    return event.starts_at - BEFORE <= now and (event.ends_at is None or now < event.ends_at)


@transaction
def take(actor: Actor, slug: str, registration_id: str, area: str) -> QueueNumber:
    """The ticket's number at a stall: the open one that it has, or a new one at the end. Raises Missing or Conflict."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _numbered(event, area)
    own = db.session.scalar(_open(event).where(QueueNumber.area == area, QueueNumber.registration_id == registration.id))
    if own is not None:
        return own
    if registration.status != "confirmed" or registration.blocked:
        raise Conflict("not_confirmed", "报名成功以后才能取号")
    if not may_take(event, clock.now()):
        raise Conflict("not_now", "活动开始前1小时起可以取号，结束后不再取号")
    return _next(event, area, registration.id)


@transaction
def hand_out(actor: Actor, slug: str, area: str) -> QueueNumber:
    """A number on paper, for somebody without a ticket at hand."""
    event = load_event(actor, slug, "registration.edit", lock="change")
    _numbered(event, area)
    return _next(event, area, None)


@transaction
def call(actor: Actor, slug: str, area: str, missed: bool = False) -> QueueNumber | None:
    """Call the next number, None where nobody waits; the one before it was here, or ``missed`` its turn."""
    event = load_event(actor, slug, "registration.edit", lock="change")
    _numbered(event, area)
    here = _open(event).where(QueueNumber.area == area).order_by(QueueNumber.number)
    for before in db.session.scalars(here.where(QueueNumber.state == "called")):
        before.state = "gone" if missed else "done"
    following = db.session.scalar(here.where(QueueNumber.state == "waiting").limit(1))
    if following is not None:
        following.state, following.called_at = "called", clock.now()
    return following


@transaction
def switch(actor: Actor, slug: str, area: str, on: bool) -> None:
    """Begin or stop giving numbers at a stall; those that were given stay."""
    event = load_event(actor, slug, "event.edit", lock="change")
    _area(event, area).queue = on
    journal.note(actor, "event.edit", event, queue=area)


def _area(event: Event, key: str) -> Area:
    found = next((area for area in event.areas if area.key == key), None)
    if found is None:
        raise Missing
    return found


def _numbered(event: Event, key: str) -> None:
    if not _area(event, key).queue:
        raise Conflict("no_numbers", "这里现在不取号")


def _open(event: Event) -> Select[tuple[QueueNumber]]:
    found = select(QueueNumber).where(QueueNumber.event_id == event.id, QueueNumber.epoch == event.epoch, QueueNumber.state.in_(OPEN))
    return found.execution_options(populate_existing=True)


def _next(event: Event, area: str, registration_id: str | None) -> QueueNumber:
    last = select(func.max(QueueNumber.number)).where(
        QueueNumber.event_id == event.id, QueueNumber.epoch == event.epoch, QueueNumber.area == area
    )
    made = QueueNumber(
        event_id=event.id, area=area, epoch=event.epoch, number=(db.session.scalar(last) or 0) + 1, registration_id=registration_id,
        state="waiting", taken_at=clock.now(),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made
