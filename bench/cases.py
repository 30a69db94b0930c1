"""What is measured on one stand: pairs of our server and the floor in turn, then what only our server does."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bench import driver, filling, machine, plans
from bench.driver import Sample
from bench.plans import Plan
from bench.supply import MOST_A_SECOND
from bench.stand import Stand

API = "/api/v1/events/bench"
BATCH = 500
FAULTS = ("lost", "other")  # of a row: what must not be
ENOUGH = 14_000  # tickets for one run of single check-ins: a longer run is a slower one
SEVERAL = 8  # connections, where one number stands for all
NAMES = ("stats", "event page", "roster", "check-in", "tally", "batch", "registration")


@dataclass(frozen=True)
class Effort:
    """How long a benchmark takes."""

    sizes: tuple[int, ...]
    databases: tuple[str, ...]
    connections: tuple[int, ...] = (1, 8, 32)
    pairs: int = 5
    least: int = 4_200  # requests of one run, where they fit into `longest`
    shortest: float = 2
    longest: float = 18  # seconds of one run
    reading: float = 2  # the same of what has no floor
    warm_up: float = 2
    batches: int = 32  # of one run, and one more for each connection
    fresh: int = filling.FRESH
    only: frozenset[str] = frozenset()  # names of cases; empty: every one


@dataclass(frozen=True)
class Case:
    """Something to ask for: of us, and in turn with it of the floor, or of us in another way."""

    name: str
    plan: Plan
    floor: Plan | None = None
    single: Plan | None = None  # the same one at a time
    items: int = 1  # records a request
    reads: bool = False  # the same page or document again and again
    keeps: bool = False  # every request that is answered must be in the ledger afterwards
    shows: bool = False  # tickets, each one for the first time


def pages(stand: Stand) -> list[tuple[str, str]]:
    """The organizer's pages that show figures, and the longest lists: what each is called, and where it is."""
    return [
        ("live page", "live"), ("live.json", "live.json"), ("report page", "report"), ("records list", "figures/records"),
        ("entries list", "figures/entries"), ("counter list", "figures/counter:leaflets"), ("conflicts", "conflicts"),
        ("people list", "registrations"), ("one person", f"registrations/{stand.ticket}"),
    ]  # fmt: skip


def cases(stand: Stand) -> list[Case]:
    """Everything that is asked for, in order."""
    records, tokens = f"{API}/records", stand.tokens
    return [
        Case("stats", plans.reading(f"{API}/stats", stand.owner), reads=True),
        Case("event page", plans.reading("/e/bench"), reads=True),
        *(Case(name, plans.reading(f"/manage/e/bench/{path}", cookie=stand.organizer), reads=True) for name, path in pages(stand)),
        Case("roster", plans.reading(f"{API}/roster", stand.owner)),
        Case("check-in", plans.checkins(records, tokens), plans.checkins("/checkin", tokens), keeps=True, shows=True),
        Case("tally", plans.tallies(records, tokens), keeps=True),
        Case(f"batch of {BATCH}", plans.checkins(records, tokens, count=BATCH), single=plans.checkins(records, tokens), items=BATCH, keeps=True, shows=True),
        Case("registration", plans.registrations(f"{API}/registrations"), plans.registrations("/register")),
    ]


