"""An organizer's first evening in a real browser: one-time password, template, publish, a phone joins, the live page moves by itself."""

from __future__ import annotations

import json
import re
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from eventsvc.services import devices, organizations
from tests.browser.conftest import Watcher
from tests.live import LiveServer

EMAIL, PASSWORD = "first@example.test", "abcd-1234"


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> LiveServer:
    """A real, empty server."""
    return new_server()


def local(hours: int) -> str:
    """So many hours from now, as a datetime-local field in Shanghai takes it."""
    return f"{datetime.now(UTC) + timedelta(hours=8 + hours):%Y-%m-%dT%H:%M}"


class Counted:
    """Counts what a person taps and fills in."""

    def __init__(self, page: Page) -> None:
        self.page, self.steps = page, 0

    def tap(self, text: str) -> None:
        """One tap on a button or link of these words."""
        self.page.locator(f"a:has-text('{text}'):visible, button:has-text('{text}'):visible").first.click()
        self.steps += 1

    def fill(self, label: str, value: str) -> None:
        """One field."""
        self.page.get_by_label(label, exact=True).first.fill(value)
        self.steps += 1


def sign_in_for_the_first_time(page: Page, server: LiveServer, email: str) -> None:
    """With the one-time password, to a password of one's own."""
    with server.app().app_context():
        once = organizations.add_user(email, "demo", "owner", "王主任")
    page.goto(f"{server}/manage/")
    expect(page).to_have_url(re.compile("/manage/sign-in$"))
    page.fill("#email", email)
    page.fill("#password", once)
    page.press("#password", "Enter")
    expect(page.locator("h1")).to_have_text("先设自己的密码")
    for field, value in (("new", PASSWORD), ("again", PASSWORD)):
        page.fill(f"#{field}", value)
    page.press("#again", "Enter")
    page.wait_for_url("**/manage/")


def send(server: LiveServer, slug: str, token: str, **record: object) -> dict[str, object]:
    """One record by the API, as a phone sends it."""
    now = datetime.now(UTC).isoformat()
    body = {"sent_at": now, "queued": 0, "records": [{"id": str(uuid.uuid4()), "at": now, **record}]}
    request = urllib.request.Request(
        f"{server}/api/v1/events/{slug}/records", json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)["results"][0]


def test_from_a_template_to_figures_that_move_by_themselves(open_page: Callable[..., Page], server: LiveServer) -> None:
    page = open_page()
    sign_in_for_the_first_time(page, server, EMAIL)
    person = Counted(page)
    person.tap("新建活动")
    person.tap("夜市、展演")
    for label, value in (
        ("活动名称（必填）", "南关街非遗夜市"), ("开始时间", local(-1)), ("结束时间", local(3)), ("地点", "新天地社区广场"),
        ("联系电话", "0371-66001234"), ("名额（位）", "300"),
    ):  # fmt: skip
        person.fill(label, value)
    person.tap("保存草稿")
    expect(page.locator(".event-line-title b")).to_have_text("南关街非遗夜市")
    person.tap("发布")
    person.tap("发布")
    expect(page.locator(".event-line .badge")).to_contain_text("已发布")
    expect(page.locator(".alert-ok #address")).to_contain_text("/e/")
    expect(page.locator(".alert-ok").get_by_role("button", name="复制地址")).to_be_visible()
    expect(page.get_by_text("居民的手机现在打不开这个地址")).to_be_visible()  # the test's server is on 127.0.0.1
    assert person.steps <= 25, f"{person.steps} taps and fields"
    slug = page.url.rstrip("/").rsplit("/", 1)[1]

    page.goto(f"{server}/manage/e/{slug}/devices")
    page.fill("#name", "东门")
    page.get_by_role("button", name="生成加入链接").click()
    picture = page.locator("img[data-hook=join-qr]")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.naturalWidth") >= 240
    url = page.locator("[data-hook=join-url]").inner_text()
    with server.app().app_context():
        token = devices.join(url.rsplit("/", 1)[1], "志愿者甲", uuid.uuid4().hex).token

    page.goto(f"{server}/manage/e/{slug}/live")
    expect(page.locator("[data-figure=entries]")).to_have_text("0")
    page.evaluate("window.sameDocument = true")
    assert send(server, slug, token, type="walkin", checkpoint="gate", count=3)["outcome"] == "admitted"
    expect(page.locator("[data-figure=entries]")).to_have_text("3", timeout=15_000)
    expect(page.locator("[data-figure='checkpoint:gate']")).to_have_text("3")
    expect(page.locator("[data-line]")).to_contain_text("累计入场3人次，在场3人")
    expect(page.locator("[data-chart] rect")).to_have_count(1)
    assert page.evaluate("window.sameDocument") is True, "it was not reloaded"
    page.locator("[data-figure=entries]").click()
    expect(page.locator("tbody [data-counts='3']")).to_have_count(1)


