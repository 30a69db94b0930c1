"""Registrations and phones in the console: searching without names in addresses, masking, the desk, history, join links."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from eventsvc.models import Registration
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import devices, registrations
from eventsvc.services.actors import SYSTEM
from tests.services.world import World, checkin
from tests.web.console import BASE, Console, text_of

LIST = "/manage/e/ye-shi/registrations"


@pytest.fixture
def world(app: Flask) -> World:
    """The fair with its owner."""
    limits.reset()
    with app.app_context():
        return World({"registration": {"capacity": 10}})


def kept(app: Flask, registration_id: str) -> Registration:
    """A registration as it is kept."""
    with app.app_context():
        return registrations.read(SYSTEM, "ye-shi", registration_id)[1]


def test_nobody_yet(app: Flask, world: World) -> None:
    page = Console(app).get(LIST)
    assert "还没有人报名" in page


@pytest.mark.parametrize("said", ["wgf", "王桂芳", "桂芳", "0001", "13900000001", "code"])
def test_search_is_sent_in_the_body_and_finds(app: Flask, world: World, said: str) -> None:
    with app.app_context():
        pickup_code = world.ticket(3).pickup_code
        world.ticket(1, "李明")
    console = Console(app)
    answer = console.send(f"{LIST}/search", page=LIST, q=pickup_code if said == "code" else said)
    assert answer.status_code == 200
    assert "王*芳" in answer.text and "李*" not in text_of(answer.text), "the list masks and shows the found one only"
    assert "王桂芳" not in text_of(answer.text) and "13900000001" not in text_of(answer.text) and "139****0001" in answer.text
    found = console.send(f"{LIST}/search", page=LIST, q="没有这个人")
    assert "没有找到" in found.text
    assert console.send(f"{LIST}/search", page=LIST, q="").headers["Location"] == LIST


def test_pages_and_statuses(app: Flask, world: World) -> None:
    with app.app_context():
        tickets = [world.ticket(1, f"王{n}号") for n in range(12)]
        registrations.cancel(world.owner, "ye-shi", tickets[3].id)
    console = Console(app)
    assert text_of(console.get(LIST)).count("候补") >= 1
    waiting = text_of(console.get(f"{LIST}?status=waitlisted"))
    assert waiting.count("139****") == 1
    assert console.get(f"{LIST}?status=nonsense") and console.client.get(f"{LIST}?cursor=x", base_url=BASE).status_code == 422


def test_a_long_list_has_pages(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventsvc.web.manage.registrations.PAGE", 4)
    with app.app_context():
        for n in range(9):
            world.ticket(1, f"王{n}号")
    console, page, seen = Console(app), LIST, []
    for _ in range(3):
        html = console.get(page)
        seen += re.findall(r"139\*\*\*\*(\d{4})", html)
        page = next(iter(re.findall(r'href="([^"]+cursor[^"]+)"', html)), "").replace("&amp;", "&")
    assert seen == [f"{n:04d}" for n in range(1, 10)] and not page
    html = console.send(f"{LIST}/search", page=LIST, q="王").text
    assert html.count("139****") == 4 and 'name="cursor" value="4"' in html


def test_the_whole_number_is_for_editors_on_the_partys_page_only(app: Flask, world: World) -> None:
    with app.app_context():
        ticket = world.ticket(2)
        gate = world.phone()
        world.send(gate, checkin(ticket, count=2))
        world.send(gate, checkin(ticket, count=1))
        page = f"{LIST}/{ticket.id}"
    shown = Console(app).get(page)
    assert "139 0000 0001" in shown and "王桂芳" in shown and "/m/" in shown
    history = text_of(shown.split("经过")[-1])
    assert "请进" in history and "重复，未放行" in history, "refused scans are part of the history"
    seen = Console(app, "viewer").get(page)
    assert "139****0001" in seen and "139 0000 0001" not in seen and "王桂芳" not in seen and "/m/" not in seen


def test_the_desk_registers_once_however_often_the_form_is_sent(app: Flask, world: World) -> None:
    console = Console(app)
    wrong = console.send("/manage/e/ye-shi/desk", name="", phone="123", party_size="2")
    assert wrong.status_code == 422 and 'id="name-error"' in wrong.text and 'id="phone-error"' in wrong.text and 'value="123"' in wrong.text
    fields = console.fields("/manage/e/ye-shi/desk") | {"name": "张大爷", "phone": "", "party_size": "2", "channel": "phone"}
    answers = [console.client.post("/manage/e/ye-shi/desk", data=fields, base_url=BASE) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303} and len({answer.headers["Location"] for answer in answers}) == 1
    made = kept(app, answers[0].headers["Location"].rsplit("/", 1)[1])
    assert (made.channel, made.party_size, made.status) == ("phone", 2, "confirmed")


def test_a_party_changes_and_every_deed_is_asked_first(app: Flask, world: World) -> None:
    with app.app_context():
        ticket = world.ticket(2)
    console, page = Console(app), f"{LIST}/{ticket.id}"
    assert console.send(page, party_size="3", name="王桂芬", note="坐轮椅").status_code == 303
    assert kept(app, ticket.id).party_size == 3 and kept(app, ticket.id).code == ticket.code
    wrong = console.send(page, party_size="40", phone="1")
    assert wrong.status_code == 422 and "一次最多报5位" in wrong.text and 'value="40"' in wrong.text
    for deed, sentence in (("block", "请到服务台"), ("unblock", "正常使用"), ("reissue", "旧的二维码"), ("cancel", "让给候补")):
        assert sentence in console.get(f"{page}/{deed}")
        assert console.send(f"{page}/{deed}").status_code == 303
    after = kept(app, ticket.id)
    assert (after.status, after.blocked) == ("cancelled", False) and after.code != ticket.code
    console.get(f"{page}/nonsense", 404)
    console.get(f"{LIST}/00000000-0000-0000-0000-000000000000", 404)


def test_somebody_who_is_in_cannot_be_cancelled(app: Flask, world: World) -> None:
    with app.app_context():
        ticket = world.ticket(1)
        page = f"{LIST}/{ticket.id}"
        world.send(world.phone(), checkin(ticket))
    console = Console(app)
    console.send(f"{page}/cancel")
    assert "已经入场，不能取消" in console.get(page)


def test_the_join_link_is_shown_once_with_its_code(app: Flask, world: World, clock: FakeClock) -> None:
    console, page = Console(app), "/manage/e/ye-shi/devices"
    assert "还没有志愿者的手机加入" in console.get(page)
    answer = console.send(page, name="东门", scopes=["scan", "lookup"], checkpoints=["gate"], many="one")
    assert answer.status_code == 200 and "data:image/png;base64," in answer.text and answer.headers["Cache-Control"] == "no-store"
    [url] = re.findall(r"https://example\.test/join/(\w+)", text_of(answer.text))
    assert url not in console.get(page)
    with app.app_context():
        joined = devices.join(url, "志愿者甲", "a-nonce-of-the-phone")
        assert joined.device.scopes == ["lookup", "scan"] and joined.device.checkpoints == ["gate"]
    listed = text_of(console.get(page))
    assert "东门" in listed and "志愿者甲" in listed and "加入后还没有联系过" in listed and "扫码、查找" in listed


def test_a_group_link_serves_many_and_contact_is_told_in_words(app: Flask, world: World, clock: FakeClock) -> None:
    console, page = Console(app), "/manage/e/ye-shi/devices"
    wrong = console.send(page, scopes=None, many="group", max_uses="5000")
    assert wrong.status_code == 422 and "至少一项" in wrong.text and "1到1000" in wrong.text
    answer = console.send(page, name="志愿者群", many="group", max_uses="30")
    [code] = re.findall(r"/join/(\w+)", text_of(answer.text))
    with app.app_context():
        phones = [devices.join(code, f"志愿者{n}", f"a-nonce-of-phone-{n}").device.id for n in range(3)]
        world.send(world.phone(name="西门"), checkin(world.ticket()), queued=7)
    assert "刚刚" in console.get(page)
    clock.advance(minutes=25)
    shown = text_of(console.get(page))
    assert "25分钟前，去看看" in shown and "3 / 30" in shown and " 7 " in shown
    assert "马上不能再扫码" in console.get(f"{page}/{phones[0]}/revoke")
    assert console.send(f"{page}/{phones[0]}/revoke").status_code == 303
    assert "已停用" in console.get(page)
    console.get(f"{page}/nonsense/revoke", 404)
