"""``python -m bench``: the whole benchmark, or a short one with ``--quick``; prints a table and writes it as JSON."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import driver, machine, report
from bench.cases import FAULTS, NAMES, Effort, measure
from bench.stand import a_cluster, sqlite_only, stand
from eventsvc.config import SETTINGS
from tests import postgres

SIZES = (1_000, 100_000, 1_000_000)
DATABASES = {"sqlite": sqlite_only, "postgresql": a_cluster}
QUICK = {"pairs": 1, "least": 500, "shortest": 1, "longest": 2, "reading": 1, "warm_up": 1, "batches": 8, "fresh": 100_000}


def main(arguments: list[str]) -> int:
    """Run what was asked for; status 1 where a record was lost or the server broke, whatever the ratios."""
    chosen = _parser().parse_args(arguments)
    effort = Effort(sizes=tuple(chosen.records or ((1_000,) if chosen.quick else SIZES)), databases=tuple(chosen.database or DATABASES))
    if chosen.quick:
        effort = replace(effort, **QUICK)
    asked = {"pairs": chosen.pairs, "connections": chosen.connections, "fresh": chosen.fresh, "only": frozenset(chosen.case or ())}
    effort = replace(effort, **{name: value for name, value in asked.items() if value})
    result = run(effort)
    print(report.table(result))
    chosen.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nWritten to {chosen.out}")
    return 1 if any(row["ours"]["broken"] or any(row.get(fault) for fault in FAULTS) for row in result["rows"]) else 0


def run(effort: Effort) -> dict[str, Any]:
    """The whole benchmark as plain values."""
    rows: list[dict[str, Any]] = []
    folder = Path(tempfile.mkdtemp(prefix="eventsvc-bench-"))
    try:
        about = machine.describe(folder)
        for database in effort.databases:
            try:
                with DATABASES[database](folder) as home:
                    for records in effort.sizes:
                        print(f"{database}, {records:,} records: filling ...", flush=True)
                        with stand(database, home, folder, records, effort.fresh) as ground:
                            rows += measure(ground, effort, lambda line: print(line, flush=True))
            except postgres.NoPostgres as missing:
                print(f"SKIPPED: {database}: {missing}", flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    settings = {setting.name: setting.default for setting in SETTINGS if setting.name.startswith("SERVER_")}
    return {"ratios": report.ratios(rows), "rows": rows, "machine": about, "settings": settings, "driver": driver.name(), "postgresql": _postgresql()}


def _postgresql() -> str:
    try:
        said = subprocess.run([postgres.binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
    except postgres.NoPostgres:
        return "not installed"
    return said.stdout.split()[2]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Our server beside a floor made by hand, on one machine.")
    parser.add_argument("--quick", action="store_true", help="one short run of each at one size: about two minutes, ratios of no great worth")
    parser.add_argument("--database", action="append", choices=tuple(DATABASES), help="only this one (may be repeated)")
    parser.add_argument("--records", action="append", type=int, help="only this size (may be repeated)")
    parser.add_argument("--pairs", type=int, help="runs of each side")
    parser.add_argument("--case", action="append", choices=NAMES, help="only this case (may be repeated)")
    parser.add_argument("--fresh", type=int, help="tickets that nobody has shown yet")
    parser.add_argument("--connections", type=_counts, help="over so many connections, as in 8,32")
    parser.add_argument("--out", type=Path, default=Path("bench.json"), help="where the JSON goes")
    return parser


def _counts(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
