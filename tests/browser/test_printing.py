"""The ticket on paper: printed by Chromium to a PDF, its code read by a camera from the page at 100 dpi."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from eventsvc.services import registrations
from tests.live import LiveServer
from tests.render.sheets import codes_on, needs_poppler, rendered
from tests.services.world import World

pytestmark = needs_poppler

FAIR: dict[str, Any] = {
    "starts_at": "2099-08-14T18:00:00+08:00", "ends_at": "2099-08-14T21:30:00+08:00", "contact_phone": "0371-12345678", "venue": "商都遗址城墙下",
}  # fmt: skip
OFFICE = "http://huodong.wenhuazhan.guancheng.example.test"  # a long name: the more letters, the finer the code


@pytest.fixture(scope="module")
def ticket(new_server: Callable[..., LiveServer]) -> tuple[str, str]:
    """A registration of three on a real server: the link that opens it, and its code."""
    server = new_server(BASE_URL=OFFICE)
    with server.app().app_context():
        made = World(FAIR).ticket(3)
        return f"{server.url}/m/{registrations.manage_token(made.id)}", made.code


@pytest.mark.parametrize("paper", ["A4", "A5"])
@pytest.mark.parametrize(("elder", "night"), [(False, False), (True, False), (False, True)], ids=["standard", "elder", "dark"])
def test_a_camera_reads_the_printed_ticket(
    open_page: Callable[..., Page], ticket: tuple[str, str], tmp_path: Path, elder: bool, night: bool, paper: str
) -> None:
    link, code = ticket
    page = open_page(color_scheme="dark" if night else "light")
    page.goto(link)
    if elder:
        page.locator("[data-display-switch] button").click()
        page.locator("html[data-display=elder]").wait_for()
    page.wait_for_load_state("networkidle")
    first, *others = rendered(page.pdf(format=paper), tmp_path)
    assert codes_on(first) == [f"{OFFICE.upper()}/T/{code}"], "on the first sheet, once, as a camera sees it"
    assert len(others) == (paper == "A5"), "what can be done on a screen alone is not printed"
