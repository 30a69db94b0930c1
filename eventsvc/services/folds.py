"""Every figure is a fold over the ledger: pure, and the same whatever the order in which the rows arrived.

Definitions: docs/figures.md. Rows may come in any order; what depends on order is ordered by corrected time and id.
"""

from __future__ import annotations

from collections import Counter as Multiset
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

UNDO_WITHIN = timedelta(minutes=15)  # a volunteer may take back what their own phone did so long ago
SELF = "self"  # the basis of a check-in that a resident made without a volunteer (自助签到)
COUNT_REFUSALS = frozenset({"already_used", "too_many"})  # these depend on who arrived first, so the fold finds them itself


class Row(NamedTuple):
    """What the folds read of a ledger row."""

    id: str
    seq: int
    type: str
    device_id: str | None
    checkpoint: str | None
    counter: str | None
    registration_id: str | None
    quantity: int
    direction: str | None
    topic: str | None
    basis: str | None
    undoes: str | None
    at: datetime
    corrected_at: datetime
    decided: str | None
    outcome: str


@dataclass(frozen=True)
class Place:
    """A checkpoint as the folds see it."""

    key: str
    rule: str
    entrance: bool


@dataclass
class Tally:
    """The sums of one counter."""

    tapped: int = 0
    taken: int = 0  # by stocktakes
    stocktakes: int = 0  # how many there were
    taken_in: int = 0
    taken_out: int = 0
    records: int = 0
    by_topic: Multiset[str] = field(default_factory=Multiset)

    @property
    def stocktake(self) -> int | None:
        """What the stocktakes add up to, or None without any."""
        return self.taken if self.stocktakes else None


@dataclass
class PlaceSum:
    """The sums of one checkpoint."""

    people: int = 0
    entries: int = 0
    inside: int = 0
    records: int = 0
    self_reported: int = 0  # of the entries


@dataclass
class Sums:
    """What `fold` found."""

    people_admitted: int = 0
    entries: int = 0
    inside: int = 0
    walkins: int = 0
    scans: int = 0
    refused: int = 0
    unidentified: int = 0
    self_reported: int = 0  # of the entries: by 自助签到, so that nobody saw them come
    conflicts: frozenset[str] = frozenset()  # record ids
    undone: frozenset[str] = frozenset()  # record ids
    passed: frozenset[str] = frozenset()  # record ids that say people passed, undone ones too
    counted: dict[str, int] = field(default_factory=dict)  # record id -> what it adds to its checkpoint's entries or its counter
    people: dict[str, int] = field(default_factory=dict)  # record id -> what it adds to people_admitted
    places: dict[str, PlaceSum] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=dict)
    by_quarter: Multiset[datetime] = field(default_factory=Multiset)
    behind: Multiset[str] = field(default_factory=Multiset)  # figure -> how many rows it opens to; see `opens_under`
    seq: int = 0


def takes_back(undo: Row, target: Row) -> bool:
    """Whether an undo is good for this target: by an organizer, or by the same phone within 15 minutes; never of an undo."""
    if target.type == "undo":
        return False
    if undo.device_id is None:
        return True
    return undo.device_id == target.device_id and timedelta(0) <= undo.at - target.at <= UNDO_WITHIN


def undone_ids(rows: Iterable[Row], undos: Iterable[Row]) -> frozenset[str]:
    """The ids among ``rows`` that one of ``undos`` takes back."""
    by_target: dict[str, list[Row]] = defaultdict(list)
    for undo in undos:
        if undo.undoes is not None:
            by_target[undo.undoes].append(undo)
    return frozenset(row.id for row in rows if any(takes_back(undo, row) for undo in by_target.get(row.id, ())))


def let_in(row: Row, later: Collection[str] = ()) -> bool:
    """Whether a check-in or walk-in record says that people passed: by the phone's decision where there is one, else by the verdict.

    A phone that was not answered in time and turned the person away says so later: whichever of the two came first, nobody passed.
    """
    if row.type not in ("checkin", "walkin"):
        return False
    if row.decided == "admitted" or "admitted" in later:
        return True
    return row.outcome == "admitted" and row.decided != "refused" and "refused" not in later


def fold(
    rows: Sequence[Row],
    *,
    later: Mapping[str, Collection[str]],
    parties: Mapping[str, int],
    places: Sequence[Place],
    zone: str,
) -> Sums:
    """Fold an event's ledger rows into its sums.

    ``later``: decisions that phones added afterwards, by record id; ``parties``: party size by registration id.
    """
    sums = Sums(places={place.key: PlaceSum() for place in places})
    sums.undone = undone_ids((row for row in rows if row.type != "undo"), (row for row in rows if row.type == "undo"))
    sums.seq = max((row.seq for row in rows), default=0)
    rules = {place.key: place for place in places}
    passages: dict[str, list[Row]] = defaultdict(list)
    conflicts: set[str] = set()
    passed_ids: set[str] = set()
    for row in rows:
        if row.type == "tally" and row.id not in sums.undone:
            _add_tally(sums.tallies.setdefault(row.counter or "", Tally()), row)
            sums.counted[row.id] = row.quantity
        elif row.type in ("checkin", "walkin"):
            passed = let_in(row, later.get(row.id, ()))
            if passed:
                passed_ids.add(row.id)
            if row.type == "checkin":
                sums.scans += 1
                sums.refused += not passed
            if passed and row.id not in sums.undone:
                if row.outcome != "admitted" and row.outcome not in COUNT_REFUSALS:
                    conflicts.add(row.id)
                passages[row.registration_id or row.id].append(row)
    for subject, passed_rows in passages.items():
        _add_subject(sums, sorted(passed_rows, key=lambda row: (row.corrected_at, row.id)), parties.get(subject), rules, zone, conflicts)
    sums.conflicts, sums.passed = frozenset(conflicts), frozenset(passed_ids)
    _count_behind(sums, rows, rules)
    return sums


