"""The organizers' list: every filter and order against what it means, pages without gap or double, indexes at a hundred times the rows."""

from __future__ import annotations

import random
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, text, update
from sqlalchemy.event import listen, remove

from eventsvc.db import db
from eventsvc.errors import Invalid
from eventsvc.models import Event, Person, Registration
from eventsvc.ports import clock
from eventsvc.services import codes, registrations
from eventsvc.services.persons import initials, phone_tail, spelt
from eventsvc.services.registrations import Sieve, listing
from tests.conftest import on_postgresql
from tests.services.test_rollup import Evening
from tests.services.world import World, examples

NAMES = ("王桂芳", "单小雨", "Anna", "欧阳修", "李明")


def crowd(world: World, people: int) -> list[Registration]:
    """Parties of every kind, straight into the tables, in order of arrival."""
    event = db.session.scalars(select(Event).where(Event.slug == world.slug)).one()
    now, parties, persons = clock.now(), [], []
    for number in range(people):
        key, phone = str(uuid.uuid4()), f"+86137{number // 2 if number % 7 == 0 else number + 10_000:08d}"
        name = NAMES[number % len(NAMES)]
        parties.append({
            "id": key, "event_id": event.id, "seq": event.next_seq + number, "party_size": number % 3 + 1, "blocked": number % 11 == 0,
            "status": ("confirmed", "confirmed", "waitlisted", "cancelled", "pending")[number % 5], "code": codes.mint(), "pickup_code": f"{number:06d}",
            "sessions": ["paper"] if number % 4 == 0 else ["paper-cut"] if number % 4 == 1 else [], "answered": ["wish"] if number % 6 == 0 else [],
            "channel": ("web", "phone", "desk", "proxy", "paper")[number % 5], "created_at": now, "updated_at": now,
        })  # fmt: skip
        persons.append({
            "registration_id": key, "event_id": event.id, "name": name, "initials": initials(name), "spelt": spelt(name), "phone": phone,
            "phone_tail": phone_tail(phone), "answers": {},
        })  # fmt: skip
    db.session.execute(insert(Registration), parties)
    db.session.execute(insert(Person), persons)
    db.session.execute(update(Event).where(Event.id == event.id).values(next_seq=event.next_seq + people))
    db.session.commit()
    return list(db.session.scalars(select(Registration).where(Registration.event_id == event.id).order_by(Registration.seq)))


def fair(slug: str = "ye-shi") -> World:
    """A fair with two sessions and a question."""
    sessions = [{"key": "paper", "name": "剪纸"}, {"key": "paper-cut", "name": "剪纸二"}]
    return World({"slug": slug, "sessions": sessions, "registration": {"questions": [{"key": "wish", "label": "想学什么"}]}})


@pytest.fixture
def world(app_context: Flask) -> World:
    """A fair of one's own."""
    return fair()


def every(world: World, said: str | None = None, limit: int = 7, **sieve: object) -> Iterator[Registration]:
    """All that a list shows, page by page."""
    cursor = None
    while True:
        rows, cursor = registrations.search(world.owner, world.slug, said, cursor=cursor, limit=limit, sieve=Sieve(**sieve))  # type: ignore[arg-type]
        yield from (registration for registration, _person in rows)
        if cursor is None:
            return


def test_each_filter_means_what_it_says(world: World) -> None:
    rows = crowd(world, 120)

    def ids(**sieve: object) -> list[str]:
        return [one.id for one in every(world, **sieve)]

    assert ids() == [one.id for one in rows]
    assert ids(status="waitlisted") == [one.id for one in rows if one.status == "waitlisted"]
    assert ids(status="blocked") == [one.id for one in rows if one.blocked]
    assert ids(session="paper") == [one.id for one in rows if "paper" in one.sessions], "one key is another's beginning"
    assert ids(channel="proxy", status="confirmed") == [one.id for one in rows if one.channel == "proxy" and one.status == "confirmed"]
    assert ids(channel="paper") == [one.id for one in rows if one.channel == "paper"] != []
    assert ids(answered="wish") == [one.id for one in rows if "wish" in one.answered]
    assert ids(order="newest", status="pending") == [one.id for one in reversed(rows) if one.status == "pending"]
    assert ids(status="nonsense", channel="'; DROP TABLE persons", session="%", answered='"', arrived="maybe", order="") == []
    assert ids(status="nonsense", channel="'; DROP TABLE persons", arrived="maybe", order="sideways") == [one.id for one in rows], "unknown words narrow nothing"


def test_doubles_are_those_whose_number_another_has(world: World) -> None:
    rows = {one.id: one for one in crowd(world, 120)}
    phones: dict[str, list[str]] = {}
    for person in db.session.scalars(select(Person)):
        if rows[person.registration_id].status != "cancelled":
            phones.setdefault(person.phone or "", []).append(person.registration_id)
    wanted = {key for keys in phones.values() if len(keys) > 1 for key in keys}
    one, other = world.ticket(1, phone="13800000000"), world.ticket(2, phone="13800000000")  # somebody who registers twice by hand, too
    assert {found.id for found in every(world, double=True)} == wanted | {one.id, other.id}
    registrations.cancel(world.owner, world.slug, other.id)
    assert {found.id for found in every(world, double=True)} == wanted


