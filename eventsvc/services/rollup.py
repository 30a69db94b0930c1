"""An event's sums up to a point of its history, and how they are carried on: what changed is taken out and put in anew.

The sums of an event are the sums of its subjects (a ticket, a walk-in, an unknown code, a tally), so news change the parts
of their own subjects only. Pure: `passages` reads, `live` remembers. A rollup always equals `folds.fold` over everything
up to its cut (property test in tests/services/test_rollup.py).
"""

from __future__ import annotations

from collections import Counter as Multiset
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from eventsvc.db import EPOCH, micros
from eventsvc.services import folds
from eventsvc.services.folds import Place, PlaceSum, Row, Sums, Tally

FORMAT = 2
MICROSECOND = timedelta(microseconds=1)
_NAMES = ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "unidentified", "self_reported")
_PLACE = ("people", "entries", "inside", "records", "self_reported")
_TALLY = ("tapped", "taken", "stocktakes", "taken_in", "taken_out", "records")


@dataclass(frozen=True)
class Cut:
    """A point of an event's history: what has a number up to these is before it, and so are the few named besides."""

    seq: int = 0  # of records
    decision: int = 0  # of record_decisions
    change: int = 0  # of registration_changes
    arrival: int = 0  # of registrations, by event
    records: frozenset[int] = frozenset()
    decisions: frozenset[int] = frozenset()
    changes: frozenset[int] = frozenset()

    def has_record(self, seq: int) -> bool:
        """Whether a record is before the cut."""
        return seq <= self.seq or seq in self.records

    def has_decision(self, number: int) -> bool:
        """Whether a later decision is before the cut."""
        return number <= self.decision or number in self.decisions

    def has_change(self, number: int) -> bool:
        """Whether a change of a registration is before the cut."""
        return number <= self.change or number in self.changes


@dataclass(frozen=True)
class Ticket:
    """A registration as it is, and what it was before each change after some cut, oldest first."""

    id: str
    arrival: int
    status: str
    size: int
    before: tuple[tuple[int, str, int], ...] = ()  # (number of the change, status, size until then)

    def at(self, cut: Cut) -> tuple[str, int]:
        """Status and size at a cut."""
        for number, status, size in self.before:
            if not cut.has_change(number):
                return status, size
        return self.status, self.size


@dataclass(frozen=True)
class Passages:
    """Everything of the subjects that news concern: their rows, undos of these, later decisions, tickets."""

    rows: Sequence[Row] = ()
    undos: Sequence[Row] = ()
    decisions: Sequence[tuple[int, str, str]] = ()  # (number, record id, decided)
    tickets: Mapping[str, Ticket] = field(default_factory=dict)

    def fold(self, cut: Cut, places: Sequence[Place], zone: str) -> Sums:
        """The sums of these subjects at a cut."""
        rows = [row for row in (*self.rows, *self.undos) if cut.has_record(row.seq)]
        later: dict[str, set[str]] = {}
        for number, record_id, decided in self.decisions:
            if cut.has_decision(number):
                later.setdefault(record_id, set()).add(decided)
        parties = {ticket.id: ticket.at(cut)[1] for ticket in self.tickets.values()}
        return folds.fold(rows, later=later, parties=parties, places=places, zone=zone)


