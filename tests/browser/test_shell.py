"""The stored shell in a real Chromium: opens without a server, reads codes with wasm from the cache, is updated with a full outbox."""

from __future__ import annotations

import base64
import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.camera import film, reel
from tests.browser.conftest import Watcher
from tests.browser.door import Fair, Opener, Phone
from tests.live import PROJECT, LiveServer

AWAY = r"Failed to load resource|net::ERR_"
BUSY = 8  # seconds; two on a machine that does nothing else
STORED = """async () => Boolean((await navigator.serviceWorker.getRegistration('/scan'))?.active)
  && Boolean(await (await caches.open(`scan-${document.documentElement.dataset.shell}`)).match('/scan/whole'))"""


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
def fair(server: LiveServer, house: Flask) -> Iterator[Fair]:
    """An event of this test's own, on a server that runs."""
    if not server.answers():
        server.start()
    yield Fair(server, house)


def until(page: Page, script: str, patience: float = 40) -> None:
    """Wait until a script says true."""
    deadline = time.monotonic() + patience
    while not page.evaluate(script):
        assert time.monotonic() < deadline, script
        page.wait_for_timeout(150)


def stored(phone: Phone) -> Phone:
    """Wait until the shell lies on the phone, then forget what the browser keeps by itself."""
    until(phone.page, STORED)
    phone.page.context.new_cdp_session(phone.page).send("Network.clearBrowserCache")
    return phone


def versions(page: Page) -> list[str]:
    """The versions of the static files that this page has loaded."""
    return page.evaluate("() => [...new Set(performance.getEntriesByType('resource').map(e => (/\\/static\\/([0-9a-f]{12})\\//.exec(e.name) || [])[1]).filter(Boolean))]")


def test_without_a_server_it_opens_and_reads_codes(fair: Fair, open_page: Opener, complaints: Watcher, tmp_path: Path) -> None:
    complaints.allow(AWAY)
    ticket = fair.ticket()
    page = open_page(camera=film(f"HTTPS://EXAMPLE.TEST/T/{ticket.code}", tmp_path))
    phone = stored(Phone(page, fair.link("scan")))
    page.locator("[data-hook=manual-offline]").check()  # the code stays before the camera: this one must be decided without the server
    fair.server.kill()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    began = time.monotonic()
    page.reload(wait_until="commit")
    phone.wait_until_ready()
    took = time.monotonic() - began
    expect(page.locator("[data-scan]")).to_have_attribute("data-reader", "zxing-wasm")
    expect(phone.result).not_to_have_attribute("data-record", "")
    assert took < BUSY, f"{took:.1f} s"
    page.goto(f"{fair.server.url}/scan/help")
    expect(page.locator("h1")).to_have_text("没有网络时怎么办")
    assert not [line for line in phone.sent if fair.server.url not in line and " data:" not in line and " blob:" not in line]


def test_the_language_changes_without_a_server(fair: Fair, open_page: Opener, complaints: Watcher) -> None:
    complaints.allow(AWAY)
    phone = stored(Phone(open_page(), fair.link("tally")))
    fair.server.kill()
    phone.page.get_by_role("button", name="English").click()
    expect(phone.page.locator("html")).to_have_attribute("lang", "en")
    phone.wait_until_ready()
    expect(phone.page.locator("[data-notice=offline] summary")).to_contain_text("No network since", timeout=20_000)


def test_joining_again_leads_into_the_stored_shell(fair: Fair, open_page: Opener) -> None:
    phone = stored(Phone(open_page(), fair.link("tally")))
    other = Fair(fair.server, fair.app, title="另一场活动")
    Phone(phone.page, other.link("tally"))
    expect(phone.page.locator(".masthead-site")).to_have_text("另一场活动")
    expect(phone.page).to_have_url(f"{fair.server.url}/scan")


def test_an_update_waits_with_a_full_outbox_and_mixes_nothing(fair: Fair, open_page: Opener, complaints: Watcher, tmp_path: Path) -> None:
    complaints.allow(AWAY)
    phone = stored(Phone(open_page(), fair.link("tally")))
    page = phone.page
    old = page.locator("html").get_attribute("data-shell")
    page.locator("[data-hook=manual-offline]").check()
    for _ in range(12):
        phone.counter("consult", "plus").click()
    phone.expect_pending(12)

    for part in ("eventsvc", "static", "templates", "migrations"):
        shutil.copytree(PROJECT / part, tmp_path / part)
    shutil.copy(PROJECT / "app.py", tmp_path)
    changed = tmp_path / "static/js/scan/away.js"
    changed.write_text(changed.read_text(encoding="utf-8") + "\ndocument.documentElement.dataset.newer = '1';\n", encoding="utf-8")
    fair.server.kill()
    newer = replace(fair.server, project=tmp_path, process=None)
    newer.start()
    try:
        page.reload()
        phone.wait_until_ready()
        assert page.locator("html").get_attribute("data-shell") == old and len(versions(page)) == 1
        expect(page.locator("[data-notice=update]")).to_be_visible(timeout=40_000)
        assert page.locator("html").get_attribute("data-newer") is None
        phone.expect_pending(12)
        page.locator("[data-act=update]").click()
        expect(page.locator("html")).to_have_attribute("data-newer", "1")
        phone.wait_until_ready()
        assert page.locator("html").get_attribute("data-shell") != old and len(versions(page)) == 1
        phone.expect_pending(12)
        until(page, f"async () => !(await caches.has('scan-{old}'))")
        until(page, STORED)
        page.locator("[data-hook=manual-offline]").uncheck()
        phone.expect_pending(0)
        assert fair.counter("consult") == 12 and len(fair.ledger()) == 12
    finally:
        newer.close()


