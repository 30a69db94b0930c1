"""What became of an event's messages: how many were sent, wait, failed and why; and sending one again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Missing
from eventsvc.models import Message, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.messages import calls, channels
from eventsvc.services.persons import mask_name

OVERDUE = timedelta(minutes=10)  # due for so long without a worker having looked at it
MOST = 200  # failed messages on one page


@dataclass(frozen=True)
class Line:
    """One message as the organizer's pages show it; ``state`` also ``later``: it was tried and will be tried again."""

    id: int
    registration_id: str
    name: str
    template: str
    state: str
    channel: str | None
    reason: str | None
    at: datetime


@dataclass(frozen=True)
class Overview:
    """An event's messages: template -> state -> how many; the failed ones; calls to make; what is set up; what waits too long."""

    counts: dict[str, dict[str, int]]
    failed: list[Line]
    calls: int
    mail: bool
    sms: bool
    overdue: datetime | None


def of_event(actor: Actor, slug: str) -> Overview:
    """The whole of an event."""
    event = load_event(actor, slug, "registration.list")
    counts: dict[str, dict[str, int]] = {}
    grouped = select(Message.template, Message.state, func.count()).where(Message.event_id == event.id).group_by(Message.template, Message.state)
    for template, state, number in db.session.execute(grouped):
        counts.setdefault(template, {})[state] = number
    failed = select(Message, Person).outerjoin(Person, Person.registration_id == Message.registration_id)
    failed = failed.where(Message.event_id == event.id, Message.state == "failed").order_by(Message.id.desc()).limit(MOST)
    oldest = db.session.scalar(select(func.min(Message.next_at)).where(Message.event_id == event.id, Message.state == "waiting"))
    return Overview(
        counts=counts, failed=[_line(row.Message, row.Person) for row in db.session.execute(failed)], calls=calls.count(event),
        mail=channels.mail() is not None, sms=channels.sms() is not None, overdue=oldest if oldest and oldest < clock.now() - OVERDUE else None,
    )  # fmt: skip


def of_registration(registration: Registration) -> list[Line]:
    """The messages of one party, oldest first."""
    rows = db.session.scalars(select(Message).where(Message.registration_id == registration.id).order_by(Message.id))
    return [_line(message, None) for message in rows]


def overdue() -> datetime | None:
    """Since when the oldest due message of all events waits without a worker, if for too long."""
    oldest = db.session.scalar(select(func.min(Message.next_at)).where(Message.state == "waiting"))
    return oldest if oldest and oldest < clock.now() - OVERDUE else None


def _line(message: Message, person: Person | None) -> Line:
    state = "later" if message.state == "waiting" and message.attempts and message.reason else message.state
    state = f"call_{message.call_outcome}" if message.call_outcome else state
    return Line(
        message.id, message.registration_id, mask_name(person.name) if person else "", message.template, state, message.channel, message.reason,
        message.called_at or message.sent_at or message.created_at,
    )  # fmt: skip


@transaction
def resend(actor: Actor, slug: str, message_id: int) -> None:
    """Have a failed message tried again from the start. Raises Missing where it has not failed."""
    event = load_event(actor, slug, "registration.edit", lock="share")
    message = db.session.scalar(select(Message).where(Message.id == message_id, Message.event_id == event.id).with_for_update())
    if message is None or message.state != "failed":
        raise Missing
    message.state, message.attempts, message.reason, message.next_at = "waiting", 0, None, clock.now()
    journal.note(actor, "message.resend", event, message=message.id)
