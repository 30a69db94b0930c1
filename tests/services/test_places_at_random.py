"""Random sequences of everything that moves places keep them right; also with two workers at once.

The hundred sequences of the acceptance: ``PLACES_EXAMPLES=100 pytest -q tests/services/test_places_at_random.py`` (each example is up to 30 steps).
"""

from __future__ import annotations

import itertools
import os
import random
import threading
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import Event, EventSession, Registration, SessionWait
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations, upkeep
from tests.services.world import World, examples

_numbers = itertools.count()
EXAMPLES = int(os.environ.get("PLACES_EXAMPLES", examples(40)))
LATER = {"starts_at": "2027-08-30T18:00:00+08:00", "ends_at": "2027-08-30T21:00:00+08:00"}
SESSIONS = [{"key": "a", "name": "甲场", "capacity": 2}, {"key": "b", "name": "乙场", "capacity": 3}]


def seen(slug: str) -> tuple[Event, list[Registration], list[EventSession], list[SessionWait]]:
    """Everything that counts, read anew."""
    fresh = {"populate_existing": True}
    event = db.session.scalars(db.select(Event).where(Event.slug == slug).execution_options(**fresh)).one()
    rows = db.session.scalars(db.select(Registration).where(Registration.event_id == event.id).order_by(Registration.seq).execution_options(**fresh)).all()
    sessions = db.session.scalars(db.select(EventSession).where(EventSession.event_id == event.id).execution_options(**fresh)).all()
    waits = db.session.scalars(db.select(SessionWait).where(SessionWait.event_id == event.id).order_by(SessionWait.id).execution_options(**fresh)).all()
    return event, list(rows), list(sessions), list(waits)


def check(slug: str) -> None:
    """What always holds: nothing above its capacity, every place counted once, and whoever stands first did not fit."""
    event, rows, sessions, waits = seen(slug)
    placed = [row for row in rows if row.status in {"confirmed", "pending"} or (row.status == "waitlisted" and row.offered_until)]
    assert sum(row.party_size for row in placed) == event.places_taken <= (event.capacity or 0)
    assert sum(row.party_size for row in placed if row.channel in {"desk", "phone"}) == event.desk_taken
    free = (event.capacity or 0) - event.places_taken
    line = [row for row in rows if row.status == "waitlisted" and not row.offered_until]
    if line and event.waitlist_rule == "strict":
        reserve = max(0, event.reserve - event.desk_taken)
        room = free if line[0].channel in {"desk", "phone"} else max(0, free - reserve)
        assert line[0].party_size > room, "the first in line fits and was not asked"
    for session in sessions:
        own = {row.id: min(row.session_sizes.get(session.key, row.party_size), row.party_size) for row in placed if session.key in row.sessions}
        offered = [wait for wait in waits if wait.session == session.key and wait.offered_until]
        assert not {wait.registration_id for wait in offered} & own.keys(), "a place was offered to somebody who has one"
        assert sum(own.values()) + sum(wait.size for wait in offered) == session.places_taken <= (session.capacity or 0)
        standing = [wait for wait in waits if wait.session == session.key and not wait.offered_until and not wait.lapsed_at]
        if standing and event.waitlist_rule == "strict":
            assert standing[0].size > (session.capacity or 0) - session.places_taken
        assert all(wait.registration_id in {row.id for row in placed} for wait in standing), "somebody waits who has no ticket"
    for row in rows:
        assert row.offered_until is None or row.status == "waitlisted"
        assert set(row.session_sizes) <= set(row.sessions)


