"""A large batch takes another way through than a small one, and on SQLite is decided while the one before is written: nothing of that may show."""

from __future__ import annotations

import random
import re
import sqlite3
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from eventsvc import prepared
from eventsvc.db import db, transaction
from eventsvc.errors import Refusal
from eventsvc.models import Event, Record, RecordDecision, Registration
from eventsvc.ports import clock
from eventsvc.services import record_form, records
from eventsvc.services.actors import Actor
from eventsvc.services.records import loading, succession
from tests.conftest import on_postgresql
from tests.services.world import World, checkin, examples, record, tally

pytestmark = pytest.mark.usefixtures("app_context")
ONLY_SQLITE = pytest.mark.skipif(on_postgresql(), reason="PostgreSQL writes several transactions at a time by itself")
MANY = 60


@pytest.fixture(autouse=True)
def _large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of `MANY` is large, its lists are long."""
    monkeypatch.setattr(records, "LARGE", MANY - 10)
    monkeypatch.setattr(prepared, "LONG", MANY // 6)


def a_crowd(dice: random.Random, tickets: list[Registration], known: list[str]) -> list[Any]:
    """What an evening's phone may hold: mostly first scans, and a little of everything else; ``known``: ids of what was sent before."""
    sent: list[Any] = []
    fresh = iter(dice.sample(tickets, len(tickets)))

    def at() -> Any:
        return clock.now() - timedelta(minutes=dice.choice([0, 0, 1, 30, 600]))

    for _ in range(MANY):
        what, ids = dice.random(), [one["id"] for one in sent if isinstance(one, dict)]
        decided = dice.choice([{}, {"decided": "admitted"}, {"decided": "admitted"}, {"decided": "refused"}])
        if what < 0.6 and (ticket := next(fresh, None)):
            sent.append(checkin(ticket, at=at(), count=dice.choice([1, 1, 1, 2]), **decided))
        elif what < 0.7:
            sent.append(checkin(dice.choice(tickets), dice.choice(["gate", "stage", "daily"]), at=at(), count=dice.choice([1, 2, 9]), **decided))
        elif what < 0.75:
            sent.append(checkin(dice.choice(["nobody's", "０" * 20, dice.choice(tickets).pickup_code]), at=at(), **decided))
        elif what < 0.85:
            sent.append(tally(dice.choice(["leaflets", "consult", "heads", "none"]), dice.choice([1, 3, 60]), at=at()))
        elif what < 0.9 and ids:
            sent.append(record("undo", undoes=dice.choice([*ids, *known, str(uuid.uuid4())])))
        elif what < 0.93:
            sent.append(record("walkin", checkpoint="gate", count=2, **dice.choice([{}, {"name": "李红", "consent": True}])))
        elif what < 0.96 and ids:
            sent.append({**dice.choice([one for one in sent if isinstance(one, dict)]), **dice.choice([{}, decided, {"ticket": dice.choice(tickets).code}])})
        else:
            sent.append(dice.choice([None, {"id": "x"}, record("checkin"), checkin(dice.choice(tickets), "stage", direction="exit"), checkin("x", note="看不清")]))
    return sent


def another(record_id: str) -> str:
    """Another id, which sorts as this one does."""
    return record_id[:35] + ("1" if record_id[35] == "0" else "0") if len(record_id) == 36 else record_id


