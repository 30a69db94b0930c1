"""Signing in: one constant answer, the lock, the one-time password, the idle time-out, the way back to where one wanted to go."""

from __future__ import annotations

import pytest
from flask import Flask

from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from tests.web.console import BASE, PASSWORD, Console, fields_of, text_of

HOME = "/manage/"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    limits.reset()


def test_strangers_are_led_to_the_sign_in_page_and_back(app: Flask) -> None:
    console = Console(app, signed_in=False)
    answer = console.client.get("/manage/new?template=fair", base_url=BASE)
    assert answer.status_code == 303 and answer.headers["Location"] == "/manage/sign-in?next=/manage/new?template%3Dfair"
    console.choose_password()
    back = console.send("/manage/sign-in", page=answer.headers["Location"], email=console.email, password=PASSWORD)
    assert back.headers["Location"] == "/manage/new?template=fair"


def test_the_way_back_leads_nowhere_else(app: Flask) -> None:
    console = Console(app, signed_in=False)
    console.choose_password()
    for wanted in ("https://evil.test/manage/", "//evil.test", "/\\evil.test", "/e/x", "/manage/sign-in", "javascript:alert(1)"):
        assert console.sign_in(PASSWORD, next=wanted).headers["Location"] == HOME
        console.client.delete_cookie("session", domain="example.test")


def test_one_answer_for_a_wrong_password_and_for_nobody(app: Flask) -> None:
    console = Console(app, signed_in=False)
    wrong, nobody = console.sign_in("wrong"), console.send("/manage/sign-in", email="nobody@example.test", password="wrong")
    assert (wrong.status_code, nobody.status_code) == (422, 422)
    strip = text_of(wrong.text).replace(console.email, "")
    assert "邮箱或密码不对" in strip and strip == text_of(nobody.text).replace("nobody@example.test", "")
    assert console.email in wrong.text, "what was typed stays"


def test_five_failures_lock_known_and_unknown_addresses_alike(app: Flask, clock: FakeClock) -> None:
    console = Console(app, signed_in=False)
    for email in (console.email, "nobody@example.test"):
        answers = [console.send("/manage/sign-in", email=email, password="wrong").status_code for _ in range(6)]
        assert answers == [422] * 5 + [429], email
    locked = console.sign_in(console.once)
    assert locked.status_code == 429 and "请15分钟后再试" in locked.text and locked.headers["Retry-After"]
    clock.advance(minutes=16)
    assert console.sign_in(console.once).status_code == 303


def test_a_one_time_password_is_good_for_a_new_password_only(app: Flask) -> None:
    console = Console(app, signed_in=False)
    assert console.sign_in(console.once).headers["Location"] == "/manage/password"
    assert console.client.get(HOME, base_url=BASE).headers["Location"] == "/manage/password"
    page = "/manage/password"
    assert "原密码" not in console.get(page)  # it was typed a moment ago
    assert "两次输入的新密码不一样" in console.send(page, new="abcd-1234", again="abcd-1235").text
    assert "新密码太短：现在5位，至少8位" in console.send(page, new="short", again="short").text
    assert "新密码不能与原密码相同" in console.send(page, new=console.once, again=console.once).text
    assert console.send(page, new="abcd-1234", again="abcd-1234").headers["Location"] == HOME
    assert "原密码不对" in console.send(page, old="wrong", new="efgh-5678", again="efgh-5678").text
    assert "原密码不对" in console.send(page, old=None, new="efgh-5678", again="efgh-5678").text
    assert "还没有活动" in console.get(HOME)


def test_a_new_password_signs_out_everywhere_else(app: Flask) -> None:
    here = Console(app)
    here.choose_password()
    here.sign_in(PASSWORD)
    there = app.test_client()
    with there.session_transaction(base_url=BASE) as session, here.client.session_transaction(base_url=BASE) as own:
        session.update(own)
    assert there.get(HOME, base_url=BASE).status_code == 200
    assert here.send("/manage/password", old=PASSWORD, new="efgh-5678", again="efgh-5678").status_code == 303
    assert here.client.get(HOME, base_url=BASE).status_code == 200
    assert there.get(HOME, base_url=BASE).status_code == 303


