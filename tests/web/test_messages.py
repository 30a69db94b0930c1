"""The organizer's pages of messages: what failed is sent again, who must be called is called once, viewers see no number."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import AuditEntry, Message
from eventsvc.ports.carrier import Fake, Never
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, messages
from eventsvc.services.messages import sending
from tests.services.world import World
from tests.web.console import Console


CALLS = "/manage/e/ye-shi/calls"


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    """A fair that was postponed: a mobile number, a landline, and nothing set up to send with."""
    with app.app_context():
        made = World({"starts_at": "2026-08-15T18:00:00+08:00", "ends_at": None})
        made.ticket(2, "王桂芳", phone="13900001234")
        made.ticket(1, "李建国", phone="0371-12345678")
        events.postpone(made.owner, made.slug, {"starts_at": "2026-08-16T09:00:00+08:00"})
        db.session.rollback()
    yield made
    messages.use(None, None)


@pytest.fixture
def organizer(app: Flask, world: World) -> Console:
    """An editor's browser."""
    return Console(app, "editor")


def test_the_call_list_is_ticked_off(app: Flask, world: World, organizer: Console) -> None:
    page = organizer.get(f"/manage/e/{world.slug}/calls")
    assert "王桂芳" in page and 'href="tel:13900001234"' in page and "李建国" in page and "改期了：8月16日（周日）09:00" in page
    assert "还有2位没有通知到" in page
    first = re.search(rf"/manage/e/{world.slug}/calls/(\d+)", page)
    assert first
    assert organizer.send(first[0], CALLS, outcome="reached").status_code == 303
    page = organizer.get(f"/manage/e/{world.slug}/calls")
    assert "还有1位没有通知到" in page and "2026年8月14日" in page
    assert page.index("李建国") < page.index("王桂芳"), "whoever is still to be called stands first"
    organizer.send(first[0], CALLS, outcome="not_reached")
    assert "没打通" in organizer.get(f"/manage/e/{world.slug}/calls")
    organizer.send(first[0], CALLS, outcome="open")
    assert "还有2位没有通知到" in organizer.get(f"/manage/e/{world.slug}/calls")
    assert organizer.send(first[0], CALLS, outcome="maybe").status_code == 422
    assert organizer.send(f"/manage/e/{world.slug}/calls/99999", CALLS, outcome="reached").status_code == 404
    with app.app_context():
        noted = [entry.action for entry in db.session.scalars(select(AuditEntry))]
        assert noted.count("calls.tick") == 3 and "calls.read" in noted, "who saw the numbers is kept"


def test_a_viewer_sees_stars(app: Flask, world: World) -> None:
    viewer = Console(app, "viewer")
    page = viewer.get(f"/manage/e/{world.slug}/calls")
    assert "王*芳" in page and "139****1234" in page and "王桂芳" not in page and "00001234" not in page.replace(" ", "")
    assert 'name="outcome"' not in page
    with app.app_context():
        message = db.session.scalar(select(Message.id).limit(1))
    assert viewer.send(f"/manage/e/{world.slug}/calls/{message}", CALLS, outcome="reached").status_code == 403


def test_what_failed_says_why_and_is_sent_again(app: Flask, world: World, organizer: Console, clock: FakeClock) -> None:
    mail = Fake(trouble=lambda _letter: (_ for _ in ()).throw(Never("smtp 550")))
    messages.use(mail, None)
    with app.app_context():
        ticket = world.ticket(1, "赵小梅", email="zhao@example.com").id
        assert sending.deliver().failed == 1
        db.session.rollback()
    page = organizer.get(f"/manage/e/{world.slug}/messages")
    assert "赵*梅" in page and "smtp 550" in page and "要打电话的2位" in page
    assert "没发出去" in organizer.get(f"/manage/e/{world.slug}/registrations/{ticket}")
    again = re.search(rf"/manage/e/{world.slug}/messages/\d+/resend", page)
    assert again and organizer.send(again[0], CALLS).status_code == 303
    mail.trouble = None
    with app.app_context():
        assert sending.deliver().sent == 1
        db.session.rollback()
    assert organizer.send(again[0], CALLS).status_code == 404
    assert "已发出" in organizer.get(f"/manage/e/{world.slug}/registrations/{ticket}")


def test_messages_that_wait_without_a_worker_are_pointed_out(app: Flask, world: World, organizer: Console, clock: FakeClock) -> None:
    messages.use(Fake(), None)
    with app.app_context():
        world.ticket(email="zhao@example.com")
        db.session.rollback()
    assert "没有在运行" not in organizer.get(f"/manage/e/{world.slug}/messages")
    clock.advance(minutes=11)
    assert "没有在运行" in organizer.get(f"/manage/e/{world.slug}/messages")


def test_another_organizations_messages_are_not_there(app: Flask, world: World) -> None:
    stranger = Console(app, "owner", "stranger@example.test", "other")
    for path in ("messages", "calls"):
        stranger.get(f"/manage/e/{world.slug}/{path}", 404)
