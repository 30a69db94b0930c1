"""Importing a list in the console, without script: upload, columns, preview, registering, what was left out, taking it back."""

from __future__ import annotations

import io
import re

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from eventsvc.db import db
from eventsvc.models import Person, Registration
from eventsvc.ports import limits
from tests.services.world import World
from tests.web.console import BASE, Console, text_of

LIST = "/manage/e/ye-shi/imports"


@pytest.fixture
def world(app: Flask) -> World:
    """The fair with a question."""
    limits.reset()
    with app.app_context():
        return World({"registration": {"questions": [{"key": "age", "label": "年龄段"}]}})


def upload(console: Console, raw: bytes, name: str = "名单.csv") -> TestResponse:
    data = {**console.fields(LIST), "file": (io.BytesIO(raw), name)}
    return console.client.post(LIST, data=data, base_url=BASE, content_type="multipart/form-data")


def staged(console: Console, raw: bytes) -> str:
    answer = upload(console, raw)
    assert answer.status_code == 303, text_of(answer.text)
    return str(answer.headers["Location"])


def names(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Person.name).order_by(Person.name)))


GOOD = "姓名,手机,人数,年龄段\n王桂芳,13800001234,2,老人\n李明,1380000,1,\n王桂芳,13800001234,1,\n".encode("gb18030")


def test_from_the_file_to_the_list_and_back(app: Flask, world: World) -> None:
    console = Console(app)
    page = staged(console, GOOD)
    shown = text_of(console.get(page))
    assert "可以导入 1" in shown and "B3 手机号应为11位数字，现在是7位" in shown and "B4 与第2行重复" in shown and "年龄段" in shown
    refused = console.send(page, action=page)
    assert refused.status_code == 422 and "请先确认：已取得本人同意" in refused.text and names(app) == []
    started = console.send(page, action=page, consent="1")
    assert started.headers["Location"] == page and names(app) == ["王桂芳"]
    shown = text_of(console.get(page))
    assert "导入完成" in shown and "报上1份，没有导入2行" in shown
    assert "导入名单" in text_of(console.get("/manage/journal"))
    again = console.send(page, page=LIST, action=None, consent="1")
    assert again.status_code == 303 and names(app) == ["王桂芳"], "the back button registers nobody twice"
    book = load_workbook(io.BytesIO(console.client.get(f"{page}/faults.xlsx", base_url=BASE).data))
    rows = [[str(cell or "") for cell in row] for row in book.active.iter_rows(values_only=True)]
    assert rows[0] == ["姓名", "手机", "人数", "年龄段", "原来的行号", "原因"]
    assert rows[1][:3] == ["李明", "1380000", "1"] and rows[1][4:] == ["3", "B3 手机号应为11位数字，现在是7位"]
    assert "将撤销1份报名" in console.get(f"{page}/undo")
    undone = console.send(f"{page}/undo", action=f"{page}/undo")
    assert undone.status_code == 303 and "已撤销1份" in console.get(page) and names(app) == []
    assert "还没有人报名" in console.get("/manage/e/ye-shi/registrations")


def test_columns_are_changed_by_hand(app: Flask, world: World) -> None:
    console = Console(app)
    page = staged(console, "甲,乙,丙\n王桂芳,13800001234,朋友介绍\n".encode())
    assert "请指明哪一列是姓名" not in text_of(console.get(page))
    wrong = console.send(f"{page}/columns", page=page, action=f"{page}/columns", header="1", **{"column-0": "name", "column-1": "name"})
    assert wrong.status_code == 303 and "两列选了同一项" in console.get(page)
    console.send(f"{page}/columns", page=page, action=f"{page}/columns", header="1", **{"column-0": "name", "column-1": "phone", "column-2": "note"})
    console.send(page, action=page, consent="1")
    with app.app_context():
        assert db.session.scalars(select(Person.note)).one() == "朋友介绍"


def test_a_pasted_chain(app: Flask, world: World) -> None:
    console = Console(app)
    page = console.send(LIST, action=None, text="#接龙\n1. 王桂芳 2人\n2. 李明+1 13800001235").headers["Location"]
    shown = console.get(page)
    assert "可以导入 2" in text_of(shown) and re.search(r'value="phone" checked', shown), "a chain came by telephone and chat"
    console.send(page, action=page, consent="1")
    with app.app_context():
        assert db.session.scalar(select(func.sum(Registration.party_size))) == 4


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [(b"", 422, "没有读到内容"), (b"PK\x03\x04", 422, "打不开"), (b"x" * (10 * 1024 * 1024 + 1), 413, "文件最大10 MB"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 422, ".xls")],
)
def test_what_cannot_be_read_is_said(app: Flask, world: World, raw: bytes, status: int, said: str) -> None:
    console = Console(app)
    answer = upload(console, raw, "x.csv") if raw else console.send(LIST, action=None, text="")
    assert answer.status_code == status and said in answer.text


def test_a_large_file_passes_and_only_here(app: Flask, world: World) -> None:
    book = Workbook()
    book.active.append(["姓名", "备注"])
    for number in range(30):
        book.active.append([f"王{number}", "x"])
    book.save(kept := io.BytesIO())
    console = Console(app)
    csv = "姓名,备注\n" + "".join(f"王{number},{'很长' * 150}\n" for number in range(4000))
    assert len(csv.encode()) > 3_000_000
    staged(console, csv.encode())
    staged(console, kept.getvalue())
    assert console.client.post("/manage/import", data={"text": "x" * 1_200_000}, base_url=BASE).status_code == 413


def test_drafts_and_thrown_away_lists(app: Flask, world: World) -> None:
    console = Console(app)
    page = staged(console, GOOD)
    gone = console.send(f"{page}/discard", page=page, action=f"{page}/discard")
    assert gone.status_code == 303 and "名单已删除" in console.get(LIST)
    console.get(page, 404)
    viewer = Console(app, "viewer")
    viewer.get(LIST, 403)
    assert "导入名单" not in viewer.get("/manage/e/ye-shi/registrations")


def test_the_template_has_the_events_own_columns(app: Flask, world: World) -> None:
    console = Console(app)
    raw = console.client.get(f"{LIST}/template.xlsx", base_url=BASE).data
    book = load_workbook(io.BytesIO(raw))
    assert [cell.value for cell in book.active[1]] == ["姓名", "电话号码", "人数", "备注", "年龄段"]
    for column, value in enumerate(["王桂芳", "13800001234", "2", "", "老人"], 1):
        book.active.cell(2, column, value)
    book.save(filled := io.BytesIO())
    page = staged(console, filled.getvalue())
    assert "可以导入 1" in text_of(console.get(page))
