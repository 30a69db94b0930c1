"""Figures do not depend on the order, the doubling or the splitting of uploads (behaviours 38): pure, and through the door."""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from eventsvc.db import db
from eventsvc.errors import Invalid
from eventsvc.prepared import Prepared
from eventsvc.services import events, figures, folds, live, passages, registrations
from eventsvc.services.folds import Place, Row
from tests.services.world import World, checkin, examples, record

START = datetime(2026, 8, 14, 10, 0, tzinfo=UTC)
PLACES = [Place("gate", "once", True), Place("stage", "each_time", False), Place("daily", "daily", False), Place("card", "stamp", False)]
PARTIES = {"t1": 1, "t2": 2, "t4": 4}


@st.composite
def ledgers(draw: st.DrawFn) -> list[Row]:
    """A ledger of check-ins, walk-ins, tallies and undos by two phones and an organizer."""
    rows: list[Row] = []
    for number in range(draw(st.integers(0, 25))):
        kind = draw(st.sampled_from(["checkin", "checkin", "checkin", "walkin", "tally", "undo"]))
        at = START + timedelta(minutes=draw(st.integers(0, 2000)))
        place = draw(st.sampled_from(["gate", "stage", "daily", "card"])) if kind in ("checkin", "walkin") else None
        leaves = kind == "checkin" and place == "stage" and draw(st.booleans())
        outcome = {"tally": "counted", "undo": "undone"}.get(kind) or draw(
            st.sampled_from(["admitted", "admitted", "already_used", "cancelled", "unknown_ticket"])
        )
        decided = draw(st.sampled_from([None, "admitted", "refused"])) if kind == "checkin" and outcome != "admitted" else None
        ticket = draw(st.sampled_from(["t1", "t2", "t4"])) if kind == "checkin" and outcome != "unknown_ticket" else None
        rows.append(
            Row(
                id=f"{number:03d}",
                seq=number + 1,
                type=kind,
                device_id=draw(st.sampled_from(["a", "b", None])),
                checkpoint=place,
                counter=draw(st.sampled_from(["x", "y"])) if kind == "tally" else None,
                registration_id=ticket,
                quantity=draw(st.integers(1, 3)) if kind != "undo" else 0,
                direction="exit" if leaves else "entry" if place else draw(st.sampled_from(["in", "out"])) if kind == "tally" else None,
                topic=draw(st.sampled_from([None, "政务公开"])) if kind == "tally" else None,
                basis=draw(st.sampled_from(["tapped", "tapped", "stocktake"])) if kind == "tally" else None,
                undoes=f"{draw(st.integers(0, 25)):03d}" if kind == "undo" else None,
                at=at,
                corrected_at=at,
                decided=decided,
                outcome=outcome,
            )
        )
    return rows


def fold(rows: list[Row]) -> folds.Sums:
    return folds.fold(rows, later={}, parties=PARTIES, places=PLACES, zone="Asia/Shanghai")


