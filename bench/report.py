"""What comes out: the ratios first, then every row, then the machine; as a table for people and as JSON."""

from __future__ import annotations

from typing import Any

from bench.cases import FAULTS

Row = dict[str, Any]
GOALS = {("check-in", "sqlite"): 1.0, ("check-in", "postgresql"): 0.6, ("registration", "sqlite"): 0.5, ("registration", "postgresql"): 0.5}
BATCH_GOAL, FLAT_GOAL, MEMORY_GOAL = 8, 1.5, 400


def ratios(rows: list[Row]) -> list[tuple[str, float, str, bool]]:
    """What the goals are about: sentence, figure, goal, whether it is met."""
    found: list[tuple[str, float, str, bool]] = []
    for row in rows:
        if "ratio" in row:
            goal = GOALS[row["case"], row["database"]]
            where = f"{row['database']}, {row['records']:,} records, {row['connections']} connections"
            if row["connections"] > 1:
                found.append((f"{row['case']} against the floor ({where})", row["ratio"], f"at least {goal}", row["ratio"] >= goal))
            if row["case"] == "check-in" and row["connections"] == 32:
                found.append((f"check-in's p99 against the floor's ({where})", row["p99_ratio"], "at most 1", row["p99_ratio"] <= 1))
    for database in dict.fromkeys(row["database"] for row in rows):
        here = [row for row in rows if row["database"] == database]
        found += _batches(database, here) + _flat(database, here)
        most = max(row["ours"]["memory_mb"] for row in here)
        found.append((f"memory of all our processes in MB ({database})", most, f"below {MEMORY_GOAL}", most < MEMORY_GOAL))
    return found


def _batches(database: str, rows: list[Row]) -> list[tuple[str, float, str, bool]]:
    """Records a second in batches against one at a time, run in turn over as many connections."""
    return [
        (
            f"batches against single check-ins ({database}, {row['records']:,} records, {row['connections']} connections)",
            row["times_single"],
            f"at least {BATCH_GOAL}",
            row["times_single"] >= BATCH_GOAL,
        )
        for row in rows
        if "times_single" in row
    ]


def _flat(database: str, rows: list[Row]) -> list[tuple[str, float, str, bool]]:
    """p50 at the largest size against the smallest."""
    sizes = sorted({row["records"] for row in rows})
    if len(sizes) < 2:
        return []
    found = []
    for case in dict.fromkeys(row["case"] for row in rows if "first_ms" in row or row["case"] == "check-in"):
        p50 = {
            (row["records"], row["connections"]): row["ours"]["p50"] for row in rows if row["case"] == case and row["records"] in (sizes[0], sizes[-1])
        }
        both = [connections for size, connections in p50 if size == sizes[0] and (sizes[-1], connections) in p50]
        if both:
            times = round(p50[sizes[-1], both[0]] / p50[sizes[0], both[0]], 2)
            what = f"{case}: p50 at {sizes[-1]:,} records against {sizes[0]:,} ({database})"
            found.append((what, times, f"at most {FLAT_GOAL}", times <= FLAT_GOAL))
    return found


def table(result: dict[str, Any]) -> str:
    """The whole result for a person."""
    lines = ["", "Ratios"]
    lines += [f"  {figure:>7} {goal:<13} {'met ' if met else 'MISS'}  {what}" for what, figure, goal, met in result["ratios"]]
    for database, records in dict.fromkeys((row["database"], row["records"]) for row in result["rows"]):
        lines += ["", f"{database}, {records:,} records (milliseconds; MB)"]
        lines.append(f"  {'':<14}{'conn':>5}{'':>7}{'req/s':>10}{'p50':>9}{'p95':>9}{'p99':>9}{'CPU/req':>9}{'memory':>8}  requests, refused, broken")
        for row in result["rows"]:
            if (row["database"], row["records"]) != (database, records):
                continue
            for side in ("ours", "floor", "single"):
                if side in row:
                    lines.append(_row(row, side))
    machine = result["machine"]
    packages = " ".join(f"{name} {version}" for name, version in machine["packages"].items())
    lines += ["", f"{machine['cpu']} x {machine['cores']}, {machine['memory_gb']} GB, {machine['system']}, {machine['fdatasync_a_second']:,} fdatasync/s",
              f"Python {machine['python']}, SQLite {machine['sqlite']}, PostgreSQL {result['postgresql']}, {packages}; driver: {result['driver']}",
              f"SERVER_THREADS {result['settings']['SERVER_THREADS']}, SERVER_WORKERS {result['settings']['SERVER_WORKERS']}, all other settings as they come"]  # fmt: skip
    return "\n".join(lines)


def _row(row: Row, side: str) -> str:
    of = row[side]
    faults = f"{of['requests']:,}, {of['refused']}, {of['broken']}"
    faults += "".join(f", {name.upper()} {row[name]}" for name in FAULTS if side == "ours" and row.get(name))
    figures = "".join(f"{of[name]:>9.2f}" for name in ("p50", "p95", "p99", "cpu_ms"))
    return f"  {row['case']:<14}{row['connections']:>5}{side:>7}{of['rate']:>10,.0f}{figures}{of['memory_mb']:>8}  {faults}"