class Evening(RuleBasedStateMachine):
    """Registering, changing, cancelling, choosing sessions, offers taken up or left, capacity up and down, time passing."""

    clock: FakeClock

    def __init__(self) -> None:
        super().__init__()
        self.made: list[str] = []
        self.order: list[str] = []  # of those in the event's line, as they came

    @initialize(hold=st.sampled_from([0, 24]), rule_=st.sampled_from(["strict", "fit"]), reserve=st.integers(0, 2), capacity=st.integers(2, 6))
    def begin(self, hold: int, rule_: str, reserve: int, capacity: int) -> None:
        registration = {"capacity": capacity, "max_party": 4, "hold_hours": hold, "waitlist_rule": rule_, "reserve": min(reserve, capacity)}
        self.world = World({**LATER, "slug": f"r{next(_numbers)}", "sessions": SESSIONS, "registration": registration})

    def _try(self, verb: Any, *said: Any, **more: Any) -> None:
        try:
            verb(self.world.owner, self.world.slug, *said, **more)
        except (Conflict, Invalid):
            pass

    def _one(self, choice: int) -> str:
        return self.made[choice % len(self.made)] if self.made else "nobody"

    @rule(size=st.integers(1, 4), channel=st.sampled_from(["desk", "proxy"]), keys=st.sets(st.sampled_from(["a", "b"])), line=st.booleans())
    def register(self, size: int, channel: str, keys: set[str], line: bool) -> None:
        body = {"name": "王桂芳", "party_size": size, "channel": channel, "sessions": sorted(keys), "wait_for_sessions": line}
        try:
            self.made.append(registrations.register(self.world.owner, self.world.slug, body).registration.id)
        except (Conflict, Invalid):
            pass

    @rule(choice=st.integers(0, 50))
    def cancel(self, choice: int) -> None:
        if self.made:
            self._try(registrations.cancel, self._one(choice))

    @rule(choice=st.integers(0, 50))
    def restore(self, choice: int) -> None:
        if self.made:
            self._try(registrations.restore, self._one(choice))

    @rule(choice=st.integers(0, 50), size=st.integers(1, 4))
    def change(self, choice: int, size: int) -> None:
        if self.made:
            self._try(registrations.change, self._one(choice), {"party_size": size})

    @rule(choice=st.integers(0, 50), a=st.integers(0, 3), b=st.integers(0, 3))
    def choose(self, choice: int, a: int, b: int) -> None:
        if self.made:
            self._try(registrations.choose_sessions, self._one(choice), {"a": a, "b": b})

    @rule(choice=st.integers(0, 50), session=st.sampled_from([None, "a", "b"]))
    def accept(self, choice: int, session: str | None) -> None:
        if self.made:
            self._try(registrations.accept, self._one(choice), session)

    @rule(capacity=st.integers(1, 9))
    def resize(self, capacity: int) -> None:
        self._try(events.change, {"registration": {"capacity": capacity}})

    @rule(capacity=st.integers(1, 5))
    def resize_session(self, capacity: int) -> None:
        self._try(events.change, {"sessions": [{**SESSIONS[0], "capacity": capacity}, SESSIONS[1]]})

    @rule(hours=st.sampled_from([1, 13, 30]), worker=st.booleans())
    def time_passes(self, hours: int, worker: bool) -> None:
        type(self).clock.advance(hours=hours)
        if worker:
            upkeep.end_offers(self.world.slug)
            upkeep.promote(self.world.slug)

    @invariant()
    def places_are_right_and_the_order_is_kept(self) -> None:
        if not hasattr(self, "world"):
            return
        check(self.world.slug)
        event, rows, _sessions, _waits = seen(self.world.slug)
        line = [row.id for row in rows if row.status == "waitlisted" and not row.offered_until]
        assert [known for known in self.order if known in line] == [known for known in line if known in self.order], "the order of the line changed"
        if event.waitlist_rule == "strict" and not event.reserve:  # whoever left the line did so from its head, or gave up
            status = {row.id: row.status for row in rows}
            left = [known for known in self.order if known not in line and status[known] in {"confirmed", "pending"}]
            assert not any(known in self.order and self.order.index(known) < self.order.index(gone) for gone in left for known in line), "overtaken"
        self.order = line


def test_places_hold_in_any_sequence(app_context: Flask, clock: FakeClock) -> None:
    Evening.clock = clock
    run_state_machine_as_test(
        Evening,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck),
            phases=(Phase.explicit, Phase.generate, Phase.shrink) if EXAMPLES > 100 else (Phase.explicit, Phase.generate),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(int(os.environ.get("PLACES_SEEDS", "3"))))
def test_places_hold_with_two_workers_and_residents_at_once(app: Flask, clock: FakeClock, seed: int) -> None:
    """Two threads end offers and promote while three others register, cancel, accept and resize, each from its own seed."""
    slug = f"t{seed}"
    with app.app_context():
        registration = {"capacity": 6, "max_party": 3, "hold_hours": 24}
        world = World({**LATER, "slug": slug, "sessions": SESSIONS, "registration": registration})
        made = [registrations.register(world.owner, slug, {"name": "王桂芳", "party_size": 1 + n % 3, "channel": "proxy"}).registration.id for n in range(12)]
        db.session.remove()
    wrong: list[BaseException] = []

    def resident(number: int) -> None:
        dice = random.Random(f"{seed}.{number}")
        with app.app_context():
            for _ in range(25):
                one = dice.choice(made)
                verb: Any = dice.choice([registrations.cancel, registrations.accept, registrations.restore, registrations.change, registrations.register])
                said: Any = (slug, one)
                if verb is registrations.change:
                    said = (slug, one, {"party_size": dice.randint(1, 3)})
                if verb is registrations.register:
                    said = (slug, {"name": "李建国", "party_size": dice.randint(1, 3), "channel": "proxy", "sessions": ["a"], "wait_for_sessions": True})
                _quietly(verb, world.owner, *said, wrong=wrong)
                if dice.random() < 0.2:
                    clock.advance(hours=9)
            db.session.remove()

    def worker() -> None:
        with app.app_context():
            for _ in range(25):
                _quietly(upkeep.end_offers, slug, wrong=wrong)
                _quietly(upkeep.promote, slug, wrong=wrong)
            db.session.remove()

    threads = [threading.Thread(target=resident, args=(number,)) for number in range(3)] + [threading.Thread(target=worker) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert wrong == []
    with app.app_context():
        upkeep.end_offers(slug)
        check(slug)
        db.session.remove()


def _quietly(verb: Any, *said: Any, wrong: list[BaseException]) -> None:
    try:
        verb(*said)
    except (Conflict, Invalid):
        pass
    except BaseException as error:  # noqa: BLE001 - shown at the end
        wrong.append(error)
