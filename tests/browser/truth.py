"""The tapped truth: what volunteers saw their phones do, and what ledger and figures must therefore say.

Knows nothing of the code under test: it adds up taps by the definitions of docs/figures.md, in its own words, and reads
the ledger's rows and the figures of ``stats`` only to hold them against it.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.browser.door import Ticket
from tests.browser.handset import Ground

ENTRANCE = "gate"  # a once checkpoint and the entrance; every other checkpoint of these events is each_time


@dataclass(eq=False)
class Tap:
    """One thing that a volunteer did; ``outcome`` is what the phone said in the end."""

    phone: str
    kind: str  # checkin walkin tally undo
    id: str
    outcome: str = ""
    place: str = ENTRANCE
    ticket: Ticket | None = None  # none of a check-in: a code that nobody has
    party: int = 1
    count: int = 1
    direction: str = "entry"
    counter: str = ""
    topic: str = ""
    target: Tap | None = None
    sure: bool = True  # False: the tab died before it could show anything; it may have been kept or not

    def __str__(self) -> str:
        what = {"checkin": f"{self.direction} {self.count}/{self.party} {self.ticket.code[:6] if self.ticket else '?'} at {self.place}",
                "walkin": f"{self.count}", "tally": f"{self.counter} {self.direction} {self.count}",
                "undo": f"of {self.target.id[:8] if self.target else '?'}"}[self.kind]  # fmt: skip
        return f"{self.phone} {self.kind} {what} -> {self.outcome or '?'} [{self.id[:8]}]{'' if self.sure else ' (perhaps)'}"


@dataclass
class Sums:
    """What the figures must be."""

    entries: int = 0
    people_admitted: int = 0
    walkins: int = 0
    scans: int = 0
    refused: int = 0
    conflicts: int = 0
    unidentified: int = 0
    counters: Counter[str] = field(default_factory=Counter)
    out: Counter[str] = field(default_factory=Counter)
    topics: Counter[tuple[str, str]] = field(default_factory=Counter)
    inside: int = 0  # at the other checkpoints


@dataclass
class Truth:
    """All taps of one event, in the order in which they were made."""

    fair: Ground
    taps: list[Tap] = field(default_factory=list)
    not_standing: set[str] = field(default_factory=set)  # tickets that were cancelled while phones did not know

    def add(self, tap: Tap) -> Tap:
        """One more tap."""
        self.taps.append(tap)
        return tap

    def undone(self) -> set[str]:
        """Ids of taps that were taken back."""
        return {tap.target.id for tap in self.taps if tap.kind == "undo" and tap.target}

    def faults(self) -> list[str]:
        """Where ledger and figures differ from what was tapped; empty where they do not."""
        rows = {row.id: row for row in self.fair.ledger()}
        known = {tap.id: tap for tap in self.taps}
        found = [f"lost: {tap}" for tap in self.taps if tap.sure and tap.id not in rows]
        found += [f"nobody tapped: {row.type} {row.id} {row.outcome} {row.quantity}" for row in rows.values() if row.id not in known]
        if len(known) != len(self.taps):
            found.append("the same id for two taps")
        taps = [tap for tap in self.taps if tap.id in rows]
        for tap in taps:
            row = rows[tap.id]
            if not tap.outcome and tap.kind != "tally":
                tap.outcome = "admitted" if row.decided == "admitted" else row.outcome  # nobody saw it: the ledger says what the phone did
            if (row.type, row.quantity) != (tap.kind, 0 if tap.kind == "undo" else tap.count):
                found.append(f"kept as {row.type} {row.quantity}: {tap}")
        order = {row.id: place for place, row in enumerate(sorted(rows.values(), key=lambda row: (row.corrected_at, row.id)))}
        return found + self._compare(self.sums(sorted(taps, key=lambda tap: order[tap.id])))

    def sums(self, taps: list[Tap]) -> Sums:
        """Add up the taps, given in the order of their corrected times."""
        sums, gone = Sums(), self.undone()
        passages: dict[str, list[Tap]] = defaultdict(list)
        for tap in taps:
            if tap.kind == "checkin":
                sums.scans += 1
                sums.refused += tap.outcome != "admitted"
            if tap.id in gone:
                continue
            if tap.kind == "tally":
                kind = sums.out if tap.direction == "out" else sums.counters
                kind[tap.counter] += tap.count
                if tap.topic:
                    sums.topics[tap.counter, tap.topic] += tap.count
            elif tap.kind == "walkin" and tap.outcome == "admitted":
                sums.walkins += tap.count
                sums.people_admitted += tap.count
                sums.entries += tap.count if tap.place == ENTRANCE else 0
            elif tap.kind == "checkin" and tap.outcome == "admitted":
                passages[tap.ticket.id if tap.ticket else tap.id].append(tap)
        for subject, passed in passages.items():
            self._add_subject(sums, subject, passed)
        return sums

    def _add_subject(self, sums: Sums, subject: str, taps: list[Tap]) -> None:
        in_once, largest, within = 0, 0, 0
        for tap in taps:
            strange = tap.ticket is None or subject in self.not_standing
            if tap.place == ENTRANCE:
                counted = tap.count if tap.ticket is None else min(tap.count, tap.party - in_once)
                in_once += counted
                sums.entries += counted
                sums.unidentified += counted if tap.ticket is None else 0
                strange = strange or counted < tap.count
            elif tap.direction == "exit":
                within, strange = max(0, within - tap.count), False
            else:
                largest, within = max(largest, tap.count), min(tap.party, within + tap.count)
            sums.conflicts += strange
        sums.inside += within
        sums.people_admitted += max(in_once, largest) if taps[0].ticket else 0

    def _settled(self, seconds: float = 6) -> dict[str, Any]:
        """The figures, once the phones' last word on what they hold has arrived."""
        end = time.monotonic() + seconds
        while (figures := self.fair.stats())["unsynced"] and time.monotonic() < end:
            time.sleep(0.2)
        return figures

    def _compare(self, expected: Sums) -> list[str]:
        figures = self._settled()
        counters = {each["key"]: each for each in figures["counters"]}
        elsewhere = sum(place["inside"] for place in figures["by_checkpoint"] if place["key"] != ENTRANCE)
        pairs: list[tuple[str, Any, Any]] = [
            *((name, getattr(expected, name), figures[name]) for name in ("entries", "people_admitted", "walkins", "scans", "refused", "conflicts", "unidentified")),
            ("inside elsewhere", expected.inside, elsewhere),
            *((f"counter {key}", expected.counters[key], each["total"]) for key, each in counters.items()),
            *((f"counter {key} out", expected.out[key], each["taken_out"]) for key, each in counters.items()),
            *((f"topic {topic}", count, counters[key]["by_topic"].get(topic)) for (key, topic), count in expected.topics.items()),
            ("unsynced", 0, figures["unsynced"]),
        ]
        return [f"{name}: tapped {mine}, figures say {theirs}" for name, mine, theirs in pairs if mine != theirs]
