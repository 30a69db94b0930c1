"""Registering: a party under one name and one code, never beyond the places, in order of arrival."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, EventSession, Person, Registration, SessionWait
from eventsvc.ports import clock, limits
from eventsvc.services import codes, links, messages, spares
from eventsvc.services.actors import Actor, load_event, seal
from eventsvc.services.notices import CURRENT as CONSENT_VERSION
from eventsvc.services.persons import initials, phone_tail, spelt
from eventsvc.services.registrations.line import is_near, settle
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    free_sessions,
    has_room,
    position,
    reserve_left,
    room_for,
    session_left,
    size_in,
    state,
    take_places,
    touch,
)
from eventsvc.services.registrations.reading import Wanted, read_form
from eventsvc.services.registrations.trust import standing

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
    """Register ``{name, phone, party_size, sessions, answers, unit, consent, channel}``; confirmed, waitlisted or pending.

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
    settle(event)
    now = clock.now()
    current = state(event, now)
    if event.status != "published" or (public and current in CLOSED):
        raise Conflict(*CLOSED[event.status if event.status != "published" else current])
    yields = False
    if public:
        _within_limit(event, wanted.phone)
        yields = _yields(event, wanted.phone, now)
    placed = place(event, wanted, public=public, may_wait=may_wait, waits=anyone_waits(event), yields=yields)
    status = placed.status
    code = spares.draw(event) if status == "confirmed" else codes.mint()
    registration, person, *lines = entry(event, wanted, placed, public=public, now=now, code=code, pickup=_free_pickup(event.id))
    db.session.add(registration)
    db.session.flush()
    db.session.add_all([person, *lines])
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


def _yields(event: Event, phone: str | None, now: datetime) -> bool:
    """Whether a number may only wait, by the no-show rule, until the event is near. Raises Conflict where organizers paused it."""
    said = standing(event, phone, now)
    if said == "paused":
        raise Conflict("paused", "这个号码暂时不能在网上报名，请打电话问一问")
    return said == "waits" and event.waitlist and event.starts_at is not None and not is_near(event, now)


@dataclass(frozen=True)
class Placed:
    """The status that a party gets, and the sessions in whose line it stands; ``yields``: it waits behind all others."""

    status: str
    lines: tuple[str, ...] = ()
    yields: bool = False


def place(event: Event, wanted: Wanted, *, public: bool, may_wait: bool, waits: bool, yields: bool = False) -> Placed:
    """What a party gets as the places stand; ``waits``: somebody is on the waitlist; ``yields``: it only waits. Raises Conflict or Invalid."""
    if yields:
        if not may_wait:
            raise Conflict("wait_first", "最近有两次报名没有到，这次先排候补，活动前一天有名额就给您。有原因请打电话说一声")
        return Placed("waitlisted", yields=True)
    room = room_for(event, wanted.channel, waits)
    if room is not None and wanted.party_size > room:
        free = max(0, (event.capacity or 0) - event.places_taken - (reserve_left(event) if public else 0))
        if not event.waitlist:
            raise Conflict("event_full", "名额已满" if free == 0 else "只剩{room}位，不够{size}位一起报名", room=free, size=wanted.party_size)
        if not may_wait:
            raise Conflict("waitlist_only", "名额已满，可以候补", room=free, size=wanted.party_size)
        return Placed("waitlisted")
    lines = []
    faults = []
    for session in event.sessions:
        if session.key in wanted.sessions and session.capacity is not None:
            size = wanted.session_sizes.get(session.key, wanted.party_size)
            if has_room(event, session, size):
                continue
            if session.waitlist and session.key in wanted.may_wait_for:
                lines.append(session.key)
            else:
                faults.append(full(event, session, size))
    if faults:
        raise Invalid([*faults, *others_free(event, wanted)])
    return Placed("pending" if event.approval and public else "confirmed", tuple(lines))


def full(event: Event, session: EventSession, size: int) -> Fault:
    """What is said of a session that has no places for ``size`` people."""
    left = session_left(session) or 0
    if left >= size:  # free, but others are in line for them
        return Fault("sessions", "session_full", "“{name}”有人在候补，空出的名额先给他们", {"name": session.name})
    if left == 0:
        said = "“{name}”已满，可以候补，也可以选别的场次" if session.waitlist else "“{name}”已满，请选别的场次"
        return Fault("sessions", "session_full", said, {"name": session.name})
    return Fault("sessions", "session_full", "“{name}”只剩{left}位，请选别的场次", {"name": session.name, "left": left})


def others_free(event: Event, wanted: Wanted) -> list[Fault]:
    """Which other sessions have places, where there are any."""
    names = free_sessions(event, wanted.party_size, wanted.sessions)
    return [Fault("sessions", "sessions_free", "还有名额的场次：{names}", {"names": "、".join(names)})] if names else []


def entry(
    event: Event, wanted: Wanted, placed: Placed, *, public: bool, now: datetime, code: str, pickup: str
) -> tuple[Registration, *tuple[Person | SessionWait, ...]]:
    """The rows of a party that has its place: the registration, which is added first, the person, its places in the lines of sessions.

    Its number in line and its places are taken; the caller holds the event's row and adds the rows.
    """
    sizes = {key: size for key, size in wanted.session_sizes.items() if key in wanted.sessions and size < wanted.party_size}
    registration = Registration(
        id=str(uuid.uuid4()), event_id=event.id, seq=event.next_seq, status=placed.status, blocked=False, party_size=wanted.party_size,
        sessions=[key for key in wanted.sessions if key not in placed.lines],
        session_sizes={key: size for key, size in sizes.items() if key not in placed.lines}, code=code, pickup_code=pickup, channel=wanted.channel,
        unit=wanted.unit,
        consent_version=CONSENT_VERSION if public else None, consent_at=now if public else None, answered=sorted(wanted.answers),
        guardian_version=CONSENT_VERSION if wanted.party.guardian else None, guardian_at=now if wanted.party.guardian else None,
        created_at=now, updated_at=now, passed_over=0, yields=placed.yields,
    )  # fmt: skip
    event.next_seq += 1
    touch(event, registration)
    if placed.status != "waitlisted":
        take_places(event, registration, wanted.party_size)
        for session in event.sessions:
            if session.key in registration.sessions:
                session.places_taken += size_in(registration, session.key)
    lines = [
        SessionWait(
            event_id=event.id, registration_id=registration.id, session=key, size=sizes.get(key, wanted.party_size), passed_over=0, created_at=now
        )
        for key in placed.lines
    ]  # fmt: skip
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
    return registration, person, *lines


def _free_pickup(event_id: str) -> str:
    """Six digits that no other registration of the event has."""
    while True:
        pickup = codes.mint_pickup()
        taken = select(Registration.id).where(Registration.event_id == event_id, Registration.pickup_code == pickup)
        if db.session.scalar(taken) is None:
            return pickup
