"""Registering: a party under one name and one code, never beyond the places, in order of arrival."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, Person, Registration
from eventsvc.ports import clock, limits
from eventsvc.services import codes, links, messages, spares
from eventsvc.services.actors import Actor, load_event, seal
from eventsvc.services.notices import CURRENT as CONSENT_VERSION
from eventsvc.services.persons import initials, phone_tail, spelt
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    places_left,
    position,
    state,
    take_places,
    touch,
)
from eventsvc.services.registrations.reading import Wanted, read_form

PER_PHONE = "5/hour"
PER_ADDRESS = "300/minute"


@dataclass(frozen=True)
class Registered:
    """A registration and what its holder needs: secrets are derived, not stored."""

    registration: Registration
    event: Event
    waitlist_position: int | None

    @property
    def manage_token(self) -> str:
        """The secret that makes a browser this registration's holder."""
        return manage_token(self.registration.id)

    @property
    def qr_text(self) -> str:
        """What the QR code holds."""
        return links.qr_text(self.registration.code)

    @property
    def ticket_url(self) -> str:
        """The ticket's page."""
        return links.ticket(self.registration.code)


def manage_token(registration_id: str) -> str:
    """The manage token of a registration: its id and an HMAC over it, in hex."""
    return registration_id.replace("-", "") + seal("manage", registration_id)


def read_manage_token(token: str) -> str | None:
    """The registration id of a manage token, or None where it was not made here."""
    if len(token) != 64:
        return None
    try:
        registration_id = str(uuid.UUID(token[:32]))
    except ValueError:
        return None
    return registration_id if manage_token(registration_id) == token.lower() else None


def register(actor: Actor, slug: str, data: Any, *, address: str = "", may_wait: bool = True) -> Registered:
    """Register ``{name, phone, party_size, sessions, answers, consent, channel}``; confirmed, waitlisted or pending.

    ``may_wait`` False raises Conflict ``waitlist_only`` where only the waitlist is left, so that a page may ask first.
    Raises Invalid with every fault, Conflict (``event_full``, ``registration_closed`` …), TooMany for the public limits.
    """
    event = load_event(actor, slug, "registration.create")
    if event.status == "draft":
        raise Missing if actor.kind == "public" else Conflict(*CLOSED["draft"])
    public = not actor.sees(event)
    wanted = read_form(data, event, public)
    if public:
        closed = CLOSED.get(state(event, clock.now()))
        if closed:
            raise Conflict(*closed)
        if address:
            limits.hit(PER_ADDRESS, "register", address)
        limits.hit(PER_PHONE, "register", wanted.phone or "")
    return _register(actor, slug, wanted, public, may_wait)


@transaction
def _register(actor: Actor, slug: str, wanted: Wanted, public: bool, may_wait: bool) -> Registered:
    event = load_event(actor, slug, "registration.create", lock="change")
    now = clock.now()
    current = state(event, now)
    if event.status != "published" or (public and current in CLOSED):
        raise Conflict(*CLOSED[event.status if event.status != "published" else current])
    if public:
        _within_limit(event, wanted.phone)
    status = place(event, wanted, public=public, may_wait=may_wait, waits=anyone_waits(event))
    code = spares.draw(event) if status == "confirmed" else codes.mint()
    registration, person = entry(event, wanted, status, public=public, now=now, code=code, pickup=_free_pickup(event.id))
    db.session.add(registration)
    db.session.flush()
    db.session.add(person)
    where = position(registration)
    if status != "pending":
        messages.tell(event, registration, status, position=where)
    return Registered(registration, event, where)


def _within_limit(event: Event, phone: str | None) -> None:
    """Raise Conflict where the organizers let one number hold only so many registrations and it holds them; the event's row is held.

    The sentence is the organizers' rule and names neither registration nor person.
    """
    if event.per_phone is None or phone is None:
        return
    held = (
        select(func.count()).select_from(Person).join(Registration, Registration.id == Person.registration_id)
        .where(Person.event_id == event.id, Person.phone == phone, Registration.status != "cancelled")
    )  # fmt: skip
    if (db.session.scalar(held) or 0) >= event.per_phone:
        raise Conflict("phone_limit", "一个号码最多报{most}份。已经报过的，请在“我的报名”里修改；确有需要请打电话问一问", most=event.per_phone)


def place(event: Event, wanted: Wanted, *, public: bool, may_wait: bool, waits: bool) -> str:
    """The status that a party gets as the places stand; ``waits``: somebody is on the waitlist. Raises Conflict or Invalid."""
    room = places_left(event)
    if room is not None and (wanted.party_size > room or waits):
        if not event.waitlist:
            raise Conflict("event_full", "名额已满" if room == 0 else "只剩{room}位，不够{size}位一起报名", room=room, size=wanted.party_size)
        if not may_wait:
            raise Conflict("waitlist_only", "名额已满，可以候补", room=room, size=wanted.party_size)
        return "waitlisted"
    faults = []
    for session in event.sessions:
        if session.key in wanted.sessions and session.capacity is not None:
            left = session.capacity - session.places_taken
            if left < wanted.party_size:
                faults.append(
                    Fault("sessions", "session_full", "“{name}”只剩{left}位，请选别的场次", {"name": session.name, "left": max(0, left)})
                )
    if faults:
        raise Invalid(faults)
    return "pending" if event.approval and public else "confirmed"


def entry(event: Event, wanted: Wanted, status: str, *, public: bool, now: datetime, code: str, pickup: str) -> tuple[Registration, Person]:
    """The rows of a party that has its place, with its number in line and its places taken; the caller holds the event's row and adds them."""
    registration = Registration(
        id=str(uuid.uuid4()), event_id=event.id, seq=event.next_seq, status=status, blocked=False, party_size=wanted.party_size,
        sessions=list(wanted.sessions), code=code, pickup_code=pickup, channel=wanted.channel,
        consent_version=CONSENT_VERSION if public else None, consent_at=now if public else None, answered=sorted(wanted.answers),
        guardian_version=CONSENT_VERSION if wanted.party.guardian else None, guardian_at=now if wanted.party.guardian else None,
        created_at=now, updated_at=now,
    )  # fmt: skip
    event.next_seq += 1
    touch(event, registration)
    if status != "waitlisted":
        take_places(event, registration, wanted.party_size)
    person = Person(
        registration_id=registration.id,
        event_id=event.id,
        name=wanted.name,
        initials=initials(wanted.name),
        spelt=spelt(wanted.name),
        phone=wanted.phone,
        phone_tail=phone_tail(wanted.phone),
        email=wanted.email,
        answers=wanted.answers,
        members=[dict(member) for member in wanted.party.members],
        guardian=wanted.party.guardian,
        note=wanted.note,
    )
    return registration, person


def _free_pickup(event_id: str) -> str:
    """Six digits that no other registration of the event has."""
    while True:
        pickup = codes.mint_pickup()
        taken = select(Registration.id).where(Registration.event_id == event_id, Registration.pickup_code == pickup)
        if db.session.scalar(taken) is None:
            return pickup
