"""A volunteer's phone behind a bad network: one browser profile, its gate, and what a hand does with it, one tap at a time.

Every act answers with the record's id and with what the screen said, read from the hooks of the contract (section 6).
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from flask import Flask
from playwright.sync_api import BrowserContext, Locator, Playwright
from playwright.sync_api import Error as BrowserError

from eventsvc.services import devices, organizations, registrations
from tests.browser.conftest import FLAGS
from tests.browser.door import SCOPES, Fair, Ticket
from tests.browser.faults import Gate
from tests.live import DIRECT, LiveServer

# What the screen says, once it has settled: ({before, limit}) => state. `before` is the record that was shown until now.
SETTLED = """async ({ before, limit }) => {
  const result = document.querySelector("[data-hook=result]");
  const end = performance.now() + limit;
  for (;;) {
    const { record, phase, pending, outcome, remaining } = result.dataset;
    const late = performance.now() > end;
    if (late || (record && record !== before && pending === "0" && phase !== "finding" && phase !== "deciding")) {
      const party = document.querySelector("[data-hook=party]");
      const word = document.querySelector("[data-part=word]").textContent + " " + document.querySelector("[data-part=line]").textContent;
      return { record, phase, outcome, remaining, late, most: Number(party.value), word };
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}"""

# Presses something in the list of records' neighbourhood and waits until a new record is in that list: ({press, limit}) => id.
PRESSED = """async ({ press, limit }) => {
  const ids = () => [...document.querySelectorAll("[data-records] [data-record]")].map((line) => line.dataset.record);
  const before = new Set(ids());
  const button = document.querySelector(press);
  if (!button || button.disabled) return null;
  button.click();
  const end = performance.now() + limit;
  while (performance.now() < end) {
    const fresh = ids().find((id) => !before.has(id));
    if (fresh) return fresh;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nothing was recorded by ${press}`);
}"""

HOOKS = """() => {
  const hook = (name) => document.querySelector(`[data-hook=${name}]`);
  return { pending: Number(hook("pending").textContent), rejected: Number(hook("rejected").textContent), network: hook("network").dataset.state,
           ready: hook("offline-ready")?.dataset.ready === "1", mode: document.querySelector("[data-scan]").dataset.mode };
}"""


# Copies the newest row of the store so many times under ids of their own: (count) => void.
FILL = """async (count) => {
  const asked = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  const database = await asked(indexedDB.open("eventsvc-scan"));
  const transaction = database.transaction("rows", "readwrite");
  const rows = transaction.objectStore("rows");
  const last = (await asked(rows.index("seq").openCursor(null, "prev"))).value;
  for (let number = 1; number <= count; number += 1) {
    const id = crypto.randomUUID();
    rows.put({ ...last, id, seq: last.seq + number, record: { ...last.record, id } });
  }
  await new Promise((resolve, reject) => { transaction.oncomplete = resolve; transaction.onabort = () => reject(transaction.error); });
  database.close();
}"""


# The page's clock alone is off by the hours of a cookie; timers run as ever.
CLOCK = """(() => {
  let hours = 0;
  try { hours = Number(/(?:^|; )hours=(-?\\d+)/.exec(document.cookie)?.[1] || 0); } catch { /* not a page of ours */ }
  if (!hours) return;
  const Real = Date, off = hours * 3600000;
  globalThis.Date = class extends Real {
    constructor(...given) { given.length ? super(...given) : super(Real.now() + off); }
    static now() { return Real.now() + off; }
  };
})()"""

# Puts a picture before the camera that the test draws: (picture) => void.
BEFORE_CAMERA = """async (picture) => {
  const canvas = globalThis.held ??= Object.assign(document.createElement("canvas"), { width: 720, height: 720 });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, 720, 720);
  if (picture) {
    const image = new Image();
    image.src = picture;
    await image.decode();
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 40, 40, 640, 640);
  }
  const video = document.querySelector("[data-hook=camera]");
  if (video.srcObject && video.srcObject !== globalThis.heldStream) {
    navigator.mediaDevices.getUserMedia = async () => (globalThis.heldStream = canvas.captureStream(0));
    scrollTo(0, 0);
    video.srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended"));
    document.querySelector("[data-act=restart]").click();
  }
  clearInterval(globalThis.holding);
  globalThis.holding = setInterval(() => {  // without being asked for, a canvas that nobody sees gives no further frames
    pen.fillRect(0, 0, 1, 1);
    globalThis.heldStream?.getVideoTracks()[0].requestFrame?.();
  }, 50);
}"""


# What the giving phone shows, and what the taking one says: () => state.
GIVING = """() => {
  const part = (name) => document.querySelector(`[data-relay=give] [data-part=${name}]`);
  return { fault: part("fault").hidden ? "" : part("fault").textContent, frame: part("frame").textContent,
           picture: part("show").hidden ? "" : document.querySelector("[data-hook=relay-code]").toDataURL() };
}"""
TAKING = """() => { const box = document.querySelector("[data-hook=taking]"); return box.hidden ? "" : box.textContent.replace(/\\s+/g, " ").trim(); }"""


class Ground(Fair):
    """A fair with a gate, an each_time hall and three counters; its figures are asked over the API."""

    def __init__(self, server: LiveServer, app: Flask, **changes: Any) -> None:
        places = [{"key": "gate", "name": "入口", "rule": "once", "entrance": True}, {"key": "hall", "name": "展厅", "rule": "each_time"}]
        super().__init__(server, app, **{"checkpoints": places} | changes)
        with app.app_context():
            self.token = organizations.create_token("demo")

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """An organizer's request below the event; HTTPError where it is refused."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.server.url}/api/v1/events/{self.slug}{path}", data, headers, method=method)
        with DIRECT.open(request, timeout=20) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def stats(self) -> dict[str, Any]:
        """The figures now."""
        made: dict[str, Any] = self.call("GET", "/stats")
        return made

    def cancel(self, ticket: Ticket) -> None:
        """The party does not come; phones learn it with their next roster."""
        with self.app.app_context():
            registrations.cancel(self.owner, self.slug, ticket.id)

    def join(self, operator: str, *scopes: str) -> devices.Joined:
        """One more device, without a browser."""
        with self.app.app_context():
            made = devices.invite(self.owner, self.slug, {"name": f"{operator}的手机", "scopes": list(scopes or SCOPES), "max_uses": 1})
            return devices.join(made.join_code, operator, uuid.uuid4().hex)


@dataclass
class Said:
    """What the screen said of one act."""

    record: str
    outcome: str
    remaining: str = ""
    phase: str = ""
    word: str = ""
    late: bool = False
    count: int = 1  # how many the record says


class Chromium:
    """A browser of its own process group on a profile that stays, so that a test can SIGKILL it as an empty battery would."""

    def __init__(self, playwright: Playwright, profile: Path) -> None:
        self.playwright = playwright
        self.profile = profile
        self.start()

    def start(self) -> BrowserContext:
        """Start it on the profile; its context."""
        program = shutil.which("chromium") or shutil.which("chromium-browser") or ""
        flags = [*FLAGS, "--headless=new", "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "--window-size=390,844", "about:blank"]
        told = self.profile / "DevToolsActivePort"
        told.unlink(missing_ok=True)
        self.process = subprocess.Popen([program, *flags], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 30
        while not (told.exists() and "\n" in told.read_text()):
            if time.monotonic() > deadline:
                raise RuntimeError("Chromium did not start")
            time.sleep(0.05)
        self.browser = self.playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{told.read_text().split()[0]}")
        self.context = self.browser.contexts[0]
        return self.context

    def kill(self) -> None:
        """SIGKILL, all its processes at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        for lock in ("SingletonLock", "SingletonCookie", "SingletonSocket"):
            (self.profile / lock).unlink(missing_ok=True)

    def __enter__(self) -> Chromium:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()


class Handset:
    """A joined phone behind its gate; ``page`` is the tab in the hand."""

    def __init__(self, context: BrowserContext, gate: Gate, name: str) -> None:
        self.context = context
        self.gate = gate
        self.name = name
        self.manual = False
        self.hours = 0  # by which its clock is off; the context needs the script CLOCK
        self.errors: list[str] = []  # that a page of this browser did not catch
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = context.new_page()

    def forget(self) -> None:
        """Empty this browser's stores; nothing of the application may be open."""
        asked = {"origin": self.gate.url, "storageTypes": "indexeddb,local_storage"}
        self.context.new_cdp_session(self.page).send("Storage.clearDataForOrigin", asked)

    def join(self, ground: Ground, *scopes: str) -> None:
        """Make this browser a device of the event, and open the scanner."""
        joined = ground.join(self.name, *scopes)
        self.device = joined.device.id
        self.context.clear_cookies()
        self.context.add_cookies([{"name": "device", "value": joined.token, "url": self.gate.url, "httpOnly": True, "sameSite": "Lax"}])
        if self.hours:
            self.context.add_cookies([{"name": "hours", "value": str(self.hours), "url": self.gate.url}])
        self.page.goto(f"{self.gate.url}/scan#joined")
        self.wait_ready()

    def wait_ready(self, offline: bool = False, seconds: float = 20) -> None:
        """Until the scanner is open; with ``offline`` also until roster and shell are stored."""
        self.until(lambda hooks: hooks["mode"] == "ready" and (hooks["ready"] or not offline), f"ready{' for offline' if offline else ''}", seconds)

    def hook(self, name: str) -> Locator:
        """The element of a hook."""
        return self.page.locator(f"[data-hook={name}]")

    def hooks(self) -> dict[str, Any]:
        """pending, rejected, network, ready, mode."""
        said: dict[str, Any] = self.page.evaluate(HOOKS)
        return said

    def until(self, right: Any, what: str, seconds: float = 20, each: int = 50) -> dict[str, Any]:
        """Look at the hooks until ``right(hooks)``; AssertionError after ``seconds``."""
        hooks: dict[str, Any] = {}
        for _ in range(int(seconds * 1000 / each)):
            try:
                hooks = self.hooks()
            except BrowserError:  # the page is on its way
                hooks = {}
            if hooks and right(hooks):
                return hooks
            self.page.wait_for_timeout(each)
        raise AssertionError(f"{self.name}: not {what} within {seconds} s, but {hooks}")

    def uploaded(self, seconds: float = 40) -> None:
        """Until nothing waits any more."""
        self.until(lambda hooks: hooks["pending"] == 0, "uploaded", seconds)

    def nudge(self) -> None:
        """The phone notices a network."""
        self.page.evaluate("() => dispatchEvent(new Event('online'))")

    def shown(self) -> str:
        """The record that the result shows now."""
        return str(self.page.evaluate("() => document.querySelector('[data-hook=result]').dataset.record"))

    def settled(self, before: str, limit: float = 12) -> Said:
        """What the screen says of the record after ``before``."""
        state = self.page.evaluate(SETTLED, {"before": before, "limit": limit * 1000})
        self.most = state.pop("most")
        return Said(**state)

    def scan(self, text: str, count: int | None = None, place: str | None = None, direction: str = "entry") -> Said:
        """Type a code; where the phone asks how many, say ``count`` (None = as proposed)."""
        if place:
            self.choose(place, direction)
        before = self.shown()
        self.page.evaluate("text => { const code = document.querySelector('[data-hook=code-input]'); code.value = text; code.form.requestSubmit(); }", text)
        said = self.settled(before)
        if said.phase == "choosing" and not said.outcome:
            self.page.evaluate(
                "count => { const party = document.querySelector('[data-hook=party]'); if (count) party.value = count; document.querySelector('[data-hook=confirm]').click(); }",
                count,
            )
            said = self._answered(said.record)
            said.count = count or self.most
        self.close()
        return said

    def scan_and_leave(self, text: str, milliseconds: int) -> str:
        """Type a code and look no further than so long; the record's id, "" where there is none yet."""
        self.choose("gate")
        before = self.shown()
        self.page.evaluate(
            """([text, wait]) => {
              const code = document.querySelector("[data-hook=code-input]");
              code.value = text;
              code.form.requestSubmit();
              return new Promise((resolve) => (wait ? setTimeout(resolve, wait) : resolve()));
            }""",
            [text, milliseconds],
        )
        now = self.shown()
        return "" if now == before else now

    def _answered(self, record: str, limit: float = 12) -> Said:
        """The answer to a record whose question has just been answered."""
        for _ in range(int(limit / 0.02)):
            state = self.page.evaluate(SETTLED, {"before": "", "limit": 20})
            self.most = state.pop("most")
            if not state["late"] and (state["phase"] != "choosing" or state["outcome"]):
                break
            self.page.wait_for_timeout(20)
        return Said(**state)

    def fill_queue(self, count: int) -> None:
        """So many taps more, as copies of the last one that waits, straight into the store."""
        self.page.evaluate(FILL, count)

    def set_manual(self, manual: bool) -> None:
        """The volunteer's own switch between working with and without network."""
        self.page.evaluate("on => { const box = document.querySelector('[data-hook=manual-offline]'); if (box.checked !== on) box.click(); }", manual)
        self.manual = manual

    def change_shift(self, operator: str) -> None:
        """Somebody else takes the phone."""
        self.page.evaluate("name => { const form = document.querySelector('[data-shift-form]'); form.operator.value = name; form.requestSubmit(); }", operator)

    def rejected(self) -> str:
        """What the screen says of rejected rows."""
        return self.page.locator("[data-rejected-rows]").inner_text()

    def close(self) -> None:
        """Away with the answer, and with any question that is still open."""
        self.page.evaluate("() => { const close = document.querySelector('[data-part=close]'); if (!close.hidden) close.click(); }")

    def choose(self, place: str, direction: str = "entry") -> None:
        """Stand at a checkpoint."""
        self.page.evaluate(
            """([place, direction]) => {
              document.querySelector(`[data-place="${place}"]`)?.click();
              document.querySelector(`[data-direction="${direction}"]`)?.click();
            }""",
            [place, direction],
        )

    def walkin(self, count: int, place: str | None = None) -> Said:
        """Register somebody without a ticket."""
        if place:
            self.choose(place)
        before = self.shown()
        self.page.evaluate(
            "count => { document.querySelector('[data-hook=walkin-count]').value = count; document.querySelector('[data-hook=walkin]').click(); }", count
        )
        said = self.settled(before)
        self.close()
        return said

    def tap(self, counter: str, hook: str = "plus", topic: str = "") -> str | None:
        """Tap on a counter (plus, minus, out); the record's id once it is kept, None where the button is not to be pressed."""
        card = f"[data-hook=counter][data-key={counter}]"
        if topic:
            self.page.evaluate("chip => { const one = document.querySelector(chip); if (one.getAttribute('aria-pressed') !== 'true') one.click(); }", f"{card} [data-topic={topic}]")
        return self.press(f"{card} [data-hook={hook}]")

    def press(self, selector: str) -> str | None:
        """Press what makes a record without an answer on the screen; its id once it is kept."""
        made: str | None = self.page.evaluate(PRESSED, {"press": selector, "limit": 8000})
        return made

    def undo(self, record: str) -> Said | None:
        """Take back an admission from the list of the last records; None where it is not offered."""
        button = f'[data-records] [data-hook=undo][data-record="{record}"]'
        before = self.shown()
        if not self.page.evaluate("button => { const one = document.querySelector(button); one?.click(); return Boolean(one); }", button):
            return None
        said = self.settled(before)
        self.close()
        return said

    def hand_over(self, to: Handset, seconds: float = 40) -> int:
        """Show the queue to a colleague's camera until it has all of it; how many rows, 0 where there is nothing to give."""
        if self.page.evaluate("() => { const give = document.querySelector('[data-hook=give]'); if (!give.hidden) give.click(); return give.hidden; }"):
            return 0
        end, count, said = time.monotonic() + seconds, 0, ""
        film = self._film(end)
        while film and not count:
            for picture in film.values():
                to.page.evaluate(BEFORE_CAMERA, picture)
                for _ in range(15):
                    to.page.wait_for_timeout(60)
                    if said != (said := to.page.evaluate(TAKING)):
                        break
                if time.monotonic() > end:
                    raise AssertionError(f"{to.name} did not read {self.name}'s queue within {seconds} s, but {said}")
                if found := re.search(r"收到(\d+)条", said):
                    count = int(found.group(1))
                    break
        if count:
            self.page.evaluate("() => document.querySelector('[data-hook=handed]').click()")
        self.page.evaluate("() => document.querySelector('[data-relay=give] header [data-act=close]').click()")
        to.page.evaluate("() => document.querySelector('[data-hook=taking] [data-act=close]').click()")
        to.page.evaluate(BEFORE_CAMERA, "")
        return count

    def _film(self, end: float) -> dict[str, str]:
        """Every code that this phone shows, by its number; none where it has nothing to give."""
        film: dict[str, str] = {}
        while time.monotonic() < end:
            shown = self.page.evaluate(GIVING)
            if shown["fault"]:
                return {}
            if shown["picture"]:
                film[shown["frame"]] = shown["picture"]
                if len(film) == int(shown["frame"].split("/")[1]):
                    return film
            self.page.wait_for_timeout(40)
        raise AssertionError(f"{self.name} does not show its queue: {shown}")

    def limit_storage(self, size: int | None) -> None:
        """The browser grants this origin so many bytes; None: as many as before."""
        asked = {"origin": self.gate.url, **({} if size is None else {"quotaSize": size})}
        self.context.new_cdp_session(self.page).send("Storage.overrideQuotaForOrigin", asked)

    def latest(self) -> str:
        """The newest record of the list."""
        return str(self.page.locator("[data-records] [data-record]").first.get_attribute("data-record"))

    def total(self, counter: str) -> int:
        """What the phone shows of a counter."""
        return int(self.page.locator(f"[data-hook=counter][data-key={counter}] [data-hook=total]").inner_text())

    def reload(self) -> None:
        """Reload the tab in the hand."""
        self.page.reload(wait_until="commit")
        self.wait_ready()

    def kill_tab(self) -> None:
        """The tab is gone without a word, and opened again."""
        self.page.close()
        self.reopen()

    def reopen(self) -> None:
        """A new tab on the scanner."""
        self.page = self.context.new_page()
        self.page.goto(f"{self.gate.url}/scan", wait_until="commit")
        self.wait_ready()

    def second_tab(self) -> None:
        """One more tab, in which the hand goes on; the old one stays open behind."""
        self.reopen()
