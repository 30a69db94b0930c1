"""How fast the scanner is without a network, at 20,000 tickets; prints medians and worst cases.

    python -m tests.browser.speed [--tickets 20000] [--slower 6]

Measured inside the page: storing the roster (no throttling; first as everybody joins, while the shell is being stored too, then with
the shell there), a decision (Enter to the answer in the page, and to its being painted) and the start of /scan (navigation to a usable field, and to the
answer of a code that is typed at that moment), the last two offline and with Chromium's CPU throttled. Between two decisions
lies half a second, as between two people at a door.
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

# Milliseconds from Enter until the answer stands in the page, and until it has been painted: (code) => {took, painted, outcome}.
DECIDED = """(code) => new Promise((resolve) => {
  const result = document.querySelector("[data-hook=result]"), input = document.querySelector("[data-hook=code-input]");
  const before = result.dataset.record;
  input.value = code;
  const began = performance.now();
  const look = () => {
    const { record, pending, outcome, phase } = result.dataset;
    if (record !== before && pending === "0" && (outcome || phase === "choosing")) {
      watch.disconnect();
      const took = performance.now() - began, after = new MessageChannel();
      after.port1.onmessage = () => resolve({ took, painted: performance.now() - began, outcome, phase });
      requestAnimationFrame(() => after.port2.postMessage(null)); // comes when the frame is done
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

# What the download of the roster took (the API's answers, not the modules of that name): () => {...}.
STORED = """() => {
  const pages = performance.getEntriesByType("resource").filter((each) => each.name.includes("/api/") && each.name.includes("/roster"));
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


PAUSE = 500  # milliseconds between two people


def throttle(phone: Handset, times: float) -> CDPSession:
    """Make the page's CPU so many times slower."""
    session = phone.context.new_cdp_session(phone.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    return session


def summary(name: str, took: list[float]) -> str:
    """One line: median, 95th percentile, worst."""
    ordered = sorted(took)
    return f"{name}: median {statistics.median(ordered):.0f} ms, p95 {ordered[int(len(ordered) * 0.95) - 1]:.0f} ms, worst {ordered[-1]:.0f} ms ({len(ordered)} times)"


def summaries(name: str, decided: list[dict[str, Any]]) -> list[str]:
    """Two lines: until the answer stands in the page, and until it has been painted."""
    return [summary(name, [each["took"] for each in decided]), summary("  and until it is painted", [each["painted"] for each in decided])]


def stored(phone: Handset, what: str) -> str:
    """One line: how the roster came."""
    phone.wait_ready(offline=True, seconds=60)
    told: dict[str, Any] = phone.page.evaluate(STORED)
    ready = phone.page.evaluate("() => globalThis.readyAt")
    return f"{what}: {told['pages']} pages, {told['bytes'] // 1024} KB, from the first request to the last byte {told['last'] - told['from']:.0f} ms, to stored and ready {ready - told['from']:.0f} ms"


def decide(phone: Handset, code: str) -> dict[str, Any]:
    """Scan one and wait as long as a person takes to walk through."""
    said: dict[str, Any] = phone.page.evaluate(DECIDED, code)
    phone.page.wait_for_timeout(PAUSE)
    return said


def measure(made: Weather, tickets: int, slower: float) -> list[str]:
    """All three; the lines to print."""
    ground = Ground(made.server, made.app, registration={"capacity": tickets + 1000})
    with made.app.app_context():
        codes = register_many(ground.slug, tickets, ("confirmed",))
    phone = made.phones()[0]
    phone.context.add_init_script(NOTE_READY)
    phone.join(ground)
    lines = [stored(phone, f"roster of {tickets}, shell stored at the same time")]
    for _ in range(3):
        phone.page.close()
        phone.page = phone.context.new_page()
        phone.forget()
        phone.join(ground)
        lines.append(stored(phone, f"roster of {tickets}, shell there"))
    phone.context.set_offline(True)
    phone.scan(codes[-1])
    phone.until(lambda hooks: hooks["network"] == "offline", "offline")
    throttle(phone, slower)
    picked = random.Random(1).sample(codes[::3], 40)  # parties of one: no question
    decided = [decide(phone, code) for code in picked]
    assert {each["outcome"] for each in decided} == {"admitted"}, decided
    lines += summaries(f"offline decision, CPU x{slower:g}", decided)
    again = [decide(phone, code) for code in picked]
    assert {each["outcome"] for each in again} == {"already_used"}, again
    lines += summaries(f"offline refusal, CPU x{slower:g}", again)
    starts, answers = [], []
    for code in codes[1:31:3]:
        phone.page.close()
        phone.page = phone.context.new_page()
        throttle(phone, slower)
        phone.page.goto(f"{phone.gate.url}/scan", wait_until="commit")
        starts.append(phone.page.evaluate(USABLE))
        phone.page.evaluate(DECIDED, code)
        answers.append(phone.page.evaluate("() => performance.now()"))
    lines.append(summary(f"start of /scan offline, CPU x{slower:g}", starts))
    lines.append(summary("  and until a code typed at that moment has its answer", answers))
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
