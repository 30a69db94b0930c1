"""Correcting one's own data: the names freely, those of companions too; another telephone number only by whoever has shown to know the present one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Event, Person, Registration
from eventsvc.ports import limits
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor
from eventsvc.services.persons import initials, phone_tail, read_name, read_phone, spelt
from eventsvc.services.registrations.party import read_member
from eventsvc.services.rights import proving
from eventsvc.services.rights.loading import load

CHANGES = "5/day"  # so often may the number of a ticket be changed


def correct(actor: Actor, slug: str, registration_id: str, *, name: str, phone: str, proof: str, companions: Sequence[str] | None = None) -> Registration:
    """Change the holder's name and number, and (``companions``: in their order; an empty one takes the name away) those who come along. Raises Invalid, TooMany, Conflict, Missing.

    A ticket's link may have been passed on, so the link alone changes nothing here (``proof``). And a number opens only the
    tickets whose own 签到码 is known: whoever enters a neighbour's number does not come to see the neighbour's tickets.
    """
    if registration_id not in actor.holds:
        raise Missing
    proving.need(proof, registration_id)
    wanted, fault = read_name(name)
    faults = [fault] if fault else []
    number, fault = read_phone(phone)
    faults += [fault] if fault else []
    if faults:
        raise Invalid(faults)
    person = db.session.get(Person, registration_id)
    if person is not None and number != person.phone:
        limits.hit(CHANGES, "correct", registration_id)
    return _correct(actor, slug, registration_id, wanted, number or "", companions)


@transaction
def _correct(actor: Actor, slug: str, registration_id: str, name: str, number: str, companions: Sequence[str] | None) -> Registration:
    event, registration = load(actor, slug, registration_id, lock=True)
    person = db.session.get(Person, registration_id, populate_existing=True)
    if person is None:
        raise Conflict("erased", "这份报名的个人信息已经删除")
    members = person.members if companions is None else _members(event, registration, person, companions)
    fields = [field for field, same in (("name", person.name == name), ("phone", person.phone == number), ("members", person.members == members)) if not same]
    if fields:
        person.members = members
        person.name, person.initials, person.spelt = name, initials(name), spelt(name)
        person.phone, person.phone_tail = number, phone_tail(number)
        registrations.touch(event, registration)
        journal.note(actor, "rights.correct", event, registration=registration_id, fields=fields)
    return registration


def _members(event: Event, registration: Registration, person: Person, names: Sequence[str]) -> list[dict[str, Any]]:
    """The companions under their new names; whoever was not named yet is no child, which would need a guardian's consent. Raises Invalid."""
    if event.members != "names":
        return person.members
    members: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, name in enumerate(names[: registration.party_size - 1]):
        band = person.members[number]["age_band"] if number < len(person.members) else "adult"
        if name.strip():
            member, fault = read_member({"name": name, "age_band": band}, number)
            faults += [fault] if fault else []
            members.append(member)
        elif number < len(person.members) and band != "adult":
            members.append({"name": "", "age_band": band})
    if faults:
        raise Invalid(faults)
    return members
