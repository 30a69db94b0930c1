"""The registration page stays light: at most 60 KB over the wire with an empty cache, and nothing jumps while it loads."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.conftest import Demo
from tests.browser.paint import NETWORKS, opening

BUDGET = 60 * 1024


def test_the_registration_page_is_light_and_stands_still(chromium: Browser, demo: Demo) -> None:
    seen = opening(chromium, demo.resident, NETWORKS["slow 4G"])
    assert seen.requests > 1 and seen.paint > 0, "nothing was measured"
    assert seen.bytes <= BUDGET, seen.most
    assert seen.shift == 0
