"""Units in the console: typed in one row, called, taken back, and a line to copy; a select on the residents' form."""

from __future__ import annotations

from flask import Flask

from eventsvc.services import events, registrations, units
from eventsvc.services.actors import SYSTEM
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console, text_of
from tests.web.visitor import form_with

PAGE = "/manage/e/ye-shi/units"


def test_several_names_in_one_row_are_several_units(app: Flask, new_world: NewWorld) -> None:
    new_world(kind="meeting", units=[{"key": "beixia", "name": "北下街街道"}])
    console = Console(app)
    edit = "/manage/e/ye-shi/edit"
    more = {"units__1__name": "陇海马路街道、 演示园区\n南关街街道", "units__1__expected": "2", "units__1__key": ""}
    assert console.send("/manage/e/ye-shi/edit", page=edit, action=edit, **more).status_code == 303
    with app.app_context():
        kept = [(unit.name, unit.expected) for unit in events.read(SYSTEM, "ye-shi").units]
        keys = {unit.key for unit in events.read(SYSTEM, "ye-shi").units}
    assert kept == [("北下街街道", 1), ("陇海马路街道", 2), ("演示园区", 2), ("南关街街道", 2)] and len(keys) == 4
    answer = console.send("/manage/e/ye-shi/edit", page=edit, action=edit, units__1__expected="很多")
    assert answer.status_code == 422 and "请填数字" in answer.text


def test_calling_the_roll(app: Flask, new_world: NewWorld) -> None:
    new_world(kind="meeting", units=[{"key": "beixia", "name": "北下街街道"}, {"key": "longhai", "name": "陇海马路街道", "expected": 2}])
    console = Console(app)
    assert "应到2个单位3人，实到0个单位0人。" in text_of(console.get(PAGE))
    for key, attendance, people in (("beixia", "leave", ""), ("longhai", "stand_in", "２")):
        answer = console.send(f"{PAGE}/{key}", page=PAGE, attendance=attendance, people=people)
        assert answer.headers["Location"] == f"{PAGE}#unit-{key}"
    assert "应到2个单位3人，实到1个单位2人（其中代会1个），请假1个。" in text_of(console.get(PAGE))
    console.send(f"{PAGE}/beixia", page=PAGE, attendance="present", people="很多")
    assert "实到人数请填1到9999" in console.get(PAGE)
    console.send(f"{PAGE}/longhai", page=PAGE, attendance="", people="")
    assert "实到0个单位0人，请假1个。" in text_of(console.get(PAGE))
    assert "单位点名" in Console(app).get("/manage/journal")


def test_a_representative_chooses_the_unit(app: Flask, new_world: NewWorld, new_visitor: NewVisitor) -> None:
    new_world(kind="meeting", units=[{"key": "beixia", "name": "北下街街道"}])
    browser = new_visitor()
    page = browser.get("/e/ye-shi")
    form = form_with(page, "phone")
    wrong = browser.send(page, form, name="李明", phone="13812345678", consent="1", unit="")
    assert wrong.status_code == 422 and "请选您代表的单位" in wrong.text and "13812345678" in wrong.text
    assert browser.send(wrong, form_with(wrong, "phone"), unit="beixia").status_code == 303
    with app.app_context():
        assert units.roll(SYSTEM, "ye-shi").lines[0].registered == 1
        [row], _more = registrations.search(SYSTEM, "ye-shi", "李明", None, None, 5)
    assert "北下街街道" in Console(app).get(f"/manage/e/ye-shi/registrations/{row[0].id}")
