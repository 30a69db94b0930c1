"""Sending what waits in the outbox: claim one, hand it over outside any transaction, write down how it went.

A claim is a lease: if the worker dies with a message in hand, the lease runs out and the message is sent again, under the same
Message-ID. So nothing is lost, and only what was in hand can go out twice. Several workers do no harm: PostgreSQL skips locked
rows, SQLite lets one write at a time.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import func, select, update

from eventsvc.db import EPOCH, db, end_reading, transaction
from eventsvc.models import Event, Message, Person, Registration
from eventsvc.ports import clock
from eventsvc.ports.carrier import Down, Later, Letter, Never, Note
from eventsvc.services import links
from eventsvc.services.actors import seal
from eventsvc.services.messages import channels, texts
from eventsvc.services.messages.timeliness import awake, stale

log = logging.getLogger("eventsvc.messages")

LEASE = timedelta(minutes=3)  # longer than a mail server may take over every answer
ATTEMPTS = 8  # the first, and seven more over about nine hours
FIRST_WAIT, LONGEST_WAIT = 30.0, 7200.0  # seconds
PAUSE = 60.0  # seconds that a carrier out of reach is left alone
LOOKED_AT = 50  # rows that one transaction may settle


@dataclass(frozen=True)
class InHand:
    """A claimed message: its row, its lease, its channel, and what goes out."""

    id: int
    lease: str
    channel: str
    attempts: int
    thing: Letter | Note


@dataclass
class Delivered:
    """What a round did: messages that went out, that will be tried again, that were given up."""

    sent: int = 0
    later: int = 0
    failed: int = 0


def deliver(ended: Callable[[], bool] = lambda: False) -> Delivered:
    """Send everything that is due now, one at a time, until ``ended`` says so."""
    done = Delivered()
    down: set[str] = set()
    while not ended() and _anything_due():
        found = claim(frozenset(down))
        if found is None:
            return done
        if isinstance(found, InHand):
            _send(found, done, down)
    return done


def _anything_due() -> bool:
    """Whether it is worth taking the turn to write."""
    due = select(Message.id).where(Message.state == "waiting", Message.next_at <= clock.now()).limit(1)
    found = db.session.scalar(due) is not None
    end_reading()
    return found


def _send(one: InHand, done: Delivered, down: set[str]) -> None:
    carrier: Any = channels.mail() if one.channel == "mail" else channels.sms()
    try:
        carrier.send(one.thing)
    except Never as trouble:
        settle(one, "failed", trouble.reason)
        done.failed += 1
    except (Later, Down) as trouble:
        if isinstance(trouble, Down):
            down.add(one.channel)
            log.warning("carrier is out of reach", extra={"channel": one.channel, "reason": trouble.reason})
        given_up = one.attempts >= ATTEMPTS
        settle(one, "failed" if given_up else "waiting", trouble.reason, getattr(trouble, "seconds", None))
        done.failed, done.later = done.failed + given_up, done.later + (not given_up)
    else:
        settle(one, "sent")
        done.sent += 1


@transaction
def claim(down: frozenset[str] = frozenset()) -> InHand | bool | None:
    """The next message that is due, claimed; True where some were settled without sending; None where nothing is due."""
    now = clock.now()
    looked = False
    for rank in (0, 1):
        due = (
            select(Message).where(Message.state == "waiting", Message.rank == rank, Message.next_at <= now)
            .order_by(Message.next_at, Message.id).limit(LOOKED_AT).with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )  # fmt: skip
        for message in db.session.scalars(due):
            looked = True
            found = _look_at(message, now, down)
            if found is not None:
                return found
    return True if looked else None


def _look_at(message: Message, now: datetime, down: frozenset[str]) -> InHand | None:
    """Settle a message that is not to be sent now; claim it where it is."""
    person = db.session.get(Person, message.registration_id)
    registration = db.session.get_one(Registration, message.registration_id)
    event = db.session.get_one(Event, message.event_id)
    why = "erased" if person is None else stale(message, registration, event, now)
    if why or person is None:
        message.state, message.reason, message.lease = "dropped", why, None
        return None
    channel = channels.reaching(person)
    if channel is None:
        message.state, message.reason, message.lease = ("call" if message.must_reach else "dropped"), "no_channel", None
        return None
    if channel in down:
        message.next_at = now + timedelta(seconds=PAUSE * random.uniform(0.5, 1.5))
        return None
    if channel == "sms" and (not_before := _sms_from(message, event, person, now)) > now:
        message.next_at = not_before
        return None
    message.attempts += 1
    message.channel, message.lease, message.next_at = channel, uuid.uuid4().hex, now + LEASE
    facts = facts_of(message, event, registration, person)
    return InHand(message.id, message.lease, channel, message.attempts, _thing(message, channel, facts, person))


def _sms_from(message: Message, event: Event, person: Person, now: datetime) -> datetime:
    """When a text message may go out: not at night, and not more a day to one number than the carriers take."""
    service = channels.sms()
    sent = (
        select(func.count()).select_from(Message).join(Person, Person.registration_id == Message.registration_id)
        .where(Person.phone == person.phone, Message.channel == "sms", Message.sent_at > now - timedelta(days=1))
    )  # fmt: skip
    if service is not None and (db.session.scalar(sent) or 0) >= service.day_limit:
        return now + timedelta(hours=1)
    return awake(message, event, now)


def _thing(message: Message, channel: str, facts: texts.Facts, person: Person) -> Letter | Note:
    message_id = f"<{message.id}.{seal('message', str(message.id))[:16]}@{urlsplit(links.to('/')).hostname}>"
    if channel == "mail":
        return Letter(person.email or "", texts.subject(message.template, facts), texts.mail(message.template, facts), message_id)
    short = texts.sms(message.template, facts)
    service = channels.sms()
    text = f"【{service.sign if service else ''}】{short.text}"
    return Note(person.phone or "", message.template, short.values, text, message_id)


def facts_of(message: Message, event: Event, registration: Registration, person: Person | None) -> texts.Facts:
    """What the message says, from what is true now and what the cause noted."""
    return texts.Facts(
        title=event.title, short_title=event.short_title or "", host=event.host or "", venue=event.venue or "", zone=event.timezone,
        starts_at=event.starts_at, date_text=event.date_text or "", contact_phone=event.contact_phone or "", party_size=registration.party_size,
        pickup_code=registration.pickup_code, link=links.ticket(registration.code), name=person.name if person else "",
        position=int(message.facts.get("position") or 0), until=_until(message),
        session=next((session.name for session in event.sessions if session.key == message.facts.get("session")), ""),
    )  # fmt: skip


def _until(message: Message) -> datetime | None:
    known = message.facts.get("until")
    return EPOCH + timedelta(microseconds=int(known)) if known else None


@transaction
def settle(one: InHand, state: str, reason: str | None = None, seconds: float | None = None) -> None:
    """Write down how it went, unless the lease has passed to another worker meanwhile."""
    now = clock.now()
    values: dict[str, Any] = {"state": state, "reason": reason, "lease": None}
    if state == "sent":
        values["sent_at"] = now
    elif state == "waiting":
        values["next_at"] = now + timedelta(seconds=seconds if seconds is not None else wait(one.attempts))
    mine = update(Message).where(Message.id == one.id, Message.lease == one.lease)
    if state != "sent":
        mine = mine.where(Message.state == "waiting")  # superseded while it was in hand
    db.session.execute(mine.values(**values))


def wait(attempts: int) -> float:
    """Seconds until the next attempt: four times as long each time, at most two hours, with jitter so that a crowd spreads out."""
    return min(FIRST_WAIT * 4 ** (attempts - 1), LONGEST_WAIT) * random.uniform(0.7, 1.3)
