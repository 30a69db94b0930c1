"""Many registrations in one transaction: the same decisions in the same order as one by one, written set by set."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import Event, Person, Registration, SessionWait
from eventsvc.ports import clock
from eventsvc.services import codes, spares
from eventsvc.services.registrations.places import CLOSED, anyone_waits
from eventsvc.services.registrations.reading import Wanted
from eventsvc.services.registrations.registering import entry, place

_SET = 500  # values of one IN list


def register_many(event: Event, wanted: Sequence[Wanted]) -> list[Registration | Conflict | Invalid]:
    """Register parties as the desk does, in order; for each its row, or why it got no place. The caller holds the event's row.

    The rows are written without the session, which would spend more on each than the database does: read them, change none.
    Raises Conflict where the event takes no registrations at all.
    """
    if event.status != "published":
        raise Conflict(*CLOSED[event.status])
    now = clock.now()
    waits = anyone_waits(event)
    pickups = iter(_free_pickups(event.id, len(wanted)))
    answers: list[Registration | Conflict | Invalid] = []
    persons: list[Person] = []
    lines: list[SessionWait] = []
    for one in wanted:
        try:
            placed = place(event, one, public=False, may_wait=True, waits=waits)
        except (Conflict, Invalid) as refusal:
            answers.append(refusal)
            continue
        waits = waits or placed.status == "waitlisted"
        registration, person, *behind = entry(event, one, placed, public=False, now=now, code="", pickup=next(pickups))
        persons.append(person)
        lines += behind
        answers.append(registration)
    made = [one for one in answers if isinstance(one, Registration)]
    drawn = iter(spares.draw_many(event, sum(one.status == "confirmed" for one in made)))
    for registration in made:
        registration.code = next(drawn) if registration.status == "confirmed" else codes.mint()
    _write(made)
    _write(persons)
    _write(lines)
    return answers


def _write(things: Sequence[Registration] | Sequence[Person] | Sequence[SessionWait]) -> None:
    """Insert what was made, all of it in one statement; what the class sets by default is set by the table as well."""
    if things:
        values = [{name: value for name, value in vars(thing).items() if not name.startswith("_")} for thing in things]
        db.session.execute(insert(type(things[0]).__table__), values)


def _free_pickups(event_id: str, count: int) -> list[str]:
    """So many different 签到码 that nobody of the event has."""
    free: set[str] = set()
    while len(free) < count:
        drawn = {codes.mint_pickup() for _ in range(min(_SET, count - len(free)))} - free
        taken = select(Registration.pickup_code).where(Registration.event_id == event_id, Registration.pickup_code.in_(drawn))
        free |= drawn.difference(db.session.scalars(taken))
    return list(free)
