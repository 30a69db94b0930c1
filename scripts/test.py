"""`make test`: runs every part of the suite, prints a line for each that ran, ends with "N passed, M failed".

A part whose program is missing prints a SKIPPED line; with CI=true that is a failure. Name parts to run only those:
``python scripts/test.py node sqlite``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CI = os.environ.get("CI", "").lower() in {"1", "true"}
LAYERS = ("tests/services", "tests/render", "tests/api", "tests/web")
AGAIN = ("--reruns", "2")  # where real processes and a real browser race a busy machine; each rerun is listed
NO_TESTS = 5  # pytest's exit status when it found none
NONE = "there are no tests"


@dataclass(frozen=True)
class Outcome:
    """How one part ended: how many tests passed and failed; ``note`` where it did not run."""

    passed: int = 0
    failed: int = 0
    note: str = ""


@dataclass(frozen=True)
class Part:
    """One part of the suite: what is missing for it ("" if nothing), and how it is run."""

    name: str
    title: str
    missing: Callable[[], str]
    run: Callable[[], Outcome]


def pytest(*arguments: str, database: str = "sqlite") -> Outcome:
    """Run pytest on one database and count."""
    paths = [a for a in arguments if not a.startswith("tests/") or (PROJECT / a).exists()]
    if not any(a.startswith("tests/") for a in paths):
        return Outcome(note=NONE)
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "--no-header", *paths]
    code, text = show(command, {"TEST_DATABASE": database})
    if code == NO_TESTS:
        return Outcome(note=NONE)
    tail = "\n".join(text.splitlines()[-3:])
    passed, failed = count(r"(\d+) passed", tail), count(r"(\d+) failed", tail) + count(r"(\d+) errors?\b", tail)
    return Outcome(passed, failed or (1 if code else 0))


def node() -> Outcome:
    """Run node's tests and count."""
    files = sorted(str(path.relative_to(PROJECT)) for path in (PROJECT / "tests/js").rglob("*.test.*js"))
    if not files:
        return Outcome(note=NONE)
    code, text = show(["node", "--test", "--test-reporter=tap", *files], quiet=True)
    passed, failed = count(r"^# pass (\d+)", text), count(r"^# fail (\d+)", text) + count(r"^# cancelled (\d+)", text)
    if code:
        print(text)
    return Outcome(passed, failed or (1 if code else 0))


def count(pattern: str, text: str) -> int:
    """The number that ``pattern`` finds in ``text``, 0 if it finds none."""
    found = re.findall(pattern, text, flags=re.MULTILINE)
    return int(found[-1]) if found else 0


def show(command: list[str], environ: dict[str, str] | None = None, quiet: bool = False) -> tuple[int, str]:
    """Run a command, pass on what it prints as it comes, and return its status and text."""
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=PROJECT, env={**os.environ, **(environ or {})}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if not quiet:
                print(line, end="", flush=True)
    return process.returncode, "".join(lines)


def nothing() -> str:
    """Nothing is missing."""
    return ""


def postgres_missing() -> str:
    """What is missing for PostgreSQL."""
    there = shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return "" if there else "PostgreSQL (apt-get install postgresql)"


def browser_missing() -> str:
    """What is missing for the browser tests."""
    programs = [name for name in ("chromium", "ffmpeg") if not shutil.which(name)]
    return f"{' and '.join(programs)} (apt-get install {' '.join(programs)})" if programs else ""


def node_missing() -> str:
    """What is missing for the JavaScript tests."""
    return "" if shutil.which("node") else "Node (apt-get install nodejs)"


PARTS = (
    Part("guards", "guards", nothing, lambda: pytest("tests/guards")),
    Part("node", "JavaScript (node)", node_missing, node),
    Part("sqlite", "Python on SQLite", nothing, lambda: pytest("-n", "2", *LAYERS)),
    Part("postgresql", "Python on PostgreSQL", postgres_missing,
         lambda: pytest("-n", "2", "tests/services", "tests/api", "tests/web", "tests/guards/test_migrations.py", database="postgresql")),
    Part("server", "real server on SQLite", nothing, lambda: pytest("-n", "3", *AGAIN, "tests/server")),
    Part("server-postgresql", "real server on PostgreSQL", postgres_missing, lambda: pytest("-n", "3", *AGAIN, "tests/server", database="postgresql")),
    Part("browser", "real browser (Chromium)", browser_missing, lambda: pytest("-n", "2", "--dist", "loadgroup", *AGAIN, "tests/browser")),
)


def main(names: list[str]) -> int:
    """Run the named parts, or all of them; returns the exit status."""
    unknown = set(names) - {part.name for part in PARTS}
    if unknown:
        print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(part.name for part in PARTS)}", file=sys.stderr)
        return 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred servers are started: each would compile us anew
    lines: list[str] = []
    passed = failed = 0
    for part in PARTS:
        if names and part.name not in names:
            continue
        print(f"\n=== {part.title}", flush=True)
        began = time.monotonic()
        missing = part.missing()
        outcome = Outcome(note=f"{missing} is missing") if missing else part.run()
        if outcome.note:
            outcome = Outcome(failed=1 if CI else 0, note=f"SKIPPED: {outcome.note}{', which CI does not allow' if CI else ''}")
        passed, failed = passed + outcome.passed, failed + outcome.failed
        told = outcome.note or f"{outcome.passed} passed, {outcome.failed} failed"
        lines.append(f"{part.title}: {told} in {time.monotonic() - began:.0f} s")
        print(f"--- {lines[-1]}", flush=True)
    print("\n=== all parts\n" + "\n".join(lines) + f"\n\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
