"""What opening the registration form costs on a weak phone in a weak network: bytes, first paint, layout shift.

    python -m tests.browser.paint [--times 5] [--slower 4]

Opens the live demo's activity with an empty cache on a real server, with Chromium's CPU throttled and a network like 3G, and prints
bytes over the wire (compressed, headers included), requests, first contentful paint and the sum of layout shifts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.live import LiveServer

# Round trip in ms and kilobits a second, as Lighthouse's "slow 4G" (once "fast 3G") and DevTools' "regular 3G" have them.
NETWORKS = {"slow 4G": (150, 1600), "3G": (100, 750)}
WATCH = """() => {
  globalThis.shifts = [];
  new PerformanceObserver((list) => { for (const one of list.getEntries()) globalThis.shifts.push(one.value); }).observe({ type: "layout-shift", buffered: true });
}"""
SAID = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  loaded: performance.getEntriesByType("navigation")[0].loadEventEnd,
  shifts: globalThis.shifts,
})"""


@dataclass(frozen=True)
class Opening:
    """What one opening of a page with an empty cache cost: bytes, requests, milliseconds, and how far things moved."""

    bytes: int
    requests: int
    paint: float
    loaded: float
    shift: float
    most: list[tuple[str, int]]


def opening(browser: Browser, address: str, network: tuple[int, int] | None = None, slower: float = 1) -> Opening:
    """Open a page in a browser of its own, wait until nothing is loaded any more, scroll to its end, and say what it cost."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai", device_scale_factor=2)
    page = context.new_page()
    page.add_init_script(f"({WATCH})()")
    session = context.new_cdp_session(page)
    names: dict[str, str] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda said: names.update({said["requestId"]: said["request"]["url"]}))
    session.on("Network.loadingFinished", lambda said: sizes.update({said["requestId"]: int(said["encodedDataLength"])}))
    session.send("Network.enable")
    if network:
        delay, speed = network
        session.send("Network.emulateNetworkConditions", {"offline": False, "latency": delay, "downloadThroughput": speed * 125, "uploadThroughput": speed * 60})
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(address, wait_until="networkidle")
    page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    page.wait_for_timeout(300)
    said: dict[str, Any] = page.evaluate(SAID)
    context.close()
    most = sorted(((names.get(key, "?").split("?")[0].rsplit("/", 1)[-1], size) for key, size in sizes.items()), key=lambda one: -one[1])
    return Opening(sum(sizes.values()), len(sizes), said["paint"], said["loaded"], sum(said["shifts"]), most)


@contextmanager
def _demo() -> Iterator[str]:
    from tests.browser.conftest import printed_links

    with tempfile.TemporaryDirectory() as folder:
        server = LiveServer(Path(folder), f"sqlite:///{folder}/paint.sqlite3", demo=True)
        server.start()
        try:
            yield printed_links(server).resident
        finally:
            server.close()


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    from tests.browser.conftest import FLAGS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--slower", type=float, default=4)
    asked = parser.parse_args(arguments)
    with _demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        opening(browser, address)  # the server's own first time
        for name, network in NETWORKS.items():
            seen = [opening(browser, address, network, asked.slower) for _ in range(asked.times)]
            paints = sorted(one.paint for one in seen)
            print(
                f"{name} ({network[0]} ms, {network[1]} kbit/s), CPU x{asked.slower:g}: first contentful paint median {statistics.median(paints):.0f} ms, worst {paints[-1]:.0f} ms; "
                f"loaded {statistics.median(one.loaded for one in seen):.0f} ms; {seen[-1].bytes / 1024:.1f} KB in {seen[-1].requests} requests; layout shift {max(one.shift for one in seen):.4f} ({asked.times} times)"
            )
        print("largest: " + ", ".join(f"{name} {size / 1024:.1f} KB" for name, size in seen[-1].most[:8]))
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