def test_without_a_worker_it_works_and_says_so(fair: Fair, open_page: Opener) -> None:
    page = open_page(service_workers="block")
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })")
    phone = Phone(page, fair.link("tally"))
    expect(page.locator("[data-notice=noworker]")).to_contain_text("不要关闭或刷新")
    expect(phone.hook("offline-ready")).to_have_attribute("data-ready", "0")
    phone.counter("consult", "plus").click()
    phone.expect_pending(0)
    page.locator("[data-act=hide-noworker]").click()
    page.reload()
    phone.wait_until_ready()
    expect(page.locator("[data-notice=noworker]")).to_be_hidden()


def test_closing_with_a_full_outbox_asks_first(fair: Fair, open_page: Opener) -> None:
    phone = Phone(open_page(), fair.link("tally"))
    asked: list[str] = []
    phone.page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    phone.page.reload()
    phone.wait_until_ready()
    assert asked == []
    phone.counter("consult", "plus").click()
    phone.expect_pending(0)
    expect(phone.page.locator("[data-as-of]")).to_have_text(re.compile("截至"))
    phone.page.locator("[data-hook=manual-offline]").check()
    phone.counter("consult", "plus").click()
    phone.expect_pending(1)
    shown = phone.counter("consult", "total").inner_text()
    phone.page.reload()
    phone.wait_until_ready()
    assert asked == ["beforeunload"]
    phone.expect_pending(1)
    assert int(shown) >= 2 and phone.counter("consult", "total").inner_text() == shown, "what was last heard is known without a network"
    expect(phone.page.locator("[data-as-of]")).to_have_text(re.compile("截至"))
    expect(phone.page.locator("[data-notice=offline] summary")).to_contain_text("离线工作中")
    phone.page.locator("[data-notice=offline] summary").click()
    phone.page.locator("[data-act=work-online]").click()
    phone.expect_pending(0)


def pictures(page: Page, folder: Path) -> list[Path]:
    """Every code that the dying phone shows, as pictures, in the order in which they came."""
    found: dict[str, Path] = {}
    total = 1
    deadline = time.monotonic() + 60
    while len(found) < total:
        assert time.monotonic() < deadline, f"{len(found)} of {total}"
        frame, of, data = page.evaluate(
            "() => { const box = document.querySelector('[data-relay=give]');"
            " return [box.dataset.frame, box.querySelector('[data-part=frame]').textContent.split('/')[1], box.querySelector('canvas').toDataURL()]; }"
        )
        total = int(of)
        if frame not in found:
            found[frame] = folder / f"code-{len(found)}.png"
            found[frame].write_bytes(base64.b64decode(data.partition(",")[2]))
        page.wait_for_timeout(40)
    return list(found.values())


def test_a_dying_phone_hands_its_queue_to_a_colleagues(fair: Fair, open_page: Opener, complaints: Watcher, tmp_path: Path) -> None:
    complaints.allow(AWAY)
    giving = Phone(open_page(), fair.link("tally"), "志愿者甲")
    giving.page.locator("[data-hook=manual-offline]").check()
    for _ in range(20):
        giving.counter("consult", "plus").click()
    giving.expect_pending(20)
    giving.hook("give").click()
    expect(giving.page.locator("[data-relay=give] [data-part=show]")).to_be_visible()
    giving.page.locator("[data-act=faster]").click()
    film_of_codes = reel(pictures(giving.page, tmp_path), tmp_path, each=17)

    taking = Phone(open_page(camera=film_of_codes), fair.link("scan"), "志愿者乙")
    taking.page.locator("[data-hook=manual-offline]").check()  # as good as no network
    expect(taking.hook("taking")).to_contain_text("收到20条", timeout=120_000)  # seconds by itself, a minute beside other runs
    taking.expect_pending(20)
    assert fair.ledger() == []
    giving.hook("handed").click()
    expect(giving.page.locator("[data-part=done-say]")).to_have_text("已交给同事20条")
    giving.page.locator("[data-part=done] [data-act=close]").last.click()
    giving.expect_pending(20)  # they stay until the server has answered

    taking.page.locator("[data-hook=taking] [data-act=close]").click()
    taking.page.locator("[data-hook=manual-offline]").uncheck()
    taking.expect_pending(0)
    giving.page.locator("[data-hook=manual-offline]").uncheck()
    giving.expect_pending(0)
    assert len(fair.ledger()) == 20 and fair.counter("consult") == 20
    assert len({record.device_id for record in fair.ledger()}) == 1 and set(fair.operators()) == {"志愿者甲"}
