"""What is printed: the poster with its QR code and the team's sheet; refused while nobody could follow the link; ticked off."""

from __future__ import annotations

import base64
import re

import pytest
from flask import Flask

from eventsvc import create_app
from eventsvc.render import qr
from tests.conftest import settings_for
from tests.services.world import World
from tests.web.console import BASE, Console, text_of
from tests.web.conftest import NewWorld

EVENT = "/manage/e/ye-shi/"


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(venue="商都遗址城墙下", host="文化站")


def test_the_poster_says_everything_in_large_type(app: Flask, world: World) -> None:
    page = Console(app).get(f"{EVENT}poster")
    said = text_of(page)
    for word in ("演示夜市", "商都遗址城墙下", "0371-12345678", "文化站", "扫一扫", "6位签到码", "https://example.test/e/ye-shi", "2026年8月14日"):
        assert word in said, word
    picture = re.search(r"data:image/svg\+xml;base64,([^\"]+)", page).group(1)
    assert base64.b64decode(picture).decode() == qr.svg("https://example.test/e/ye-shi")


def test_without_registration_it_asks_nobody_to_register(app: Flask, new_world: NewWorld) -> None:
    new_world(registration={"open": False})
    said = text_of(Console(app).get(f"{EVENT}poster"))
    assert "不用报名，直接来" in said and "扫码报名" not in said


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_no_poster_leads_to_this_machine_alone(app: Flask, world: World, address: str, database_url: str, tmp_path: object) -> None:
    lost = create_app(settings_for(tmp_path / "other", database_url, base_url=address))  # type: ignore[operator]
    page = Console(lost).get(f"{EVENT}poster", 409)
    assert address in page and "BASE_URL" in page and "image/svg+xml;base64" not in page


def test_the_teams_sheet_says_who_stands_where(app: Flask, world: World) -> None:
    with app.app_context():
        world.phone("scan", checkpoints=("gate",))
        world.phone("tally")
        link = world.phone("scan", "lookup")
    page = Console(app).get(f"{EVENT}team-sheet")
    said = text_of(page)
    for word in ("东门", "每证入场一次", "志愿者甲", "机动", "发放宣传页", "宣传页 100份", "展板", "没有网络怎么办", "0371-12345678"):
        assert word in said, word
    assert "/join/" not in page and link.id not in page, "nothing that opens anything"


def test_ticks_are_remembered_and_taken_back(app: Flask, world: World) -> None:
    owner = Console(app)
    assert "海报还没有贴" in owner.get(EVENT)
    for name, done in (("poster", "海报贴好了"), ("team", "分工表发了")):
        path = f"{EVENT}ticks/{name}"
        assert owner.send(path, page=EVENT, action=path).status_code == 303
        assert done in owner.get(EVENT)
    path = f"{EVENT}ticks/poster"
    owner.send(path, page=EVENT, action=path)
    assert "海报还没有贴" in owner.get(EVENT) and "分工表发了" in owner.get(EVENT)
    token = owner.fields(EVENT)["csrf_token"]
    assert owner.client.post(f"{EVENT}ticks/nothing", data={"csrf_token": token}, base_url=BASE).status_code == 404
    viewer = Console(app, "viewer")
    assert "ticks/" not in viewer.get(EVENT)
    token = viewer.fields(EVENT)["csrf_token"]
    assert viewer.client.post(path, data={"csrf_token": token, "done": "1"}, base_url=BASE).status_code == 403
    for page in ("poster", "team-sheet"):
        viewer.get(EVENT + page)


def test_a_rehearsal_under_way_keeps_the_door_shut(app: Flask, new_world: NewWorld) -> None:
    new_world(starts_at="2026-08-20T18:00:00+08:00", ends_at="2026-08-20T21:00:00+08:00", venue="广场")
    owner = Console(app)
    assert "还没有演练" in owner.get(EVENT)
    page = f"{EVENT}rehearsal"
    owner.send(f"{page}/begin", page=page, action=f"{page}/begin")
    assert "正在演练：开门前要清零" in owner.get(EVENT) and "可以开门。" not in owner.get(EVENT)
