"""The scanner in a real Chromium against a real server: every way in, every answer, undo, counters, a lost network."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Route, expect

from eventsvc.services import events, rehearsals
from tests.browser.camera import film
from tests.browser.conftest import Watcher
from tests.browser.door import SIGN_OF_LIFE, Fair, Opener, Phone
from tests.live import LiveServer

OFFLINE = r"Failed to load resource|net::ERR_|504"


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """One real server for this file."""
    made = new_server()
    yield made
    made.close()


@pytest.fixture(scope="module")
def house(server: LiveServer) -> Flask:
    """The application in this process, on the server's database."""
    return server.app()


@pytest.fixture
def fair(server: LiveServer, house: Flask) -> Fair:
    """An event of this test's own."""
    return Fair(server, house)


def test_a_ticket_before_the_camera_is_admitted_once(fair: Fair, open_page: Opener, tmp_path: Path) -> None:
    ticket = fair.ticket()
    phone = Phone(open_page(camera=film(f"HTTPS://EXAMPLE.TEST/T/{ticket.code}", tmp_path)), fair.link())
    phone.expect("admitted")
    assert phone.page.locator("[data-scan]").get_attribute("data-reader") == "zxing-wasm"
    phone.page.wait_for_timeout(4500)  # it stays in view: still the same scan
    assert [(record.outcome, record.registration_id) for record in fair.ledger()] == [("admitted", ticket.id)]
    phone.expect("admitted")
    assert not [line for line in phone.sent if fair.server.url not in line and " data:" not in line and " blob:" not in line]


def test_where_webassembly_is_blocked_plain_javascript_reads(fair: Fair, open_page: Opener, complaints: Watcher, tmp_path: Path) -> None:
    complaints.allow(r"wasm|net::ERR_FAILED")
    ticket = fair.ticket()
    page = open_page(camera=film(ticket.code, tmp_path))
    page.context.route("**/*.wasm", lambda route: route.abort())
    phone = Phone(page, fair.link())
    phone.expect("admitted")
    assert page.locator("[data-scan]").get_attribute("data-reader") == "qr"


def test_the_worker_alone_may_compile_webassembly(fair: Fair, open_page: Opener) -> None:
    page = open_page()
    policies: dict[str, str] = {}
    page.on("response", lambda response: policies.__setitem__(response.url.rsplit("/", 1)[-1].split("?")[0], response.headers.get("content-security-policy", "")))
    Phone(page, fair.link())
    page.wait_for_timeout(500)
    assert "'wasm-unsafe-eval'" in policies["decode-worker.js"]
    assert [name for name, policy in policies.items() if "unsafe" in policy] == ["decode-worker.js"]


