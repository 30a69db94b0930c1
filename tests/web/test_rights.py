"""我的信息: what is kept, a copy to take along, correcting, deleting; who looked; the same by telephone; earlier notices."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import AuditEntry, Event, Person, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import figures, registrations, rights
from eventsvc.services.actors import SYSTEM
from tests.services.world import World, checkin
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import Console, text_of
from tests.web.visitor import Visitor, form_with

PHONE = "13900000001"


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """The fair with six places."""
    return new_world(registration={"capacity": 6, "questions": [{"key": "wish", "label": "想学什么"}]})


@pytest.fixture
def ticket(app: Flask, world: World) -> Registration:
    """A party of three under 王桂芳, 139 0000 0001."""
    with app.app_context():
        return world.ticket(3, answers={"wish": "剪纸"})


@pytest.fixture
def holder(ticket: Registration, new_visitor: NewVisitor) -> Visitor:
    """The browser of whoever registered, or of whoever was sent the link."""
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(ticket.id)}")
    return browser


def prove(browser: Visitor, ticket: Registration, phone: str = PHONE) -> int:
    """Type the whole number; the answer's status."""
    return browser.hooked(browser.get(f"/t/{ticket.code}/data"), "prove", phone=phone).status_code


def test_the_copy_holds_companions_and_sealed_answers_in_plain_for_the_holder_alone(new_world: NewWorld, new_visitor: NewVisitor, app: Flask) -> None:
    asked = [{"key": "id", "label": "身份证号", "type": "id_number", "reason": "进入机关大院要登记"}]
    there = new_world(slug="sealed", registration={"members": "names", "questions": asked})
    party = {"members": [{"name": "小宝", "age_band": "6岁以下"}], "guardian": "奶奶", "guardian_consent": True}
    with app.app_context():
        ticket = there.ticket(2, answers={"id": "11010519491231002X"}, **party)
        plain = json.loads(json.dumps(rights.copy(there.owner, there.slug, ticket.id).answers))
        assert plain == [["身份证号", "11*************02X"]], "an organizer sees it masked"
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(ticket.id)}")
    assert "小宝" not in browser.get(f"/t/{ticket.code}/data").text
    assert prove(browser, ticket) == 303
    page = browser.get(f"/t/{ticket.code}/data").text
    assert "小宝" in page and "奶奶" in page and "11010519491231002X" in page
    kept = json.loads(browser.get(f"/t/{ticket.code}/data.json").text)
    assert kept["person"]["members"] == party["members"] and kept["person"]["answers"][0]["answer"] == "11010519491231002X"
    assert kept["guardian_consent"]["version"] and "小宝" in browser.get(f"/t/{ticket.code}/data.txt").text


def test_the_link_alone_shows_and_changes_nothing(app: Flask, ticket: Registration, holder: Visitor, visitor: Visitor) -> None:
    page = holder.get(f"/t/{ticket.code}/data")
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert "王*芳" in page.text and "王桂芳" not in page.text and "139****0001" in page.text and PHONE not in page.text and "剪纸" not in page.text
    token = form_with(page, "phone").fields["csrf_token"]
    for path in ("erase", "correct"):
        holder.post(f"/t/{ticket.code}/{path}", {"csrf_token": token, "name": "李强", "phone": "13911112222"})
    for kind in ("txt", "json"):
        assert holder.get(f"/t/{ticket.code}/data.{kind}").status_code == 303
    with app.app_context():
        person = db.session.get_one(Person, ticket.id)
        assert (person.name, person.phone) == ("王桂芳", f"+86{PHONE}")
    assert visitor.get(f"/t/{ticket.code}/data").headers["Location"].endswith(f"/t/{ticket.code}")
    assert visitor.get(f"/t/{ticket.code}/data.json").status_code == 404
    assert visitor.get(f"/t/{ticket.code}/erase").status_code == 303
    for path in ("data", "correct", "erase"):
        assert visitor.post(f"/t/{ticket.code}/{path}", {"phone": PHONE}).status_code in {400, 404}


def test_five_wrong_numbers_lock_and_a_proof_ends(ticket: Registration, holder: Visitor, clock: FakeClock) -> None:
    assert prove(holder, ticket) == 303
    assert "王桂芳" in holder.get(f"/t/{ticket.code}/data").text
    clock.advance(minutes=16)
    assert "王桂芳" not in holder.get(f"/t/{ticket.code}/data").text
    assert [prove(holder, ticket, "13900000009") for _ in range(6)] == [422] * 5 + [429]
    assert prove(holder, ticket) == 429