class Twin:
    """A world, its tickets and a phone; what it keeps and answers can be compared with another's, although no id is the same."""

    def __init__(self, slug: str) -> None:
        self.world = World({"slug": slug})
        self.tickets = [self.world.ticket(1 + number % 3) for number in range(MANY)]
        self.phone = self.world.phone()
        self._has_left_a_rehearsal()
        self.names = {ticket.id: f"ticket {number}" for number, ticket in enumerate(self.tickets)}

    @transaction
    def _has_left_a_rehearsal(self) -> None:
        """Ten minutes ago; what phones held back from it stays with it."""
        event = db.session.scalars(db.select(Event).where(Event.slug == self.world.slug)).one()
        event.epoch, event.epoch_began_at, event.revision = 2, clock.now() - timedelta(minutes=10), event.revision + 1

    def name(self, value: Any) -> Any:
        return self.names.get(value, value) if isinstance(value, str) else value

    def sent_by(self, other: Twin, sent: list[Any]) -> list[Any]:
        """The same records, of the other's tickets under ids of their own."""
        codes = {mine.code: its.code for mine, its in zip(self.tickets, other.tickets, strict=True)}
        codes |= {mine.pickup_code: its.pickup_code for mine, its in zip(self.tickets, other.tickets, strict=True)}
        found = []
        for one in sent:
            if isinstance(one, dict) and len(one["id"]) == 36:
                its = another(one["id"])
                other.names[its] = one["id"]
                one = {**one, "id": its}
                if "ticket" in one:
                    one["ticket"] = codes.get(one["ticket"], one["ticket"])
                if "undoes" in one:
                    one["undoes"] = another(one["undoes"])
            found.append(one)
        return found

    def answers(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{key: self.name(value) for key, value in answer.items()} for answer in answers]

    def kept(self) -> tuple[list[dict[str, Any]], list[tuple[str, str, bool]]]:
        """The ledger in its order and later decisions, without what is drawn by lot."""
        event = self.tickets[0].event_id
        rows = db.session.execute(db.select(*Record.__table__.columns).where(Record.event_id == event).order_by(Record.seq)).mappings().all()
        left_out = {"seq", "event_id", "device_id", "content", "undoes"}
        ledger = [{key: self.name(value) for key, value in row.items() if key not in left_out} for row in rows]
        decided = db.session.execute(
            db.select(RecordDecision.record_id, RecordDecision.decided, RecordDecision.conflict).where(RecordDecision.event_id == event).order_by(RecordDecision.id)
        )
        return ledger, [(self.name(record_id), what, conflict) for record_id, what, conflict in decided]


