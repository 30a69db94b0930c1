"""How fast the scanner is without a network, at 20,000 tickets; prints medians and worst cases.

    python -m tests.browser.speed [--tickets 20000] [--slower 6]

Measured inside the page: storing the roster (no throttling), a decision (Enter to the answer on the screen) and the start of
/scan (navigation to a usable field), the last two offline and with Chromium's CPU throttled.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from typing import Any

from playwright.sync_api import CDPSession

from tests.browser.crowd import register_many
from tests.browser.handset import Ground, Handset
from tests.browser.storm import Weather, weather

# Milliseconds from Enter to a settled answer: (code) => {took, outcome}.
DECIDED = """(code) => new Promise((resolve) => {
  const result = document.querySelector("[data-hook=result]"), input = document.querySelector("[data-hook=code-input]");
  const before = result.dataset.record;
  input.value = code;
  const began = performance.now();
  const look = () => {
    const { record, pending, outcome, phase } = result.dataset;
    if (record !== before && pending === "0" && (outcome || phase === "choosing")) {
      watch.disconnect();
      resolve({ took: performance.now() - began, outcome, phase });
    }
  };
  const watch = new MutationObserver(look);
  watch.observe(result, { attributes: true });
  input.form.requestSubmit();
})"""

# Milliseconds since the navigation until the scanner can be used: () => number.
USABLE = """() => new Promise((resolve) => {
  const look = () => {
    const root = document.querySelector("[data-scan]");
    if (root?.dataset.mode === "ready" && document.querySelector("[data-hook=code-input]")?.checkVisibility()) resolve(performance.now());
    else setTimeout(look, 4);
  };
  look();
})"""

# Milliseconds from the last answer of the roster to `offline-ready`, and what the download took: () => {...}.
STORED = """() => {
  const pages = performance.getEntriesByType("resource").filter((each) => each.name.includes("/roster"));
  return { pages: pages.length, from: Math.min(...pages.map((each) => each.startTime)), last: Math.max(...pages.map((each) => each.responseEnd)),
           bytes: pages.reduce((sum, each) => sum + each.transferSize, 0), now: performance.now() };
}"""

# Notes when the page says that it is ready for offline: runs before the page's own scripts.
NOTE_READY = """(() => {
  const look = () => {
    if (document.querySelector("[data-hook=offline-ready]")?.dataset.ready === "1") globalThis.readyAt = performance.now();
    else setTimeout(look, 2);
  };
  look();
})()"""


def throttle(phone: Handset, times: float) -> CDPSession:
    """Make the page's CPU so many times slower."""
    session = phone.context.new_cdp_session(phone.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    return session


def summary(name: str, took: list[float]) -> str:
    """One line: median, 95th percentile, worst."""
    ordered = sorted(took)
    return f"{name}: median {statistics.median(ordered):.0f} ms, p95 {ordered[int(len(ordered) * 0.95) - 1]:.0f} ms, worst {ordered[-1]:.0f} ms ({len(ordered)} times)"


def measure(made: Weather, tickets: int, slower: float) -> list[str]:
    """All three; the lines to print."""
    ground = Ground(made.server, made.app, registration={"capacity": tickets + 1000})
    with made.app.app_context():
        codes = register_many(ground.slug, tickets, ("confirmed",))
    phone = made.phones()[0]
    phone.context.add_init_script(NOTE_READY)
    phone.join(ground)
    phone.wait_ready(offline=True, seconds=60)
    stored: dict[str, Any] = phone.page.evaluate(STORED)
    ready = phone.page.evaluate("() => globalThis.readyAt")
    lines = [f"roster of {tickets}: {stored['pages']} pages, {stored['bytes'] // 1024} KB, first request to last byte {stored['last'] - stored['from']:.0f} ms, from there to ready {ready - stored['last']:.0f} ms"]
    phone.context.set_offline(True)
    phone.scan(codes[-1])
    phone.until(lambda hooks: hooks["network"] == "offline", "offline")
    throttle(phone, slower)
    picked = random.Random(1).sample(codes[::3], 40)  # parties of one: no question
    decided = [phone.page.evaluate(DECIDED, code) for code in picked]
    assert {each["outcome"] for each in decided} == {"admitted"}, decided
    lines.append(summary(f"offline decision, CPU x{slower:g}", [each["took"] for each in decided]))
    again = [phone.page.evaluate(DECIDED, code) for code in picked]
    assert {each["outcome"] for each in again} == {"already_used"}, again
    lines.append(summary(f"offline refusal, CPU x{slower:g}", [each["took"] for each in again]))
    starts = []
    for _ in range(10):
        phone.page.close()
        phone.page = phone.context.new_page()
        throttle(phone, slower)
        phone.page.goto(f"{phone.gate.url}/scan", wait_until="commit")
        starts.append(phone.page.evaluate(USABLE))
    lines.append(summary(f"start of /scan offline, CPU x{slower:g}", starts))
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tickets", type=int, default=20_000)
    parser.add_argument("--slower", type=float, default=6)
    asked = parser.parse_args(arguments)
    with weather() as made:
        print("\n".join(measure(made, asked.tickets, asked.slower)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