def test_a_copy_holds_everything(app: Flask, world: World, ticket: Registration, holder: Visitor) -> None:
    with app.app_context():
        world.send(world.phone(), checkin(ticket, count=1), checkin(ticket, "stage", count=1))
        registrations.change(world.owner, world.slug, ticket.id, {"note": "坐轮椅"})
    prove(holder, ticket)
    answer = holder.get(f"/t/{ticket.code}/data.json")
    copy = json.loads(answer.data)
    assert copy["person"] == {"name": "王桂芳", "phone": f"+86{PHONE}", "email": None, "note": "坐轮椅", "answers": [{"question": "想学什么", "answer": "剪纸"}], "members": [], "guardian": None}
    assert copy["registration"]["pickup_code"] == ticket.pickup_code and copy["consent"]["version"] == registrations.CONSENT_VERSION
    assert [scan["place"] for scan in copy["scans"]] == ["东门", "舞台"] and copy["kept_until"].startswith("2027-02-10")
    assert copy["accesses"] == [{"at": "2026-08-14T18:00:00+08:00", "by": "program", "deed": "registration.edit", "plain": None}]
    assert answer.headers["Cache-Control"] == "no-store" and "attachment" in answer.headers["Content-Disposition"]
    text = holder.get(f"/t/{ticket.code}/data.txt").text
    for said in ("王桂芳", "139 0000 0001", "剪纸", "坐轮椅", "东门", "最晚2027年2月10日", "主办方的程序"):
        assert said in text
    assert "None" not in text and "%(" not in text


def test_who_looked_is_told_by_post(app: Flask, world: World, ticket: Registration, holder: Visitor, clock: FakeClock) -> None:
    console = Console(app)
    for _ in range(2):  # whoever opens it again has looked once
        assert "王桂芳" in console.get(f"/manage/e/{world.slug}/registrations/{ticket.id}")
    viewer = Console(app, "viewer")
    assert "王桂芳" not in viewer.get(f"/manage/e/{world.slug}/registrations/{ticket.id}"), "who sees it masked has not looked"
    console.send(f"/manage/e/{world.slug}/registrations/export", extent="masked", kind="csv")
    prove(holder, ticket)
    page = holder.get(f"/t/{ticket.code}/data").text
    assert page.count("查看了完整信息") == 1 and "主办方负责人 · 导出了名单（遮住一部分）" in " ".join(page.split())
    with app.app_context():
        kept = db.session.scalars(select(AuditEntry).where(AuditEntry.registration_id == ticket.id)).all()
        assert [(one.action, one.role) for one in kept] == [("registration.view", "owner")]
    assert "registration.view" not in console.get("/manage/journal")


def test_companions_are_corrected_named_later_and_taken_out(new_world: NewWorld, new_visitor: NewVisitor, app: Flask) -> None:
    there = new_world(slug="family", registration={"members": "names"})
    party = {"members": [{"name": "小宝", "age_band": "6岁以下"}, {"name": "李建国", "age_band": "adult"}], "guardian": "奶奶", "guardian_consent": True}
    with app.app_context():
        ticket = there.ticket(3, **party)
        registrations.change(there.owner, there.slug, ticket.id, {"party_size": 4})
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(ticket.id)}")
    assert prove(browser, ticket) == 303
    page = browser.get(f"/t/{ticket.code}/data")
    form = form_with(page, "members.0.name")
    assert [form.fields[f"members.{n}.name"] for n in range(3)] == [["小宝"], ["李建国"], [""]]
    wrong = browser.hooked(page, "correct", **{"members.0.name": "宝" * 30, "members.1.name": "李建军"})
    assert wrong.status_code == 422 and "孩子只写小名" in wrong.text and "李建军" in wrong.text
    assert browser.hooked(page, "correct", **{"members.0.name": "贝贝", "members.1.name": "", "members.2.name": "赵敏"}).status_code == 303
    with app.app_context():
        person = db.session.get_one(Person, ticket.id)
        assert person.members == [{"name": "贝贝", "age_band": "6岁以下"}, {"name": "赵敏", "age_band": "adult"}]
        assert person.name == "王桂芳" and person.guardian == "奶奶"
        [entry] = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "rights.correct"))
        assert entry.detail["fields"] == ["members"]