@pytest.mark.parametrize("seed", range(examples(6)))
def test_the_way_of_large_batches_answers_and_keeps_what_the_plain_one_does(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    dice, large, plain = random.Random(seed), Twin("large"), Twin("plain")
    skew = [timedelta(0), timedelta(minutes=20), timedelta(days=70 * 365)][seed % 3]  # by the last a scan was put right to before 1970
    known: list[str] = []
    outcomes: set[str] = set()
    for _ in range(3):
        sent = a_crowd(dice, large.tickets, known)
        known += [one["id"] for one in sent if isinstance(one, dict)][:50]
        copy = large.sent_by(plain, sent)
        swift = large.world.send(large.phone, *sent, skew=skew)
        with monkeypatch.context() as patch:
            patch.setattr(records, "LARGE", 10**6)  # nothing is large, nothing is usual, no list is long
            patch.setattr(record_form, "_USUAL", frozenset())
            patch.setattr(prepared, "LONG", 10**6)
            slow = plain.world.send(plain.phone, *copy, skew=skew)
        db.session.rollback()
        assert large.answers(swift) == plain.answers(slow)
        assert large.kept() == plain.kept()
        outcomes |= {answer["outcome"] for answer in swift}
    assert outcomes >= {"admitted", "counted", "undone", "unknown_ticket"} and len(outcomes) > 5


def others_write(monkeypatch: pytest.MonkeyPatch, what: Callable[[], None]) -> list[bool]:
    """Have somebody else write between the decision and its writing, once; what `may_write` says each time."""
    said: list[bool] = []
    real = succession.Succession.may_write

    def may_write(self: succession.Succession, keys: succession.Keys) -> bool:
        if not said:
            what()
        said.append(real(self, keys))
        return said[-1]

    monkeypatch.setattr(succession.Succession, "may_write", may_write)
    return said


def test_doors_that_opened_late_and_closed_early_while_the_phone_was_offline() -> None:
    """Tickets that are alike share what the door says, as far as it says so at their own times."""
    now = clock.now()
    opened, closed = now - timedelta(minutes=40), now - timedelta(minutes=20)
    gate = {"key": "gate", "name": "东门", "opens_at": opened.isoformat(), "closes_at": closed.isoformat()}
    world = World({"checkpoints": [gate, {"key": "stage", "name": "舞台", "opens_at": opened.isoformat()}]})
    tickets, phone = [world.ticket(2) for _ in range(MANY)], world.phone()
    minutes = [(number * 7) % 60 for number in range(MANY)]  # ago, in no order
    sent = [
        checkin(ticket, ("gate", "stage")[number % 2], at=now - timedelta(minutes=ago), count=1, decided="admitted")
        for number, (ticket, ago) in enumerate(zip(tickets, minutes, strict=True))
    ]
    found = [answer["outcome"] for answer in world.send(phone, *sent)]
    right = ["not_yet_open" if ago > 40 else "closed" if ago < 20 and not number % 2 else "admitted" for number, ago in enumerate(minutes)]
    assert found == right
    assert {"not_yet_open", "closed", "admitted"} == set(right)


@ONLY_SQLITE
def test_what_others_write_meanwhile_is_seen(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    tickets = [world.ticket() for _ in range(MANY)]
    phone = world.phone()

    def cancel_one() -> None:
        path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
        with sqlite3.connect(path) as other:  # as another process would
            other.execute("UPDATE registrations SET status = 'cancelled' WHERE id = ?", (tickets[7].id,))
        other.close()

    said = others_write(monkeypatch, cancel_one)
    answers = world.send(phone, *map(checkin, tickets))
    assert said == [False], "it was decided again, in the usual way"
    assert [answer["outcome"] for answer in answers] == ["admitted"] * 7 + ["cancelled"] + ["admitted"] * (MANY - 8)
    more = world.send(phone, *(tally("leaflets") for _ in range(MANY)))
    assert said == [False, True] and {answer["status"] for answer in more} == {"recorded"}


@ONLY_SQLITE
def test_a_device_that_is_revoked_meanwhile_keeps_nothing(monkeypatch: pytest.MonkeyPatch, app: Flask) -> None:
    from eventsvc.services import actors, devices

    world = World()
    invited = devices.invite(world.owner, world.slug, {"name": "东门手机", "scopes": ["scan", "tally"], "checkpoints": []})
    token = devices.join(invited.join_code, "志愿者甲", uuid.uuid4().hex).token
    claim = actors.claim_device(token)
    assert claim is not None

    def revoke() -> None:
        path = app.config["SQLALCHEMY_DATABASE_URI"].removeprefix("sqlite:///")
        with sqlite3.connect(path) as other:
            other.execute("UPDATE devices SET revoked_at = 1 WHERE id = ?", (claim.device_id,))
        other.close()

    others_write(monkeypatch, revoke)
    body = {"sent_at": clock.now().isoformat(), "records": [tally("leaflets") for _ in range(MANY)]}
    with pytest.raises(Refusal) as refused:
        records.submit(claim, world.slug, body)
    assert refused.value.code == "device_revoked"
    assert db.session.scalar(db.select(db.func.count()).select_from(Record)) == 0


@ONLY_SQLITE
@pytest.mark.parametrize("there", [0, 5, MANY])
@pytest.mark.parametrize("named", ["codes", "ids", "records", "passages"])
def test_what_is_named_is_looked_up_one_by_one(there: int, named: str) -> None:
    """Whatever the database's statistics were told of the tables' size."""
    world = World()
    world.send(world.phone(), *(checkin(world.ticket()) for _ in range(there)))
    db.session.execute(db.text("ANALYZE"))
    db.session.commit()
    statement, values = {
        "codes": (loading._BY_CODES, {"codes": ["A" * 20]}),
        "ids": (loading._BY_IDS, {"ids": ["a"]}),
        "records": (loading._STORED, {"wanted": ["a"], "ids": ["a"]}),
        "passages": (loading._PASSAGES, {"tickets": ["a"], "epoch": 1}),
    }[named]
    compiled = statement._compiled()
    for text in (compiled.text, compiled.at_once):
        plan = [row[3] for row in db.session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(compiled.bind(values)))]
        assert any(step.startswith("SEARCH") for step in plan)
        assert not [step for step in plan if re.match("SCAN (registrations|persons|records)", step)], plan


class Held:
    """Batches sent from threads of their own; the first is held in the middle of its writing until `let_go`."""

    def __init__(self, app: Flask, world: World, monkeypatch: pytest.MonkeyPatch, fail: bool = False) -> None:
        self.app, self.world, self.fail = app, world, fail
        self.writing, self.go = threading.Event(), threading.Event()
        self.decided: list[int] = []
        self.answers: dict[str, Any] = {}
        self.threads: list[threading.Thread] = []
        keep, decide, first = records.keep, records._decide, iter([True])

        def held(piece: Any) -> Any:
            if next(first, False):
                self.writing.set()
                assert self.go.wait(20)
                if fail:
                    raise ValueError("the disk says no")
            return keep(piece)

        def deciding(jobs: Any) -> Any:
            found = decide(jobs)
            self.decided.append(sum(job.size for job in jobs))
            return found

        monkeypatch.setattr(records, "keep", held)
        monkeypatch.setattr(records, "_decide", deciding)
        monkeypatch.setattr(records.together, "MOST_RECORDS", MANY)  # one batch a transaction

    def send(self, name: str, phone: Actor, *sent: dict[str, Any]) -> None:
        body = {"sent_at": clock.now().isoformat(), "records": list(sent)}

        def run() -> None:
            try:
                self.answers[name] = records.submit(phone, self.world.slug, body, self.app.app_context)["results"]
            except Exception as error:
                self.answers[name] = error

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def wait_for(self, decided: int) -> None:
        """Until so many decisions were made."""
        for _ in range(400):
            if len(self.decided) >= decided:
                return
            threading.Event().wait(0.05)
        raise AssertionError(self.decided)

    def let_go(self) -> None:
        self.go.set()
        for thread in self.threads:
            thread.join(30)
        db.session.rollback()  # what this thread has seen is over


@ONLY_SQLITE
def test_one_is_decided_while_another_is_written_and_both_are_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    tickets = [world.ticket() for _ in range(2 * MANY)]
    phones = [world.phone(), world.phone()]
    held = Held(app, world, monkeypatch)
    held.send("first", phones[0], *map(checkin, tickets[:MANY]))
    assert held.writing.wait(20)
    held.send("second", phones[1], *map(checkin, tickets[MANY:]))
    held.wait_for(2)
    assert held.answers == {}, "nobody is told before it is written"
    held.let_go()
    assert held.decided == [MANY, MANY], "neither was decided twice"
    for name in ("first", "second"):
        assert {answer["outcome"] for answer in held.answers[name]} == {"admitted"}
    numbers = db.session.scalars(db.select(Record.seq).order_by(Record.seq)).all()
    assert numbers == list(range(1, 2 * MANY + 1))
    order = db.session.scalars(db.select(Record.registration_id).order_by(Record.seq)).all()
    assert order == [ticket.id for ticket in tickets]


@ONLY_SQLITE
@pytest.mark.parametrize("shared", ["ticket", "record", "undo", "stock"])
def test_what_the_one_before_bears_on_is_decided_after_it(app: Flask, monkeypatch: pytest.MonkeyPatch, shared: str) -> None:
    world = World()
    tickets = [world.ticket() for _ in range(2 * MANY)]
    phones = [world.phone(), world.phone()]
    first, second = [[checkin(ticket) for ticket in half] for half in (tickets[:MANY], tickets[MANY:])]
    expected = ["admitted"] * MANY
    match shared:
        case "ticket":
            second[5], expected[5] = checkin(tickets[5]), "already_used"
        case "record":
            second[5] = first[5]
        case "undo":
            first[5] = tally("heads")
            second[5], expected[5] = record("undo", undoes=first[5]["id"]), "undone"
        case "stock":
            first[5], second[5], expected[5] = tally("leaflets", 60), tally("leaflets", 60), "counted"
    held = Held(app, world, monkeypatch)
    held.send("first", phones[0], *first)
    assert held.writing.wait(20)
    held.send("second", phones[0] if shared == "undo" else phones[1], *second)
    held.wait_for(2)
    held.let_go()
    assert held.decided == [MANY, MANY, MANY], "the second was decided again"
    assert [answer["outcome"] for answer in held.answers["second"]] == expected
    answer = held.answers["second"][5]
    match shared:
        case "record":
            assert answer["status"] == "replayed"
        case "undo":
            assert answer["flags"] == [], "its target was there"
        case "stock":
            assert answer["flags"] == ["below_zero"]


@ONLY_SQLITE
def test_a_writing_that_fails_sinks_nobody_else(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    tickets = [world.ticket() for _ in range(2 * MANY)]
    phones = [world.phone(), world.phone()]
    held = Held(app, world, monkeypatch, fail=True)
    held.send("first", phones[0], *map(checkin, tickets[:MANY]))
    assert held.writing.wait(20)
    held.send("second", phones[1], *map(checkin, tickets[MANY:]))
    held.wait_for(2)
    held.let_go()
    assert isinstance(held.answers["first"], ValueError)
    assert {answer["outcome"] for answer in held.answers["second"]} == {"admitted"}
    assert db.session.scalars(db.select(Record.seq).order_by(Record.seq)).all() == list(range(1, MANY + 1))
    monkeypatch.undo()
    again = world.send(phones[0], *map(checkin, tickets[:MANY]))
    assert {answer["outcome"] for answer in again} == {"admitted"}
