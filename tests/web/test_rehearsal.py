"""演练 in the console: the strip on every page, two steps to end it, the number that was seen, the workbook afterwards."""

from __future__ import annotations

from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook

from eventsvc.services import rehearsals
from tests.services.world import World, checkin, count_of, tally
from tests.web.console import BASE, Console, text_of
from tests.web.conftest import NewWorld
from tests.web.visitor import Visitor

PAGE = "/manage/e/ye-shi/rehearsal"
STRIP = "rehearsal-strip"


@pytest.fixture
def world(app: Flask, new_world: NewWorld) -> World:
    return new_world(starts_at="2026-08-20T18:00:00+08:00", ends_at="2026-08-20T21:00:00+08:00")


def press(console: Console, deed: str, page: str = PAGE, **fields: str) -> str:
    token = console.fields(page)["csrf_token"]
    answer = console.client.post(f"{PAGE}/{deed}", data={"csrf_token": token, **fields}, base_url=BASE, follow_redirects=True)
    return f"{answer.status_code} {answer.text}"


def test_from_beginning_to_download(app: Flask, world: World) -> None:
    owner = Console(app)
    assert STRIP not in owner.get("/manage/e/ye-shi/live")
    assert "演练开始了" in press(owner, "begin")
    for part in ("", "live", "live?wall=1", "report", "registrations", "devices", "conflicts", "figures/entries"):
        assert STRIP in owner.get(f"/manage/e/ye-shi/{part}"), part
    with app.app_context():
        world.send(world.phone(), checkin(world.ticket(2), count=2), tally("leaflets", 30))
    page = owner.get(PAGE)
    assert "清零2条，结束演练" in page and "清零不能撤回" in page and "report.xlsx" in page
    assert "【演练】" in owner.get("/manage/e/ye-shi/report")
    late = press(owner, "reset", records="1")
    assert late.startswith("409") and "现在一共2条" in late
    assert press(owner, "reset", records="x").startswith("409")
    done = press(owner, "reset", records="2")
    assert "数字从零开始" in done and f"{PAGE}/1.xlsx" in done
    with app.app_context():
        assert count_of(world) == 0
    file = owner.client.get(f"{PAGE}/1.xlsx", base_url=BASE)
    assert "attachment" in file.headers["Content-Disposition"] and "%E6%BC%94%E7%BB%83" in file.headers["Content-Disposition"]
    assert "演练" in str(load_workbook(BytesIO(file.data)).worksheets[0]["A1"].value)
    assert owner.client.get(f"{PAGE}/2.xlsx", base_url=BASE).status_code == 404
    journal = text_of(owner.get("/manage/journal"))
    assert "开始演练" in journal and "演练清零" in journal and "下载数据" in journal


def test_it_does_not_begin_over_real_records(app: Flask, world: World) -> None:
    owner = Console(app)
    with app.app_context():
        world.send(world.phone(), tally("heads"))
    assert "不能再开始演练" in owner.get(PAGE) and "复制成新活动" in owner.get(PAGE)
    assert press(owner, "begin").startswith("409")


def test_viewers_read_and_do_not_press(app: Flask, world: World) -> None:
    viewer = Console(app, "viewer")
    assert "开始演练" not in text_of(viewer.get(PAGE))
    for deed in ("begin", "reset"):
        assert press(viewer, deed, records="0").startswith("403")


def test_a_check_in_page_says_that_it_is_a_rehearsal(app: Flask, world: World, new_volunteer: object) -> None:
    volunteer: Visitor = new_volunteer(world)  # type: ignore[operator]
    with app.app_context():
        code = world.ticket().code
    assert STRIP not in volunteer.get(f"/t/{code}").text
    with app.app_context():
        rehearsals.start(world.owner, world.slug)
    assert STRIP in volunteer.get(f"/t/{code}").text
