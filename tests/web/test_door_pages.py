"""Joining and the ticket's check-in page: opening changes nothing, confirming is one record however often it is tapped."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from eventsvc.db import db
from eventsvc.models import Device, Invitation, Record
from eventsvc.services import devices, registrations
from eventsvc.services.actors import authenticate
from tests.services.world import World
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.visitor import Visitor, form_with, forms

NewVolunteer = Callable[..., Visitor]
JoinCode = Callable[..., str]


def count(app: Flask, model: type) -> int:
    """How many rows there are."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def outcomes(app: Flask) -> list[tuple[str, int]]:
    """Outcome and admitted people of every record."""
    with app.app_context():
        return [tuple(row) for row in db.session.execute(select(Record.outcome, Record.admitted).order_by(Record.seq))]


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """The fair."""
    return new_world()


def test_looking_at_a_join_link_costs_nothing(app: Flask, world: World, join_code: JoinCode, visitor: Visitor) -> None:
    address = f"/join/{join_code(world)}"
    for _ in range(3):
        page = visitor.get(address)
        assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store" and "演示夜市" in page.text
        visitor.client.head(address, base_url="https://example.test")
    assert count(app, Device) == 0
    with app.app_context():
        assert db.session.scalar(select(Invitation.uses)) == 0


def test_joining_twice_by_one_form_is_one_device(app: Flask, world: World, join_code: JoinCode, visitor: Visitor) -> None:
    address = f"/join/{join_code(world)}"
    page = visitor.get(address)
    form = form_with(page, "operator")
    first, second = (visitor.send(page, form, operator="志愿者甲") for _ in range(2))
    assert first.status_code == second.status_code == 303 and first.headers["Location"] == "/scan#joined"
    [cookie] = [c for c in first.headers.getlist("Set-Cookie") if c.startswith("device=")]
    assert all(flag in cookie for flag in ("HttpOnly", "Secure", "SameSite=Lax"))
    assert count(app, Device) == 1
    used = visitor.get(address)
    assert used.status_code == 409 and "已经用过" in used.text


def test_a_name_is_needed_and_the_link_is_not_used_up(app: Flask, world: World, join_code: JoinCode, visitor: Visitor) -> None:
    page = visitor.get(f"/join/{join_code(world)}")
    told = visitor.send(page, form_with(page, "operator"), operator="  ")
    assert told.status_code == 422 and "请填写您的称呼" in told.text and count(app, Device) == 0
    assert visitor.send(told, form_with(told, "operator"), operator="志愿者甲").status_code == 303


def test_links_that_do_not_serve(app: Flask, world: World, join_code: JoinCode, visitor: Visitor) -> None:
    assert visitor.get("/join/NOSUCH").status_code == 404
    page = visitor.get(f"/join/{join_code(world)}")
    with app.app_context():
        [invitation], _ = devices.listed(world.owner, world.slug)
        devices.revoke(world.owner, world.slug, invitation.id)
    assert visitor.send(page, form_with(page, "operator"), operator="志愿者甲").status_code == 409
    assert count(app, Device) == 0


def test_wechat_is_told_before_it_joins(world: World, join_code: JoinCode, visitor: Visitor) -> None:
    address = f"/join/{join_code(world)}"
    assert "在浏览器打开" in visitor.get(address, headers={"User-Agent": "Mozilla/5.0 MicroMessenger/8.0"}).text
    assert "在浏览器打开" not in visitor.get(address).text


def test_the_session_of_the_scanner(app: Flask, world: World, new_volunteer: NewVolunteer, visitor: Visitor) -> None:
    phone = new_volunteer(world, scopes=["scan", "lookup"])
    shell = phone.get("/scan")
    assert shell.status_code == 200 and "camera=(self)" in shell.headers["Permissions-Policy"] and world.slug not in shell.text
    answer = phone.post("/scan/session", headers={"Accept": "application/json"})
    body = answer.get_json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["device"]["scopes"] == ["lookup", "scan"] and body["operator"] == "志愿者甲" and body["event"]["slug"] == world.slug
    with app.app_context():
        assert authenticate(body["token"]).id == body["device"]["id"]
    assert visitor.post("/scan/session", headers={"Accept": "application/json"}).status_code == 401
    visitor.client.set_cookie("device", phone.cookie("device")[:-1] + "x", domain="example.test")
    assert visitor.post("/scan/session", headers={"Accept": "application/json"}).status_code == 401
    with app.app_context():
        devices.revoke(world.owner, world.slug, body["device"]["id"])
    refused = phone.post("/scan/session", headers={"Accept": "application/json"})
    assert refused.status_code == 401 and refused.get_json()["code"] == "device_revoked"


def test_a_link_for_the_other_browser(world: World, new_volunteer: NewVolunteer, new_visitor: NewVisitor) -> None:
    phone, other = new_volunteer(world, scopes=["tally"]), new_visitor()
    assert phone.post("/scan/handover", headers={"Accept": "application/json"}).status_code == 400  # a form of some other site could send this
    url = phone.post("/scan/handover", headers={"Accept": "application/json", "X-Requested-With": "scan"}).get_json()["join_url"]
    assert url.startswith("https://example.test/join/")
    page = other.get(url.removeprefix("https://example.test"))
    assert other.send(page, form_with(page, "operator"), operator="志愿者甲").status_code == 303
    assert other.post("/scan/session").get_json()["device"]["scopes"] == ["tally"]


