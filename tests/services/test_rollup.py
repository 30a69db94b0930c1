"""The rollup equals the full fold, whatever arrives in which order, wherever it is cut, whoever carries it on."""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, text, update

from eventsvc.db import db, in_transaction, transaction
from eventsvc.models import Event, FigureRollup, Record, RecordDecision, Registration, RegistrationChange
from eventsvc.ports import clock, limits
from eventsvc.prepared import Prepared
from eventsvc.services import events, figures, folds, live, passages, records, registrations, rehearsals
from eventsvc.services.rollup import Rollup
from tests.conftest import OPENING, on_postgresql
from tests.services.world import FAIR, World, checkin, examples, tally

PLACES = [*FAIR["checkpoints"], {"key": "card", "name": "集章", "rule": "stamp", "entrance": False}]
NAMES = (
    "people_admitted", "entries", "inside", "walkins", "scans", "refused", "unidentified", "self_reported", "conflicts", "by_quarter", "behind", "seq", "places", "tallies",
)  # fmt: skip
FIGURES = (*figures.FIGURES, "checkpoint:gate", "checkpoint:stage", "counter:leaflets", "counter:consult")


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of a few rows and rollups kept all the time, so that every path is walked with few rows."""
    monkeypatch.setattr(passages, "WINDOW", 4)
    monkeypatch.setattr(live, "EVERY", 7)
    for name in ("_NEW", "_ARRIVALS"):
        monkeypatch.setattr(passages, name, Prepared(getattr(passages, name)._build))


def check(event: Event, epoch: int | None = None) -> None:
    """The rollup against the fold over everything."""
    kept, counts = live.sums(event, epoch)
    whole = figures.fold_event(event, epoch)
    assert {name: getattr(kept, name) for name in NAMES} == {name: getattr(whole, name) for name in NAMES}
    assert dict(counts) == figures.count_registrations(event)
    now = live.rollup(event, epoch)
    again = Rollup.unpack(now.pack())
    assert again is not None and (again.sums, again.counts, again.conflicts) == (now.sums, now.counts, now.conflicts)


class Evening:
    """An event whose ledger is written by hand: whatever could have arrived, in any order."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        limits.reset()
        self.world = World({"slug": f"rollup-{uuid.uuid4().hex[:12]}", "checkpoints": PLACES})
        self.tickets = [self.world.ticket(chance.randint(1, 4)).id for _ in range(5)]
        self.known: list[str] = []  # ids of records that arrived
        self.announced: list[str] = []  # ids that an undo named before they arrived

    @property
    def event(self) -> Event:
        return events.read(self.world.owner, self.world.slug)

    def row(self) -> dict[str, Any]:
        """A record of any kind, at any time, by any phone, of a target that may be there, may come, or never."""
        chance = self.chance
        kind = chance.choice(["checkin"] * 6 + ["walkin", "tally", "tally", "undo", "undo"])
        at = OPENING + timedelta(minutes=chance.randint(0, 3000))
        row: dict[str, Any] = {
            "type": kind, "at": at, "corrected_at": at + timedelta(hours=chance.choice([0, 0, 0, 3, -3])), "device_id": chance.choice(["a", "a", "b", None]),
            "quantity": chance.randint(1, 3), "outcome": {"tally": "counted", "undo": "undone"}.get(kind, "admitted"),
        }  # fmt: skip
        if kind in ("checkin", "walkin"):
            row |= {"checkpoint": chance.choice(["gate", "gate", "stage", "daily", "card"]), "direction": "entry"}
        if kind == "checkin":
            row["outcome"] = chance.choice(["admitted"] * 4 + ["already_used", "too_many", "cancelled", "unknown_ticket", "wrong_event"])
            row["registration_id"] = None if row["outcome"] == "unknown_ticket" else chance.choice(self.tickets)
            row["decided"] = chance.choice([None, None, "admitted", "refused"])
            row["basis"] = chance.choice([None, "self", "paper"])
            if row["checkpoint"] == "stage" and chance.random() < 0.4:
                row["direction"] = "exit"
        elif kind == "tally":
            row |= {"counter": chance.choice(["heads", "leaflets", "consult"]), "direction": chance.choice(["in", "in", "out"]), "topic": chance.choice([None, "政务公开"])}
            row["basis"] = chance.choice(["tapped", "tapped", "stocktake"])
        elif kind == "undo":
            if chance.random() < 0.3 or not self.known:
                self.announced.append(str(uuid.UUID(int=chance.getrandbits(128), version=4)))
                row["undoes"] = self.announced[-1]
            else:
                row["undoes"] = chance.choice(self.known)
            row["quantity"] = 0
        return row

    @transaction
    def arrive(self, count: int) -> None:
        """Records arrive, some of them under an id that an undo has named already."""
        event = self.event
        for _ in range(count):
            row = self.row()
            come = self.announced and row["type"] != "undo" and self.chance.random() < 0.5
            key = self.announced.pop() if come else str(uuid.UUID(int=self.chance.getrandbits(128), version=4))
            write(event, key, row)
            self.known.append(key)

    @transaction
    def decide(self) -> None:
        """A phone says later what it had decided."""
        if self.known:
            later = {"record_id": self.chance.choice(self.known), "event_id": self.event.id, "received_at": clock.now()}
            db.session.execute(insert(RecordDecision).values(decided=self.chance.choice(["admitted", "refused"]), **later))

    @transaction
    def change(self) -> None:
        """A registration changes: size, status, or both; by a statement that no object knows of."""
        _event, ticket = self.event, self.chance.choice(self.tickets)
        values = self.chance.choice([{"party_size": self.chance.randint(1, 5)}, {"status": "cancelled"}, {"status": "confirmed", "party_size": 2}, {"note": 1}])
        if "note" in values:
            values = {"updated_at": clock.now()}
        db.session.execute(update(Registration).where(Registration.id == ticket).values(**values))

    def register(self) -> None:
        """Somebody registers."""
        self.tickets.append(self.world.ticket(self.chance.randint(1, 4)).id)

    def restart(self) -> None:
        """A process begins afresh, with what is kept in the database."""
        live.forget()

    def lose(self) -> None:
        """What was kept is gone, too."""
        live.forget()
        self._empty()

    @transaction
    def _empty(self) -> None:
        db.session.execute(FigureRollup.__table__.delete())

    @transaction
    def new_rule(self) -> None:
        """A checkpoint gets another rule: everything counts by the new one."""
        place = self.chance.choice(self.event.checkpoints)
        place.rule = self.chance.choice(["once", "daily", "each_time", "stamp"])
        place.entrance = self.chance.random() < 0.5

    @transaction
    def new_epoch(self) -> None:
        """A rehearsal was reset."""
        self.event.epoch += 1

    def step(self) -> None:
        """Anything at all."""
        deeds: list[Callable[[], None]] = [self.decide, self.change, self.register, self.restart, self.lose, self.new_rule, self.new_epoch]
        weights = [3, 3, 1, 1, 0.3, 0.3, 0.2]
        if self.chance.random() < 0.6:
            self.arrive(self.chance.choice([1, 2, 3, 13]))
        else:
            self.chance.choices(deeds, weights)[0]()


