"""A deed on many parties at once ends as the same deed one by one does, and asks the database a few times for all of them."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import AuditEntry, EventSession, Message, Registration
from eventsvc.services import registrations
from eventsvc.services.registrations import bulk
from tests.services.test_places_at_random import LATER, SESSIONS, check, seen
from tests.services.world import World, checkin

SEEDS = int(os.environ.get("PLACES_SEEDS", "3"))
ONE_BY_ONE: dict[str, Any] = {
    "cancel": registrations.cancel,
    "restore": registrations.restore,
    "approve": registrations.approve,
    "reissue": registrations.reissue,
    "block": registrations.block,
}


def fair(slug: str, seed: int, **registration: Any) -> tuple[World, list[str]]:
    """An event with parties of many kinds: confirmed, in line, in sessions and in their lines, some of them in, some half in."""
    dice = random.Random(seed)
    world = World({**LATER, "slug": slug, "sessions": SESSIONS, "registration": {"capacity": 12, "max_party": 4, "waitlist": True, **registration}})
    ids = []
    for _ in range(14):
        size, keys = dice.randint(1, 4), dice.sample(["a", "b"], dice.randint(0, 2))
        body = {"name": "王桂芳", "party_size": size, "channel": "proxy", "sessions": keys, "wait_for_sessions": True}
        try:
            ids.append(registrations.register(world.owner, slug, body).registration.id)
        except (Conflict, Invalid):
            continue
    phone = world.phone()
    for number in dice.sample(range(4), 2):
        one = db.session.get_one(Registration, ids[number])
        if one.status == "confirmed":
            world.send(phone, checkin(one, people=dice.randint(1, one.party_size)))
    return world, ids


def state(slug: str) -> Any:
    """What a deed may have changed, by order of arrival; what somebody who is gone once chose is nobody's place."""
    event, rows, sessions, waits = seen(slug)
    at = {row.id: row.seq for row in rows}
    chose = {row.seq: (row.sessions, row.session_sizes) for row in rows if row.status != "cancelled"}
    parties = [(row.seq, row.status, row.party_size, row.blocked, bool(row.offered_until), row.cancelled_by, chose.get(row.seq)) for row in rows]
    lines = [(at[wait.registration_id], wait.session, wait.size, bool(wait.offered_until)) for wait in waits]
    return event.places_taken, parties, sorted((one.key, one.places_taken) for one in sessions), lines


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize(("deed", "hold"), [("cancel", 0), ("cancel", 24), ("restore", 24), ("approve", 0), ("reissue", 0), ("block", 0)])
def test_many_at_once_end_as_one_by_one(app_context: Flask, deed: str, seed: int, hold: int) -> None:
    ends = []
    for slug, together in (("alone", False), ("together", True)):
        world, ids = fair(slug, seed, hold_hours=hold)
        chosen = random.Random(seed).sample(ids, 7)
        if deed == "restore":
            bulk.run(world.owner, slug, "cancel", ids[:9], "before" * 4)
        if together:
            told = bulk.run(world.owner, slug, deed, chosen, "k" * 16)
            order = {one: number for number, one in enumerate(ids)}
            refused = {order[one.registration_id]: one.why.code for one in told.skipped}
            assert {order[one] for one in told.ids} | refused.keys() == {order[one] for one in chosen}
        else:
            refused = {}
            for one in chosen:
                try:
                    ONE_BY_ONE[deed](world.owner, slug, one)
                except (Conflict, Invalid) as refusal:
                    refused[ids.index(one)] = refusal.code if isinstance(refusal, Conflict) else refusal.faults[0].code
        check(slug)
        ends.append((state(slug), refused))
    assert ends[0] == ends[1]


@pytest.mark.parametrize("rule", ["strict", "fit"])
@pytest.mark.parametrize("seed", range(SEEDS))
def test_places_hold_after_many_left_at_once(app_context: Flask, seed: int, rule: str) -> None:
    world, ids = fair("ye-shi-2", seed, waitlist_rule=rule, reserve=2, hold_hours=24)
    bulk.run(world.owner, world.slug, "cancel", random.Random(seed).sample(ids, 6), "k" * 16)
    check(world.slug)
    bulk.run(world.owner, world.slug, "restore", ids, "l" * 16)
    check(world.slug)


def test_whoever_waits_and_is_cancelled_too_is_not_promised_a_place(app_context: Flask) -> None:
    world = World({**LATER, "registration": {"capacity": 2, "max_party": 4, "hold_hours": 0}})
    first, second, third = [world.ticket(2).id for _ in range(3)]
    bulk.run(world.owner, world.slug, "cancel", [first, second], "k" * 16)
    told = {(one.registration_id, one.template) for one in db.session.scalars(select(Message))}
    assert told == {(first, "cancelled"), (second, "cancelled"), (third, "promoted")}
    noted = db.session.scalars(select(AuditEntry.registration_id).where(AuditEntry.action == "registration.cancel")).all()
    assert sorted(noted, key=str) == sorted([first, second])
    assert not db.session.scalars(select(EventSession)).all()


@pytest.mark.parametrize("deed", ["cancel", "block", "reissue"])
def test_twice_as_many_cost_hardly_more_questions(app_context: Flask, deed: str) -> None:
    """What is asked of the database for a set does not grow with the set: that was ten statements a party."""
    asked = []
    for number in (10, 40):
        world = World({**LATER, "slug": f"e{number}", "registration": {"capacity": 100}})
        ids = [world.ticket(1).id for _ in range(number)]
        said: list[str] = []

        def heard(*statement: Any, said: list[str] = said) -> None:
            said.append(statement[2])

        sqlalchemy_event.listen(db.engine, "before_cursor_execute", heard)
        bulk.run(world.owner, world.slug, deed, ids, "k" * 16)
        sqlalchemy_event.remove(db.engine, "before_cursor_execute", heard)
        asked.append(len(said))
    assert asked[0] >= 5 and asked[1] - asked[0] <= 3, asked