@given(ledgers(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_any_order_gives_the_same_sums(rows: list[Row], chance: random.Random) -> None:
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert fold(shuffled) == fold(rows)


@given(ledgers())
@settings(max_examples=300, deadline=None)
def test_sums_stay_within_what_was_recorded(rows: list[Row]) -> None:
    sums = fold(rows)
    walkins = sum(row.quantity for row in rows if row.type == "walkin")
    assert 0 <= sums.inside <= sums.entries
    assert 0 <= sums.people_admitted <= sum(PARTIES.values()) + walkins
    assert sums.refused <= sums.scans == sum(row.type == "checkin" for row in rows)
    assert sum(sums.by_quarter.values()) == sums.entries == sums.places["gate"].entries
    for place in sums.places.values():
        assert 0 <= place.people <= place.entries or place.entries == 0
    assert not {row.id for row in rows if row.type == "undo"} & sums.undone


@given(ledgers())
@settings(max_examples=200, deadline=None)
def test_taking_everything_back_leaves_nothing(rows: list[Row]) -> None:
    undos = [
        row._replace(id=f"u{row.id}", seq=100 + row.seq, type="undo", undoes=row.id, device_id=None, outcome="undone") for row in rows
    ]
    sums = fold([*rows, *undos])
    assert (sums.people_admitted, sums.entries, sums.inside, sums.conflicts, sums.tallies) == (0, 0, 0, frozenset(), {})


def make_truth(world: World, chance: random.Random, tickets: list[Any]) -> list[dict[str, Any]]:
    """What three phones did offline: decided check-ins, tallies, walk-ins and undos, each with its own time."""
    truth: list[dict[str, Any]] = []
    for number in range(40):
        at = START + timedelta(seconds=number * 20)
        phone = chance.randrange(3)
        kind = chance.choice(["checkin", "checkin", "checkin", "tally", "tally", "walkin", "undo"])
        if kind == "checkin":
            ticket = chance.choice(tickets)
            place = chance.choice(["gate", "gate", "stage", "daily"])
            decided = chance.choice(["admitted", "admitted", "admitted", "refused"])
            sent = record(kind, at, checkpoint=place, ticket=ticket.code, count=chance.randint(1, 2), decided=decided)
            if place == "stage" and chance.random() < 0.4:
                sent["direction"] = "exit"
        elif kind == "tally":
            sent = record(kind, at, counter=chance.choice(["heads", "leaflets", "consult"]), quantity=chance.choice([1, 5, 10]))
        elif kind == "walkin":
            sent = record(kind, at, checkpoint="gate", count=chance.randint(1, 3), decided="admitted")
        else:
            mine = [item for item in truth if item["phone"] == phone and item["type"] != "undo"]
            if not mine:
                continue
            sent = record(kind, at, undoes=chance.choice(mine)["id"])
        truth.append({**sent, "phone": phone})
    return truth


def comparable(world: World) -> tuple[Any, ...]:
    found = figures.stats(world.owner, world.slug)
    counters = [(c.key, c.total, c.taken_in, c.taken_out, c.by_topic) for c in found.counters]
    places = [(p.key, p.people, p.entries, p.inside) for p in found.by_checkpoint]
    return (
        found.people_admitted, found.entries, found.inside, found.walkins, found.scans, found.refused, found.conflicts,
        found.unidentified, found.by_quarter, places, counters,
    )  # fmt: skip


def compare_live(world: World) -> None:
    """What is kept up to date equals the fold over the whole ledger."""
    event = events.read(world.owner, world.slug)
    (kept, counts), whole = live.sums(event), figures.fold_event(event)
    assert {status: count for status, count in counts.items() if count != (0, 0)} == figures.count_registrations(event)
    names = ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "unidentified", "self_reported", "conflicts", "by_quarter", "behind", "seq")
    assert {name: getattr(kept, name) for name in names} == {name: getattr(whole, name) for name in names}
    assert kept.places == whole.places
    assert {key: tally for key, tally in kept.tallies.items() if tally != folds.Tally()} == whole.tallies


def deliver(world: World, truth: list[dict[str, Any]], phones: list[Any], chance: random.Random) -> None:
    """Send the truth in any order, in pieces, some of them twice, each phone for itself."""
    queues = [[item for item in truth if item["phone"] == number] for number in range(3)]
    for queue in queues:
        chance.shuffle(queue)
        queue += chance.sample(queue, len(queue) // 3)
    while any(queues):
        number = chance.choice([n for n, queue in enumerate(queues) if queue])
        size = chance.randint(1, 9)
        piece, queues[number] = queues[number][:size], queues[number][size:]
        answers = world.send(phones[number], *[{k: v for k, v in item.items() if k != "phone"} for item in piece])
        assert {answer["code"] for answer in answers} <= {None, "not_allowed"}  # not_allowed: an undo of what was refused
        if chance.random() < 0.3:
            compare_live(world)


@pytest.mark.usefixtures("app_context")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_delivery_gives_the_same_figures(seed: int) -> None:
    chance = random.Random(seed)
    found = []
    parties = [chance.randint(1, 3) for _ in range(6)]
    truth: list[dict[str, Any]] | None = None
    first_tickets: list[Any] = []
    for _ in range(2):
        world = World({"slug": f"fold-{uuid.uuid4().hex[:12]}"})
        tickets = [world.ticket(party, phone=f"139{chance.getrandbits(26) % 10**8:08d}") for party in parties]
        phones = [world.phone(name=name) for name in ("甲", "乙", "丙")]
        if truth is None:
            truth, first_tickets = make_truth(world, chance, tickets), tickets
        else:  # the same deeds again, with this world's tickets and ids of their own
            names = {old.code: new.code for old, new in zip(first_tickets, tickets, strict=True)}
            fresh = {item["id"]: str(uuid.UUID(int=uuid.UUID(item["id"]).int ^ 1)) for item in truth}
            truth = [
                {**item, "id": fresh[item["id"]]}
                | ({"ticket": names[item["ticket"]]} if "ticket" in item else {})
                | ({"undoes": fresh[item["undoes"]]} if "undoes" in item else {})
                for item in truth
            ]
        deliver(world, truth, phones, chance)
        for ticket in tickets[:2]:  # a party that grows or shrinks changes what was counted beyond it
            try:
                registrations.change(world.owner, world.slug, ticket.id, {"party_size": 3})
            except Invalid:
                pass
            compare_live(world)
        found.append(comparable(world))
    assert found[0] == found[1]


@pytest.mark.usefixtures("app_context")
def test_what_a_broken_refresh_had_read_is_folded_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    compare_live(world)
    world.send(phone, checkin(ticket))
    with monkeypatch.context() as broken:
        broken.setattr(passages, "_TICKETS", Prepared(lambda among: text("SELECT gone FROM nowhere")))
        with pytest.raises(DBAPIError):
            compare_live(world)
    db.session.rollback()
    compare_live(world)
    assert figures.stats(world.owner, world.slug).entries == 1
