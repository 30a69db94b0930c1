"""A real Chromium for tests: pages that fail on any console error or blocked script, a fake camera, the demo on a real server.

    def test_something(page, demo):            # a 390x844 phone; demo.url, demo.resident, demo.volunteer, demo.organizer
    def test_wide(open_page, demo):            # page = open_page(width=1280, height=800, javascript=False, camera=VIDEO)
Under the strict Content-Security-Policy poll with ``page.evaluate`` or ``expect``; ``wait_for_function("string")`` is blocked.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.live import LiveServer

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
]

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Demo:
    """A real server that holds the demo, and the links it printed."""

    server: LiveServer
    resident: str
    volunteer: str
    organizer: str
    email: str
    password: str

    @property
    def url(self) -> str:
        """The server's address."""
        return self.server.url


def printed_links(server: LiveServer, patience: float = 30) -> Demo:
    """Wait until the server has printed its links, and read them."""
    deadline = time.monotonic() + patience
    while "Ctrl+C" not in server.printed() and time.monotonic() < deadline:
        time.sleep(0.1)
    text = server.printed()
    found = [re.search(pattern, text) for pattern in (r"Resident +(\S+)", r"Volunteer +(\S+)", r"Organizer +(\S+)", r"(\S+@\S+) +one-time password: (\S+)")]
    if not all(found):
        raise RuntimeError(f"the server did not print its links:\n{text[-2000:]}")
    resident, volunteer, organizer, account = (match for match in found if match)
    return Demo(server, resident.group(1), volunteer.group(1), organizer.group(1), account.group(1), account.group(2))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays with one worker, since its tests share a server; the longest, every page in its four states, is shared by two."""
    for item in items:
        if item.path.parent == HERE:
            sight = getattr(getattr(item, "callspec", None), "params", {}).get("sight")
            console = sight is not None and sight.who == "member"
            item.add_marker(pytest.mark.xdist_group(f"{item.path.stem}{'-console' if console else ''}"))


@pytest.fixture(scope="module")
def demo(new_server: Callable[..., LiveServer]) -> Iterator[Demo]:
    """The demo on a real server of this file's own."""
    made = printed_links(new_server(demo=True))
    yield made
    made.server.close()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Playwright itself."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> Iterator[Callable[..., Browser]]:
    """A function that starts one more Chromium (``launch(camera=VIDEO)``); all end with the run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if not program:
        pytest.fail("Chromium is missing: apt-get install chromium")
    started: list[Browser] = []

    def start(camera: Path | None = None) -> Browser:
        flags = [*FLAGS, *([f"--use-file-for-fake-video-capture={camera}"] if camera else [])]
        started.append(playwright.chromium.launch(executable_path=program, args=flags))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="session")
def chromium(launch: Callable[..., Browser]) -> Browser:
    """The Chromium that tests without a camera share."""
    return launch()


class Watcher:
    """Collects what a page complains about; ``allow`` names a pattern that this test expects."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.allowed: list[str] = []

    def watch(self, page: Page) -> None:
        """Listen to a page's console and its uncaught errors (a blocked inline script is one)."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def allow(self, pattern: str) -> None:
        """Complaints that match this are expected."""
        self.allowed.append(pattern)

    def unexpected(self) -> list[str]:
        """The complaints that nobody expected."""
        return [said for said in self.complaints if not any(re.search(pattern, said) for pattern in self.allowed)]

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")


@pytest.fixture
def complaints() -> Iterator[Watcher]:
    """What the pages of this test complained about; an unexpected complaint fails the test."""
    watcher = Watcher()
    yield watcher
    assert watcher.unexpected() == []


@pytest.fixture
def open_page(chromium: Browser, launch: Callable[..., Browser], complaints: Watcher) -> Iterator[Callable[..., Page]]:
    """A function that opens a page in a browser profile of its own: width, height, camera, javascript, and Playwright's context options."""
    contexts: list[BrowserContext] = []
    own: list[Browser] = []

    def make(width: int = 390, height: int = 844, camera: Path | None = None, javascript: bool = True, **options: Any) -> Page:
        browser = launch(camera) if camera else chromium
        if camera:
            own.append(browser)
        context = browser.new_context(
            viewport={"width": width, "height": height}, java_script_enabled=javascript, locale="zh-CN", timezone_id="Asia/Shanghai", **options
        )
        context.set_default_timeout(15_000)
        context.on("page", complaints.watch)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    for browser in own:
        browser.close()


@pytest.fixture
def page(open_page: Callable[..., Page]) -> Page:
    """A phone-sized page in a profile of its own."""
    return open_page()
