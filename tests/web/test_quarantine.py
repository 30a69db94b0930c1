"""What stopped phones handed in, in the console; conflicts that somebody has looked at; a promoted ticket's two addresses."""

from __future__ import annotations

import pytest
from flask import Flask

from eventsvc.services import devices, figures, quarantine, registrations
from eventsvc.services.actors import SYSTEM, device_token, stopped
from tests.services.world import World, checkin, tally
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console, fields_of, text_of

E = "/manage/e/ye-shi"


@pytest.fixture
def world(app: Flask, new_world: NewWorld) -> World:
    """The fair."""
    return new_world()


def lose(app: Flask, world: World) -> str:
    """A phone is stopped with a scan and two taps on it, and one tap that no counter takes; its id."""
    with app.app_context():
        phone, ticket = world.phone(name="丢了的手机"), world.ticket(2)
        devices.revoke(world.owner, world.slug, phone.id)
        held = [checkin(ticket, count=2, decided="admitted"), tally("leaflets", 3), tally("leaflets"), tally("nothing")]
        quarantine.salvage(stopped(device_token(phone.id)), world.slug, {"records": held})
        return phone.id


def test_accepting(app: Flask, world: World) -> None:
    console, lost = Console(app), lose(app, world)
    assert "等您决定" in console.get(f"{E}/live") and "停用手机交来的记录（4）" in text_of(console.get(f"{E}/devices"))
    page = text_of(console.get(f"{E}/quarantine"))
    assert "丢了的手机" in page and "志愿者甲" in page and "签到1条、计数3条" in page
    assert "和当时就传上来一样" in console.get(f"{E}/quarantine/{lost}/accept")
    answer = console.send(f"{E}/quarantine/{lost}/accept")
    assert answer.headers["Location"] == f"{E}/quarantine"
    page = text_of(console.get(f"{E}/quarantine"))
    assert "已接受3条" in page and "1条不能计入：这个活动没有这个计数项" in page
    with app.app_context():
        found = figures.stats(SYSTEM, world.slug)
    assert (found.entries, found.quarantined, found.unsynced) == (2, 1, 1)
    assert "隔离后接受" in console.get(f"{E}/figures/entries")


def test_refusing(app: Flask, world: World) -> None:
    console, lost = Console(app), lose(app, world)
    assert "找不回来" in console.get(f"{E}/quarantine/{lost}/refuse")
    console.send(f"{E}/quarantine/{lost}/refuse")
    page = text_of(console.get(f"{E}/quarantine"))
    assert "已丢弃4条记录" in page and "没有等您决定的记录" in page
    assert "丢弃停用手机的记录" in console.get("/manage/journal")
    console.get(f"{E}/quarantine/{lost}/refuse", 404)
    token = fields_of(console.get(f"{E}/devices"))["csrf_token"]
    again = console.client.post(f"{E}/quarantine/{lost}/refuse", data={"csrf_token": token}, base_url="https://example.test", follow_redirects=True)
    assert "已经处理过了" in again.text


def test_a_viewer_looks_only(app: Flask, world: World) -> None:
    lost, viewer = lose(app, world), Console(app, "viewer")
    assert f"quarantine/{lost}/accept" not in viewer.get(f"{E}/quarantine")
    viewer.get(f"{E}/quarantine/{lost}/accept", 403)


def test_a_conflict_is_marked_as_seen_and_back(app: Flask, world: World) -> None:
    console = Console(app)
    with app.app_context():
        one, phone = world.ticket(), world.phone()
        world.send(phone, checkin(one), checkin(one, decided="admitted", reason="又来了"))
    page = console.get(f"{E}/conflicts")
    assert "其中1条还没人看过" in text_of(page) and 'data-figure="conflicts_unseen">1<' in console.get(f"{E}/live")
    [action] = {line.split('action="')[1].split('"')[0] for line in page.splitlines() if "/conflicts/" in line and 'action="' in line}
    console.send(action, f"{E}/conflicts", action)
    page = console.get(f"{E}/conflicts")
    assert "其中0条还没人看过" in text_of(page) and "王主任" in text_of(page) and "看过的1条" in page
    assert 'data-figure="conflicts_unseen">0<' in console.get(f"{E}/live")
    console.send(action, f"{E}/conflicts", action)
    assert "其中1条还没人看过" in text_of(console.get(f"{E}/conflicts"))
    viewer = Console(app, "viewer")
    assert action not in viewer.get(f"{E}/conflicts")


def test_the_phones_roster_and_version(app: Flask, world: World) -> None:
    console = Console(app)
    with app.app_context():
        world.send(world.phone(), roster_at="2026-08-14T17:30:00+08:00", version="r12")
        world.phone(name="新手机")
    page = text_of(console.get(f"{E}/devices"))
    assert "30分钟前" in page and "版本r12" in page and "还没有" in page


def test_a_promoted_ticket_is_found_under_its_old_address(app: Flask, new_world: NewWorld, new_visitor: NewVisitor) -> None:
    world = new_world(registration={"capacity": 1})
    with app.app_context():
        first, second = world.ticket(), world.ticket(name="李明")
        old, token = second.code, registrations.manage_token(second.id)
        registrations.cancel(world.owner, world.slug, first.id)
        new = registrations.read(world.owner, world.slug, second.id)[1].code
    assert new != old
    holder, stranger = new_visitor(), new_visitor()
    holder.get(f"/m/{token}")
    led = holder.get(f"/t/{old}")
    assert led.status_code == 303 and led.headers["Location"].endswith(f"/t/{new}")
    page = stranger.get(f"/t/{old}")
    assert page.status_code == 200 and "报名成功" in page.text and new not in page.text
