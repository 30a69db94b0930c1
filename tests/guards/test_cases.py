"""The shared cases bind both languages: each file is read whole by a Python test and by a node test, so a case needs no wiring."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
CASES = sorted(path.name for path in (TESTS / "cases").glob("*.json"))
NOT_THIS = Path(__file__).name


def readers(name: str, pattern: str) -> list[str]:
    """The tests that name a file of cases."""
    return [path.name for path in TESTS.rglob(pattern) if path.name != NOT_THIS and name in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", CASES)
def test_both_sides_read_every_file_of_cases(name: str) -> None:
    assert readers(name, "test_*.py"), f"no Python test reads {name}"
    assert readers(name, "*.test.mjs"), f"no node test reads {name}"


def test_the_guard_sees() -> None:
    assert not readers("nobody-reads-this.json", "test_*.py")