def test_the_live_page_says_when_it_lost_contact(open_page: Callable[..., Page], server: LiveServer, complaints: Watcher) -> None:
    complaints.allow("Failed to load resource")
    page = open_page(width=1280, height=800)
    sign_in_for_the_first_time(page, server, "lost@example.test")
    page.goto(f"{server}/manage/new?template=outreach")
    page.fill("#title", "广场宣传")
    page.press("#title", "Enter")
    page.wait_for_url("**/manage/e/**")
    page.goto(f"{page.url}live?wall=1")
    expect(page.locator("[data-lost]")).to_be_hidden()
    page.context.set_offline(True)
    expect(page.locator("[data-lost]")).to_be_visible(timeout=15_000)
    page.context.set_offline(False)
    expect(page.locator("[data-lost]")).to_be_hidden(timeout=15_000)


def test_the_wall_fits_the_projector_and_the_way_out_comes_with_the_hand(open_page: Callable[..., Page], server: LiveServer) -> None:
    page = open_page(width=1280, height=800)
    sign_in_for_the_first_time(page, server, "wall@example.test")
    page.goto(f"{server}/manage/new?template=fair")
    page.fill("#title", "南关街夜市")
    page.press("#title", "Enter")
    page.wait_for_url("**/manage/e/**")
    page.goto(f"{page.url}live?wall=1")
    expect(page.locator("main")).not_to_contain_text("待核对")
    expect(page.locator("main")).not_to_contain_text("停用手机")
    assert page.evaluate("document.documentElement.scrollHeight") <= 800
    out = page.get_by_role("link", name="退出大屏")
    box = page.locator(".console-actions")
    expect(box).to_have_css("opacity", "1")
    expect(box).to_have_css("opacity", "0", timeout=9_000)
    page.mouse.move(300, 300)
    expect(box).to_have_css("opacity", "1")
    page.mouse.move(600, 300)
    expect(box).to_have_css("opacity", "0", timeout=9_000)
    page.keyboard.press("Tab")
    expect(box).to_have_css("opacity", "1")
    out.click()
    expect(page.locator("h1")).to_have_text("实时数字")
    expect(page.locator("main")).to_contain_text("待核对")


@pytest.mark.parametrize("javascript", [True, False])
def test_rows_are_added_and_taken_away(open_page: Callable[..., Page], server: LiveServer, javascript: bool) -> None:
    page = open_page(javascript=javascript)
    sign_in_for_the_first_time(page, server, f"rows-{javascript}@example.test".lower())
    page.goto(f"{server}/manage/new?template=fair")
    page.fill("#title", "打过的字还在")
    page.get_by_role("button", name="加一个签到点").click()
    page.locator("#checkpoints-1-name").fill("西门")
    page.locator("[data-rows=areas] [data-remove]").first.click()
    expect(page.locator("[data-rows=areas] [data-row]")).to_have_count(2)
    expect(page.locator("#title")).to_have_value("打过的字还在")
    expect(page.locator("#checkpoints-1-name")).to_have_value("西门")
    page.get_by_role("button", name="保存草稿").click()
    page.wait_for_url("**/manage/e/**")
