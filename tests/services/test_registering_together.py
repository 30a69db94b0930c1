"""Requests that share a transaction get what they would get one after the other; the fault of one is nothing to the others."""

from __future__ import annotations

import random
from typing import Any

import pytest

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid, Refusal, TooMany
from eventsvc.models import Event, EventSession, Person, Registration, SessionWait, SpareCode
from eventsvc.ports import limits
from eventsvc.services import registrations
from eventsvc.services.actors import PUBLIC, Actor
from eventsvc.services.records.together import Job
from eventsvc.services.registrations import registering
from tests.services.world import World, examples

pytestmark = pytest.mark.usefixtures("app_context")
SESSIONS = [{"key": "a", "name": "甲场", "capacity": 3}, {"key": "b", "name": "乙场", "capacity": 4, "waitlist": False}, {"key": "c", "name": "丙场"}]
PHONES = tuple(f"1390000000{number}" for number in range(7))


def jobs_of(slug: str, asked: list[tuple[Actor, Any, bool]]) -> list[Job]:
    return [Job(slug, 1, registering._Asked(actor, data, "", may_wait)) for actor, data, may_wait in asked]


def serve(slug: str, asked: list[tuple[Actor, Any, bool]]) -> list[Any]:
    """What a group is answered."""
    jobs = jobs_of(slug, asked)
    registering._serve(jobs)
    return [job.error or job.result for job in jobs]


def shown(answer: Any) -> Any:
    """An answer without what is drawn by lot."""
    if isinstance(answer, Refusal):
        return type(answer), answer.code, answer.params, [(fault.field, fault.code, fault.params) for fault in getattr(answer, "faults", ())]
    own = answer.registration
    return own.seq, own.status, own.party_size, own.sessions, own.session_sizes, own.consent_version, answer.waitlist_position, answer.in_lines


def rows_of(slug: str) -> Any:
    """All that is kept of an event, without ids, codes and times."""
    event = db.session.scalars(db.select(Event).where(Event.slug == slug).execution_options(populate_existing=True)).one()
    drawn_by_lot = {"id", "event_id", "registration_id", "code", "pickup_code", "created_at", "updated_at", "consent_at", "roster_revision"}
    found: list[Any] = [(event.places_taken, event.desk_taken, event.next_seq)]
    for model, order in ((Registration, Registration.seq), (EventSession, EventSession.position), (SessionWait, SessionWait.id)):
        rows = db.session.execute(db.select(*model.__table__.columns).where(model.event_id == event.id).order_by(order))
        found.append([{name: value for name, value in row._mapping.items() if name not in drawn_by_lot} for row in rows])
    persons = db.select(*Person.__table__.columns).join(Registration, Registration.id == Person.registration_id).where(Person.event_id == event.id)
    rows = db.session.execute(persons.order_by(Registration.seq))
    found.append([{name: value for name, value in row._mapping.items() if name not in drawn_by_lot} for row in rows])
    return found


def a_crowd(dice: random.Random, owner: Actor) -> list[tuple[Actor, Any, bool]]:
    """Residents and the desk, good and bad."""
    asked = []
    for _ in range(dice.randint(2, 12)):
        keys = dice.sample(["a", "b", "c"], dice.randint(0, 2))
        data: Any = {"name": "王桂芳", "phone": dice.choice(PHONES), "party_size": dice.randint(1, 3), "sessions": keys, "wait_for_sessions": dice.random() < 0.6}
        resident = dice.random() < 0.7
        data |= {"consent": dice.random() < 0.95} if resident else {"channel": dice.choice(["desk", "phone", "proxy"])}
        if dice.random() < 0.05:
            data = dice.choice([None, [], {"name": 5}, {**data, "party_size": 9}])
        asked.append((PUBLIC if resident else owner, data, dice.random() < 0.8))
    return asked


@pytest.mark.parametrize("seed", range(examples(12)))
def test_together_as_one_by_one(seed: int) -> None:
    dice = random.Random(seed)
    registration = {
        "capacity": dice.choice([None, 6, 12, 20]), "max_party": 3, "per_phone": dice.choice([None, 1, 2]), "reserve": dice.choice([0, 0, 2]),
        "waitlist": dice.random() < 0.8, "approval": dice.random() < 0.3, "hold_hours": 0,
    }  # fmt: skip
    if registration["capacity"] is None:
        registration["reserve"] = 0
    worlds = [World({"slug": f"{kind}-{seed}", "sessions": SESSIONS, "registration": registration}) for kind in ("together", "alone")]
    for _ in range(3):
        crowd = a_crowd(dice, worlds[0].owner)
        limits.reset()
        together = [shown(answer) for answer in serve(worlds[0].slug, crowd)]
        limits.reset()
        alone = [shown(answer) for one in crowd for answer in serve(worlds[1].slug, [one])]
        assert together == alone
        assert rows_of(worlds[0].slug) == rows_of(worlds[1].slug)


def test_a_refusal_takes_nobody_down_and_leaves_nothing() -> None:
    world = World({"registration": {"capacity": 3, "waitlist": False}})
    good = {"name": "王桂芳", "phone": PHONES[0], "consent": True}
    answers = serve(world.slug, [(PUBLIC, {**good, "party_size": 2}, True), (PUBLIC, {**good, "party_size": 2}, True), (PUBLIC, {}, True), (PUBLIC, good, True)])
    assert [type(answer) for answer in answers] == [registrations.Registered, Conflict, Invalid, registrations.Registered]
    assert db.session.scalar(db.select(db.func.count()).select_from(Registration)) == 2
    spares = db.session.scalar(db.select(db.func.count()).select_from(SpareCode))
    assert spares == 500, "as many spares as before"


def test_a_group_that_fails_is_served_again_without_counting_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    take_in = registering.take_in

    def fail(event: Event, arrivals: Any) -> Any:
        if any(arrival.wanted.name == "坏" for arrival in arrivals):
            raise ZeroDivisionError
        return take_in(event, arrivals)

    monkeypatch.setattr(registering, "take_in", fail)
    jobs = jobs_of(world.slug, [(PUBLIC, {"name": name, "phone": PHONES[0], "consent": True}, True) for name in ("甲", "坏", "乙", "丙", "丁", "戊")])
    registering._together._do(jobs)
    assert [type(job.error or job.result) for job in jobs] == [
        registrations.Registered, ZeroDivisionError, *[registrations.Registered] * 3, TooMany,
    ]  # fmt: skip


def test_the_event_that_changed_meanwhile_is_what_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World({"registration": {"max_party": 4}})
    end_reading = registering.end_reading

    def meanwhile() -> None:
        end_reading()
        db.session.execute(db.update(Event).where(Event.slug == world.slug).values(max_party=2, revision=Event.revision + 1))
        db.session.commit()

    monkeypatch.setattr(registering, "end_reading", meanwhile)
    large, small = serve(world.slug, [(PUBLIC, {"name": "甲", "phone": PHONES[0], "consent": True, "party_size": size}, True) for size in (4, 2)])
    assert isinstance(large, Invalid) and isinstance(small, registrations.Registered)