def test_opening_a_ticket_admits_nobody(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(3)
    phone = new_volunteer(world)
    for address in (f"/t/{ticket.code}", f"/T/{ticket.code}", f"/t/{ticket.code.lower()}"):
        page = phone.get(address)
        assert "王*芳" in page.text and "桂" not in page.text and ticket.pickup_code not in page.text
        assert page.headers["Cache-Control"] == "no-store"
    assert count(app, Record) == 0


def test_a_double_tap_is_one_record(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(3)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    form = form_with(page, "checkpoint")
    assert form.fields["checkpoint"] == ["gate"] and form.fields["count"] == ["3"]
    first, second = (phone.send(page, form, count="2") for _ in range(2))
    for verdict in (first, second):
        assert verdict.status_code == 200 and 'data-outcome="admitted"' in verdict.text and 'data-remaining="1"' in verdict.text
        assert f'data-record="{form.fields["id"][0]}"' in verdict.text and "请进" in verdict.text
    assert outcomes(app) == [("admitted", 2)]
    rest = form_with(second, "checkpoint")  # the one who is still outside, on the same page
    assert rest.fields["id"] != form.fields["id"] and rest.fields["count"] == ["1"]
    assert "请进" in phone.send(second, rest).text
    page = phone.get(f"/t/{ticket.code}")
    assert "已签到" in phone.send(page, form_with(page, "checkpoint")).text
    assert outcomes(app) == [("admitted", 2), ("admitted", 1), ("already_used", 0)]


def test_a_slip_is_taken_back(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(2)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    verdict = phone.send(page, form_with(page, "checkpoint"))
    undone = phone.hooked(verdict, "undo")
    assert 'data-outcome="undone"' in undone.text and form_with(undone, "checkpoint").fields["count"] == ["2"]
    assert 'data-outcome="undone"' in phone.hooked(verdict, "undo").text  # tapped twice
    assert 'data-outcome="admitted"' in phone.send(undone, form_with(undone, "checkpoint")).text
    assert outcomes(app) == [("admitted", 2), ("undone", 0), ("admitted", 2)]


def test_another_choice_under_the_same_id_is_told(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(3)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    phone.send(page, form_with(page, "checkpoint"), count="2")
    assert "刚才已经提交过" in phone.send(page, form_with(page, "checkpoint"), count="1").text
    assert outcomes(app) == [("admitted", 2)]


def test_the_checkpoint_is_remembered(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(1)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    phone.send(page, form_with(page, "checkpoint"), checkpoint="stage", direction="exit")
    assert form_with(phone.get(f"/t/{ticket.code}"), "checkpoint").fields["checkpoint"] == ["stage"]
    assert outcomes(app) == [("admitted", 1)]


def test_another_events_ticket_is_refused_and_kept(app: Flask, world: World, new_world: NewWorld, new_volunteer: NewVolunteer) -> None:
    other = new_world(slug="bie-chu", title="别处的演示")
    with app.app_context():
        ticket = other.ticket(1)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    assert "没查到" in page.text and "王" not in page.text
    assert "这是“别处的演示”的码" in phone.send(page, form_with(page, "checkpoint")).text
    assert outcomes(app) == [("wrong_event", 0)]


def test_a_phone_that_only_counts_sees_what_strangers_see(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(1)
    phone = new_volunteer(world, scopes=["tally"])
    page = phone.get(f"/t/{ticket.code}")
    assert "王**" in page.text and all("checkpoint" not in form.names for form in forms(page))
    token = form_with(page, "phone").fields["csrf_token"]
    answer = phone.post(f"/t/{ticket.code}/checkin", {"csrf_token": token, "id": "x", "checkpoint": "gate"})
    assert 'data-outcome="admitted"' not in answer.text and count(app, Record) == 0


def test_only_the_phones_own_checkpoints(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(1)
    phone = new_volunteer(world, checkpoints=["gate"])
    page = phone.get(f"/t/{ticket.code}")
    form = form_with(page, "checkpoint")
    assert form.fields["checkpoint"] == ["gate"] and "舞台" not in page.text
    assert 'data-outcome="admitted"' not in phone.send(page, form, checkpoint="stage").text and count(app, Record) == 0


def test_odd_confirmations_are_no_accident(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(2)
    phone = new_volunteer(world)
    page = phone.get(f"/t/{ticket.code}")
    form = form_with(page, "checkpoint")
    for odd in ({"count": "0"}, {"count": "x"}, {"count": "9999"}, {"id": "\x00"}, {"at": "yesterday"}, {"checkpoint": "\x00"}, {"checkpoint": "nope"}):
        assert phone.send(page, form, **odd).status_code == 200, odd
    assert count(app, Record) == 0


def test_a_volunteer_sees_their_own_ticket(app: Flask, world: World, new_volunteer: NewVolunteer) -> None:
    with app.app_context():
        ticket = world.ticket(1)
    phone = new_volunteer(world)
    opened = phone.get(f"/m/{registrations.manage_token(ticket.id)}")
    assert 'data-hook="qr"' in phone.get(opened.headers["Location"]).text
    assert "请核对姓名" in phone.get(f"/t/{ticket.code}").text