def measure(stand: Stand, effort: Effort, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Run every case of a stand; one row a case and number of connections."""
    found = []
    for case in cases(stand):
        if effort.only and case.name.split(" of ")[0] not in effort.only:
            continue
        if case.name == "roster" and not _is_there(stand, case.plan):
            continue
        for connections in _connections(case, stand, effort):
            found.append(_measure(stand, case, connections, effort))
            tell(_line(found[-1]))
    return found


def _connections(case: Case, stand: Stand, effort: Effort) -> Sequence[int]:
    """All of them for single check-ins on the first size, all but 1 for batches and registrations; elsewhere several, and 1 for what is only read."""
    several, smallest = min(SEVERAL, max(effort.connections)), stand.records == effort.sizes[0]
    together = [number for number in effort.connections if number > 1]
    if case.name == "registration":
        return together if smallest else ()
    if case.single:
        return together if smallest else (several,)
    if case.floor:
        return effort.connections if smallest else (several,)
    if case.reads and case.name not in ("stats", "event page"):
        return (1,)
    return (several,) if case.name == "tally" else (1, several) if smallest and case.name != "roster" else (1,)


def _is_there(stand: Stand, plan: Plan) -> bool:
    """Whether our server answers this at all."""
    return driver.run(stand.ours.url, plan, 1, 1, 1).refused == 0


@dataclass
class _Side:
    """One of the two that run in turn, and what it did in a case."""

    name: str
    url: str
    plan: Plan
    pid: int
    items: int = 1
    runs: list[Sample] = field(default_factory=list)
    span: float = 0
    cpu: float = 0


def _measure(stand: Stand, case: Case, connections: int, effort: Effort) -> dict[str, Any]:
    """Warm both up, then run them in turn, the other one first each time; medians over the runs."""
    assert stand.ours.process
    sides = [_Side("ours", stand.ours.url, case.plan, stand.ours.process.pid, case.items)]
    if case.floor:
        sides.append(_Side("floor", stand.floor_url, case.floor, stand.floor.pid))
    if case.single:
        sides.append(_Side("single", stand.ours.url, case.single, stand.ours.process.pid))
    ours = sides[0]
    first = driver.first(stand.ours.url, case.plan) if case.reads else None  # what whoever comes first waits for
    before = filling.kept(stand.ours.database_url) if case.keeps else (0, 0)
    with machine.Watch(ours.pid) as watch:
        for side in sides:
            warm = _run(stand, case, side, connections, effort.warm_up, next(stand.seeds), connections)
            side.span = effort.longest if case.floor else effort.reading
            side.span = min(side.span, max(effort.shortest, effort.least / max(1, warm.rate)))
        kept_by_us = [side for side in sides if side.pid == ours.pid]
        sent = sum(_answered(side) for side in kept_by_us)
        for side in sides:
            side.runs.clear()
            side.cpu = 0
        for number in range(effort.pairs if len(sides) == 2 else min(effort.pairs, 3)):
            seed = next(stand.seeds)
            for side in sides if number % 2 == 0 else sides[::-1]:
                _run(stand, case, side, connections, side.span, seed, effort.batches + connections)
    row: dict[str, Any] = {"database": stand.database, "records": stand.records, "case": case.name, "connections": connections}
    if first is not None:
        row["first_ms"] = first
    if case.keeps:
        kept, other = filling.kept(stand.ours.database_url)
        row["lost"] = max(0, sent + sum(_answered(side) for side in kept_by_us) - (kept - before[0]))
        row["other"] = other - before[1]  # neither let in nor counted: another path than the one that was meant
    for side in sides:
        row[side.name] = _medians(side.runs, side.cpu) | {"memory_mb": round((watch.most if side in kept_by_us else machine.memory(side.pid)) / 2**20)}
    if case.floor:
        pairs = list(zip(ours.runs, sides[1].runs, strict=True))
        row["ratio"] = round(statistics.median(a.rate / b.rate for a, b in pairs), 2)
        row["p99_ratio"] = round(statistics.median(a.p99 / b.p99 for a, b in pairs), 2)
    if case.items > 1:
        row["records_a_second"] = round(row["ours"]["rate"] * case.items)
    if case.single:
        row["times_single"] = round(statistics.median(a.rate * case.items / b.rate for a, b in zip(ours.runs, sides[1].runs, strict=True)), 1)
    return row


def _answered(side: _Side) -> int:
    """Records that a side's requests brought and that were taken."""
    return sum(run.requests - run.refused for run in side.runs) * side.items


def _run(stand: Stand, case: Case, side: _Side, connections: int, span: float, seed: int, batches: int) -> Sample:
    """One run of one side: ``span`` seconds, or so many batches; our server is shown tickets that it never saw."""
    plan, used = side.plan, machine.cpu_seconds(side.pid)
    if case.shows:
        plan = plan.with_tickets(stand.fresh.ahead(side.items * batches if side.items > 1 else min(round(MOST_A_SECOND * span), ENOUGH)))
    if side.items > 1:
        sample = driver.run_made(side.url, plan, connections, batches, seed)
    else:
        sample = driver.run(side.url, plan, connections, span, seed)
    side.cpu += machine.cpu_seconds(side.pid) - used
    side.runs.append(sample)
    if case.shows and side.pid != stand.floor.pid:
        stand.fresh.shown(len(plan.tickets) if side.items > 1 else sample.requests + 2 * connections)  # those under way at the end too
    return sample


def _medians(runs: Sequence[Sample], cpu: float) -> dict[str, Any]:
    """What the runs of one side come to."""
    requests = sum(run.requests for run in runs)
    names = ("rate", "p50", "p95", "p99", "worst")
    return {
        **{name: round(statistics.median(getattr(run, name) for run in runs), 2) for name in names},
        "requests": requests,
        "refused": sum(run.refused for run in runs),
        "broken": sum(run.broken for run in runs),
        "cpu_ms": round(cpu / max(1, requests) * 1000, 3),
        "runs": [asdict(run) for run in runs],
    }


def _line(row: dict[str, Any]) -> str:
    """One row as it is printed while the benchmark goes on."""
    ours = row["ours"]
    told = f"  {row['case']:<13} c={row['connections']:<3} {ours['rate']:>9,.0f}/s  p50 {ours['p50']:>7.1f}  p99 {ours['p99']:>7.1f} ms"
    if "floor" in row:
        floor = row["floor"]
        told += f"   floor {floor['rate']:>7,.0f}/s  p99 {floor['p99']:>7.1f} ms   = {row['ratio']:.2f}x, p99 {row['p99_ratio']:.2f}x"
    if "first_ms" in row:
        told += f"   first {row['first_ms']:,.0f} ms"
    if "records_a_second" in row:
        told += f"   {row['records_a_second']:,} records/s"
    if "times_single" in row:
        told += f", one at a time {row['single']['rate']:,.0f}   = {row['times_single']:.1f}x"
    faults = {name: ours[name] for name in ("refused", "broken") if ours[name]} | {name.upper(): row[name] for name in FAULTS if row.get(name)}
    return told + (f"   {faults}" if faults else "")


