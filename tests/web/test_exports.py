"""Taking the list out: masked for members, plain with a reason that the journal keeps, nothing in a cell a formula."""

from __future__ import annotations

import csv
import io

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import AuditEntry
from eventsvc.ports import limits
from eventsvc.services import registrations
from tests.services.world import World, checkin
from tests.web.console import Console

PAGE = "/manage/e/ye-shi/registrations/export"


@pytest.fixture
def world(app: Flask) -> World:
    """Two parties, one of them in, with a name that a spreadsheet would calculate."""
    limits.reset()
    with app.app_context():
        made = World({"registration": {"questions": [{"key": "wish", "label": "想学什么"}]}})
        ticket = made.ticket(2, answers={"wish": "=1+1"})
        made.send(made.phone(), checkin(ticket))
        other = made.ticket(1, "=SUM(A1)")
        registrations.change(made.owner, made.slug, other.id, {"note": "@轮椅"})
        return made


def entries(app: Flask) -> list[dict[str, object]]:
    with app.app_context():
        return list(db.session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "registration.export")))


def test_masked_by_default_and_for_viewers(app: Flask, world: World) -> None:
    for role in ("owner", "viewer"):
        answer = Console(app, role).send(PAGE, action=None)
        assert answer.status_code == 200 and "attachment" in answer.headers["Content-Disposition"]
        rows = list(load_workbook(io.BytesIO(answer.data)).active.iter_rows(values_only=True))
        assert [row[1:5] for row in rows[1:]] == [("王*芳", "139****0001", 2, 1), ("=****)", "139****0002", 1, 0)]
        assert len(rows[0]) == 9 and "签到码" not in rows[0]
    assert [entry["plain"] for entry in entries(app)] == [False, False] and entries(app)[0]["rows"] == 2


def test_plain_data_wants_a_reason(app: Flask, world: World) -> None:
    console = Console(app)
    refused = console.send(PAGE, action=None, extent="plain", reason=" ")
    assert refused.status_code == 422 and "要写明事由" in refused.text and entries(app) == []
    answer = console.send(PAGE, action=None, extent="plain", reason="电话通知改期", kind="csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][-3:] == ["签到码", "备注", "想学什么"]
    assert rows[1][1] == "王桂芳" and rows[1][2].replace(" ", "") == "13900000001" and rows[1][-1] == "'=1+1"
    assert rows[2][1] == "'=SUM(A1)" and rows[2][-2] == "'@轮椅"
    assert entries(app) == [{"kind": "csv", "plain": True, "rows": 2, "reason": "电话通知改期"}]
    journal = console.get("/manage/journal")
    assert "导出名单" in journal and "电话通知改期" in journal
    assert Console(app, "viewer").send(PAGE, action=None, extent="plain", reason="想看看").status_code == 403
    assert 'value="plain"' not in Console(app, "viewer", "v2@example.test").get(PAGE)


def test_a_workbook_holds_text_and_no_formula(app: Flask, world: World) -> None:
    answer = Console(app).send(PAGE, action=None, extent="plain", reason="备份", kind="xlsx")
    sheet = load_workbook(io.BytesIO(answer.data)).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    assert sheet["B3"].value == "=SUM(A1)" and sheet["J2"].value.isdecimal() and sheet["J2"].data_type == "s"
