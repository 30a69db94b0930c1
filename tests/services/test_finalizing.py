"""定稿, and retried POSTs."""

from __future__ import annotations

import pytest

from eventsvc.errors import Conflict, Forbidden, Invalid
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, figures, finalizing, idempotency, organizations
from eventsvc.services.actors import authenticate
from tests.services.world import World, checkin, tally

pytestmark = pytest.mark.usefixtures("app_context")


def test_what_comes_after_the_freeze_is_shown_apart(clock: FakeClock) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(3)
    world.send(phone, checkin(ticket, count=2), tally("heads", 7))
    frozen = finalizing.finalize(world.owner, world.slug)
    assert finalizing.unpack(finalizing.pack(frozen.figures)) == frozen.figures
    clock.advance(minutes=5)
    assert finalizing.finalize(world.owner, world.slug).at == frozen.at  # nothing new: the same freeze
    world.send(phone, checkin(ticket, count=1), tally("heads", 3))
    report = finalizing.report(world.owner, world.slug)
    assert report.frozen is not None and report.frozen.figures.people_admitted == 2
    assert report.late == {"people_admitted": 1, "entries": 1, "scans": 1, "counter:heads": 3}
    assert report.figures.people_admitted == 3
    assert finalizing.finalize(world.owner, world.slug).at > frozen.at
    assert finalizing.report(world.owner, world.slug).late == {}


def test_who_may_freeze() -> None:
    world = World()
    with pytest.raises(Forbidden):
        finalizing.finalize(authenticate(organizations.create_token("demo", "viewer")), world.slug)
    events.create(world.owner, {"slug": "draft", "title": "x", "kind": "fair"})
    with pytest.raises(Conflict):
        finalizing.finalize(world.owner, "draft")


@pytest.mark.parametrize("figure", figures.FIGURES)
def test_every_figure_opens(figure: str) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(2)
    other = world.ticket(3)
    world.send(phone, checkin(ticket), checkin(ticket, count=2), checkin("nothing", decided="admitted", reason="x"))
    world.send(phone, checkin(other, "stage", count=2), checkin(other, "stage"), checkin(other, count=1), checkin(other, "daily", count=3))
    rows = list(figures.lines(world.owner, world.slug, figure))
    found = figures.stats(world.owner, world.slug)
    if figure in {"scans", "refused", "conflicts"}:
        assert len(rows) == getattr(found, figure)
    elif figure != "records":
        assert sum(row.counts or 0 for row in rows) == getattr(found, figure)


def test_a_retry_gets_the_first_answer(clock: FakeClock) -> None:
    ran = []

    def run() -> tuple[int, str]:
        ran.append(1)
        return 201, '{"n": 1}'

    assert idempotency.once("a POST /x", "key", b"{}", run) == (201, '{"n": 1}')
    assert idempotency.once("a POST /x", "key", b"{}", run) == (201, '{"n": 1}')
    assert idempotency.once("b POST /x", "key", b"{}", run) == (201, '{"n": 1}')
    assert len(ran) == 2
    with pytest.raises(Invalid) as raised:
        idempotency.once("a POST /x", "key", b"[]", run)
    assert raised.value.code == "idempotency_reused"
    clock.advance(hours=25)
    idempotency.once("a POST /x", "key", b"[]", run)
    assert len(ran) == 3
    clock.advance(hours=25)
    assert idempotency.forget_old() == 2
    for key in ("", "x" * 256, "é", "a\n"):
        with pytest.raises(Invalid):
            idempotency.once("a", key, b"", run)


def test_a_refusal_is_not_remembered() -> None:
    def refuse() -> tuple[int, str]:
        raise Conflict("event_full")

    for _ in range(2):
        with pytest.raises(Conflict):
            idempotency.once("a", "key", b"", refuse)
    assert idempotency.once("a", "key", b"", lambda: (201, "ok")) == (201, "ok")