def _count_behind(sums: Sums, rows: Sequence[Row], rules: Mapping[str, Place]) -> None:
    """Count the rows that each figure opens to."""
    counters = {row.id: row.counter for row in rows if row.counter is not None}
    for row in rows:
        place = rules.get(row.checkpoint or "")
        sums.behind.update(opens_under(row, sums, entrance=place is not None and place.entrance, target=counters.get(row.undoes or "")))


def opens_under(row: Row, sums: Sums, *, entrance: bool, target: str | None = None) -> Iterator[str]:
    """The figures under which a row is shown when they are opened; ``target``: the counter of the tally that an undo takes back."""
    yield "records"
    if row.type == "undo" or row.type == "tally":
        if counter := row.counter or target:
            yield f"counter:{counter}"
        return
    yield f"checkpoint:{row.checkpoint}"
    stands = row.id in sums.passed and row.id not in sums.undone
    if row.type == "walkin":
        yield "walkins"
    else:
        yield "scans"
        if row.id not in sums.passed:
            yield "refused"
        if stands and row.registration_id is None:
            yield "unidentified"
    if row.id in sums.conflicts:
        yield "conflicts"
    if stands and entrance:
        yield "inside"
    if stands and row.direction != "exit":
        if entrance:
            yield "entries"
            if row.basis == SELF:
                yield "self_reported"
        if row.type == "walkin" or row.registration_id is not None:
            yield "people_admitted"


def _add_tally(tally: Tally, row: Row) -> None:
    if row.basis == "stocktake":
        tally.taken += row.quantity
        tally.stocktakes += 1
    elif row.direction == "out":
        tally.taken_out += row.quantity
    else:
        tally.records += 1
        tally.tapped += row.quantity
        tally.taken_in += row.quantity
        if row.topic:
            tally.by_topic[row.topic] += row.quantity


def _add_subject(
    sums: Sums, rows: list[Row], party: int | None, rules: Mapping[str, Place], zone: str, conflicts: set[str]
) -> None:
    """Add one ticket's passages, in order; a walk-in or an unknown code is a subject of its own, with its own count."""
    tz = ZoneInfo(zone)
    size = party if party is not None else rows[0].quantity
    known = party is not None or rows[0].type == "walkin"
    used: Multiset[tuple[str, str]] = Multiset()  # (checkpoint, day or "") -> counted
    best: dict[str, int] = defaultdict(int)  # checkpoint -> people there
    inside: dict[str, int] = defaultdict(int)
    behind: dict[str, dict[str, int]] = defaultdict(dict)  # checkpoint -> the records that make its best
    today: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)  # (checkpoint, day or "") -> the records counted there
    within = 0
    for row in rows:
        place = rules.get(row.checkpoint or "") or Place(row.checkpoint or "", "once", False)
        if row.direction == "exit":
            inside[place.key] = max(0, inside[place.key] - row.quantity)
            within = max(0, within - row.quantity) if place.entrance else within
            continue
        day = row.corrected_at.astimezone(tz).date().isoformat() if place.rule == "daily" else ""
        if place.rule == "each_time":
            counted = min(row.quantity, size)
            if counted > best[place.key]:
                best[place.key], behind[place.key] = counted, {row.id: counted}
        else:
            counted = min(row.quantity, size - used[place.key, day])
            used[place.key, day] += counted
            today[place.key, day][row.id] = counted
            if used[place.key, day] > best[place.key]:
                best[place.key], behind[place.key] = used[place.key, day], today[place.key, day]
        if counted < row.quantity:
            conflicts.add(row.id)
        at_place = sums.places.setdefault(place.key, PlaceSum())
        at_place.entries += counted
        at_place.records += counted > 0
        at_place.self_reported += counted if row.basis == SELF else 0
        sums.counted[row.id] = counted
        inside[place.key] = min(size, inside[place.key] + counted)
        if place.entrance:
            sums.entries += counted
            sums.self_reported += counted if row.basis == SELF else 0
            within = min(size, within + counted)
            sums.by_quarter[_quarter(row.corrected_at, tz)] += counted
        if not known:
            sums.unidentified += counted
        if row.type == "walkin":
            sums.walkins += counted
    sums.inside += within
    for key, count in inside.items():
        sums.places.setdefault(key, PlaceSum()).inside += count
    if known:
        if best:
            most = max(best, key=lambda key: best[key])  # the checkpoint where most of the party were
            sums.people_admitted += best[most]
            sums.people.update(behind[most])
        for key, count in best.items():
            sums.places.setdefault(key, PlaceSum()).people += count


def _quarter(moment: datetime, zone: ZoneInfo) -> datetime:
    """The beginning of the local quarter of an hour, in UTC."""
    local = moment.astimezone(zone)
    return local.replace(minute=local.minute // 15 * 15, second=0, microsecond=0).astimezone(UTC)