def test_by_name_and_by_whole_pinyin(world: World) -> None:
    rows = crowd(world, 40)
    people = {person.registration_id: person for person in db.session.scalars(select(Person))}
    by_name = [one.id for one in every(world, order="name")]
    assert sorted(by_name) == sorted(people) and [people[key].spelt for key in by_name] == sorted(people[key].spelt for key in by_name)
    for said, name in (("wangguifang", "王桂芳"), ("WANG GUI", "王桂芳"), ("wgf", "王桂芳"), ("shanxiaoyu", "单小雨"), ("danxiaoyu", "单小雨"), ("anna", "Anna")):
        assert {people[one.id].name for one in every(world, said)} == {name}, said
        assert len(list(every(world, said))) == len(rows) / len(NAMES)
    assert list(every(world, "uifang")) == [], "from the beginning of a name"
    assert list(every(world, "%")) == [] and list(every(world, "___")) == []
    assert [one.pickup_code for one in every(world, "000007")] == ["000007"]
    assert {one.status for one in every(world, "wgf", status="confirmed")} == {"confirmed"}


def test_a_cursor_that_is_none(world: World) -> None:
    crowd(world, 3)
    for wrong in ("x", "-1", "１", "9" * 20, "1 OR 1=1"):
        for order in listing.ORDERS:
            with pytest.raises(Invalid):
                registrations.search(world.owner, world.slug, cursor=wrong, sieve=Sieve(order=order))
    with pytest.raises(Invalid):
        registrations.search(world.owner, world.slug, cursor="77", sieve=Sieve(order="name"))


@pytest.mark.usefixtures("app_context")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whoever_has_come_in_is_whom_the_figures_count(seed: int) -> None:
    evening = Evening(random.Random(seed))
    for _ in range(8):
        evening.step()
    evening.arrive(20)
    event, owner = evening.event, evening.world.owner
    rows, _more = registrations.search(owner, event.slug, limit=500)
    came = registrations.parties_in(event, [one for one, _person in rows])
    yes, _more = registrations.search(owner, event.slug, limit=500, sieve=Sieve(arrived="yes"))
    no, _more = registrations.search(owner, event.slug, limit=500, sieve=Sieve(arrived="no"))
    assert {one.id for one, _person in yes} == {key for key, people in came.items() if people}
    assert {one.id for one, _person in no} == {one.id for one, _person in rows if not came[one.id] and one.status != "cancelled"}


SEARCHES = {
    "list": (None, Sieve()), "newest": (None, Sieve(order="newest")), "by name": (None, Sieve(order="name")), "waiting": (None, Sieve(status="waitlisted")),
    "blocked": (None, Sieve(status="blocked")), "session": (None, Sieve(session="paper")), "came": (None, Sieve(arrived="yes")),
    "not yet": (None, Sieve(arrived="no")), "doubles": (None, Sieve(double=True)), "name": ("王桂芳", Sieve()), "pinyin": ("wangguifang", Sieve()),
    "tail": ("0007", Sieve()), "phone": ("13700000007", Sieve()), "pickup": ("000007", Sieve()), "ticket": ("0" * 20, Sieve()),
}  # fmt: skip


def test_no_search_goes_through_a_whole_table(world: World) -> None:
    """Each is answered from an index that begins with the event, or with the code, the person, the ticket."""
    for one in (world, *(fair(f"fair-{number}") for number in range(4))):
        crowd(one, 1000)
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    wrong = {}
    for name, (said, sieve) in SEARCHES.items():
        with statements() as sent:
            registrations.search(world.owner, world.slug, said, sieve=sieve)
        plans = [plan_of(*one) for one in sent if "FROM registrations" in one[0] and "persons" in one[0]]
        assert plans, name
        wrong |= {name: plan for plan in plans if WHOLE_TABLE.search(plan)}
        db.session.rollback()
    assert not wrong, "\n\n".join(f"{name}: {plan}" for name, plan in wrong.items())


WHOLE_TABLE = re.compile(r"Seq Scan on (registrations|persons|records|record_decisions)\b|^SCAN (registrations|persons|records|record_decisions)\b", re.MULTILINE)


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """What is sent to the database meanwhile."""
    sent: list[tuple[str, Any]] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        sent.append((statement, parameters))

    listen(db.engine, "before_cursor_execute", hear)
    try:
        yield sent
    finally:
        remove(db.engine, "before_cursor_execute", hear)


def plan_of(sql: str, given: Any) -> str:
    """How the database goes about it, a step a line."""
    connection = db.session.connection()
    if on_postgresql():
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # a fifth of a small table is read whole: is there an index at all?
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {sql}", given))
    return "\n".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given))
