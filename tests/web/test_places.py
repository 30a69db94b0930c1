"""Places as residents and organizers see them: sessions chosen on the form and on the ticket, offers, the lists of who waits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.models import Event, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations
from tests.services.world import World
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console
from tests.web.visitor import Visitor, form_with, forms

SESSIONS = [
    {"key": "seven", "name": "剪纸19:00", "starts_at": "2026-08-30T19:00:00+08:00", "ends_at": "2026-08-30T19:40:00+08:00", "capacity": 2},
    {"key": "eight", "name": "剪纸20:00", "starts_at": "2026-08-30T20:00:00+08:00", "ends_at": "2026-08-30T20:40:00+08:00", "capacity": 2},
    {"key": "drum", "name": "大鼓", "starts_at": "2026-08-30T20:20:00+08:00", "ends_at": "2026-08-30T21:00:00+08:00", "capacity": 9, "waitlist": False},
]
LATER = {"starts_at": "2026-08-30T18:00:00+08:00", "ends_at": "2026-08-30T21:00:00+08:00", "sessions": SESSIONS}


@pytest.fixture
def evening(new_world: NewWorld) -> Callable[..., World]:
    """An evening with three sessions."""
    return lambda **registration: new_world(**LATER, registration=registration)


def holds(browser: Visitor, *tickets: Registration) -> Visitor:
    for ticket in tickets:
        browser.get(f"/m/{registrations.manage_token(ticket.id)}")
    return browser


def refreshed(*tickets: Registration) -> None:
    """Read them anew and let them be read outside of the session."""
    for ticket in tickets:
        db.session.refresh(ticket)
        db.session.expunge(ticket)


def now(app: Flask, ticket: Registration) -> Registration:
    with app.app_context():
        found = db.session.get_one(Registration, ticket.id, populate_existing=True)
        db.session.expunge(found)
        return found


def test_a_full_session_says_which_are_free_and_keeps_what_was_typed(app: Flask, evening: Callable[..., World], visitor: Visitor) -> None:
    world = evening()
    early = visitor.get(f"/e/{world.slug}")  # opened while there were places
    with app.app_context():
        world.ticket(2, sessions=["seven"])
    late = visitor.send(early, form_with(early, "phone"), name="李建国", phone="13800001111", sessions=["seven"], consent="1")
    assert late.status_code == 422 and "“剪纸19:00”已满" in late.text and "还有名额的场次：剪纸20:00、大鼓" in late.text
    assert "李建国" in late.text and "13800001111" in late.text
    again = form_with(late, "wait_for_sessions")
    assert again.fields["sessions"] == ["seven"], "what was ticked stays ticked, so that the line can be chosen"
    done = visitor.send(late, again, wait_for_sessions="1")
    assert done.status_code == 303
    ticket = visitor.client.get(done.headers["Location"], base_url="https://example.test", follow_redirects=True)
    assert "报名成功" in ticket.text and "候补第1位" in ticket.text


def test_sessions_are_chosen_and_changed_on_the_ticket(app: Flask, evening: Callable[..., World], visitor: Visitor) -> None:
    world = evening()
    with app.app_context():
        family, other = world.ticket(3), world.ticket(2, sessions=["eight"])
        refreshed(family, other)
    page = holds(visitor, family).get(f"/t/{family.code}")
    form = next(form for form in forms(page) if form.action.endswith("/sessions"))
    assert form.fields["full"] == ["eight"]
    address = f"/t/{family.code}/sessions"
    clash = visitor.post(address, form.filled(**{"people-seven": "2", "people-eight": "2", "people-drum": "2"}))
    assert clash.status_code == 422 and "时间重叠" in clash.text and now(app, family).sessions == []
    assert '<option value="2" selected' in clash.text.replace("  ", " "), "what was chosen stays chosen"
    for wrong in ("x", "9", "-1", ""):
        assert visitor.post(address, form.filled(**{"people-seven": wrong})).status_code == 422, wrong
    assert visitor.post(address, form.filled(**{"people-seven": "2", "people-eight": "1"})).status_code == 303
    kept = now(app, family)
    assert (kept.sessions, kept.session_sizes) == (["seven"], {"seven": 2})
    assert "候补第1位" in visitor.get(f"/t/{family.code}").text
    assert visitor.post(address, form.filled(**{"people-seven": "2", "people-eight": "1"})).status_code == 303, "sent twice is the same"
    with app.app_context():
        registrations.cancel(world.owner, world.slug, other.id)
    assert now(app, family).sessions == ["seven", "eight"]
    with app.app_context():
        events.close(world.owner, world.slug)
    late = visitor.post(address, form.filled(**{"people-seven": "0", "people-eight": "0"}))
    assert late.status_code == 303 and "报名已截止" in visitor.get(f"/t/{family.code}").text and now(app, family).sessions == ["seven", "eight"]


def test_yes_to_an_offer_twice_late_and_by_a_stranger(
    app: Flask, evening: Callable[..., World], visitor: Visitor, new_visitor: NewVisitor, clock: FakeClock
) -> None:
    world = evening(capacity=2, hold_hours=24)
    with app.app_context():
        there = world.ticket(2)
        first, second = world.ticket(2), world.ticket(1)
        registrations.cancel(world.owner, world.slug, there.id)
        refreshed(first, second)
    page = holds(visitor, first, second).get(f"/t/{first.code}")
    assert "有名额了，请确认" in page.text and "给您保留到" in page.text and "accept" in {form.hook for form in forms(page)}
    token = form_with(page, "csrf_token").fields["csrf_token"]
    stranger = new_visitor()
    theirs = form_with(stranger.get(f"/t/{first.code}"), "phone").fields["csrf_token"]
    for verb in ("accept", "sessions"):
        assert stranger.post(f"/t/{first.code}/{verb}", {"csrf_token": theirs}).status_code == 403
        assert visitor.get(f"/t/{first.code}/{verb}").status_code == 303
    assert "第1位" in visitor.get(f"/t/{second.code}").text
    clock.advance(hours=30)
    assert "看看还有没有名额" in visitor.get(f"/t/{first.code}").text or "重新排队" in visitor.get(f"/t/{first.code}").text
    visitor.post(f"/t/{first.code}/accept", {"csrf_token": token})
    assert "确认的时限过了" in visitor.get(f"/t/{first.code}").text
    assert now(app, first).status == "cancelled" and now(app, second).offered_until
    for _ in range(2):
        assert visitor.post(f"/t/{second.code}/accept", {"csrf_token": token}).status_code == 303
    assert "报名成功" in visitor.get(f"/m/{registrations.manage_token(second.id)}", follow_redirects=True).text
    with app.app_context():
        assert db.session.scalars(db.select(Event)).one().places_taken == 1


def test_the_list_of_who_waits(app: Flask, evening: Callable[..., World]) -> None:
    world = evening(capacity=3, hold_hours=24, waitlist_rule="fit", reserve=1)
    with app.app_context():
        there = world.ticket(1)
        world.ticket(1)
        big, small = world.ticket(2, name="李建国"), world.ticket(1, name="赵秀英", sessions=["seven"])
        registrations.cancel(world.owner, world.slug, there.id)
        refreshed(big, small)
    organizer, viewer = Console(app), Console(app, "viewer")
    page = organizer.get(f"/manage/e/{world.slug}/waitlist")
    assert "李*国" in page and "赵*英" in page and "李建国" not in page
    assert "被越过1次" in page and "保留到" in page and "替对方确认" in page and "现场名额1位" in page
    assert "替对方确认" not in viewer.get(f"/manage/e/{world.slug}/waitlist")
    assert organizer.get(f"/manage/e/{world.slug}/registrations/{small.id}").count("保留到") == 1
    for _ in range(2):
        organizer.send(f"/manage/e/{world.slug}/waitlist/accept", f"/manage/e/{world.slug}/waitlist", registration=small.id, session="")
    assert now(app, small).status == "confirmed" and now(app, big).status == "waitlisted"
    assert Console(app, organization="else", email="else@example.test").get(f"/manage/e/{world.slug}/waitlist", 404)


def test_a_gate_for_one_session_is_chosen_in_the_form(app: Flask, evening: Callable[..., World]) -> None:
    world = evening()
    address = f"/manage/e/{world.slug}/edit"
    organizer = Console(app)
    assert "只让哪一场进" in organizer.get(address)
    assert organizer.send(address, checkpoints__0__session="seven").status_code == 303

    def gates() -> list[list[str]]:
        with app.app_context():
            event = db.session.scalars(db.select(Event)).one()
            return [checkpoint.sessions for checkpoint in event.checkpoints]

    assert gates() == [["seven"], [], []]
    with app.app_context():
        events.change(world.owner, world.slug, {"checkpoints": [{"key": "gate", "name": "东门", "sessions": ["seven", "eight"]}]})
    assert organizer.send(address, title="夜市").status_code == 303 and gates() == [["seven", "eight"]], "several stay as they are"
    assert organizer.send(address, checkpoints__0__session="").status_code == 303 and gates() == [[]]
    with app.app_context():  # what the form does not show stays: whether one may wait for a session
        assert [session.waitlist for session in db.session.scalars(db.select(Event)).one().sessions] == [True, True, False]
