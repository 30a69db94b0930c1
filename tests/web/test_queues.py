"""体验排号: taking a number, twice, by two at once, too early, by a stranger; calling, missing one's turn, paper; a rehearsal's numbers."""

from __future__ import annotations

import threading

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.errors import Conflict, Missing
from eventsvc.models import Event, QueueNumber, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import queues, registrations
from eventsvc.services.actors import Actor
from tests.services.world import World
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console
from tests.web.visitor import form_with, forms

AREAS = [{"key": "paper", "name": "剪纸", "kind": "stall"}, {"key": "clay", "name": "面塑", "kind": "stall"}]


@pytest.fixture
def world(app: Flask, new_world: NewWorld, clock: FakeClock) -> World:
    """A fair that is on, whose 剪纸 gives numbers."""
    made = new_world(areas=AREAS)
    with app.app_context():
        begins = db.session.scalars(db.select(Event.starts_at)).one()
        assert begins is not None
        clock.advance(seconds=int((begins - clock.now()).total_seconds()) - 3600)
        queues.switch(made.owner, made.slug, "paper", True)
    return made


def holder(ticket: Registration) -> Actor:
    return Actor("public", holds=frozenset({ticket.id}))


def test_numbers_in_order_and_each_once(app: Flask, world: World) -> None:
    with app.app_context():
        one, two = world.ticket(), world.ticket(2)
        first = queues.take(holder(one), world.slug, one.id, "paper")
        assert queues.take(holder(one), world.slug, one.id, "paper").number == first.number == 1, "pressed twice"
        assert queues.take(holder(two), world.slug, two.id, "paper").number == 2
        assert queues.hand_out(world.owner, world.slug, "paper").number == 3
        event = registrations.read(world.owner, world.slug, two.id)[0]
        [mine] = queues.of_ticket(event, two)
        assert (mine.number, mine.ahead, mine.called, mine.state) == (2, 1, None, "waiting")
        assert [call.number if (call := queues.call(world.owner, world.slug, "paper", missed=missed)) else None for missed in (False, True, False, False)] == [1, 2, 3, None]
        again = queues.take(holder(one), world.slug, one.id, "paper")
        assert again.number == 4, "whoever was called and missed it takes another"
        states = db.session.execute(db.select(QueueNumber.number, QueueNumber.state).order_by(QueueNumber.number)).tuples().all()
        assert states == [(1, "gone"), (2, "done"), (3, "done"), (4, "waiting")]


def test_who_may_not(app: Flask, world: World, clock: FakeClock) -> None:
    with app.app_context():
        one = world.ticket()
        stranger = world.ticket()
        for area in ("clay", "nothing"):
            with pytest.raises((Conflict, Missing)):
                queues.take(holder(one), world.slug, one.id, area)
        with pytest.raises(Exception) as raised:
            queues.take(holder(stranger), world.slug, one.id, "paper")
        assert raised.value.status in {401, 403, 404}
        registrations.cancel(world.owner, world.slug, one.id)
        with pytest.raises(Conflict):
            queues.take(holder(one), world.slug, one.id, "paper")
        clock.advance(seconds=-5)
        with pytest.raises(Conflict) as early:
            queues.take(holder(stranger), world.slug, stranger.id, "paper")
        assert early.value.code == "not_now"


def test_many_at_once_have_numbers_of_their_own(app: Flask, world: World) -> None:
    with app.app_context():
        tickets = [Registration(id=world.ticket().id) for _ in range(12)]
    got: list[int] = []

    def press(ticket: Registration) -> None:
        with app.app_context():
            got.append(queues.take(holder(ticket), world.slug, ticket.id, "paper").number)
            db.session.remove()

    threads = [threading.Thread(target=press, args=(ticket,)) for ticket in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == list(range(1, 13))


def test_the_pages(app: Flask, world: World, new_visitor: NewVisitor) -> None:
    with app.app_context():
        one = world.ticket()
        code, key = one.code, one.id
    resident, organizer, address = new_visitor(), Console(app), f"/manage/e/{world.slug}/queues"
    resident.get(f"/m/{registrations.manage_token(key)}")
    page = resident.get(f"/t/{code}")
    form = next(form for form in forms(page) if form.action.endswith("/queue"))
    for _ in range(2):
        assert resident.send(page, form).status_code == 303
    assert "前面还有0个" in resident.get(f"/t/{code}").text and resident.get(f"/t/{code}/queue").status_code == 303
    stranger = new_visitor()
    theirs = form_with(stranger.get(f"/t/{code}"), "phone").fields["csrf_token"]
    assert stranger.post(f"/t/{code}/queue", {"csrf_token": theirs, "area": "paper"}).status_code == 403
    assert "在等1个" in organizer.get(address) and "体验排号" in organizer.get(f"/manage/e/{world.slug}/")
    for _ in range(2):  # pressed on a page that is old by then
        organizer.send(f"{address}/paper/next", address, f"{address}/paper/next", called="")
    assert "现在1号" in organizer.get(address) and "轮到您了" in resident.get(f"/t/{code}").text
    organizer.send(f"{address}/paper/paper", address, f"{address}/paper/paper")
    assert "取到2号" in organizer.get(address)
    organizer.send(f"{address}/paper/off", address, f"{address}/paper/off")
    assert "现在1号" not in organizer.get(address)
    assert "叫下一个" not in Console(app, "viewer").get(address)
    Console(app, organization="else", email="else@example.test").get(address, 404)