def write(event: Event, key: str, row: dict[str, Any]) -> int:
    """One row of the ledger, written by hand as the door would have; its number."""
    assert in_transaction()
    if on_postgresql():
        db.session.execute(select(Event.id).where(Event.id == event.id).with_for_update(read=True, key_share=True))
        seq = db.session.scalar(text("SELECT nextval('records_seq')"))
    else:
        seq = (db.session.scalar(select(func.max(Record.seq))) or 0) + 1
    whole = {"id": key, "seq": seq, "event_id": event.id, "epoch": event.epoch, "content": "0" * 32, "received_at": clock.now(), "flags": [], **row}
    db.session.execute(insert(Record).values(**whole))
    return int(seq)


@pytest.mark.usefixtures("app_context", "small_windows")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_it_equals_the_full_fold_at_every_step(seed: int) -> None:
    evening = Evening(random.Random(seed))
    for number in range(14):
        evening.step()
        if evening.chance.random() < 0.7:
            check(evening.event)
        if number == 9:
            inside_a_verb(evening)
    check(evening.event)
    for epoch in range(1, evening.event.epoch):
        check(evening.event, epoch)


def inside_a_verb(evening: Evening) -> None:
    """A verb sees its own rows, and what is rolled back leaves nothing behind."""

    @transaction
    def verb() -> None:
        event = evening.event
        write(event, str(uuid.uuid4()), {**evening.row(), "undoes": None, "type": "tally", "counter": "heads", "basis": "tapped", "direction": "in", "quantity": 5})
        check(event)
        raise LookupError

    with pytest.raises(LookupError):
        verb()
    check(evening.event)


