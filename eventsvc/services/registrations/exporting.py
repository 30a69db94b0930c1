"""Taking the list out of the house: masked for every member, plain for editors who say why; the journal keeps both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid
from eventsvc.models import Event, Person, Registration
from eventsvc.services import journal, questions
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import mask_name, mask_phone, show_phone, unprintable
from eventsvc.services.registrations.answers import desk_answers, names_anyone
from eventsvc.services.registrations.arrivals import parties_in

_SET = 500  # registrations read together
SHORTEST_REASON, LONGEST_REASON = 2, 100


@dataclass(frozen=True)
class Listed:
    """A line of an exported list; ``pickup_code``, ``note`` and ``answers`` only where it is plain."""

    seq: int
    name: str
    phone: str
    party_size: int
    came: int
    status: str
    sessions: tuple[str, ...]
    channel: str
    created_at: datetime
    pickup_code: str = ""
    note: str = ""
    answers: dict[str, Any] | None = None
    members: tuple[dict[str, Any], ...] = ()
    unit: str = ""


@transaction
def export(actor: Actor, slug: str, *, plain: bool = False, reason: str = "", kind: str = "xlsx") -> tuple[Event, list[Listed]]:
    """The whole list in order of arrival; ``plain`` wants the right to edit and a ``reason`` (2 to 100 characters). Raises Invalid."""
    event = load_event(actor, slug, "registration.edit" if plain else "registration.list")
    said = " ".join(reason.split())
    if plain and (not SHORTEST_REASON <= len(said) <= LONGEST_REASON or unprintable(said)):
        raise Invalid.one("reason", "required", "导出完整的姓名和电话要写明事由（{least}到{most}个字）", least=SHORTEST_REASON, most=LONGEST_REASON)
    if plain and names_anyone(event, said):
        raise Invalid.one("reason", "names", "事由会一直留在操作记录里，请不要写姓名和电话")
    rows = list(_rows(event, plain))
    detail = {"reason": said} if plain else {}
    journal.note(actor, "registration.export", event, kind=kind, plain=plain, rows=len(rows), **detail)
    return event, rows


def _rows(event: Event, plain: bool) -> Iterator[Listed]:
    names = {session.key: session.name for session in event.sessions}
    units, after = {unit.key: unit.name for unit in event.units}, 0
    while True:
        query = (
            select(Registration, Person)
            .outerjoin(Person, Person.registration_id == Registration.id)
            .where(Registration.event_id == event.id, Registration.seq > after, or_(Registration.status != "cancelled", Registration.erased_at.is_(None)))
            .order_by(Registration.seq)
            .limit(_SET)
        )
        found = db.session.execute(query).all()
        came = parties_in(event, [row.Registration for row in found])
        at_desk = desk_answers([row.Registration.id for row in found]) if plain else {}
        for of, person in found:
            name, phone = (person.name, person.phone) if person else ("", None)
            yield Listed(
                of.seq, name if plain else mask_name(name), show_phone(phone) if plain else mask_phone(phone), of.party_size, came[of.id],
                "blocked" if of.blocked else of.status, tuple(names.get(key, key) for key in of.sessions), of.channel, of.created_at,
                of.pickup_code if plain else "", (person.note or "") if plain and person else "",
                {**at_desk.get(of.id, {}), **questions.plain(person.answers)} if plain and person else None, tuple(person.members) if plain and person else (), units.get(of.unit or "", ""),
            )  # fmt: skip
        if len(found) < _SET:
            return
        after = found[-1].Registration.seq