def test_half_an_hour_without_a_click_signs_out(app: Flask, clock: FakeClock) -> None:
    console = Console(app)
    for _ in range(3):
        clock.advance(minutes=20)
        console.get(HOME)
    clock.advance(minutes=31)
    assert console.client.get(HOME, base_url=BASE).status_code == 303
    assert "已自动退出" in console.get("/manage/sign-in")


def test_no_session_lasts_longer_than_half_a_day(app: Flask, clock: FakeClock) -> None:
    console = Console(app)
    for _ in range(24):
        clock.advance(minutes=29)
        console.get(HOME)
    clock.advance(minutes=29)
    assert console.client.get(HOME, base_url=BASE).status_code == 303


def test_signing_out_is_a_post_with_a_token(app: Flask) -> None:
    console = Console(app)
    assert console.client.get("/manage/sign-out", base_url=BASE).status_code == 405
    assert console.client.post("/manage/sign-out", base_url=BASE).status_code == 400
    console.get(HOME)
    assert console.send("/manage/sign-out", page=HOME).status_code == 303
    assert console.client.get(HOME, base_url=BASE).status_code == 303


def test_the_cookie_is_http_only_and_secure(app: Flask) -> None:
    console = Console(app, signed_in=False)
    header = console.sign_in(console.once).headers["Set-Cookie"]
    assert "HttpOnly" in header and "Secure" in header and "SameSite=Lax" in header


def test_pages_of_the_console_are_not_stored(app: Flask) -> None:
    console = Console(app)
    assert console.client.get(HOME, base_url=BASE).headers["Cache-Control"] == "no-store"


TYPED = {"title": "写了很久的活动", "description": "第一行\n<第二行>", "counters-0-name": "宣传册"}


def test_what_was_typed_outlives_the_session(app: Flask, clock: FakeClock) -> None:
    console = Console(app, signed_in=False)
    console.choose_password()
    console.sign_in(PASSWORD)
    fields = console.fields("/manage/new?template=fair") | TYPED
    clock.advance(minutes=31)
    asked = console.client.post("/manage/new", data=fields, base_url=BASE)
    assert asked.status_code == 401 and "您填的内容都还在" in asked.text and "写了很久" not in asked.text
    form = fields_of(asked.text, "/manage/sign-in")
    wrong = console.client.post("/manage/sign-in", data=form | {"email": console.email, "password": "wrong"}, base_url=BASE)
    assert wrong.status_code == 422 and "您填的内容都还在" in wrong.text
    back = console.client.post("/manage/sign-in", data=form | {"email": console.email, "password": PASSWORD}, base_url=BASE)
    assert back.status_code == 200 and "接着保存" in back.text
    kept = {name: said.removeprefix("\n") for name, said in fields_of(back.text, "/manage/new").items()}  # as a browser reads a text area
    assert {name: kept[name] for name in TYPED} == TYPED
    made = console.client.post("/manage/new", data=kept, base_url=BASE)
    assert made.status_code == 303, text_of(made.text)


def test_a_kept_form_opens_for_its_own_user_alone(app: Flask, clock: FakeClock) -> None:
    console, other = Console(app), Console(app, "editor", signed_in=False)
    other.choose_password()
    fields = console.fields("/manage/new?template=fair") | TYPED
    clock.advance(minutes=31)
    form = fields_of(console.client.post("/manage/new", data=fields, base_url=BASE).text, "/manage/sign-in")
    answer = console.client.post("/manage/sign-in", data=form | {"email": other.email, "password": PASSWORD}, base_url=BASE)
    assert answer.status_code == 303 and answer.headers["Location"] == HOME


def test_a_form_without_its_token_is_not_kept_and_passwords_never(app: Flask, clock: FakeClock) -> None:
    console = Console(app)
    token = console.fields("/manage/password")["csrf_token"]
    clock.advance(minutes=31)
    assert console.client.post("/manage/new", data=TYPED, base_url=BASE).status_code == 400
    sent = console.client.post("/manage/password", data={"csrf_token": token, "old": "a", "new": "secret-99"}, base_url=BASE)
    assert sent.status_code == 303 and "secret-99" not in sent.text