def settled_and_kept(world: World, leaflets: int) -> FigureRollup:
    """What is kept of these leaflets; on PostgreSQL only once every transaction of the cluster that began before is over."""
    for _ in range(200):
        assert figures.stats(world.owner, world.slug).counters[1].total == leaflets
        kept = db.session.scalars(select(FigureRollup)).one_or_none()
        if kept:
            return kept
        time.sleep(0.05)
    raise AssertionError("never kept")


@pytest.mark.usefixtures("app_context")
def test_a_fresh_process_reads_the_tail_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 20)
    world = World()
    phone = world.phone()
    world.send(phone, *[tally("leaflets", 2) for _ in range(40)])
    kept = settled_and_kept(world, 80)
    assert kept.sums["tallies"]["leaflets"][0] == 80
    world.send(phone, tally("leaflets", 3))
    live.forget()
    seen: list[passages.News] = []
    news = passages.news
    monkeypatch.setattr(passages, "news", lambda *args, **more: seen.append(news(*args, **more)) or seen[-1])
    assert figures.stats(world.owner, world.slug).counters[1].total == 83
    assert max(len(one.rows) for one in seen) == 1


@pytest.mark.usefixtures("app_context")
def test_what_another_version_kept_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 1)
    world = World()
    world.send(world.phone(), tally("leaflets", 2))
    settled_and_kept(world, 2)

    @transaction
    def spoil() -> None:
        kept = db.session.scalars(select(FigureRollup)).one()
        kept.sums = {**kept.sums, "format": 0, "tallies": {}}

    spoil()
    live.forget()
    assert figures.stats(world.owner, world.slug).counters[1].total == 2


@pytest.mark.usefixtures("app_context")
def test_the_database_notes_what_a_registration_was() -> None:
    world = World()
    ticket = world.ticket(3)
    registrations.change(world.owner, world.slug, ticket.id, {"party_size": 2})
    registrations.change(world.owner, world.slug, ticket.id, {"name": "李明"})
    registrations.cancel(world.owner, world.slug, ticket.id)
    notes = [(row.status, row.party_size) for row in db.session.scalars(select(RegistrationChange).order_by(RegistrationChange.id))]
    assert notes == [("confirmed", 3), ("confirmed", 2)]


@pytest.mark.usefixtures("app_context")
def test_a_rehearsal_that_was_reset_keeps_its_figures() -> None:
    world = World()
    rehearsals.start(world.owner, world.slug)
    world.send(world.phone(), checkin(world.ticket(2), count=2))
    rehearsals.reset(world.owner, world.slug, 1)
    event = events.read(world.owner, world.slug)
    assert (figures.of_event(event).entries, figures.of_event(event, 1).entries) == (0, 2)
    check(event, 1)