@dataclass(frozen=True)
class Rollup:
    """The sums of one event in one epoch up to a cut; never changed, only carried on."""

    zone: str
    cut: Cut = Cut()
    sums: Sums = field(default_factory=Sums)
    counts: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # parties and people by status of registration
    conflicts: Mapping[str, int] = field(default_factory=dict)  # record id -> its number
    rules: Mapping[str, tuple[str, bool]] = field(default_factory=dict)  # of the checkpoints that have rows: rule, entrance
    steps: int = 0  # how much was carried into it, for whoever keeps it

    def fits(self, places: Iterable[Place], zone: str) -> bool:
        """Whether it was made by the event's present rules; a checkpoint without any record may change as it likes."""
        now = {place.key: (place.rule, place.entrance) for place in places}
        return zone == self.zone and all(now.get(key, rule) == rule for key, rule in self.rules.items())

    def carried(self, to: Cut, news: Sequence[Row], of: Passages, moved: Iterable[Ticket], places: Sequence[Place]) -> Rollup:
        """The rollup at a later cut. ``news``: the rows between the cuts; ``of``: their subjects, whole; ``moved``: tickets that came or changed."""
        sums = copied(self.sums)
        old, new = of.fold(self.cut, places, self.zone), of.fold(to, places, self.zone)
        account(sums, old, -1)
        account(sums, new, 1)
        conflicts = dict(self.conflicts)
        if old.conflicts or new.conflicts:
            numbers = {row.id: row.seq for row in of.rows}
            for gone in old.conflicts - new.conflicts:
                conflicts.pop(gone, None)
            conflicts |= {record_id: numbers[record_id] for record_id in new.conflicts}
            sums.conflicts = frozenset(conflicts)
        sums.behind["records"] = self.sums.behind["records"] + len(news)
        sums.seq = max((row.seq for row in news), default=self.sums.seq)
        known = {place.key: (place.rule, place.entrance) for place in places}
        used = {row.checkpoint for row in news if row.checkpoint is not None} - self.rules.keys()
        counts, count = _recount(self, to, moved)
        rules = {**self.rules, **{key: known.get(key, ("once", False)) for key in used}}
        return Rollup(self.zone, to, sums, counts, conflicts, rules, self.steps + len(news) + count)

    def answer(self, places: Iterable[Place]) -> Sums:
        """The sums as others see them: every checkpoint is there."""
        sums = copied(self.sums)
        for place in places:
            sums.places.setdefault(place.key, PlaceSum())
        return sums

    # --- as plain values, to be kept ------------------------------------------------------------------------------------

    def pack(self) -> dict[str, Any]:
        """As JSON."""
        sums = self.sums
        return {
            "format": FORMAT,
            "zone": self.zone,
            "cut": [self.cut.seq, self.cut.decision, self.cut.change, self.cut.arrival],
            "sums": {name: getattr(sums, name) for name in (*_NAMES, "seq")},
            "places": {key: [getattr(place, name) for name in _PLACE] for key, place in sums.places.items()},
            "tallies": {key: [*(getattr(tally, name) for name in _TALLY), dict(tally.by_topic)] for key, tally in sums.tallies.items()},
            "by_quarter": [[micros(at), count] for at, count in sums.by_quarter.items()],
            "behind": dict(sums.behind),
            "counts": {status: list(count) for status, count in self.counts.items()},
            "conflicts": dict(self.conflicts),
            "rules": {key: list(rule) for key, rule in self.rules.items()},
        }

    @classmethod
    def unpack(cls, kept: Mapping[str, Any]) -> Rollup | None:
        """From JSON; None where another version wrote it."""
        if kept.get("format") != FORMAT:
            return None
        sums = Sums(**kept["sums"], conflicts=frozenset(kept["conflicts"]), behind=Multiset(kept["behind"]))
        sums.places = {key: PlaceSum(**dict(zip(_PLACE, values, strict=True))) for key, values in kept["places"].items()}
        for key, (*values, topics) in kept["tallies"].items():
            sums.tallies[key] = Tally(**dict(zip(_TALLY, values, strict=True)), by_topic=Multiset(topics))
        sums.by_quarter = Multiset({_instant(at): count for at, count in kept["by_quarter"]})
        counts = {status: (parties, people) for status, (parties, people) in kept["counts"].items()}
        rules = {key: (rule, entrance) for key, (rule, entrance) in kept["rules"].items()}
        return cls(kept["zone"], Cut(*kept["cut"]), sums, counts, dict(kept["conflicts"]), rules)


def _instant(at: int) -> datetime:
    return EPOCH + at * MICROSECOND


def _recount(rollup: Rollup, to: Cut, moved: Iterable[Ticket]) -> tuple[dict[str, tuple[int, int]], int]:
    """Parties and people by status at a later cut, and how many tickets had moved."""
    counts, number = dict(rollup.counts), 0

    def count(status: str, size: int, sign: int) -> None:
        parties, people = counts.get(status, (0, 0))
        counts[status] = (parties + sign, people + sign * size)

    for ticket in moved:
        number += 1
        if ticket.arrival <= rollup.cut.arrival:
            count(*ticket.at(rollup.cut), -1)
        if ticket.arrival <= to.arrival:
            count(*ticket.at(to), 1)
    return {status: both for status, both in counts.items() if both != (0, 0)}, number


def copied(sums: Sums) -> Sums:
    """Sums of their own, safe from whoever adds to the others."""
    return replace(
        sums, places=deepcopy(sums.places), tallies=deepcopy(sums.tallies), by_quarter=Multiset(sums.by_quarter), behind=Multiset(sums.behind)
    )


def account(total: Sums, part: Sums, sign: int) -> None:
    """Add (1) or take away (-1) the sums of some subjects; conflicts and sets of ids are left to the caller."""
    for name in _NAMES:
        setattr(total, name, getattr(total, name) + sign * getattr(part, name))
    for key, place in part.places.items():
        here = total.places.setdefault(key, PlaceSum())
        for name in _PLACE:
            setattr(here, name, getattr(here, name) + sign * getattr(place, name))
    for key, tally in part.tallies.items():
        own = total.tallies.setdefault(key, Tally())
        for name in _TALLY:
            setattr(own, name, getattr(own, name) + sign * getattr(tally, name))
        _add(own.by_topic, tally.by_topic, sign)
        if own == Tally():
            del total.tallies[key]
    _add(total.by_quarter, part.by_quarter, sign)
    _add(total.behind, part.behind, sign)


def _add(into: Multiset[Any], what: Mapping[Any, int], sign: int) -> None:
    for key, count in what.items():
        into[key] += sign * count
        if not into[key]:
            del into[key]
