"""Random evenings with a bad network: three phones, a seeded mix of taps and faults, and figures that must equal what was tapped.

    python -m tests.browser.storm --seed 1 --count 300      # prints a line for each, on failure the trace too
    python -m tests.browser.storm --seed 217 --trace        # one evening again, step by step

One seed is one scenario: 14 to 22 steps, then a good network again. It fails where a record is lost or doubled, a figure
differs from the taps, the screen leaves somebody without an answer, or rows stay on a phone. Every ``STAY`` scenarios there
are a new event and phones with empty stores; in between the same phones go on with new tickets (loading the page costs more
than an evening). The server and Chromium are kept.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.conftest import FLAGS
from tests.browser.door import Ticket
from tests.browser.faults import KINDS, Gate, Network
from tests.browser.handset import CLOCK, Ground, Handset
from tests.browser.truth import Tap, Truth
from tests.live import LiveServer

NAMES = ("甲", "乙", "丙")
STAY = 4  # scenarios with the same event and phones
FRESH = 10  # events after which the browser profiles are made anew
UNKNOWN = "7K3MNPQRSTVWXYZ01234"
WEIGHTS = {
    "scan": 30, "walk_in": 5, "count": 14, "minus": 6, "undo": 6, "hall": 5, "stranger": 2,
    "fail": 14, "lift": 6, "flag": 4, "refuse": 2,
    "reload": 3, "kill_tab": 3, "second_tab": 2, "tap_and_die": 2, "issue": 2, "cancel": 1, "manual": 3, "shift": 1,
    "kill_server": 2, "start_server": 6, "hand_over": 2,
}  # fmt: skip


@dataclass
class Weather:
    """What the scenarios of one run share."""

    server: LiveServer
    app: Flask
    browser: Browser
    network: Network
    gates: list[Gate] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)
    used: int = 0
    evenings: int = 0  # that the present event has seen
    ground: Ground | None = None
    truth: Truth | None = None
    handsets: list[Handset] = field(default_factory=list)

    def prepare(self) -> bool:
        """A new event and phones that know nothing, every ``STAY`` scenarios or after a failure; whether they are new."""
        self.evenings += 1
        if self.ground and self.evenings <= STAY:
            return False
        self.evenings = 1
        self.ground = Ground(self.server, self.app)
        self.truth = Truth(self.ground)
        self.handsets = self.phones()
        return True

    def give_up(self) -> None:
        """The next scenario begins anew."""
        self.ground = None

    def phones(self) -> list[Handset]:
        """Three phones that know nothing yet."""
        self.gates = self.gates or [self.network.gate(self.server.port) for _ in NAMES]
        if self.used % FRESH == 0:
            self.close()
            for _ in NAMES:
                context = self.browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN", timezone_id="Asia/Shanghai")
                context.set_default_timeout(20_000)
                context.add_init_script(CLOCK)
                self.contexts.append(context)
        self.used += 1
        made = []
        for context, gate, name in zip(self.contexts, self.gates, NAMES, strict=True):
            context.set_offline(False)
            for page in context.pages:
                page.close()
            handset = Handset(context, gate, name)
            handset.forget()
            made.append(handset)
        return made

    def close(self) -> None:
        """End the browser profiles."""
        for context in self.contexts:
            context.close()
        self.contexts = []


class Scenario:
    """One evening: every random choice comes from its seed."""

    def __init__(self, weather: Weather, seed: int, loud: bool = False) -> None:
        self.weather = weather
        self.seed = seed
        self.loud = loud
        self.random = random.Random(seed)
        self.trace: list[str] = []
        self.complaints: list[str] = []
        self.began = time.monotonic()

    def say(self, what: object) -> None:
        """One line of the trace."""
        self.trace.append(f"{time.monotonic() - self.began:6.2f}  {what}")
        if self.loud:
            print(self.trace[-1], flush=True)

    def run(self) -> list[str]:
        """Play it; what is wrong afterwards, empty where nothing is."""
        fresh = self.weather.prepare()
        assert self.weather.ground and self.weather.truth
        self.ground, self.truth, self.phones = self.weather.ground, self.weather.truth, self.weather.handsets
        self.before = len(self.truth.taps)
        self.parties: dict[str, int] = {}
        self.tickets: list[Ticket] = []
        for size in (1, 1, 2, 3, 4, 1):
            self._issue(size)
        self.bad: set[str] = set()  # phones whose network is bad now
        off = [self.random.choice((0, 0, 0, 0, 3, -3)) for _ in self.phones]
        try:
            for phone, hours in zip(self.phones, off, strict=True) if fresh else []:
                phone.hours = hours
                self.say(f"{phone.name}'s clock is off by {hours} hours")
                phone.join(self.ground)
            for phone in self.phones:
                phone.wait_ready(offline=True)
            for _ in range(self.random.randint(14, 22)):
                act = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
                getattr(self, f"_{act}")(self.random.choice(self.phones))
            self._calm()
        except Exception as error:  # whatever stops an evening is a finding, told with its seed
            self.say(f"stopped by {error!r}")
            self.complaints.append(f"stopped: {error}")
            self._start_server()
            for gate in self.weather.gates:
                gate.open()
                gate.lift()
            self.weather.give_up()
            return self.complaints
        wrong = self.complaints + self.truth.faults()
        if wrong:
            self.weather.give_up()
        return wrong

    def _calm(self) -> None:
        """The network is good again, and everything arrives."""
        self.say("-- good network")
        self._start_server()
        for phone in self.phones:
            self._mend(phone)
        for phone in self.phones:
            if phone.manual:
                phone.set_manual(False)
            phone.nudge()
        for phone in self.phones:
            hooks = phone.until(lambda now: now["pending"] == 0 and now["network"] == "online", "uploaded and online", 45)
            if hooks["rejected"]:
                self.complaints.append(f"{phone.name} has {hooks['rejected']} rejected rows: {phone.rejected()}")
            phone.gate.idle()
            self.complaints += [f"{phone.name}: uncaught {error}" for error in phone.errors]
            phone.errors.clear()
        self.say("all uploaded")

    def _mend(self, phone: Handset) -> None:
        phone.gate.open()
        phone.gate.lift()
        phone.context.set_offline(False)
        self.bad.discard(phone.name)

    # what volunteers do

    def _tap(self, tap: Tap) -> None:
        self.truth.add(tap)
        self.say(tap)
        if tap.sure and not tap.outcome and tap.kind in {"checkin", "walkin"}:
            self.complaints.append(f"no answer on the screen: {tap}")

    def _count_of(self, ticket: Ticket) -> int:
        party = self.parties[ticket.id]
        return party if self.random.random() < 0.6 else self.random.randint(1, party)

    def _scan(self, phone: Handset, place: str = "gate", direction: str = "entry") -> None:
        ticket = self.random.choice(self.tickets)
        count = self._count_of(ticket)
        pickup = direction == "entry" and self.random.random() < 0.25
        said = phone.scan(ticket.pickup if pickup else ticket.code, count, place, direction)
        if not said.record:
            self.complaints.append(f"{phone.name} did nothing with a code")
            return
        count = said.count or count
        self._tap(Tap(phone.name, "checkin", said.record, said.outcome, place, ticket, self.parties[ticket.id], count, direction))

    def _hall(self, phone: Handset) -> None:
        self._scan(phone, "hall", self.random.choice(("entry", "exit")))

    def _stranger(self, phone: Handset) -> None:
        said = phone.scan(UNKNOWN, 1, "gate")
        self._tap(Tap(phone.name, "checkin", said.record, said.outcome))

    def _walk_in(self, phone: Handset) -> None:
        count = self.random.randint(1, 4)
        said = phone.walkin(count, "gate")
        self._tap(Tap(phone.name, "walkin", said.record, said.outcome, count=count))

    def _count(self, phone: Handset) -> None:
        for _ in range(self.random.randint(1, 4)):
            counter, hook, topic = self.random.choice((("booklets", "plus", ""), ("heads", "plus", ""), ("heads", "out", ""), ("consult", "plus", "政务公开")))
            made = phone.tap(counter, hook, topic)
            if made:
                direction = "out" if hook == "out" else "in"
                self._tap(Tap(phone.name, "tally", made, counter=counter, topic=topic, direction=direction))
            else:
                self.complaints.append(f"{phone.name} cannot tap {counter}")

    def _minus(self, phone: Handset) -> None:
        counter = self.random.choice(("booklets", "heads", "consult"))
        gone = self.truth.undone()
        own = [tap for tap in self.truth.taps if tap.phone == phone.name and tap.counter == counter and tap.kind == "tally" and tap.id not in gone and tap.sure]
        made = phone.tap(counter, "minus")
        if made and own:
            self._tap(Tap(phone.name, "undo", made, target=own[-1]))
        elif made or own:
            self.complaints.append(f"{phone.name}: minus of {counter} {'made a record of nothing' if made else 'is not offered'}")

    def _undo(self, phone: Handset) -> None:
        gone = self.truth.undone()
        own = [tap for tap in self.truth.taps[self.before :] if tap.phone == phone.name and tap.kind in {"checkin", "walkin"} and tap.outcome == "admitted" and tap.id not in gone]
        if own:
            target = self.random.choice(own[-3:])
            said = phone.undo(target.id)
            if said:
                self._tap(Tap(phone.name, "undo", said.record, said.outcome, target=target))
            else:
                self.say(f"{phone.name} is not offered to undo {target.id[:8]}")

    # what happens to phones

    def _reload(self, phone: Handset) -> None:
        self.say(f"{phone.name} reloads")
        phone.reload()

    def _kill_tab(self, phone: Handset) -> None:
        self.say(f"{phone.name} loses its tab")
        phone.kill_tab()

    def _second_tab(self, phone: Handset) -> None:
        self.say(f"{phone.name} opens a second tab")
        phone.second_tab()

    def _tap_and_die(self, phone: Handset) -> None:
        ticket = self.random.choice(self.tickets)
        delay = self.random.choice((0, 0, 20, 80))
        record = phone.scan_and_leave(ticket.code, delay)
        if record:
            tap = Tap(phone.name, "checkin", record, "", "gate", ticket, self.parties[ticket.id], 1, sure=False)
            self.truth.add(tap)
        self.say(f"{phone.name} dies {delay} ms after a scan of {ticket.code[:6]}: {record[:8]}")
        phone.kill_tab()

    def _shift(self, phone: Handset) -> None:
        self.say(f"{phone.name} changes hands")
        phone.change_shift(f"{phone.name}二")

    def _manual(self, phone: Handset) -> None:
        phone.set_manual(not phone.manual)
        self.say(f"{phone.name} works {'without' if phone.manual else 'with'} network, by hand")

    # what happens to the network and the list

    def _fail(self, phone: Handset) -> None:
        kind = self.random.choice(KINDS)
        path = self.random.choice(("", "/api/", "/api/", "/records", "/records"))
        times = self.random.choice((None, 1, 2, 4)) if kind != "hang" else self.random.choice((None, 1, 2))
        self.say(f"{phone.name}'s network: {kind} {path or 'everything'} {times or 'until lifted'}")
        phone.gate.fail(kind, path, times, seconds=self.random.choice((0.3, 1.0, 2.6)))
        self.bad.add(phone.name)

    def _lift(self, phone: Handset) -> None:
        self.say(f"{phone.name}'s network is good")
        self._mend(phone)

    def _flag(self, phone: Handset) -> None:
        self.say(f"{phone.name} is in flight mode")
        phone.context.set_offline(True)
        self.bad.add(phone.name)

    def _refuse(self, phone: Handset) -> None:
        self.say(f"{phone.name} finds nobody listening")
        phone.gate.shut()
        self.bad.add(phone.name)

    def _kill_server(self, phone: Handset) -> None:
        if self.weather.server.answers():
            self.say("the server is killed (-9)")
            self.weather.server.kill()

    def _start_server(self, phone: Handset | None = None) -> None:
        if not self.weather.server.answers():
            self.weather.server.start(timeout=120)
            self.say("the server is started again")

    def _hand_over(self, phone: Handset) -> None:
        to = self.random.choice([each for each in self.phones if each is not phone])
        self.say(f"{phone.name} hands {phone.hand_over(to)} rows over to {to.name}")

    def _issue(self, phone: Handset | int) -> None:
        size = phone if isinstance(phone, int) else self.random.randint(1, 3)
        ticket = self.ground.ticket(f"王桂{self.random.choice('芬芳兰英')}", size)
        self.parties[ticket.id] = size
        self.tickets.append(ticket)
        self.say(f"a ticket for {size}: {ticket.code[:6]}")

    def _cancel(self, phone: Handset) -> None:
        touched = {tap.ticket.id for tap in self.truth.taps if tap.ticket}
        left = [ticket for ticket in self.tickets if ticket.id not in touched | self.truth.not_standing]
        if left:
            ticket = self.random.choice(left)
            self.ground.cancel(ticket)
            self.truth.not_standing.add(ticket.id)
            self.say(f"{ticket.code[:6]} is cancelled")


@contextmanager
def weather() -> Iterator[Weather]:
    """Server, Chromium and bad network for one run."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    folder = Path(tempfile.mkdtemp(prefix="eventsvc-storm-"))
    server = LiveServer(folder, f"sqlite:///{folder / 'storm.sqlite3'}")
    server.start(timeout=120)
    try:
        with Network() as network, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
            made = Weather(server, server.app(), browser, network)
            yield made
            made.close()
            browser.close()
    finally:
        server.close()
        shutil.rmtree(folder, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the seeds; 1 where one of them failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--trace", action="store_true", help="print every step as it happens")
    parser.add_argument("--keep-going", action="store_true", help="do not stop at the first failure")
    asked = parser.parse_args(arguments)
    began, failed, taps = time.monotonic(), [], 0
    with weather() as made:
        for seed in range(asked.seed, asked.seed + asked.count):
            scenario = Scenario(made, seed, asked.trace)
            wrong = scenario.run()
            made_taps = len(scenario.truth.taps) - scenario.before
            taps += made_taps
            print(f"seed {seed}: {'FAILED' if wrong else 'ok'}, {made_taps} taps, {time.monotonic() - scenario.began:.1f} s", flush=True)
            if wrong:
                failed.append(seed)
                print("\n".join([*([] if asked.trace else scenario.trace), *(f"  WRONG {line}" for line in wrong)]), flush=True)
                if not asked.keep_going:
                    break
    print(f"{asked.count} scenarios from seed {asked.seed}: {len(failed)} failed {failed or ''}, {taps} taps, {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
