"""The registration form without JavaScript: every fault beside its field, nothing typed is lost, one registration a submit."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from eventsvc.db import db
from eventsvc.models import Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations
from eventsvc.services.actors import Actor
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.visitor import Visitor, form_with, forms

LIMITED = {"capacity": 5, "waitlist": True}


def kept(app: Flask) -> list[tuple[str, int]]:
    """Status and party of every registration, in order."""
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(Registration.status, Registration.party_size).order_by(Registration.seq))]


def test_success_is_the_ticket(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    answer = visitor.register("ye-shi", party_size="3")
    assert answer.status_code == 303 and re.fullmatch(r"/t/[0-9A-HJKMNP-TV-Z]{20}", answer.headers["Location"])
    [cookie] = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith("manage=")]
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Lax"))
    ticket = visitor.get(answer.headers["Location"])
    assert 'data-hook="qr"' in ticket.text and "王桂芳" in ticket.text
    assert kept(app) == [("confirmed", 3)]


def test_the_fields_are_named_as_in_the_api(new_world: NewWorld, visitor: Visitor) -> None:
    new_world(sessions=[{"key": "paper", "name": "剪纸"}])
    form = form_with(visitor.get("/e/ye-shi"), "phone")
    assert {"name", "phone", "party_size", "sessions", "consent", "nonce", "csrf_token"} <= form.names


def test_every_fault_at_once_and_all_that_was_typed(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world(sessions=[{"key": "paper", "name": "剪纸"}])
    page = visitor.register("ye-shi", name="", phone="1380000", party_size="9", sessions=["paper"], consent=None)
    assert page.status_code == 422
    for field in ("name", "phone", "party_size", "consent"):
        assert f'href="#{field}"' in page.text, field
    assert "手机号应为11位数字，现在是7位" in page.text and 'aria-invalid="true"' in page.text
    form = form_with(page, "phone")
    assert form.fields["phone"] == ["1380000"] and form.fields["sessions"] == ["paper"]
    assert kept(app) == []


def test_what_was_typed_is_shown_not_run(new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    page = visitor.register("ye-shi", name='"><script>alert(1)</script>', phone="1")
    assert page.status_code == 422 and "<script>alert" not in page.text


def test_a_double_submit_is_one_registration(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    page = visitor.get("/e/ye-shi")
    form = form_with(page, "phone")
    said = {"name": "王桂芳", "phone": "13800001234", "consent": "1"}
    first, second = visitor.send(page, form, **said), visitor.send(page, form, **said)
    assert first.status_code == second.status_code == 303 and first.headers["Location"] == second.headers["Location"]
    assert kept(app) == [("confirmed", 1)]
    third = visitor.send(page, form, **{**said, "name": "李建国"})  # the same page from the history, for somebody else
    assert third.status_code == 303 and third.headers["Location"] != first.headers["Location"]
    assert len(kept(app)) == 2


def test_a_fault_does_not_use_up_the_form(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    page = visitor.register("ye-shi", consent=None)
    assert page.status_code == 422
    assert visitor.send(page, form_with(page, "phone"), consent="1").status_code == 303
    assert kept(app) == [("confirmed", 1)]


def test_filled_up_meanwhile_offers_the_waitlist(app: Flask, new_world: NewWorld, new_visitor: NewVisitor) -> None:
    new_world(registration={"capacity": 2, "waitlist": True})
    late = new_visitor()
    page = late.get("/e/ye-shi")
    assert new_visitor().register("ye-shi", phone="13900000001", party_size="2").status_code == 303
    told = late.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", consent="1")
    assert told.status_code == 409 and "名额刚刚报满了，您填的内容都还在" in told.text
    form = form_with(told, "phone")
    assert form.fields["name"] == ["李建国"] and form.fields["consent"] == ["1"] and form.fields["waitlist"] == ["1"]
    assert kept(app) == [("confirmed", 2)]
    waiting = late.send(told, form)
    assert waiting.status_code == 303 and "候补第1位" in late.get(waiting.headers["Location"]).text
    assert kept(app) == [("confirmed", 2), ("waitlisted", 1)]


def test_too_few_places_for_this_party(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world(registration=LIMITED)
    assert visitor.register("ye-shi", party_size="4").status_code == 303
    told = visitor.register("ye-shi", phone="13900000002", party_size="3")
    assert told.status_code == 409 and "只剩1位，不够3位一起报名" in told.text and "名额已满" not in told.text
    assert visitor.send(told, form_with(told, "phone"), party_size="1").status_code == 303
    assert kept(app) == [("confirmed", 4), ("confirmed", 1)]


@pytest.mark.parametrize("done", [events.close, events.cancel])
def test_too_late_is_told_so_with_what_was_typed(done: Callable[[Actor, str], object], app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    world = new_world()
    page = visitor.get("/e/ye-shi")
    with app.app_context():
        done(world.owner, "ye-shi")
    for said in ({"consent": "1"}, {}):  # without a fault and with one
        told = visitor.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", **said)
        assert told.status_code in {409, 422} and "这次没有报上名" in told.text
        assert "李建国 · 13900000002 · 1位" in told.text
    assert "这次没有报上名" not in visitor.get("/e/ye-shi").text
    assert kept(app) == []


def test_full_without_a_waitlist(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world(registration={"capacity": 1, "waitlist": False})
    page = visitor.get("/e/ye-shi")
    assert visitor.register("ye-shi").status_code == 303
    told = visitor.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", consent="1")
    assert told.status_code == 409 and "名额已满" in told.text
    assert kept(app) == [("confirmed", 1)]


def test_too_late_is_told_on_the_page(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    new_world()
    page = visitor.get("/e/ye-shi")
    clock.advance(hours=5)
    told = visitor.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", consent="1")
    assert told.status_code == 409 and "活动已经结束" in told.text
    assert kept(app) == []


def test_closed_before_its_day_is_not_told_as_over(app: Flask, new_world: NewWorld, visitor: Visitor, new_visitor: NewVisitor, clock: FakeClock) -> None:
    later = {"starts_at": "2026-08-20T18:00:00+08:00", "ends_at": "2026-08-20T21:30:00+08:00"}
    world = new_world(**later)
    with app.app_context():
        ticket = world.ticket(1)
        events.close(world.owner, world.slug)
    holder = new_visitor()
    holder.get(f"/m/{registrations.manage_token(ticket.id)}")
    for _then in range(2):  # that day, and when its own day is long over
        page = visitor.get("/e/ye-shi").text
        assert "活动已提前结束" in page and "不再报名，也不再入场" in page and "活动已经结束" not in page
        assert "这张凭证现在不能入场" in holder.get(f"/t/{ticket.code}").text
        clock.advance(days=10)


def test_closed_on_the_evening_itself_is_over(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    world = new_world()
    clock.advance(hours=1)
    with app.app_context():
        events.close(world.owner, world.slug)
    page = visitor.get("/e/ye-shi").text
    assert "活动已经结束" in page and "提前结束" not in page


def test_cancelled_meanwhile(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    world = new_world()
    page = visitor.get("/e/ye-shi")
    with app.app_context():
        events.cancel(world.owner, world.slug)
    told = visitor.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", consent="1")
    assert told.status_code == 409 and "活动已取消" in told.text


def test_too_many_from_one_number_keeps_the_form(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    for _ in range(5):
        assert visitor.register("ye-shi", again="1").status_code == 303
    told = visitor.register("ye-shi", name="李建国")
    assert told.status_code == 429 and int(told.headers["Retry-After"]) > 0
    assert form_with(told, "phone").fields["name"] == ["李建国"] and "操作太频繁" in told.text
    assert len(kept(app)) == 5


def test_a_stale_form_keeps_what_was_typed(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    page = visitor.get("/e/ye-shi")
    visitor.client.delete_cookie("session", domain="example.test")
    told = visitor.send(page, form_with(page, "phone"), name="李建国", phone="13900000002", consent="1")
    assert told.status_code == 400 and "请再按一次" in told.text and kept(app) == []
    assert visitor.send(told, form_with(told, "phone")).status_code == 303


def test_no_form_without_its_token(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    assert visitor.post("/e/ye-shi", {"name": "李建国", "phone": "13900000002", "consent": "1"}).status_code == 400
    assert kept(app) == []


def test_odd_input_is_a_fault_and_no_accident(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world(sessions=[{"key": "paper", "name": "剪纸"}])
    for odd in ("\x00", "王\x00芳", "一" * 3000, "\u202e张三"):
        assert visitor.register("ye-shi", name=odd).status_code == 422
    assert visitor.register("ye-shi", phone="\x00").status_code == 422
    assert visitor.register("ye-shi", party_size="二").status_code == 422
    assert visitor.register("ye-shi", sessions=["nope", "\x00"]).status_code == 422
    assert visitor.register("ye-shi", nonce="\x00", channel="\x00", waitlist="\x00").status_code == 303
    assert visitor.get("/e/%00").status_code == 404 and visitor.get("/e/" + "a" * 5000).status_code == 404
    assert visitor.register("ye-shi", name="大" * 600_000).status_code == 413


def test_for_somebody_else(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    assert visitor.register("ye-shi", channel="proxy").status_code == 303
    assert visitor.register("ye-shi", channel="desk", again="1").status_code == 303  # not theirs to choose
    with app.app_context():
        assert list(db.session.scalars(select(Registration.channel).order_by(Registration.seq))) == ["proxy", "web"]


def test_the_same_person_twice_is_asked_first(app: Flask, new_world: NewWorld, visitor: Visitor, new_visitor: NewVisitor) -> None:
    new_world()
    ticket = visitor.register("ye-shi", party_size="3").headers["Location"]
    asked = visitor.register("ye-shi", phone="138 0000 1234", party_size="2")
    assert asked.status_code == 409 and "您已经报过名了，这一次还没有提交" in asked.text and "共3人" in asked.text
    assert f'href="{ticket}"' in asked.text and f'href="{ticket}#change"' in asked.text
    form = form_with(asked, "phone")
    assert form.fields["name"] == ["王桂芳"] and form.fields["phone"] == ["138 0000 1234"] and form.fields["party_size"] == ["2"]
    assert kept(app) == [("confirmed", 3)]
    second = visitor.send(asked, form, consent="1")  # 仍要再报一份
    assert second.status_code == 303 and kept(app) == [("confirmed", 3), ("confirmed", 2)]
    assert visitor.send(asked, form, consent="1").headers["Location"] == second.headers["Location"]  # pressed twice
    assert "这个号码之前报过名" in visitor.get(second.headers["Location"]).text
    assert "这个号码之前报过名" not in visitor.get(ticket).text
    stranger = new_visitor().register("ye-shi")  # another phone learns nothing before, and its holder of it afterwards
    assert stranger.status_code == 303 and len(kept(app)) == 3


def test_a_cancelled_registration_is_no_reason_to_ask(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    ticket = visitor.get(visitor.register("ye-shi").headers["Location"])
    assert visitor.send(ticket, next(form for form in forms(ticket) if form.hook == "cancel")).status_code == 303
    again = visitor.register("ye-shi")
    assert again.status_code == 303 and [status for status, _size in kept(app)] == ["cancelled", "confirmed"]
    assert "这个号码之前报过名" not in visitor.get(again.headers["Location"]).text


def test_the_events_own_questions(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    questions = [
        {"key": "age", "label": "年龄段", "choices": ["18岁以下", "60岁以上"], "type": "choice", "required": True},
        {"key": "first", "label": "第一次来吗", "type": "yes_no"},
        {"key": "wish", "label": "想学什么"},
        {"key": "desk", "label": "现场问", "ask": "desk", "required": True},
    ]
    new_world(registration={"questions": questions})
    told = visitor.register("ye-shi", **{"answers.wish": "面塑"})
    assert told.status_code == 422 and "请回答“年龄段”" in told.text and "现场问" not in told.text
    form = form_with(told, "phone")
    assert form.fields["answers.wish"] == ["面塑"]
    assert visitor.send(told, form, **{"answers.age": "60岁以上", "answers.first": "yes"}).status_code == 303


def test_the_home_page_puts_ones_own_first(new_world: NewWorld, visitor: Visitor, new_visitor: NewVisitor) -> None:
    new_world()
    code = visitor.register("ye-shi").headers["Location"]
    mine = visitor.get("/").text
    assert mine.index("我的报名") < mine.index("全部活动") and code in mine
    assert code not in new_visitor().get("/").text


def test_the_cookie_holds_the_newest_twenty(app: Flask, new_world: NewWorld, visitor: Visitor, clock: FakeClock) -> None:
    new_world()
    for number in range(22):
        assert visitor.register("ye-shi", phone=f"139000000{number:02d}").status_code == 303
        clock.advance(seconds=1)
    tokens = (visitor.cookie("manage") or "").split(".")
    assert len(tokens) == len(set(tokens)) == 20 and len(visitor.cookie("manage") or "") < 2000
    with app.app_context():
        newest = db.session.scalar(select(Registration.id).order_by(Registration.seq.desc()).limit(1))
        assert tokens[0].startswith((newest or "").replace("-", "")) and db.session.scalar(select(func.count()).select_from(Registration)) == 22


def test_drafts_are_nobodys(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    world = new_world()
    with app.app_context():
        events.create(world.owner, {"slug": "cao-gao", "title": "草稿", "kind": "fair"})
    assert visitor.get("/e/cao-gao").status_code == 404 and visitor.get("/e/cao-gao.ics").status_code == 404
    assert "草稿" not in visitor.get("/").text


def test_without_registration_one_just_comes(new_world: NewWorld, visitor: Visitor) -> None:
    new_world(kind="outreach", registration={"open": False})
    page = visitor.get("/e/ye-shi")
    assert "不用报名，直接来" in page.text and all("phone" not in form.names for form in forms(page))


def test_the_calendar_file(new_world: NewWorld, visitor: Visitor) -> None:
    new_world(venue="商都遗址城墙下")
    answer = visitor.get("/e/ye-shi.ics")
    assert answer.mimetype == "text/calendar" and "BEGIN:VEVENT" in answer.text and "DTSTART;TZID=Asia/Shanghai:20260814T180000" in answer.text
    assert "https://example.test/e/ye-shi" in answer.text.replace("\r\n ", "")


def test_the_privacy_notice(new_world: NewWorld, visitor: Visitor) -> None:
    new_world(host="演示街道办事处", registration={"retention_days": 90})
    text = visitor.get("/e/ye-shi/privacy").text
    assert "演示街道办事处" in text and "90天" in text


def test_companions_by_name_and_a_child_with_its_guardians_consent(app: Flask, new_world: NewWorld, visitor: Visitor) -> None:
    new_world(registration={"members": "names", "max_party": 3, "questions": [{"key": "id", "label": "身份证号", "type": "id_number", "reason": "景区要登记"}]})
    page = visitor.get("/e/ye-shi")
    assert "景区要登记" in page.text and "checked" not in page.text.split('id="guardian_consent"')[1].split(">")[0]
    typed = {"party_size": "2", "members.0.name": "小宝", "members.0.age_band": "6岁以下"}
    told = visitor.register("ye-shi", **typed)
    assert told.status_code == 422 and "要由监护人单独勾选同意" in told.text and "您是孩子的什么人" in told.text
    form = form_with(told, "phone")
    assert form.fields["members.0.name"] == ["小宝"]
    assert visitor.send(told, form, **{"guardian": "妈妈", "guardian_consent": "1", "answers.id": "11010519491231002X"}).status_code == 303
    privacy = visitor.get("/e/ye-shi/privacy").text
    assert "景区要登记" in privacy and "不收身份证号" not in privacy