def test_correcting_opens_nobody_elses_tickets(app: Flask, world: World, ticket: Registration, holder: Visitor, new_visitor: NewVisitor) -> None:
    with app.app_context():
        other = world.ticket(1, name="赵敏")  # 139 0000 0002
    prove(holder, ticket)
    page = holder.get(f"/t/{ticket.code}/data")
    assert holder.hooked(page, "correct", name="", phone="12").status_code == 422
    assert holder.hooked(page, "correct", name="王桂芬", phone="139 0000 0002").status_code == 303
    with app.app_context():
        person = db.session.get_one(Person, ticket.id)
        assert (person.name, person.phone, person.phone_tail, person.spelt.split()[0]) == ("王桂芬", "+8613900000002", "0002", "wangguifen")
        assert [one.id for one in registrations.find_mine("13900000002", ticket.pickup_code)] == [ticket.id]
    thief = new_visitor()
    found = thief.send(thief.get("/my"), form_with(thief.get("/my"), "pickup_code"), phone="13900000002", pickup_code=ticket.pickup_code)
    assert ticket.code in found.text and other.code not in found.text
    assert "王桂芬" in holder.get(f"/t/{ticket.code}/data").text, "whoever changed the number need not type it at once again"


def test_deleting_before_the_event_gives_the_places_back(app: Flask, world: World, ticket: Registration, holder: Visitor) -> None:
    with app.app_context():
        waiting = world.ticket(5)
        assert waiting.status == "waitlisted"
    prove(holder, ticket)
    ask = holder.get(f"/t/{ticket.code}/erase")
    assert "名额让给别人" in ask.text
    assert holder.hooked(ask, "erase").status_code == 303
    assert holder.hooked(ask, "erase").status_code in {303, 404}
    assert holder.get(f"/t/{ticket.code}").headers["Location"].endswith("/data")
    assert "您的信息已经删除" in holder.get(f"/t/{ticket.code}/data").text
    with app.app_context():
        gone = db.session.get_one(Registration, ticket.id)
        assert (gone.status, gone.cancelled_by) == ("cancelled", "holder") and gone.erased_at is not None
        assert db.session.get_one(Registration, waiting.id).status == "confirmed" and db.session.get(Person, ticket.id) is None
        assert db.session.scalars(select(Event)).one().places_taken == 5


def test_by_telephone(app: Flask, world: World, ticket: Registration) -> None:
    with app.app_context():
        world.send(world.phone(), checkin(ticket, count=3))
        before = figures.stats(SYSTEM, world.slug)
    page = f"/manage/e/{world.slug}/registrations/{ticket.id}"
    viewer, console = Console(app, "viewer"), Console(app)
    assert viewer.client.get(f"{page}/erase", base_url="https://example.test").status_code == 403
    copy = console.send(f"{page}/copy", page, f"{page}/copy")
    assert "王桂芳" in copy.text and "139 0000 0001" in copy.text
    assert "找不回来" in console.get(f"{page}/erase")
    assert console.send(f"{page}/erase", asked="phone").headers["Location"] == page
    text = text_of(console.get(page))
    assert "已删除" in text and "删除了个人信息" in text
    with app.app_context():
        after = figures.stats(SYSTEM, world.slug)
        assert (after.people_admitted, after.entries, after.people_registered) == (before.people_admitted, before.entries, 3)
        assert db.session.get_one(Registration, ticket.id).status == "confirmed", "all of them are in: they stay counted"
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "rights.erase")).one()
        assert entry.detail["asked"] == "phone" and entry.role == "owner"


def test_an_earlier_notice_can_be_read(visitor: Visitor, world: World) -> None:
    now = visitor.get(f"/e/{world.slug}/privacy").text
    assert "我的信息" in now and "以前的版本：2026-11" in now
    earlier = visitor.get(f"/e/{world.slug}/privacy?version=2026-11")
    assert "要求查阅、复制、更正、删除自己的信息" in earlier.text and "看现在的版本" in earlier.text
    assert visitor.get(f"/e/{world.slug}/privacy?version=../page").status_code == 404


def test_a_party_without_a_number_needs_the_link_only(app: Flask, world: World, new_visitor: Callable[[], Visitor]) -> None:
    with app.app_context():
        quiet = registrations.register(world.owner, world.slug, {"name": "李奶奶", "party_size": 1}).registration
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(quiet.id)}")
    assert "李奶奶" in browser.get(f"/t/{quiet.code}/data").text
