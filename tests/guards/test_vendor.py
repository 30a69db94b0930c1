"""Vendored files are the ones that static/vendor/README.md names, byte for byte, each beside its licence."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from tests.guards import sources

VENDOR = sources.PROJECT / "static/vendor"


def sums(readme: str) -> dict[str, str]:
    """File -> SHA-256 of the table."""
    return dict(re.findall(r"^\| `([^`]+)` \| \d+ \| `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE))


def faults(folder: Path, told: dict[str, str]) -> list[str]:
    """Files that are changed, missing or not in the table."""
    there = {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file() and p.name != "README.md"}
    return sorted(name for name in {*there, *told} if there.get(name) != told.get(name))


def test_vendored_files_are_unchanged() -> None:
    assert faults(VENDOR, sums((VENDOR / "README.md").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("folder", [p for p in sorted(VENDOR.iterdir()) if p.is_dir()], ids=lambda p: p.name)
def test_a_licence_stands_beside(folder: Path) -> None:
    assert list(folder.glob("LICEN[CS]E*"))


def test_the_guard_sees(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("one")
    right = {"a.js": hashlib.sha256(b"one").hexdigest()}
    assert faults(tmp_path, right) == []
    assert faults(tmp_path, {"a.js": "0" * 64}) == ["a.js"]
    assert faults(tmp_path, {}) == ["a.js"]
    assert faults(tmp_path, {**right, "b.js": "0" * 64}) == ["b.js"]
