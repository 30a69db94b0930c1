"""Changing a registration: its party, its code, its state; by its holder or by the event's organizers."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from eventsvc.db import db, stand_in_line, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, messages
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import (
    initials,
    phone_tail,
    read_email,
    read_name,
    read_phone,
    spelt,
    unprintable,
)
from eventsvc.services.registrations import deeds
from eventsvc.services.registrations.arrivals import people_in
from eventsvc.services.registrations.line import promote, settle
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    holds_places,
    position,
    room_for,
    state,
    touch,
)
from eventsvc.services.registrations.registering import Registered

CHANGEABLE = frozenset({"name", "phone", "email", "note", "party_size"})


def load(actor: Actor, slug: str, registration_id: str, action: str) -> tuple[Event, Registration]:
    """A registration through its event, or through the holder's own cookie; the event's row is locked."""
    if registration_id in actor.holds:
        stand_in_line(slug)
        event = db.session.scalar(
            select(Event).where(Event.slug == slug).with_for_update(key_share=True).execution_options(populate_existing=True)
        )
    else:
        event = load_event(actor, slug, action, lock="change")
        if not actor.sees(event):
            raise Missing
    registration = db.session.scalar(
        select(Registration)
        .where(Registration.id == registration_id, Registration.event_id == (event.id if event else ""))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if event is None or registration is None:
        raise Missing
    settle(event)
    return event, registration


@transaction
def change(actor: Actor, slug: str, registration_id: str, data: Any) -> Registered:
    """Change ``party_size``, ``name``, ``phone``, ``email``, ``note`` of a registration; its code stays. Raises Invalid or Conflict."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    if registration.status == "cancelled":
        raise Conflict("registration_cancelled", "这份报名已取消")
    faults: list[Fault] = []
    person = db.session.get(Person, registration.id)
    organizer = registration_id not in actor.holds
    if "name" in data and person is not None:
        name, fault = read_name(data["name"] if isinstance(data["name"], str) else None)
        if fault:
            faults.append(fault)
        else:
            person.name, person.initials, person.spelt = name, initials(name), spelt(name)
    if "phone" in data and person is not None and organizer:
        phone, fault = read_phone(data["phone"] if isinstance(data["phone"], str) else None)
        if fault:
            faults.append(fault)
        else:
            person.phone, person.phone_tail = phone, phone_tail(phone)
    if "email" in data and person is not None and organizer:
        email, fault = read_email(data["email"] if isinstance(data["email"], str) else None)
        if fault:
            faults.append(fault)
        else:
            person.email = email
    if "note" in data and person is not None and organizer:
        note = data["note"]
        if note is not None and (not isinstance(note, str) or len(note) > 300 or unprintable(note)):
            faults.append(Fault("note", "too_long", "备注最多300个字"))
        else:
            person.note = note
    size = data.get("party_size", registration.party_size)
    if type(size) is not int or size < 1:
        faults.append(Fault("party_size", "number", "请填写参加人数，至少1位"))
    elif size > event.max_party and size > registration.party_size:
        faults.append(Fault("party_size", "too_many", "一次最多报{most}位", {"most": event.max_party}))
    elif size > registration.party_size and not organizer and (closed := CLOSED.get(state(event, clock.now()))):
        faults.append(Fault("party_size", closed[0], closed[1]))
    if faults:
        raise Invalid(faults)
    before = registration.party_size
    if size != before:
        _resize(event, registration, size)
    touch(event, registration)
    if organizer:
        if size != before:
            messages.tell(event, registration, "resized", f"resized:{registration.roster_revision}")
        journal.note(actor, "registration.edit", event, registration=registration.id, fields=sorted(CHANGEABLE.intersection(data)))
    return Registered(registration, event.timezone, position(registration))


def _resize(event: Event, registration: Registration, size: int) -> None:
    inside = people_in(event, registration)
    if size < inside:
        raise Invalid.one("party_size", "already_in", "已有{inside}位入场，不能少于{inside}位", inside=inside)
    more = size - registration.party_size
    if more > 0 and holds_places(registration):
        room = room_for(event, registration.channel, anyone_waits(event))
        if room is not None and more > room:
            free = room_for(event, registration.channel, False)
            raise Invalid.one("party_size", "event_full", "只剩{room}位，不能再加{more}位", room=free, more=more)
    deeds.make_smaller(event, registration, size)
    if more < 0:
        promote(event)


def _one(refused: deeds.Refused) -> None:
    for refusal in refused.values():
        raise refusal


@transaction
def cancel(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Cancel; places return at once and whoever waits first moves up. Where part of the party is in, the rest is given back."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _one(deeds.cancel(actor, event, [registration]))
    return Registered(registration, event.timezone, None)


@transaction
def restore(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Take a cancellation back, code and all, while registration is open and the places are still free. Raises Conflict.

    A holder takes back what the holder cancelled; what the organizers cancelled (``cancelled_by``) only they restore.
    """
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _one(deeds.restore(actor, event, [registration]))
    return Registered(registration, event.timezone, position(registration))


@transaction
def approve(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Confirm a pending registration; its places were held since it came."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _one(deeds.approve(actor, event, [registration]))
    return Registered(registration, event.timezone, position(registration))


@transaction
def reissue(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Give the ticket a new code; whoever shows the old one is told 已换新码."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _one(deeds.reissue(actor, event, [registration]))
    return Registered(registration, event.timezone, position(registration))


@transaction
def block(actor: Actor, slug: str, registration_id: str, blocked: bool = True) -> Registered:
    """Send the ticket's holder to the service desk (暂停), or lift that again."""
    event, registration = load(actor, slug, registration_id, "registration.edit")
    _one(deeds.block(actor, event, [registration], blocked))
    return Registered(registration, event.timezone, position(registration))
