"""The organizer's pages of slips, sign-in sheet and paper list; the sheet's codes lead to the very tickets."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from eventsvc import create_app
from eventsvc.db import db
from eventsvc.models import AuditEntry, Registration, Slip
from eventsvc.ports import clock
from eventsvc.render import paper
from eventsvc.services import registrations, slips
from tests.conftest import settings_for
from tests.render.sheets import codes_on, needs_poppler, rendered
from tests.services.world import World
from tests.web.console import BASE, Console, text_of
from tests.web.conftest import NewWorld

SLIPS, LIST, SHEET = "/manage/e/ye-shi/slips", "/manage/e/ye-shi/paper-list", "/manage/e/ye-shi/sign-in-sheet"
needs_font = pytest.mark.skipif(not paper.found(), reason="no Chinese font (apt-get install fonts-noto-cjk)")


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world(venue="商都遗址城墙下", registration={"capacity": 30, "max_party": 4})


@needs_font
@needs_poppler
def test_the_printed_codes_are_the_tickets(app: Flask, world: World, tmp_path: Path) -> None:
    owner = Console(app)
    assert owner.send(SLIPS, page=SLIPS, action=SLIPS, count="9", party_size="2").status_code == 303
    shown = text_of(owner.get(SLIPS))
    assert "001–009" in shown and "还没用9张" in shown
    with app.app_context():
        tickets = [f"HTTPS://EXAMPLE.TEST/T/{code}" for (code,) in db.session.query(Registration.code).join(Slip, Slip.registration_id == Registration.id).order_by(Slip.number)]
    for layout in paper.LAYOUTS:
        answer = owner.client.get(f"{SLIPS}/1.pdf?layout={layout}", base_url=BASE)
        assert answer.mimetype == "application/pdf" and answer.headers["Cache-Control"] == "no-store"
        folder = tmp_path / layout
        folder.mkdir()
        assert [code for page in rendered(answer.data, folder) for code in codes_on(page)] == tickets
    for name, kind in (("poster.pdf", "application/pdf"), ("poster.png", "image/png")):
        answer = owner.client.get(f"/manage/e/ye-shi/{name}", base_url=BASE)
        assert answer.mimetype == kind, name
    folder = tmp_path / "poster"
    folder.mkdir()
    [page] = rendered(owner.client.get("/manage/e/ye-shi/poster.pdf", base_url=BASE).data, folder)
    assert codes_on(page) == ["https://example.test/e/ye-shi"]
    with app.app_context():
        assert db.session.query(AuditEntry).filter_by(action="slip.print").count() == 2, "whoever prints tickets is written down"


def test_twice_is_one_batch_and_faults_stay_beside_their_fields(app: Flask, world: World) -> None:
    owner = Console(app)
    fields = owner.fields(SLIPS, SLIPS) | {"count": "3", "party_size": "1"}
    for _time in range(2):
        assert owner.client.post(SLIPS, data=fields, base_url=BASE).status_code == 303
    with app.app_context():
        assert db.session.query(Slip).count() == 3
    wrong = owner.send(SLIPS, page=SLIPS, action=SLIPS, count="0")
    assert wrong.status_code == 422 and "一次印1到200张" in wrong.text
    much = owner.send(SLIPS, page=SLIPS, action=SLIPS, count="28")
    assert much.status_code == 409 and "只剩27位" in much.text


def test_void_asks_first_and_gives_places_back(app: Flask, world: World) -> None:
    owner = Console(app)
    owner.send(SLIPS, page=SLIPS, action=SLIPS, count="3")
    page = f"{SLIPS}/1/void"
    assert "作废3张" in text_of(owner.get(page))
    assert owner.send(page, page=page, action=page).status_code == 303
    assert "作废3张，还没用0张" in text_of(owner.get(SLIPS))
    assert owner.client.get(f"{SLIPS}/1.pdf", base_url=BASE).status_code in {303, 409}
    owner.get(f"{SLIPS}/7/void", 404)


def test_naming_and_the_list_show_the_slip(app: Flask, world: World) -> None:
    owner = Console(app)
    owner.send(SLIPS, page=SLIPS, action=SLIPS, count="1")
    with app.app_context():
        code = db.session.query(Registration.pickup_code).join(Slip, Slip.registration_id == Registration.id).scalar()
    path = f"{SLIPS}/name"
    assert "凭条001" in owner.get("/manage/e/ye-shi/registrations") and "纸质凭条" in owner.get("/manage/e/ye-shi/registrations")
    wrong = owner.send(path, page=SLIPS, action=path, slip="x", name="", consent=None)
    assert wrong.status_code == 422 and "没有这张凭条" in wrong.text and "征得本人同意" in wrong.text
    assert owner.send(path, page=SLIPS, action=path, slip=code, name="王桂芳", consent="1").status_code == 303
    assert "王*芳" in owner.get("/manage/e/ye-shi/registrations")


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000", "http://localhost:8000"])
def test_no_slip_leads_to_this_machine_alone(app: Flask, world: World, address: str, database_url: str, tmp_path: Path) -> None:
    with app.app_context():
        slips.make(world.owner, world.slug, {"count": 1})
    lost = create_app(settings_for(tmp_path / "other", database_url, base_url=address))
    owner = Console(lost)
    assert "现在还不能印凭条" in owner.get(SLIPS) and "装系统的人" in owner.get(SLIPS)
    for page in (f"{SLIPS}/1.pdf", "/manage/e/ye-shi/poster.pdf", "/manage/e/ye-shi/poster.png"):
        assert address in owner.get(page, 409) and "BASE_URL" in owner.get(page, 409)


def test_without_a_font_the_page_says_what_to_install(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "found", lambda: False)
    owner = Console(app)
    owner.send(SLIPS, page=SLIPS, action=SLIPS, count="1")
    assert "fonts-noto-cjk" in owner.get(SLIPS)
    for page in (f"{SLIPS}/1.pdf", "/manage/e/ye-shi/poster.png"):
        assert "fonts-noto-cjk" in owner.get(page, 409)


def test_a_viewer_sees_and_may_not(app: Flask, world: World) -> None:
    with app.app_context():
        slips.make(world.owner, world.slug, {"count": 1})
    viewer = Console(app, "viewer")
    page = viewer.get(SLIPS)
    assert ".pdf" not in page and "再印一批" not in page and "记姓名" not in page
    viewer.get(f"{SLIPS}/1.pdf", 403)
    viewer.get(f"{SLIPS}/1/void", 403)
    viewer.get(LIST, 403)
    token = viewer.fields("/manage/e/ye-shi/registrations")["csrf_token"]
    for path in (SLIPS, f"{SLIPS}/1/void", f"{SLIPS}/name", LIST):
        assert viewer.client.post(path, data={"csrf_token": token, "count": "1"}, base_url=BASE).status_code == 403, path


def test_the_sign_in_sheet_masks_names_unless_there_is_a_reason(app: Flask, world: World) -> None:
    with app.app_context():
        first, second = world.ticket(2, name="王桂芳").pickup_code, world.ticket(1, name="安建国").pickup_code
        registrations.cancel(world.owner, world.slug, world.ticket(1, name="赵六").id)
    owner = Console(app)
    masked = owner.send(SHEET, page=SHEET, action=SHEET)
    said = text_of(masked.text)
    assert "王*芳" in said and "王桂芳" not in said and "赵" not in said and first in said and "0001" in said and "13900000001" not in masked.text
    assert said.index(second) < said.index(first), "by pinyin"
    assert owner.send(SHEET, page=SHEET, action=SHEET, plain="1").status_code == 422
    plain = owner.send(SHEET, page=SHEET, action=SHEET, plain="1", reason="服务台备用")
    assert "王桂芳" in plain.text and plain.headers["Cache-Control"] == "no-store"
    with app.app_context():
        kept = db.session.query(AuditEntry).filter_by(action="registration.export").all()
        assert [(one.detail["kind"], one.detail["plain"]) for one in kept] == [("sheet", False), ("sheet", True)]
    viewer = Console(app, "viewer")
    assert "完整的姓名" not in viewer.get(SHEET)


def test_a_paper_list_is_entered_and_says_what_is_wrong(app: Flask, new_world: NewWorld) -> None:
    now = clock.now()
    world = new_world(starts_at=(now - timedelta(hours=3)).isoformat(), ends_at=(now + timedelta(hours=1)).isoformat())
    with app.app_context():
        ticket = world.ticket(3)
    owner = Console(app)
    wrong = owner.send(LIST, page=LIST, action=LIST, lines=f"{ticket.pickup_code}\nabc")
    assert wrong.status_code == 422 and "第2行：要以6位签到码开头" in wrong.text and ticket.pickup_code in wrong.text
    when = owner.send(LIST, page=LIST, action=LIST, lines=ticket.pickup_code, date="昨天")
    assert when.status_code == 422 and "日期写成" in when.text
    fields = owner.fields(LIST, LIST) | {"lines": f"{ticket.pickup_code} 2\n现场 1", "checkpoint": "gate"}
    for said in ("补录了2条", "2条以前补录过，没有重复记"):
        assert owner.client.post(LIST, data=fields, base_url=BASE).status_code == 303
        assert said in text_of(owner.get(LIST))
    history = text_of(owner.get(f"/manage/e/ye-shi/registrations/{ticket.id}"))
    assert re.search(r"纸质补录\s*进 2位：请进", history)
