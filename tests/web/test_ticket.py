"""The ticket's address: who sees what, and who may change what."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zxingcpp
from flask import Flask
from PIL import Image

from eventsvc.db import db
from eventsvc.models import Registration
from eventsvc.services import events, links, registrations
from tests.services.world import World, checkin
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.visitor import Visitor, form_with, forms


@pytest.fixture
def ticket(app: Flask, new_world: NewWorld) -> tuple[World, Registration]:
    """A party of three under 王桂芳, 139 0000 0001."""
    world = new_world(registration={"capacity": 6})
    with app.app_context():
        return world, world.ticket(3)


@pytest.fixture
def holder(ticket: tuple[World, Registration], new_visitor: NewVisitor) -> Visitor:
    """The browser of whoever registered."""
    browser = new_visitor()
    assert browser.get(f"/m/{registrations.manage_token(ticket[1].id)}").status_code == 303
    return browser


def test_the_holder_sees_everything(ticket: tuple[World, Registration], holder: Visitor) -> None:
    _world, registration = ticket
    page = holder.get(f"/t/{registration.code}")
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store" and page.headers["Referrer-Policy"] == "no-referrer"
    assert "王桂芳" in page.text and registration.pickup_code in page.text and "139****0001" in page.text
    assert 'data-hook="qr"' in page.text and 'data-hook="pickup-code"' in page.text
    assert "cancel" in {form.hook for form in forms(page)}
    assert links.ticket(registration.code) in page.text


def test_the_qr_code_is_the_address_itself(ticket: tuple[World, Registration], holder: Visitor, visitor: Visitor) -> None:
    code = ticket[1].code
    answer = holder.get(f"/t/{code}/qr.png")
    assert answer.mimetype == "image/png" and answer.headers["Cache-Control"] == "no-store"
    [read] = zxingcpp.read_barcodes(Image.open(io.BytesIO(answer.data)).convert("L"))
    assert read.text == f"HTTPS://EXAMPLE.TEST/T/{code}" == links.qr_text(code)
    assert holder.get(read.text.removeprefix("HTTPS://EXAMPLE.TEST")).status_code == 200
    assert visitor.get(f"/t/{code}/qr.png").status_code == 404


def test_a_stranger_sees_a_masked_name_and_the_status(ticket: tuple[World, Registration], visitor: Visitor) -> None:
    _world, registration = ticket
    page = visitor.get(f"/t/{registration.code}")
    assert page.status_code == 200 and "王**" in page.text and "报名成功" in page.text
    for secret in ("桂芳", registration.pickup_code, "0001", "3位", 'data-hook="qr"', 'data-hook="cancel"'):
        assert secret not in page.text, secret
    assert visitor.get(f"/t/{registration.code}/ticket.ics").status_code == 404


def test_a_stranger_changes_nothing(app: Flask, ticket: tuple[World, Registration], visitor: Visitor) -> None:
    _world, registration = ticket
    token = form_with(visitor.get(f"/t/{registration.code}"), "phone").fields["csrf_token"]
    for verb in ("party", "cancel", "restore"):
        assert visitor.post(f"/t/{registration.code}/{verb}", {"csrf_token": token, "party_size": "1"}).status_code == 403
    assert visitor.post(f"/t/{registration.code}/checkin", {"csrf_token": token}).status_code == 401
    with app.app_context():
        kept = db.session.get_one(Registration, registration.id)
        assert (kept.status, kept.party_size) == ("confirmed", 3)


def test_any_case_and_nothing_behind_it(ticket: tuple[World, Registration], holder: Visitor) -> None:
    code = ticket[1].code
    mixed = "".join(letter.lower() if index % 2 else letter for index, letter in enumerate(code))
    for address in (f"/t/{code.lower()}", f"/t/{mixed}", f"/T/{code}", f"/t/{code}?from=singlemessage"):
        assert 'data-hook="qr"' in holder.get(address).text, address
    for address in (f"/t/{code}x", f"/t/{code}/", f"/t/{code}/x", f"/t/{code[:-1]}", f"/t/{code}%20", f"/t/{code}%0A", "/t/"):
        assert holder.get(address).status_code == 404, address
    assert holder.get("/t/" + "0" * 20).status_code == 404


def test_the_whole_number_opens_it(ticket: tuple[World, Registration], visitor: Visitor) -> None:
    address = f"/t/{ticket[1].code}"
    page = visitor.get(address)
    wrong = visitor.send(page, form_with(page, "phone"), phone="13900000009")
    assert wrong.status_code == 422 and "手机号与这份报名对不上" in wrong.text and "13900000009" in wrong.text
    opened = visitor.send(page, form_with(page, "phone"), phone="139 0000 0001")
    assert opened.status_code == 303 and 'data-hook="qr"' in visitor.get(address).text


def test_five_wrong_numbers_lock_it(ticket: tuple[World, Registration], visitor: Visitor) -> None:
    page = visitor.get(f"/t/{ticket[1].code}")
    for _ in range(5):
        assert visitor.send(page, form_with(page, "phone"), phone="13900000009").status_code == 422
    locked = visitor.send(page, form_with(page, "phone"), phone="13900000001")
    assert locked.status_code == 429 and int(locked.headers["Retry-After"]) > 0


def test_the_holder_changes_the_party(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    address = f"/t/{ticket[1].code}"
    page = holder.get(address)
    assert holder.send(page, form_with(page, "party_size"), party_size="5").status_code == 303
    page = holder.get(address)
    assert "人数已改为5位" in page.text
    told = holder.send(page, form_with(page, "party_size"), party_size="9")
    assert told.status_code == 422 and "一次最多报5位" in told.text
    with app.app_context():
        ticket[0].ticket(1)
    page = holder.get(address)
    assert holder.send(page, form_with(page, "party_size"), party_size="4").status_code == 303
    with app.app_context():
        assert db.session.get_one(Registration, ticket[1].id).party_size == 4


def test_who_comes_in_addition_is_asked_for_by_name(app: Flask, new_world: NewWorld, new_visitor: NewVisitor) -> None:
    world = new_world(registration={"members": "names"})
    with app.app_context():
        ticket = world.ticket(2, members=[{"name": "李建国", "age_band": "adult"}])
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(ticket.id)}")
    address = f"/t/{ticket.code}"
    page = browser.get(address)
    assert "没有写名字" not in page.text
    assert browser.send(page, form_with(page, "party_size"), party_size="4").status_code == 303
    told = browser.get(address).text
    assert "新来的人请在“我的信息”里补上名字" in told and "还有2位同行人没有写名字" in told and told.count(f"{address}/data") >= 2
    page = browser.get(address)
    browser.send(page, form_with(page, "party_size"), party_size="2")
    assert "没有写名字" not in browser.get(address).text and "新来的人" not in browser.get(address).text


def test_not_fewer_than_are_in(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    world, registration = ticket
    with app.app_context():
        assert world.send(world.phone(), checkin(registration, count=2))[0]["outcome"] == "admitted"
    page = holder.get(f"/t/{registration.code}")
    assert "已签到2位，还有1位" in page.text and "1位" in page.text
    told = holder.send(page, form_with(page, "party_size"), party_size="1")
    assert told.status_code == 422 and "已有2位入场，不能少于2位" in told.text
    assert holder.hooked(page, "cancel").status_code == 303  # the rest is given back
    page = holder.get(f"/t/{registration.code}")
    assert "已让出1位" in page.text and "已签到" in page.text and "cancel" not in {form.hook for form in forms(page)}


def test_cancel_and_restore(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    world, registration = ticket
    address = f"/t/{registration.code}"
    assert holder.hooked(holder.get(address), "cancel").status_code == 303
    page = holder.get(address)
    assert "已取消" in page.text and 'data-hook="qr"' not in page.text and holder.get(f"{address}/qr.png").status_code == 404
    assert holder.hooked(page, "restore").status_code == 303
    assert 'data-hook="qr"' in holder.get(address).text
    holder.hooked(holder.get(address), "cancel")
    with app.app_context():
        world.ticket(5)  # of six places
    holder.hooked(holder.get(address), "restore")
    page = holder.get(address)
    assert "名额已经让给别人了" in page.text and 'data-hook="qr"' not in page.text


def test_a_holder_does_not_undo_what_the_organizers_cancelled(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    world, registration = ticket
    path = f"/t/{registration.code}"
    page = holder.get(path)
    with app.app_context():
        registrations.cancel(world.owner, world.slug, registration.id)
    shown = holder.get(path).text
    assert "主办方取消了这份报名" in shown and 'data-hook="restore"' not in shown
    token = form_with(page, "csrf_token").fields["csrf_token"]
    assert holder.post(f"{path}/restore", {"csrf_token": token}).status_code == 303
    assert "要恢复请打电话" in holder.get(path).text
    with app.app_context():
        assert registrations.restore(world.owner, world.slug, registration.id).registration.status == "confirmed"
        registrations.cancel(world.owner, world.slug, registration.id)
        registrations.restore(world.owner, world.slug, registration.id)
    holder.hooked(holder.get(path), "cancel")
    assert 'data-hook="restore"' in holder.get(path).text, "their own slip they take back"


def test_the_code_can_be_enlarged_and_saved(ticket: tuple[World, Registration], holder: Visitor) -> None:
    page = holder.get(f"/t/{ticket[1].code}").text
    assert "放大" in page and "保存图片" in page and 'download="报名凭证-' in page
    assert page.index("保存图片") < page.index("活动信息") < page.index("改人数") < page.index("取消这次报名")


def test_reloading_a_button_leads_back(ticket: tuple[World, Registration], holder: Visitor) -> None:
    for verb in ("party", "cancel", "restore", "unlock", "checkin"):
        answer = holder.get(f"/t/{ticket[1].code}/{verb}")
        assert (answer.status_code, answer.headers["Location"]) == (303, f"/t/{ticket[1].code}")


def test_forms_need_their_token(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    for verb in ("party", "cancel", "restore"):
        assert holder.post(f"/t/{ticket[1].code}/{verb}", {"party_size": "1"}).status_code == 400
    with app.app_context():
        assert db.session.get_one(Registration, ticket[1].id).status == "confirmed"


def test_reissued(app: Flask, ticket: tuple[World, Registration], holder: Visitor, visitor: Visitor) -> None:
    world, registration = ticket
    with app.app_context():
        fresh = registrations.reissue(world.owner, world.slug, registration.id).registration.code
    assert holder.get(f"/t/{registration.code}").headers["Location"] == f"/t/{fresh}"
    page = visitor.get(f"/t/{registration.code}")
    assert "已换新码" in page.text and fresh not in page.text and all("phone" not in form.names for form in forms(page))


@pytest.mark.parametrize(("change", "says"), [("block", "请到服务台"), ("cancel", "已取消")])
def test_states_that_open_no_door(
    app: Flask, ticket: tuple[World, Registration], holder: Visitor, visitor: Visitor, change: str, says: str
) -> None:
    world, registration = ticket
    with app.app_context():
        getattr(registrations, change)(world.owner, world.slug, registration.id)
    for browser in (holder, visitor):
        page = browser.get(f"/t/{registration.code}")
        assert says in page.text and 'data-hook="qr"' not in page.text


def test_the_event_called_off(app: Flask, ticket: tuple[World, Registration], holder: Visitor) -> None:
    world, registration = ticket
    with app.app_context():
        events.cancel(world.owner, world.slug)
    page = holder.get(f"/t/{registration.code}")
    assert "活动已取消" in page.text and 'data-hook="qr"' not in page.text and "cancel" not in {form.hook for form in forms(page)}


def test_the_tickets_calendar_file(ticket: tuple[World, Registration], holder: Visitor) -> None:
    answer = holder.get(f"/t/{ticket[1].code}/ticket.ics")
    assert answer.mimetype == "text/calendar" and ticket[1].code in answer.text.replace("\r\n ", "")


def test_forged_and_foreign_manage_tokens(app: Flask, ticket: tuple[World, Registration], visitor: Visitor) -> None:
    _world, registration = ticket
    token = registrations.manage_token(registration.id)
    for bad in (token[:-1] + ("0" if token[-1] != "0" else "1"), "x" * 64, token + "0", "0" * 64):
        assert visitor.get(f"/m/{bad}").status_code == 404
    visitor.client.set_cookie("manage", f"{'0' * 64}.{token[:32]}{'0' * 32}.<>", domain="example.test")
    assert 'data-hook="qr"' not in visitor.get(f"/t/{registration.code}").text


def test_my_registrations(app: Flask, ticket: tuple[World, Registration], visitor: Visitor) -> None:
    _world, registration = ticket
    page = visitor.get("/my")
    found = visitor.send(page, form_with(page, "pickup_code"), phone="13900000001", pickup_code=registration.pickup_code)
    assert found.status_code == 200 and registration.code in found.text and found.headers["Cache-Control"] == "no-store"
    assert 'data-hook="qr"' in visitor.get(f"/t/{registration.code}").text


def test_my_puts_ones_own_first_and_says_whom_to_call(app: Flask, ticket: tuple[World, Registration], holder: Visitor, visitor: Visitor) -> None:
    world, registration = ticket
    with app.app_context():
        events.change(world.owner, world.slug, {"contact_phone": "0371-66001234"})
    own = holder.get("/my").text
    assert "这台手机报的名" in own and own.index(registration.code) < own.index('name="pickup_code"')
    assert 'href="tel:0371-66001234"' in own
    stranger = visitor.get("/my").text
    assert registration.code not in stranger and "这台手机报的名" not in stranger and 'href="tel:0371-66001234"' in stranger


def test_one_constant_answer_and_a_lock(ticket: tuple[World, Registration], visitor: Visitor, new_visitor: Callable[[], Visitor]) -> None:
    _world, registration = ticket
    other = f"{(int(registration.pickup_code) + 1) % 1_000_000:06d}"

    def ask(browser: Visitor, phone: str, pickup: str) -> tuple[int, str]:
        page = browser.get("/my")
        answer = browser.send(page, form_with(page, "pickup_code"), phone=phone, pickup_code=pickup)
        return answer.status_code, answer.text.split('<section class="card">', 1)[1].split("<form", 1)[0]

    assert ask(visitor, "13900000001", other) == ask(visitor, "13911112222", other) == ask(visitor, "13900000001", "abc")
    for _ in range(3):
        assert ask(new_visitor(), "13900000001", other)[0] == 422
    assert ask(visitor, "13900000001", registration.pickup_code)[0] == 429  # five failures: locked, for the right one too
    assert ask(visitor, "13911112222", other)[0] == 422  # another number is not


def test_my_keeps_what_was_typed(new_world: NewWorld, visitor: Visitor) -> None:
    page = visitor.get("/my")
    told = visitor.send(page, form_with(page, "pickup_code"), phone="138", pickup_code="12")
    assert told.status_code == 422 and form_with(told, "pickup_code").fields["phone"] == ["138"]


def test_whoever_waits_is_told_that_the_event_is_off_or_over(app: Flask, new_world: NewWorld, new_visitor: NewVisitor) -> None:
    world = new_world(registration={"capacity": 1, "waitlist": True})
    with app.app_context():
        world.ticket(1)
        waiting = world.ticket(1)
    browser = new_visitor()
    browser.get(f"/m/{registrations.manage_token(waiting.id)}")
    page = browser.get(f"/t/{waiting.code}").text
    assert "轮到您时" in page and "取消后不再排队" in page and "名额马上让给别人" not in page
    for done, told in ((events.close, "没有轮到您"), (events.cancel, "这次活动取消了，请不要前往")):
        with app.app_context():
            done(world.owner, "ye-shi")
        page = browser.get(f"/t/{waiting.code}").text
        assert told in page and "轮到您时" not in page