@pytest.mark.skipif(not on_postgresql(), reason="numbers appear out of order on PostgreSQL only")
@pytest.mark.parametrize("many", [1, 30])
def test_a_number_that_appears_late_is_counted(app: Flask, many: int, small_windows: None) -> None:
    """A transaction draws its numbers first and commits last; meanwhile others commit higher ones and figures are read again and again."""
    with app.app_context():
        evening = Evening(random.Random(5))
        event = evening.event
        drawn, go_on = threading.Event(), threading.Event()

        @transaction
        def slow() -> None:
            for _ in range(many):
                write(events.read(evening.world.owner, evening.world.slug), str(uuid.uuid4()), {**TAP, "quantity": 7})
            drawn.set()
            assert go_on.wait(20)

        def apart() -> None:
            with app.app_context():
                slow()

        thread = threading.Thread(target=apart)
        thread.start()
        try:
            assert drawn.wait(20)
            for _ in range(6):
                evening.world.send(evening.world.phone(), *[tally("heads", 1) for _ in range(3)])
                db.session.rollback()
                check(event)
        finally:
            go_on.set()
            thread.join(20)
        db.session.rollback()
        check(event)
        assert live.sums(event)[0].tallies["heads"].tapped == 18 + 7 * many


TAP: dict[str, Any] = {
    "type": "tally", "counter": "heads", "basis": "tapped", "direction": "in", "device_id": "a", "at": OPENING, "corrected_at": OPENING, "outcome": "counted",
}  # fmt: skip


@pytest.mark.skipif(not on_postgresql(), reason="transactions have ids on PostgreSQL only")
def test_the_door_has_a_transaction_id_before_it_draws_a_number(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `passages.Settling` rests on."""
    with app.app_context():
        world = World()
        seen: list[bool] = []
        keep = records.rows._ON_POSTGRESQL.all  # the statement that draws them

        def drawing(**values: Any) -> Any:
            seen.append(db.session.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL")))
            return keep(**values)

        monkeypatch.setattr(records.rows._ON_POSTGRESQL, "all", drawing)
        world.send(world.phone(), tally("heads", 1), checkin(world.ticket()))
        assert seen and all(seen)


@pytest.mark.skipif(not on_postgresql(), reason="transactions have ids on PostgreSQL only")
def test_whoever_is_far_behind_waits_a_moment_and_holds_nobody_up(app: Flask, monkeypatch: pytest.MonkeyPatch, small_windows: None) -> None:
    """Another transaction, a worker that catches up too, is under way: what is read window by window is remembered all the same."""
    with app.app_context():
        world = World()
        event = events.read(world.owner, world.slug)
        begun, spent = threading.Event(), []

        def elsewhere() -> None:
            with app.app_context():
                db.session.execute(text("SELECT pg_current_xact_id()"))
                begun.set()
                time.sleep(0.4)
                db.session.rollback()

        thread = threading.Thread(target=elsewhere)
        thread.start()
        assert begun.wait(20)
        world.send(world.phone(), *[tally("heads", 1) for _ in range(30)])
        db.session.rollback()
        news, concerned = passages.news, passages.concerned

        def watched(*given: Any, **more: Any) -> Any:
            assert not more, "all of it at once"
            return news(*given)

        def noted(*given: Any) -> Any:
            spent.append(db.session.scalar(text("SELECT pg_current_xact_id_if_assigned()::text")))
            return concerned(*given)

        monkeypatch.setattr(passages, "news", watched)
        monkeypatch.setattr(passages, "concerned", noted)
        assert live.rollup(event).sums.tallies["heads"].tapped == 30
        thread.join(20)
        remembered = live._known(event.id, event.epoch).rollup
        assert remembered is not None and remembered.cut.seq >= 24
        held = [number for number in spent if number]
        assert len(set(held)) == len(held), "one transaction over several windows"


def test_a_part_is_a_fold() -> None:
    assert folds.fold([], later={}, parties={}, places=[], zone="Asia/Shanghai") == folds.Sums()


@pytest.mark.usefixtures("app_context")
def test_the_worker_sums_up_what_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "EVERY", 5)
    world = World()
    world.send(world.phone(), *[tally("leaflets", 1) for _ in range(8)])
    assert live.roll_up() == 1
    for _ in range(200 if on_postgresql() else 1):  # there a transaction of anybody in the cluster may hold it up
        if live.roll_up() == 0:
            break
        time.sleep(0.05)
    assert live.roll_up() == 0
    assert db.session.scalars(select(FigureRollup)).one().sums["tallies"]["leaflets"][0] == 8
