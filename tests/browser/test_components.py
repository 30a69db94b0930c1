"""Every component, standard and 长辈版, light and dark: no axe violation (7:1 contrast included), large enough, nothing cut off."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from eventsvc import ROOT
from tests.browser import gallery

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"color-contrast-enhanced": {"enabled": True}},
}
SHOTS = ROOT / "test-artifacts"
SMALL = """least => [...document.querySelectorAll(".btn, .form-control, .form-select, .choice:not(.choice-plain), .pill, .masthead-switch")]
  .filter(one => one.offsetParent && !one.classList.contains("skip") && one.getBoundingClientRect().height < least - 0.5)
  .map(one => one.outerHTML.slice(0, 80))"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with gallery.served() as url:
        yield f"{url}/components"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("display", "text", "target"), [("standard", 18, 48), ("elder", 22, 60)])
@pytest.mark.parametrize("width", [390, 1280])
def test_components(address: str, open_page: Callable[..., Page], display: str, text: int, target: int, scheme: str, width: int) -> None:
    page = open_page(width=width, height=844 if width < 700 else 800, color_scheme=scheme)
    page.goto(f"{address}?display={display}")
    found: list[dict[str, Any]] = Axe().run(page, options=RULES).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == text
    assert page.evaluate(SMALL, target) == []
    _keep(page, SHOTS / f"components-{width}-{display}-{scheme}.png")


@pytest.mark.parametrize("display", ["standard", "elder"])
def test_nothing_is_cut_off_at_320_pixels(address: str, open_page: Callable[..., Page], display: str) -> None:
    page = open_page(width=320, height=568)
    page.goto(f"{address}?display={display}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_focus_is_never_under_the_bar(address: str, open_page: Callable[..., Page]) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(address)
    hidden = """(() => { const here = document.activeElement, bar = document.querySelector(".bar");
      if (here === document.body || here.closest(".bar")) return "";
      return here.getBoundingClientRect().bottom > bar.getBoundingClientRect().top ? here.outerHTML.slice(0, 80) : ""; })()"""
    for _ in range(45):
        page.keyboard.press("Tab")
        page.wait_for_timeout(20)
        assert page.evaluate(hidden) == ""


def test_the_switch_keeps_what_was_typed(address: str, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(address)
    page.fill("#text", "王桂芳")
    page.click(".masthead-switch")
    assert page.get_attribute("html", "data-display") == "elder"
    assert page.input_value("#text") == "王桂芳"


def _keep(page: Page, path: Path) -> None:
    """A screenshot for whoever wants to look, where SCREENSHOTS is set."""
    if os.environ.get("SCREENSHOTS"):
        path.parent.mkdir(exist_ok=True)
        page.screenshot(path=path, full_page=True)
