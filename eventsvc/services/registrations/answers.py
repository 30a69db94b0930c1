"""What a party answered, online and at the desk; sealed answers in plain for whoever says why; and who else seems to be the same person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, literal, or_, select

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid, Missing
from eventsvc.models import Event, Person, Record, RecordNote, Registration
from eventsvc.services import journal, questions
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import unprintable

MOST_DOUBLES = 10


@dataclass(frozen=True)
class Double:
    """Another registration that seems to be of the same person. ``why``: phone · name."""

    id: str
    seq: int
    why: str


def desk_answers(registration_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What was answered at the desk, by registration: the last word on each question."""
    query = (
        select(Record.registration_id, RecordNote.answers).join(Record, Record.id == RecordNote.record_id)
        .where(Record.registration_id.in_(list(registration_ids)), RecordNote.answers.is_not(None)).order_by(Record.seq)
    )  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for registration_id, answers in db.session.execute(query):
        found.setdefault(str(registration_id), {}).update({key: value for key, value in (answers or {}).items() if value not in (None, "", [])})
    return found


def answers_of(event: Event, registration: Registration, person: Person | None) -> dict[str, Any]:
    """All that a party answered, sealed answers as they are kept."""
    return {**desk_answers([registration.id]).get(registration.id, {}), **(person.answers if person else {})}


def names_anyone(event: Event, said: str) -> bool:
    """Whether a reason holds a telephone number or the name of one of the event's people: the journal cannot forget it."""
    if re.search(r"\d{7}", re.sub(r"[\s\-]", "", said)):
        return True
    named = select(Person.registration_id).where(Person.event_id == event.id, func.length(Person.name) >= 2, literal(said).contains(Person.name))
    return db.session.scalar(named.limit(1)) is not None


@transaction
def reveal(actor: Actor, slug: str, registration_id: str, reason: str) -> dict[str, Any]:
    """The answers of one party in plain; the journal keeps who wanted them and why, never what they are. Raises Invalid, Missing."""
    event = load_event(actor, slug, "registration.edit", lock="share")
    said = " ".join(reason.split())
    if not 2 <= len(said) <= 100 or unprintable(said):
        raise Invalid.one("reason", "required", "请写明为什么要看（2到100个字）")
    if names_anyone(event, said):
        raise Invalid.one("reason", "names", "事由会一直留在操作记录里，请不要写姓名和电话")
    registration = db.session.scalar(select(Registration).where(Registration.id == registration_id, Registration.event_id == event.id))
    person = db.session.get(Person, registration_id) if registration else None
    if registration is None or person is None:
        raise Missing
    asked = [question["key"] for question in event.questions if questions.is_sealed(person.answers.get(question["key"]))]
    journal.note(actor, "registration.reveal", event, registration=registration.id, reason=said, questions=asked)
    return questions.plain(answers_of(event, registration, person))


def doubles_of(event: Event, registration: Registration, person: Person | None) -> list[Double]:
    """Registrations of the same event with the same number, or the same name and no other number's tail; shown, never merged."""
    if person is None or registration.status == "cancelled":
        return []
    tail = [Person.phone_tail.is_(None), Person.phone_tail == person.phone_tail] if person.phone_tail else []
    same = [and_(Person.name == person.name, or_(*tail)) if tail else Person.name == person.name]
    if person.phone:
        same.append(Person.phone == person.phone)
    query = (
        select(Registration.id, Registration.seq, Person.phone).join(Person, Person.registration_id == Registration.id)
        .where(Person.event_id == event.id, Registration.id != registration.id, Registration.status != "cancelled", or_(*same))
        .order_by(Registration.seq).limit(MOST_DOUBLES)
    )  # fmt: skip
    return [Double(row.id, row.seq, "phone" if row.phone and row.phone == person.phone else "name") for row in db.session.execute(query)]
