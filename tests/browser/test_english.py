"""English in a real browser: pressed at the foot of the page, spoken by the scanner, nothing too wide at 320 px."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watcher
from tests.browser.door import Fair, Phone
from tests.guards.test_catalog import HAN
from tests.live import LiveServer
from tests.web.test_english import FAIR

TOO_WIDE = """() => [...document.querySelectorAll('body *')].filter(e => {
  const box = e.getBoundingClientRect();
  if (!box.width || box.right <= document.documentElement.clientWidth + 1 || getComputedStyle(e).position === 'fixed') return false;
  for (let up = e.parentElement; up; up = up.parentElement) if (/auto|scroll|hidden|clip/.test(getComputedStyle(up).overflowX)) return false;
  return true;
}).map(e => `${e.tagName} ${e.className}: ${(e.textContent || '').trim().slice(0, 40)}`)"""


@pytest.fixture(scope="module")
def house(new_server: Callable[..., LiveServer]) -> tuple[LiveServer, Flask]:
    """One real server for this file, and the application in this process on its database."""
    server = new_server()
    return server, server.app()


@pytest.fixture
def fair(house: tuple[LiveServer, Flask]) -> Fair:
    """An event whose own texts are English."""
    parts = {name: FAIR[name] for name in ("title", "short_title", "venue", "host", "checkpoints", "counters", "areas", "registration")}
    return Fair(*house, contact_phone="0371-12345678", **parts)


def in_english(page: Page, address: str) -> Page:
    """Open a page and press the switch."""
    page.goto(address)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    return page


def test_a_resident_registers_in_english_on_a_narrow_phone(fair: Fair, open_page: Callable[..., Page], complaints: Watcher) -> None:
    complaints.allow("status of 422")
    page = open_page(width=320, height=640)
    page.goto(f"{fair.server.url}/e/{fair.slug}")
    page.fill("#name", "Anna")
    page.locator("[name=channel][value=proxy]").check()
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#name")).to_have_value("Anna")  # what was typed came along, and is not kept for the next one
    expect(page.locator("[name=channel][value=proxy]")).to_be_checked()
    assert page.evaluate("sessionStorage.length") == 0
    page.fill("#name", "")
    assert page.url.endswith(f"/e/{fair.slug}") and page.evaluate(TOO_WIDE) == []
    page.get_by_role("button", name="Register", exact=True).click()
    assert page.evaluate(TOO_WIDE) == [] and not HAN.search(page.locator("#error-summary").inner_text())
    page.fill("#name", "Anna Petrova")
    page.fill("#phone", "13800009999")
    page.check("#consent")
    page.get_by_role("button", name="Register", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("You are registered")
    assert page.evaluate(TOO_WIDE) == []
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("status")).to_contain_text("报名成功")


def test_the_scanner_speaks_english(fair: Fair, open_page: Callable[..., Page]) -> None:
    ticket = fair.ticket("Ben Carter", 2)
    page = open_page(width=320, height=640)
    in_english(page, fair.link())
    phone = Phone(page, fair.link(), operator="Mia")
    assert page.evaluate(TOO_WIDE) == []
    phone.type("000000" if ticket.pickup != "000000" else "000001")
    phone.expect("unknown_ticket")
    expect(phone.result).to_contain_text("Not found")
    phone.result.get_by_role("button", name="Next").click()
    for outcome, said in (("admitted", "Go in"), ("already_used", "Already checked in")):
        phone.type(ticket.code)
        if outcome == "admitted":
            page.locator("[data-hook=confirm]").click()
        phone.expect(outcome)
        expect(phone.result).to_contain_text(said)
        phone.result.get_by_role("button", name="Next").click()
    phone.counter("leaflets", "plus").first.click()
    page.locator("a[data-tab=records]").click()
    expect(page.locator("[data-records]")).to_contain_text("leaflets +1")
    seen = page.locator("body").inner_text().replace("东门手机", "").replace("中文", "")
    assert [line for line in seen.splitlines() if HAN.search(line)] == [] and page.evaluate(TOO_WIDE) == []