def test_a_second_scan_says_when_and_where(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    phone.type(ticket.code)
    phone.expect("admitted")
    phone.type(f" https://old.example/t/{ticket.code.lower()}?from=x ")
    phone.expect("already_used")
    expect(phone.result).to_contain_text("入口")
    assert phone.result.get_attribute("data-remaining") == "0"
    assert phone.result.get_attribute("data-record") == fair.ledger()[-1].id
    assert fair.figures().entries == 1


def test_a_party_enters_in_parts(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket(party_size=4)
    phone = Phone(open_page(), fair.link())
    phone.type(ticket.code)
    phone.hook("party").fill("1")
    expect(phone.hook("confirm")).to_have_text("放行 1 位")
    phone.hook("confirm").click()
    phone.expect("admitted")
    assert phone.result.get_attribute("data-remaining") == "3"
    phone.type(ticket.code)
    expect(phone.hook("party")).to_have_value("3")
    phone.page.locator("[data-part=numbers] [data-count='2']").click()
    phone.hook("confirm").click()
    expect(phone.result).to_have_attribute("data-remaining", "1")
    phone.type(ticket.code)  # one remains: no question
    expect(phone.result).to_have_attribute("data-remaining", "0")
    assert [record.admitted for record in fair.ledger()] == [1, 2, 1]


def test_more_than_remain_are_too_many_and_the_rest_is_offered(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket(party_size=3)
    phone = Phone(open_page(), fair.link())
    phone.type(ticket.code)
    phone.hook("party").fill("5")
    phone.hook("confirm").click()
    phone.expect("too_many")
    expect(phone.hook("party")).to_have_value("3")
    phone.hook("confirm").click()
    phone.expect("admitted")


def test_a_typed_pickup_code_wants_the_masked_name_confirmed(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket("欧阳建国")
    phone = Phone(open_page(), fair.link())
    phone.type(ticket.pickup)
    expect(phone.hook("confirm")).to_be_visible()
    expect(phone.result).to_contain_text("*")
    assert "欧阳建国" not in phone.page.content()
    assert fair.ledger() == []
    phone.hook("confirm").click()
    phone.expect("admitted")


def test_six_digits_go_by_themselves_and_fewer_stay(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    go = phone.page.locator("[data-code-form] [type=submit]")
    phone.type("12")
    expect(go).to_be_hidden()  # nothing to press beside what goes by itself
    expect(phone.page.locator("[data-code-hint]")).to_have_text("签到码是6位，现在2位")
    expect(phone.hook("code-input")).to_have_value("12")
    assert phone.result.get_attribute("data-phase") == "rest"
    phone.hook("code-input").fill(ticket.code)
    expect(go).to_be_visible()
    phone.hook("code-input").fill("")
    expect(go).to_be_hidden()
    expect(phone.page.locator("[data-code-hint]")).to_be_hidden()
    phone.hook("code-input").press_sequentially(ticket.pickup)
    expect(phone.hook("confirm")).to_be_focused()
    phone.page.keyboard.press("Enter")  # the habit comes late: it confirms nobody
    assert phone.result.get_attribute("data-phase") == "choosing"
    assert fair.ledger() == []
    phone.hook("confirm").click()
    phone.expect("admitted")
    phone.hook("code-input").press_sequentially(ticket.pickup)
    phone.expect("already_used")  # all in: nothing to ask
    assert [record.outcome for record in fair.ledger()] == ["admitted", "already_used"]


def test_the_tapped_tab_is_lit_until_somebody_scrolls_away(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link())
    for name in ("find", "count", "records"):
        phone.page.locator(f"[data-tab={name}]").click()
        for wait in (0, 500, 900):  # at once, on the way, and at rest
            phone.page.wait_for_timeout(wait)
            assert phone.page.locator("[data-tab][aria-current=true]").evaluate_all("tabs => tabs.map((tab) => tab.dataset.tab)") == [name]
    phone.page.evaluate("() => scrollTo(0, 0)")
    expect(phone.page.locator("[data-tab=scan]")).to_have_attribute("aria-current", "true")
    expect(phone.page.locator("[data-notice=early]")).to_be_hidden()  # it began yesterday


def test_a_phone_says_that_the_event_has_not_begun(server: LiveServer, house: Flask, open_page: Opener) -> None:
    early = Fair(server, house, starts_at="2099-08-16T18:00:00+08:00", ends_at="2099-08-16T21:00:00+08:00")
    listed = early.ticket(party_size=3)
    phone = Phone(open_page(), early.link())
    expect(phone.page.locator("[data-notice=early]")).to_have_text("活动8月16日18:00开始，当天0点起可以签到")
    for text in (listed.code, listed.pickup, early.ticket("赵铁柱", 2).pickup):  # neither how many nor whose is asked where the answer is certain
        phone.type(text)
        phone.expect("not_yet_open")
        expect(phone.page.locator("[data-part=line]")).to_have_text("活动8月16日18:00开始，当天0点起可以签到")
        expect(phone.hook("confirm")).to_be_hidden()


def test_a_phone_says_that_it_rehearses_where_to_search_and_that_the_event_is_off(server: LiveServer, house: Flask, open_page: Opener) -> None:
    fair = Fair(server, house)
    with house.app_context():
        rehearsals.start(fair.owner, fair.slug)
    phone = Phone(open_page(), fair.link())
    expect(phone.page.locator("[data-notice=rehearsal]")).to_have_text(re.compile("演练中.*扫码、计数都不算数"))
    expect(phone.page.locator("[data-notice=over]")).to_be_hidden()
    phone.type("7K3MNPQRSTVWXYZ01234")
    phone.expect("unknown_ticket")
    phone.hook("to-search").click()
    expect(phone.hook("search")).to_be_focused()
    expect(phone.page.locator("[data-records] .record-what")).to_have_text("没查到的码 …1234")
    phone.type("123")  # what was said of the code before is not said of this
    expect(phone.page.locator("[data-code-hint]")).to_be_visible()
    expect(phone.result).to_be_hidden()
    phone.hook("search").fill("王")
    phone.page.locator("[name=operator]").fill("志愿者乙")
    phone.page.locator("[name=operator]").press("Enter")
    expect(phone.hook("search")).to_have_value("")  # nothing of what the last shift looked up stays
    for _ in range(50):
        if [one.operator for one in fair.phones()] == ["志愿者乙"]:
            break
        phone.page.wait_for_timeout(100)
    assert [one.operator for one in fair.phones()] == ["志愿者乙"]
    with house.app_context():
        rehearsals.reset(fair.owner, fair.slug, 1)
        events.cancel(fair.owner, fair.slug)
    phone.page.reload()
    phone.wait_until_ready()
    expect(phone.page.locator("[data-notice=over]")).to_have_text("活动已取消，不再签到")
    expect(phone.page.locator("[data-notice=rehearsal]")).to_be_hidden()


def test_a_foreign_code_is_not_sent(fair: Fair, open_page: Opener, tmp_path: Path) -> None:
    phone = Phone(open_page(camera=film("https://qr.alipay.example/fkx0321045nhtb6i2a", tmp_path)), fair.link())
    phone.expect("foreign")
    for text in ("wxp://f2f07K3MNPQRSTVWXYZ01234", "https://example.org/x/7K3MNPQRSTVWXYZ01234", "A" * 300, "<b>042137</b>"):
        phone.type(text)
        phone.expect("foreign")
    phone.page.wait_for_timeout(300)
    assert [line for line in phone.asked("POST") if "/join/" not in line and "/scan/session" not in line and not line.endswith(SIGN_OF_LIFE)] == []
    assert fair.ledger() == []
    ticket = fair.ticket()
    phone.type(ticket.code)  # after any error the next scan works
    phone.expect("admitted")


def test_refusals_say_why(fair: Fair, open_page: Opener) -> None:
    other = Fair(fair.server, fair.app, title="戏曲专场").ticket()
    phone = Phone(open_page(), fair.link())
    phone.type("7K3MNPQRSTVWXYZ01234")
    phone.expect("unknown_ticket")
    expect(phone.result.locator("[data-part=word]")).to_have_text("没查到")
    assert phone.result.get_attribute("data-tone") == "stop"
    phone.type(other.code)
    phone.expect("wrong_event")
    assert [record.outcome for record in fair.ledger()] == ["unknown_ticket", "wrong_event"]


def test_undo_says_what_and_takes_it_back(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket(party_size=2)
    phone = Phone(open_page(), fair.link())
    phone.type(ticket.code)
    phone.hook("confirm").click()
    phone.expect("admitted")
    undo = phone.hook("undo").first
    assert "2位" in (undo.get_attribute("aria-label") or "")
    undo.click()
    phone.expect("undone")
    assert fair.figures().entries == 0
    expect(phone.hook("undo")).to_have_count(0)
    phone.type(ticket.code)
    expect(phone.hook("party")).to_have_value("2")


def test_counters_add_up_and_minus_is_an_undo(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link())
    expect(phone.page.locator("[data-hook=counter]")).to_have_count(3)  # material is the organizer's
    phone.counter("booklets", "plus").click()
    phone.page.locator("[data-key=booklets] [data-step='10']").click()
    phone.page.locator("[data-key=booklets] [data-step='100']").click()
    expect(phone.counter("booklets", "total")).to_have_text("111")
    phone.counter("booklets", "minus").click()
    expect(phone.counter("booklets", "total")).to_have_text("11")
    expect(phone.page.locator("[data-key=booklets]")).to_contain_text("还剩 1989册")
    phone.counter("consult", "topic").filter(has_text="政务公开").click()
    phone.counter("consult", "plus").click()
    phone.counter("heads", "plus").click()
    phone.counter("heads", "plus").click()
    phone.counter("heads", "out").click()
    expect(phone.page.locator("[data-key=heads]")).to_contain_text("在场 1")
    phone.expect_pending(0)
    assert (fair.counter("booklets"), fair.counter("consult"), fair.counter("heads")) == (11, 1, 2)
    assert next(c.by_topic for c in fair.figures().counters if c.key == "consult") == {"政务服务": 0, "政务公开": 1}
    assert [record.type for record in fair.ledger()].count("undo") == 1


def test_other_phones_taps_appear_and_own_ones_are_not_counted_twice(fair: Fair, open_page: Opener) -> None:
    one, two = Phone(open_page(), fair.link()), Phone(open_page(), fair.link())
    for _ in range(3):
        one.counter("booklets", "plus").click()
    two.counter("booklets", "plus").click()
    for phone in (one, two):
        expect(phone.counter("booklets", "total")).to_have_text("4", timeout=15_000)
    one.page.wait_for_timeout(1000)
    expect(one.counter("booklets", "total")).to_have_text("4")


def test_stocktake_is_taken_minus_left(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link())
    form = phone.page.locator("[data-key=booklets] [data-hook=stocktake]")
    phone.page.locator("[data-key=booklets] summary").click()
    form.locator("[name=taken]").fill("2000")
    form.locator("[name=left]").fill("2100")
    form.locator("button").click()
    expect(form.locator("[role=alert]")).to_have_text("剩余不能多于领取")
    form.locator("[name=left]").fill("187")
    expect(form.locator("button")).to_contain_text("1813册")
    form.locator("button").click()
    phone.expect_pending(0)
    assert [(record.quantity, record.basis) for record in fair.ledger()] == [(1813, "stocktake")]


def test_somebody_without_a_ticket_is_registered_in_one_step(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link())
    phone.hook("walkin-count").fill("2")
    phone.hook("walkin").click()
    phone.expect("admitted")
    assert fair.figures().entries == 2
    phone.page.locator("[data-walkin-form] summary").click()
    phone.page.fill("[data-walkin-form] [name=name]", "李娜")
    phone.hook("walkin").click()
    expect(phone.page.locator("[data-walkin-fault]")).to_be_visible()  # nobody's name without their consent
    assert len(fair.ledger()) == 1


def test_looking_somebody_up(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket("王桂芬", party_size=2)
    fair.ticket("李娜")
    phone = Phone(open_page(), fair.link())
    assert phone.asked("/lookup") == []  # never a list to browse
    phone.hook("search").fill("wgf")
    phone.hook("search").press("Enter")
    expect(phone.hook("person")).to_have_count(1)
    expect(phone.hook("person")).to_contain_text("王*芬")
    phone.hook("person").click()
    phone.hook("confirm").click()
    phone.expect("admitted")
    assert [(record.registration_id, record.admitted) for record in fair.ledger()] == [(ticket.id, 2)]
    phone.hook("search").fill("欧阳")
    phone.hook("search").press("Enter")
    expect(phone.page.locator("[data-search-say]")).to_contain_text("没有查到")


def test_a_usb_scanner_needs_no_field(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    phone.page.evaluate("() => document.activeElement.blur()")
    phone.page.keyboard.type(f"]Q1HTTPS://EXAMPLE.TEST/T/{ticket.code}")
    phone.page.keyboard.press("Enter")
    phone.expect("admitted")


def test_a_photo_of_a_ticket_is_read(fair: Fair, open_page: Opener, tmp_path: Path) -> None:
    ticket = fair.ticket()
    film(ticket.code, tmp_path, "ticket")
    phone = Phone(open_page(), fair.link())
    phone.page.set_input_files("[data-photo]", tmp_path / "ticket.png")
    phone.expect("admitted")


@pytest.mark.parametrize(("fault", "word"), [("NotAllowedError", "没有允许"), ("NotFoundError", "没有找到相机"), ("NotReadableError", "占用")])
def test_without_a_camera_there_are_other_ways(fair: Fair, open_page: Opener, fault: str, word: str) -> None:
    page = open_page()
    page.add_init_script(f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{fault}'))")
    phone = Phone(page, fair.link())
    expect(page.locator("[data-camera-note]")).to_contain_text(word)
    phone.type(fair.ticket().code)
    phone.expect("admitted")


def test_a_phone_that_only_counts_opens_on_its_counters(fair: Fair, open_page: Opener) -> None:
    page = open_page()
    page.add_init_script("navigator.mediaDevices.getUserMedia = () => { document.documentElement.dataset.asked = '1'; return Promise.reject(new Error('no')) }")
    phone = Phone(page, fair.link("tally"))
    expect(phone.counter("booklets", "plus")).to_be_in_viewport()
    expect(phone.hook("camera")).to_be_hidden()
    expect(phone.hook("search")).to_be_hidden()
    page.wait_for_timeout(500)
    assert page.evaluate("() => document.documentElement.dataset.asked || ''") == ""


def test_a_revoked_phone_stops_and_hands_in_what_it_holds(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow("401")
    complaints.allow(OFFLINE)
    phone = Phone(open_page(), fair.link())
    phone.counter("booklets", "plus").click()
    phone.expect_pending(0)
    _cut(phone)  # else it may notice before the second tap
    phone.counter("booklets", "plus").click()
    phone.expect_pending(1)
    fair.revoke_all()
    _mend(phone)
    expect(phone.hook("revoked")).to_be_visible()
    expect(phone.hook("code-input")).to_be_hidden()
    phone.expect_pending(0)
    assert fair.counter("booklets") == 1  # the other one waits in quarantine


def _cut(phone: Phone) -> None:
    phone.page.context.route("**/api/v1/**", lambda route: route.abort())


def _mend(phone: Phone) -> None:
    phone.page.context.unroute("**/api/v1/**")


def test_what_waits_survives_a_reload_and_arrives_once(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(OFFLINE)
    phone = Phone(open_page(), fair.link())
    _cut(phone)
    for _ in range(3):
        phone.counter("booklets", "plus").click()
    phone.expect_pending(3)
    expect(phone.hook("network")).to_have_attribute("data-state", "offline")
    expect(phone.counter("booklets", "total")).to_have_text("3")
    phone.page.fill("[name=operator]", "志愿者乙")  # change of shift: two taps, the queue stays
    phone.page.press("[name=operator]", "Enter")
    phone.counter("booklets", "plus").click()
    phone.expect_pending(4)
    phone.page.reload()
    phone.wait_until_ready()
    phone.expect_pending(4)
    expect(phone.counter("booklets", "total")).to_have_text("4")
    _mend(phone)
    phone.expect_pending(0)
    expect(phone.hook("network")).to_have_attribute("data-state", "online")
    assert fair.counter("booklets") == 4
    assert fair.operators() == ["志愿者甲"] * 3 + ["志愿者乙"]


def test_a_lost_answer_is_asked_for_again_under_the_same_id(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(OFFLINE)
    ticket = fair.ticket()
    phone = Phone(open_page(), fair.link())
    lost: list[Any] = []

    def lose(route: Route) -> None:
        if len(lost) < 2 and '"records":[]' not in (route.request.post_data or ""):
            lost.append(route.fetch().json())  # the server has it
            route.fulfill(status=504, body="gateway timeout")
        else:
            route.continue_()

    phone.page.context.route("**/records", lose)
    phone.type(ticket.code)
    phone.expect("admitted")
    assert [each["results"][0]["status"] for each in lost] == ["recorded", "replayed"]
    assert [record.outcome for record in fair.ledger()] == ["admitted"]
    phone.expect_pending(0)


def test_without_answer_or_roster_the_screen_says_so_and_the_record_waits(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(OFFLINE)
    ticket = fair.ticket()
    page = open_page()
    page.route(re.compile(r"/api/v1/events/[^/]+/roster"), lambda route: route.abort())
    phone = Phone(page, fair.link())
    phone.page.context.route("**/records", lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Wi-Fi login</h1>"))
    phone.type(ticket.code)
    expect(phone.result).to_contain_text("没有网络", timeout=12_000)
    assert phone.result.get_attribute("data-pending") == "1"
    record = phone.result.get_attribute("data-record")
    phone.expect_pending(1)
    phone.page.context.unroute("**/records")
    phone.expect("admitted")
    assert [row.id for row in fair.ledger()] == [record]


def test_a_rejected_record_stays_until_a_person_has_dealt_with_it(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link())

    def reject(route: Route) -> None:
        answer = route.request.post_data_json
        route.fulfill(json={"results": [{"id": each["id"], "status": "rejected", "code": "unknown_counter"} for each in answer["records"]]})

    phone.page.context.route("**/records", reject)
    phone.counter("booklets", "plus").click()
    expect(phone.hook("rejected")).to_have_text("1")
    phone.expect_pending(0)
    expect(phone.counter("booklets", "total")).to_have_text("0")
    phone.page.context.unroute("**/records")
    phone.page.reload()
    phone.wait_until_ready()
    expect(phone.hook("rejected")).to_have_text("1")
    phone.hook("set-aside").click()
    expect(phone.hook("rejected")).to_have_text("0")


def test_two_tabs_of_one_phone_send_each_tap_once(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(OFFLINE)
    phone = Phone(open_page(), fair.link())
    other = phone.page.context.new_page()
    other.goto(f"{fair.server.url}/scan")
    expect(other.locator("[data-scan][data-mode=ready]")).to_be_visible()
    _cut(phone)
    for page in (phone.page, other):
        for _ in range(3):
            page.locator("[data-key=booklets] [data-hook=plus]").click()
    phone.expect_pending(6)
    _mend(phone)
    phone.expect_pending(0)
    expect(other.locator("[data-hook=pending]")).to_have_text("0")
    assert fair.counter("booklets") == 6 and len(fair.ledger()) == 6


def test_the_handout_desk_holds_the_result(fair: Fair, open_page: Opener) -> None:
    first, second = fair.ticket(), fair.ticket()
    phone = Phone(open_page(), fair.link())
    phone.page.check("[data-setting=hold]")
    phone.type(first.code)
    phone.expect("admitted")
    phone.page.wait_for_timeout(3000)
    expect(phone.hook("given")).to_be_visible()
    phone.hook("code-input").fill(second.code)
    phone.hook("code-input").press("Enter")
    phone.page.wait_for_timeout(500)
    assert len(fair.ledger()) == 1
    phone.hook("given").click()
    expect(phone.result).to_have_attribute("data-record", fair.ledger()[0].id if len(fair.ledger()) < 2 else fair.ledger()[1].id)
    expect(phone.hook("given")).to_be_visible()
    assert len(fair.ledger()) == 2


def test_a_browser_that_keeps_nothing_still_works_and_says_so(fair: Fair, open_page: Opener) -> None:
    page = open_page()
    page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    phone = Phone(page, fair.link())
    expect(page.locator("[data-notice=memory]")).to_be_visible()
    phone.counter("booklets", "plus").click()
    phone.type(fair.ticket().code)
    phone.expect("admitted")
    phone.expect_pending(0)
    assert fair.counter("booklets") == 1


@pytest.fixture
def tour(server: LiveServer, house: Flask) -> Fair:
    """An event with three checkpoints and questions at the desk."""
    return Fair(
        server,
        house,
        registration={"questions": [{"key": "age", "label": "是否满60岁？", "type": "yes_no", "required": True, "ask": "desk"}]},
        checkpoints=[
            {"key": "east", "name": "东门", "rule": "once", "entrance": True},
            {"key": "stage", "name": "舞台区", "rule": "each_time"},
            {"key": "stamp", "name": "剪纸摊", "rule": "stamp"},
        ],
    )


def test_desk_questions_are_asked_once(tour: Fair, open_page: Opener) -> None:
    ticket = tour.ticket()
    phone = Phone(open_page(), tour.link())
    phone.type(ticket.code)
    phone.expect("answers_needed")
    phone.page.locator("[data-part=questions] label", has_text="是").first.click()
    phone.hook("answer").click()
    phone.expect("admitted")
    assert [record.outcome for record in tour.ledger()] == ["answers_needed", "admitted"]


def test_places_and_directions_are_chosen_by_a_tap(tour: Fair, open_page: Opener) -> None:
    ticket = tour.ticket()
    phone = Phone(open_page(), tour.link())
    expect(phone.page.locator("[data-place=east]")).to_have_attribute("aria-pressed", "true")
    phone.page.locator("[data-place=stage]").click()
    phone.page.locator("[data-direction=exit]").click()
    phone.type(ticket.code)
    phone.expect("admitted")
    assert [(record.checkpoint, record.direction) for record in tour.ledger()] == [("stage", "exit")]
    phone.page.reload()
    phone.wait_until_ready()
    expect(phone.page.locator("[data-place=stage]")).to_have_attribute("aria-pressed", "true")


def test_a_phone_that_joins_another_event_serves_that_one(fair: Fair, tour: Fair, open_page: Opener) -> None:
    page = open_page()
    Phone(page, fair.link())
    Phone(page, tour.link(), "志愿者乙")
    expect(page.locator("[data-place=stage]")).to_be_visible()
    expect(page.locator("[data-operator]")).to_have_text("志愿者乙")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_scanner_is_usable_at_360_pixels_by_everyone(fair: Fair, open_page: Opener, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(width=360, height=740, color_scheme=scheme)
    phone = Phone(page, fair.link())
    phone.type(fair.ticket(party_size=3).code)
    expect(phone.hook("confirm")).to_be_in_viewport()
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    phone.hook("confirm").click()
    phone.expect("admitted")
    page.locator("[data-part=close]").click()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_ticket_opened_by_a_joined_volunteer_is_its_check_in_page(fair: Fair, open_page: Opener) -> None:
    ticket = fair.ticket(party_size=3)
    page = open_page(javascript=False)  # as in WeChat's own scanner on any phone
    page.goto(fair.link())
    page.fill("input[name=operator]", "志愿者丙")
    page.press("input[name=operator]", "Enter")
    page.goto(f"{fair.server.url}/t/{ticket.code.lower()}")
    expect(page.locator("[data-hook=confirm]")).to_be_visible()
    assert fair.ledger() == []
    page.locator("[data-hook=party] input[value='2']").check()
    page.locator("[data-hook=confirm]").click()
    expect(page.locator("[data-hook=result]")).to_have_attribute("data-outcome", "admitted")
    assert [(record.admitted, record.device_id) for record in fair.ledger()] == [(2, fair.phones()[0].id)]


def test_the_check_in_page_leads_to_the_desks_questions(tour: Fair, open_page: Opener) -> None:
    ticket = tour.ticket()
    phone = Phone(open_page(), tour.link())
    phone.page.goto(f"{tour.server.url}/t/{ticket.code}")
    phone.hook("confirm").click()
    phone.page.get_by_role("link", name="到扫码页回答问题").click()
    phone.wait_until_ready()
    phone.expect("answers_needed")
    assert ticket.code not in phone.page.url
