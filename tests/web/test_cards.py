"""打卡留念: on the ticket, and on a card of nobody; what is counted, what is not, and that nothing rewards passing it on."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.models import Event, Person, Record, Registration
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import figures, registrations, stamps, venue_codes
from tests.services.world import World, checkin, record
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console
from tests.web.visitor import Visitor, form_with, forms

POINTS = [
    {"key": "gate", "name": "东门", "rule": "once", "entrance": True},
    {"key": "paper", "name": "剪纸", "rule": "stamp", "by_oneself": "word"},
    {"key": "clay", "name": "面塑", "rule": "stamp", "by_oneself": "screen"},
    {"key": "opera", "name": "戏台", "rule": "stamp"},
]
HERE, CARD, CONSOLE = "/e/ye-shi/here", "/e/ye-shi/card", "/manage/e/ye-shi/self-checkin"


@pytest.fixture
def world(app: Flask, new_world: NewWorld) -> World:
    limits.reset()
    made = new_world(checkpoints=POINTS)
    with app.app_context():
        stamps.switch(made.owner, made.slug, True)
    return made


def event_of() -> Event:
    return db.session.scalars(db.select(Event)).one()


def word(app: Flask, clock: FakeClock, place: str = "paper") -> str:
    with app.app_context():
        return venue_codes.word(event_of(), place, clock.now())


def collect(app: Flask, browser: Visitor, clock: FakeClock, place: str = "paper") -> int:
    page = browser.get(f"{HERE}/{place}")
    if place == "clay":
        with app.app_context():
            link = venue_codes.link_code(event_of(), place, clock.now())
        browser.get(f"{HERE}/{place}/{link}")
        return browser.hooked(browser.get(f"{HERE}/{place}"), "stamp").status_code
    return browser.hooked(page, "stamp", code=word(app, clock, place)).status_code


def stats(app: Flask, world: World) -> Any:
    with app.app_context():
        return figures.stats(world.owner, world.slug)


def test_a_card_of_nobody(app: Flask, world: World, visitor: Visitor, clock: FakeClock) -> None:
    assert f'href="{CARD}"' in visitor.get("/e/ye-shi").text
    assert "0/3" in visitor.get(CARD).text and visitor.cookie("card") is None, "opening it makes nothing"
    wrong = visitor.hooked(visitor.get(f"{HERE}/paper"), "stamp", code="0000")
    assert wrong.status_code == 422 and "口令不对" in wrong.text and visitor.cookie("card") is None
    assert collect(app, visitor, clock) == 303 and collect(app, visitor, clock, "clay") == 303
    page = visitor.get(CARD)
    assert "2/3" in page.text and page.headers["Cache-Control"] == "no-store" and "data-share" not in page.text and "<form" not in page.text.split('id="stamps"')[1].split("</section>")[0]
    assert "已打卡" in visitor.get(f"{HERE}/paper").text
    found = stats(app, world)
    [counter] = [one for one in found.counters if one.key == stamps.COUNTER]
    assert (counter.total, counter.by_topic) == (2, {"剪纸": 1, "面塑": 1, "戏台": 0})
    assert (found.people_admitted, found.entries, found.registrations, found.scans, found.unidentified, found.walkins) == (0, 0, 0, 0, 0, 0)
    with app.app_context():
        assert db.session.query(Registration).count() == db.session.query(Person).count() == 0
        kept = db.session.scalars(db.select(Record)).all()
        token = visitor.cookie("card") or ""
        assert {one.basis for one in kept} == {"self"} and all(token not in str(vars(one)) for one in kept), "the ledger does not hold the card"


def test_pressed_twice_or_gone_back_it_is_one_stamp(app: Flask, world: World, visitor: Visitor, clock: FakeClock) -> None:
    page = visitor.get(f"{HERE}/paper")
    for _ in range(3):
        assert visitor.hooked(page, "stamp", code=word(app, clock)).status_code == 303
        clock.advance(seconds=20)
    assert sum(one.total for one in stats(app, world).counters if one.key == stamps.COUNTER) == 1


def test_another_browser_takes_the_card_along(app: Flask, world: World, visitor: Visitor, new_visitor: NewVisitor, clock: FakeClock) -> None:
    collect(app, visitor, clock)
    other = new_visitor()
    assert other.get(f"{CARD}/{visitor.cookie('card')}").status_code == 303
    assert "1/3" in other.get(CARD).text
    assert other.get(f"{CARD}/{'U' * 20}").status_code == 404
    empty = new_visitor()
    empty.client.set_cookie("card", "x" * 5000, domain="example.test")
    assert "0/3" in empty.get(CARD).text


def test_who_has_a_ticket_collects_on_it_and_on_nothing_else(app: Flask, world: World, visitor: Visitor, clock: FakeClock) -> None:
    with app.app_context():
        ticket = world.ticket(2)
        code, key = ticket.code, ticket.id
        world.send(world.phone("scan"), checkin(ticket, "opera", count=1))
    visitor.get(f"/m/{registrations.manage_token(key)}")
    page = visitor.get(f"{HERE}/paper")
    assert not [form for form in forms(page) if form.hook == "stamp"]
    assert visitor.hooked(page, "check-in", code=word(app, clock)).status_code == 303
    own = visitor.get(f"/t/{code}").text
    assert "打卡留念" in own and "2/3" in own and f'href="{HERE}/clay"' in own and f'href="{HERE}/opera"' not in own
    found = stats(app, world)
    assert (found.people_admitted, found.entries, found.self_reported) == (2, 0, 0)
    assert {one.key: (one.people, one.self_reported) for one in found.by_checkpoint} == {"gate": (0, 0), "paper": (2, 2), "clay": (0, 0), "opera": (1, 0)}
    assert "打卡留念" not in Visitor(app).get(f"/t/{code}").text, "a stranger is not told where the family was"
    with app.app_context():
        [row] = db.session.scalars(db.select(Record).where(Record.checkpoint == "paper"))
        world.send(world.owner, record("undo", undoes=row.id, reason="误扫"))
    assert "1/3" in visitor.get(f"/t/{code}").text, "what was taken back is no stamp"


def test_all_of_them(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    limits.reset()
    world = new_world(checkpoints=POINTS[:2])
    with app.app_context():
        stamps.switch(world.owner, world.slug, True)
    collect(app, visitor, clock)
    assert "全部打完了" in visitor.get(CARD).text


def test_not_before_and_not_after(app: Flask, world: World, visitor: Visitor, clock: FakeClock) -> None:
    for hours, said in ((10, "已停止入场"), (-48, "开始入场")):
        clock.advance(hours=hours)
        answer = visitor.hooked(visitor.get(f"{HERE}/paper"), "stamp", code=word(app, clock))
        assert answer.status_code == 409 and said in answer.text, said
    assert visitor.cookie("card") is None


def test_no_cards_unless_they_are_on(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    limits.reset()
    new_world(checkpoints=POINTS)
    page = visitor.get(f"{HERE}/paper")
    assert f'href="{CARD}"' not in visitor.get("/e/ye-shi").text
    assert visitor.get(CARD).status_code == 404 and not [form for form in forms(page) if form.hook == "stamp"]
    token = form_with(page, "phone").fields["csrf_token"]
    sent = visitor.post(f"{HERE}/paper/card", {"csrf_token": token, "code": word(app, clock)})
    assert sent.status_code == 409 and visitor.post(f"{HERE}/gate/card", {"csrf_token": token}).status_code == 409
    assert visitor.post(f"{HERE}/paper/card", {}).status_code == 400 and visitor.get(f"{HERE}/paper/card").status_code == 303


def test_guesses_and_scripts_are_slowed(app: Flask, world: World, new_visitor: NewVisitor, clock: FakeClock) -> None:
    browser = new_visitor()
    page = browser.get(f"{HERE}/paper")
    statuses = {browser.hooked(page, "stamp", code="0000").status_code for _ in range(62)}
    assert statuses == {422, 429}
    limits.reset()
    browser.hooked(page, "stamp", code=word(app, clock))
    for _ in range(125):
        browser.client.delete_cookie("card", domain="example.test")
        last = browser.hooked(page, "stamp").status_code
    assert last == 429
    assert sum(one.total for one in stats(app, world).counters if one.key == stamps.COUNTER) == 120


def test_no_device_taps_in_a_residents_name(app: Flask, world: World) -> None:
    with app.app_context():
        phone = world.phone("tally")
        [answer] = world.send(phone, record("tally", counter=stamps.COUNTER, basis="self"))
        assert (answer["status"], answer["code"]) == ("rejected", "not_allowed")
        [paper] = world.send(phone, record("tally", counter=stamps.COUNTER, topic="剪纸"))
        assert paper["status"] == "recorded", "a stamp on a paper card is a tap"


def test_the_console_switches_it(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    limits.reset()
    new_world(checkpoints=POINTS)
    owner = Console(app)
    assert "没报名的人也能打卡" in owner.get(CONSOLE)
    for on, expected in (("1", 200), ("0", 404), ("1", 200)):
        owner.send(f"{CONSOLE}/cards", CONSOLE, f"{CONSOLE}/cards", on=on)
        assert visitor.get(CARD).status_code == expected
    collect(app, visitor, clock)
    assert "已盖1枚" in owner.get(CONSOLE)
    assert f'action="{CONSOLE}/cards"' not in owner.get(CONSOLE), "what was given is not forgotten"
