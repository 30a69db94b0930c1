"""Whatever happens and whenever a phone asks: what it was sent, difference by difference, is what a phone that asks for the first time gets."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventsvc.errors import Refusal
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations, rehearsals, retention, roster, spares
from eventsvc.services.actors import Actor
from tests.services.world import World, checkin, examples, record, tally


class Phone:
    """A phone that keeps the roster as it comes; it may stop in the middle of a download."""

    def __init__(self, actor: Actor, slug: str) -> None:
        self.actor, self.slug = actor, slug
        self.cursor: str | None = None
        self.tickets: dict[str, Any] = {}
        self.spares: set[str] = set()
        self.known: set[str] = set()  # hashes that open a ticket, or did

    def page(self) -> bool:
        """Take one page in; whether there are more."""
        page = roster.read(self.actor, self.slug, self.cursor)
        if page.get("reset"):
            self.tickets, self.spares, self.known = {}, set(), set()
        self.spares |= set(page["spare"]) - self.known
        for ref in page["removed"]:
            self.tickets.pop(ref, None)
        for ticket in page["tickets"]:
            self.tickets[ticket["ref"]] = ticket
            opened = {ticket["hash"], *ticket.get("aliases", ()), *ticket.get("retired", ())}
            self.known |= opened
            self.spares -= opened
        self.cursor = page["cursor"]
        return bool(page["has_more"])

    def poll(self) -> None:
        """Take all in."""
        for _ in range(400):
            if not self.page():
                return
        raise AssertionError("the roster never ends")


class Evening:
    """An event on which anything may happen, through the verbs that people use."""

    def __init__(self, chance: random.Random, clock: FakeClock) -> None:
        limits.reset()
        self.chance, self.clock = chance, clock
        self.world = World({"slug": f"roster-{uuid.uuid4().hex[:12]}", "registration": {"capacity": 12, "max_party": 4, "waitlist": True}})
        self.owner, self.slug = self.world.owner, self.world.slug
        self.volunteer = self.world.phone()
        self.phones = [Phone(self.world.phone(), self.slug) for _ in range(2)]
        self.ids: list[str] = []
        self.codes: list[str] = []
        self.sent: list[dict[str, Any]] = []
        self.erased = False

    def ticket(self) -> None:
        """Somebody registers; perhaps on the waitlist."""
        made = self.world.ticket(self.chance.randint(1, 4), name=self.chance.choice(["王桂芳", "欧阳明", "Li Wei"]))
        self.ids.append(made.id)
        self.codes.append(made.code)

    def scan(self) -> None:
        """A check-in: decided by the server, or by the phone; sometimes the phone says later what it had decided."""
        sent = checkin(self.chance.choice(self.codes), self.chance.choice(["gate", "gate", "stage", "daily"]), count=self.chance.randint(1, 3))
        sent["decided"] = self.chance.choice([None, None, "admitted", "refused"])
        self.send(sent)
        if self.chance.random() < 0.25:
            self.send({**sent, "decided": self.chance.choice(["admitted", "refused"])})

    def undo(self) -> None:
        """By the phone or by the organizer, perhaps of something that has not arrived yet."""
        target = self.chance.choice(self.sent)["id"] if self.chance.random() < 0.9 else str(uuid.uuid4())
        undo = record("undo", undoes=target, reason="误扫")
        self.world.send(self.chance.choice([self.volunteer, self.owner]), undo)

    def send(self, sent: dict[str, Any]) -> None:
        """A batch of one."""
        self.world.send(self.volunteer, sent)
        self.sent.append(sent)

    def change(self) -> None:
        """An organizer, or the resident, changes one registration."""
        one = self.chance.choice(self.ids)
        deeds: list[Callable[[], Any]] = [
            lambda: registrations.change(self.owner, self.slug, one, {"party_size": self.chance.randint(1, 4)}),
            lambda: registrations.change(self.owner, self.slug, one, {"name": "李明"}),
            lambda: registrations.cancel(self.owner, self.slug, one),
            lambda: registrations.block(self.owner, self.slug, one, self.chance.random() < 0.5),
            self.reissue,
        ]
        with suppress(Refusal):
            self.chance.choice(deeds)()

    def reissue(self) -> None:
        """A new code for an old one; both may still be shown at the gate."""
        made = registrations.reissue(self.owner, self.slug, self.chance.choice(self.ids))
        self.codes.append(made.registration.code)

    def wait(self) -> None:
        """Time passes: a moment, or more than any transaction lasts."""
        self.clock.advance(seconds=self.chance.choice([1, 20, 200]))

    def ask(self) -> None:
        """A phone asks: for all that is new, or for a part, as where the network broke off."""
        phone = self.chance.choice(self.phones)
        if self.chance.random() < 0.6:
            phone.poll()
        else:
            phone.page()

    def reset(self) -> None:
        """A rehearsal begins, or ends and all of it is forgotten."""
        with suppress(Refusal):
            event = events.read(self.owner, self.slug)
            if event.rehearsal:
                rehearsals.reset(self.owner, self.slug, rehearsals.count(event))
            else:
                rehearsals.start(self.owner, self.slug)

    def erase(self) -> None:
        """The event is long over: whoever was registered is forgotten, and the spares with them, of which no phone needs to hear."""
        retention.erase(self.slug)
        self.ids.clear()
        self.erased = True

    def step(self) -> None:
        """Anything at all."""
        if not self.ids:
            return self.ticket()
        deeds: list[tuple[Callable[[], Any], float]] = [
            (self.ticket, 4), (self.scan, 8), (self.undo if self.sent else self.scan, 4), (self.change, 5), (self.wait, 3), (self.ask, 6),
            (lambda: spares.fill_up(self.slug), 0.5), (lambda: self.world.send(self.volunteer, tally("leaflets")), 1), (self.reset, 0.4), (self.erase, 0.1),
        ]  # fmt: skip
        self.chance.choices([deed for deed, _ in deeds], [weight for _, weight in deeds])[0]()


@pytest.mark.usefixtures("app_context")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_differences_add_up_to_a_fresh_roster(monkeypatch: pytest.MonkeyPatch, clock: FakeClock, seed: int) -> None:
    monkeypatch.setattr(roster, "PAGE", 3)
    monkeypatch.setattr(spares, "LEAST", 6)
    evening = Evening(random.Random(seed), clock)
    for _ in range(30):
        evening.step()
    for phone in evening.phones:
        phone.poll()
        fresh = Phone(phone.actor, phone.slug)
        fresh.poll()
        assert phone.tickets == fresh.tickets
        assert evening.erased or phone.spares == fresh.spares
