"""Who has to be telephoned: nobody can write to them, or the message failed; with one sentence to say and a tick that stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid, Missing
from eventsvc.models import Event, Message, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import audit, journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.messages import texts
from eventsvc.services.messages.sending import facts_of
from eventsvc.services.messages.timeliness import stale
from eventsvc.services.persons import mask_name, mask_phone, show_phone

OUTCOMES = ("reached", "not_reached")
MOST = 500  # calls on one list


@dataclass(frozen=True)
class Call:
    """A call to make: whom, what to say, and how it went so far. Name and number are masked for whoever may not edit."""

    id: int
    registration_id: str
    seq: int
    name: str
    phone: str
    party_size: int
    template: str
    sentence: str
    outcome: str | None
    called_at: datetime | None
    called_by: str


@transaction
def listed(actor: Actor, slug: str) -> list[Call]:
    """The calls of an event that are still worth making, those not yet reached first; the journal keeps who saw the numbers."""
    event = load_event(actor, slug, "registration.list")
    full = actor.may("registration.edit", event.organization_id)
    now = clock.now()
    rows = db.session.execute(_rows(event).order_by(Registration.seq, Message.id).limit(MOST)).all()
    names = audit.names({row.Message.called_by for row in rows if row.Message.called_by})
    calls = [_call(row, event, full, names) for row in rows if not stale(row.Message, row.Registration, event, now)]
    if calls and full:
        journal.note(actor, "calls.read", event, count=len(calls))
    return sorted(calls, key=lambda call: call.outcome == "reached")


def count(event: Event) -> int:
    """How many calls have not reached anybody yet."""
    now = clock.now()
    rows = db.session.execute(_rows(event).where(Message.call_outcome.is_distinct_from("reached")).limit(MOST))
    return sum(not stale(row.Message, row.Registration, event, now) for row in rows)


def _rows(event: Event) -> Any:
    return (
        select(Message, Registration, Person).join(Registration, Registration.id == Message.registration_id)
        .join(Person, Person.registration_id == Message.registration_id)
        .where(Message.event_id == event.id, Message.must_reach, Message.state.in_(("call", "failed")))
    )  # fmt: skip


def _call(row: Any, event: Event, full: bool, names: dict[str, str]) -> Call:
    message, registration, person = row.Message, row.Registration, row.Person
    return Call(
        id=message.id, registration_id=registration.id, seq=registration.seq, party_size=registration.party_size, template=message.template,
        name=person.name if full else mask_name(person.name), phone=show_phone(person.phone) if full else mask_phone(person.phone),
        sentence=texts.spoken(message.template, facts_of(message, event, registration, person)), outcome=message.call_outcome,
        called_at=message.called_at, called_by=names.get(message.called_by or "", ""),
    )  # fmt: skip


@transaction
def tick(actor: Actor, slug: str, message_id: int, outcome: str) -> None:
    """Note that a call ``reached`` somebody or did ``not_reached``; ``open`` takes the note back. Raises Missing, Invalid."""
    event = load_event(actor, slug, "registration.edit", lock="share")
    if outcome not in {*OUTCOMES, "open"}:
        raise Invalid.one("outcome", "choice", "只能选已通知或没打通")
    message = db.session.scalar(select(Message).where(Message.id == message_id, Message.event_id == event.id).with_for_update())
    if message is None or message.state not in {"call", "failed"}:
        raise Missing
    taken_back = outcome == "open"
    message.call_outcome = None if taken_back else outcome
    message.called_at = None if taken_back else clock.now()
    message.called_by = None if taken_back else actor.name
    journal.note(actor, "calls.tick", event, message=message.id, registration=message.registration_id, outcome=outcome)
