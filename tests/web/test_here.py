"""自助签到 without JavaScript: the screen, the poster's word, one's own tickets, strangers, late and forged codes, the console."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from eventsvc import create_app
from eventsvc.db import db
from eventsvc.models import Event, Record, Registration
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, registrations, venue_codes
from tests.conftest import settings_for
from tests.render.sheets import codes_on, needs_poppler, rendered
from tests.services.world import World
from tests.web.conftest import NewVisitor, NewWorld
from tests.web.console import BASE, Console, text_of
from tests.web.visitor import Visitor, form_with, forms

POINTS = [
    {"key": "gate", "name": "东门", "rule": "once", "entrance": True, "by_oneself": "screen"},
    {"key": "hall", "name": "长廊", "rule": "once", "by_oneself": "word"},
    {"key": "stage", "name": "舞台", "rule": "each_time"},
]
HERE, CONSOLE = "/e/ye-shi/here", "/manage/e/ye-shi/self-checkin"


@pytest.fixture
def world(new_world: NewWorld) -> World:
    limits.reset()
    return new_world(checkpoints=POINTS)


@pytest.fixture
def family(app: Flask, world: World, new_visitor: NewVisitor) -> Visitor:
    """A browser that holds a ticket for three."""
    browser = new_visitor()
    with app.app_context():
        browser.get(f"/m/{registrations.manage_token(world.ticket(3).id)}")
    return browser


def code_of(app: Flask, clock: FakeClock, kind: str, place: str) -> str:
    with app.app_context():
        event = db.session.scalars(db.select(Event)).one()
        if kind == "screen":
            return venue_codes.screen_token(event, place)
        return {"link": venue_codes.link_code, "short": venue_codes.short_code, "word": venue_codes.word}[kind](event, place, clock.now())


def kept(app: Flask) -> list[tuple[str, int]]:
    with app.app_context():
        return [(basis, quantity) for basis, quantity in db.session.execute(db.select(Record.basis, Record.quantity).order_by(Record.seq))]


def test_scanned_from_the_screen(app: Flask, family: Visitor, clock: FakeClock) -> None:
    came = family.get(f"{HERE}/gate/{code_of(app, clock, 'link', 'gate')}")
    assert came.status_code == 303 and came.headers["Location"].endswith(f"{HERE}/gate"), "no code is left in the address"
    page = family.get(f"{HERE}/gate")
    form = next(form for form in forms(page) if form.hook == "check-in")
    assert "code" not in form.names and page.headers["Cache-Control"] == "no-store"
    for _ in range(2):
        assert family.send(page, form, count="2").status_code == 303
    assert kept(app) == [("self", 2)]
    after = family.get(f"{HERE}/gate")
    assert "已签到2位，还有1位" in after.text
    assert family.send(after, next(form for form in forms(after) if form.hook == "check-in")).status_code == 303
    done = family.get(f"{HERE}/gate").text
    assert "已签到" in done and not [form for form in forms(family.get(f"{HERE}/gate")) if form.hook == "check-in"]


def test_typed_and_the_word(app: Flask, family: Visitor, clock: FakeClock) -> None:
    for place, kind in (("gate", "short"), ("hall", "word")):
        page = family.get(f"{HERE}/{place}")
        wrong = family.hooked(page, "check-in", code="0000")
        assert wrong.status_code == 422 and 'aria-invalid="true"' in wrong.text
        assert family.hooked(wrong, "check-in", code="").status_code == 422
        assert family.hooked(wrong, "check-in", code=code_of(app, clock, kind, place)).status_code == 303
    assert kept(app) == [("self", 3), ("self", 3)]


def test_a_photo_of_the_code_opens_nothing_later(app: Flask, family: Visitor, clock: FakeClock) -> None:
    link = f"{HERE}/gate/{code_of(app, clock, 'link', 'gate')}"
    clock.advance(minutes=2)
    assert family.get(link).status_code == 303
    page = family.get(f"{HERE}/gate")
    assert "这个码已经换了" in page.text and "code" in form_with(page, "count").names
    clock.advance(hours=-1)
    page = family.get(f"{HERE}/gate")  # there for ten minutes, not for the evening
    family.get(f"{HERE}/gate/{code_of(app, clock, 'link', 'gate')}")
    clock.advance(minutes=11)
    assert family.hooked(page, "check-in", code="").status_code == 422
    assert kept(app) == []


def test_a_stranger_sees_no_name_and_checks_in_nobody(app: Flask, world: World, family: Visitor, new_visitor: NewVisitor, clock: FakeClock) -> None:
    stranger = new_visitor()
    stranger.get(f"{HERE}/gate/{code_of(app, clock, 'link', 'gate')}")
    page = stranger.get(f"{HERE}/gate")
    assert "王桂芳" not in page.text and "先找到您的报名" in page.text and not [form for form in forms(page) if form.hook == "check-in"]
    form = next(form for form in forms(family.get(f"{HERE}/gate")) if form.hook == "check-in")
    token = form_with(page, "phone").fields["csrf_token"]
    assert stranger.post(f"{HERE}/gate", form.filled(csrf_token=token)).status_code == 404
    for said in ({"phone": "13900000001", "pickup_code": "000000"}, {"phone": "13911112222", "pickup_code": "000000"}):
        answer = stranger.hooked(stranger.get(f"{HERE}/gate"), "find", **said)
        assert answer.status_code == 422 and "没有找到" in answer.text and "王桂芳" not in answer.text
    with app.app_context():
        ticket = world.ticket(2, "李秀英")
        phone, pickup = f"1390000{world.number:04d}", ticket.pickup_code
    assert stranger.hooked(stranger.get(f"{HERE}/gate"), "find", phone=phone, pickup_code=pickup).status_code == 303
    assert "李秀英" in stranger.get(f"{HERE}/gate").text
    assert kept(app) == []


def test_several_tickets_of_one_phone(app: Flask, world: World, family: Visitor, clock: FakeClock) -> None:
    with app.app_context():
        family.get(f"/m/{registrations.manage_token(world.ticket(1, '李秀英').id)}")
    family.get(f"{HERE}/gate/{code_of(app, clock, 'link', 'gate')}")
    page = family.get(f"{HERE}/gate")
    assert "给哪一份签到" in page.text
    for link in re.findall(rf'href="({HERE}/gate\?of=[^"]+)"', page.text):
        assert family.hooked(family.get(link), "check-in").status_code == 303
    assert sorted(kept(app)) == [("self", 1), ("self", 3)]


def test_refused_in_words(app: Flask, world: World, family: Visitor, clock: FakeClock) -> None:
    page = family.get(f"{HERE}/hall")
    word = code_of(app, clock, "word", "hall")
    clock.advance(hours=10)  # after midnight, and over
    late = family.hooked(page, "check-in", code=code_of(app, clock, "word", "hall"))
    assert late.status_code == 409 and "已停止入场" in late.text and "请找志愿者" in late.text
    clock.advance(hours=-10)
    with app.app_context():
        [registration] = db.session.scalars(db.select(Registration))
        registrations.cancel(world.owner, world.slug, registration.id)
    gone = family.hooked(page, "check-in", code=word)
    assert gone.status_code == 409 and "已取消" in gone.text


def test_too_many_wrong_ones(app: Flask, family: Visitor, clock: FakeClock) -> None:
    page = family.get(f"{HERE}/hall")
    for _ in range(5):
        page = family.hooked(page, "check-in", code="0000")
    locked = family.hooked(page, "check-in", code=code_of(app, clock, "word", "hall"))
    assert locked.status_code == 429 and "输错次数太多" in locked.text and int(locked.headers["Retry-After"]) > 0
    assert kept(app) == []


def test_off_is_off(app: Flask, world: World, family: Visitor, new_visitor: NewVisitor) -> None:
    page = family.get(f"{HERE}/stage")
    assert page.status_code == 409 and "请找志愿者" in page.text
    assert family.get(f"{HERE}/stage/{'0' * 16}").status_code == 303
    assert family.get(f"{HERE}/nowhere").status_code == 404 and family.get("/e/nothing/here").status_code == 404
    assert "您现在在哪里" in family.get(HERE).text
    other = new_visitor()
    assert other.post(f"{HERE}/gate", {}).status_code == 400
    assert other.get(f"{HERE}/gate/find").status_code == 303


def test_a_cancelled_event_says_so(app: Flask, world: World, family: Visitor) -> None:
    page = family.get(f"{HERE}/gate")
    with app.app_context():
        events.cancel(world.owner, world.slug)
    for answer in (family.get(f"{HERE}/gate"), family.hooked(page, "check-in", code="000000")):
        assert answer.status_code == 409 and "这次活动取消了" in answer.text
    assert kept(app) == []


def test_none_at_an_event_without(new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    assert "不用自助签到" in visitor.get(HERE).text


def test_the_ticket_leads_there_on_the_day(app: Flask, world: World, family: Visitor, clock: FakeClock) -> None:
    def ticket() -> str:
        return family.get(re.search(r"/t/[0-9A-Z]{20}", family.get("/my").text).group(0)).text

    assert f'href="{HERE}/gate"' in ticket() and f'href="{HERE}/stage"' not in ticket()
    clock.advance(hours=-3)
    assert f'href="{HERE}/gate"' not in ticket()


def test_the_screen_changes_and_its_address_is_the_key(app: Flask, world: World, visitor: Visitor, clock: FakeClock) -> None:
    address = f"{HERE}/gate/screen/{code_of(app, clock, 'screen', 'gate')}"
    page = visitor.get(address)
    short = code_of(app, clock, "short", "gate")
    assert f"{short[:3]} {short[3:]}" in page.text and re.search(r'<noscript><meta http-equiv="refresh" content="(\d+)">', page.text)
    assert page.headers["Referrer-Policy"] == "no-referrer" and page.headers["Cache-Control"] == "no-store" and "<form" not in page.text
    clock.advance(seconds=venue_codes.STEP)
    assert f"{short[:3]} {short[3:]}" not in visitor.get(address).text
    for wrong in (f"{HERE}/gate/screen/{'0' * 32}", f"{HERE}/hall/screen/{code_of(app, clock, 'screen', 'hall')}"):
        assert visitor.get(wrong).status_code == 404
    owner = Console(app)
    owner.send(f"{CONSOLE}/exchange", CONSOLE, f"{CONSOLE}/exchange")
    assert visitor.get(address).status_code == 404


@needs_poppler
def test_a_camera_reads_the_printed_poster(app: Flask, world: World, tmp_path: Path) -> None:
    answer = Console(app).client.get(f"{CONSOLE}/hall/poster.pdf", base_url=BASE)
    [page] = rendered(answer.data, tmp_path)
    assert codes_on(page) == [f"https://example.test{HERE}/hall"], "it leads to the place and opens nothing"


@pytest.mark.parametrize("address", ["http://127.0.0.1:8000"])
def test_no_poster_leads_to_this_machine_alone(app: Flask, world: World, address: str, database_url: str, tmp_path: Path) -> None:
    lost = create_app(settings_for(tmp_path / "other", database_url, base_url=address))
    assert address in Console(lost).get(f"{CONSOLE}/hall/poster.pdf", 409)


def test_the_console(app: Flask, world: World, clock: FakeClock) -> None:
    owner = Console(app)
    page = owner.get(CONSOLE)
    assert code_of(app, clock, "word", "hall") in page and code_of(app, clock, "screen", "gate") in page and "8月14日" in text_of(page)
    assert f'href="{CONSOLE}"' in owner.get("/manage/e/ye-shi/")
    sheet = text_of(owner.get(f"{CONSOLE}/hall/word"))
    assert code_of(app, clock, "word", "hall") in sheet and "长廊" in sheet and "8月14日" in sheet
    owner.get(f"{CONSOLE}/gate/word", 404)
    poster = owner.client.get(f"{CONSOLE}/hall/poster.pdf", base_url=BASE)
    assert poster.status_code == 200 and poster.data.startswith(b"%PDF")
    assert owner.client.get(f"{CONSOLE}/gate/poster.pdf", base_url=BASE).status_code == 404
    Console(app, "viewer").get(CONSOLE, 403)
    Console(app, organization="else", email="else@example.test").get(CONSOLE, 404)


def test_the_event_form_switches_it_on(app: Flask, new_world: NewWorld) -> None:
    new_world()
    owner, edit = Console(app), "/manage/e/ye-shi/edit"
    fields = owner.fields(edit)
    assert fields["checkpoints-0-by_oneself"] == "no"
    assert "还没有开自助签到" in owner.get(CONSOLE)
    assert owner.send(edit, **{"checkpoints-0-by_oneself": "word"}).status_code == 303
    assert "口令" in owner.get(CONSOLE) and owner.fields(edit)["checkpoints-0-by_oneself"] == "word"
    wrong = owner.send(edit, **{"checkpoints-1-by_oneself": "word"})
    assert wrong.status_code == 422 and "不能自助签到" in wrong.text
