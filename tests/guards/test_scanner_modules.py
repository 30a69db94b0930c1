"""The scanner's page preloads exactly the modules that its entry imports, directly or not."""

from __future__ import annotations

import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = PROJECT / "static/js/scan"


def imported(entry: Path) -> set[Path]:
    """Every module that an entry imports statically, itself included."""
    seen: set[Path] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        found = re.findall(r"^(?:import|export) [^;]*?from '(\.[^']+)';", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
        waiting += [(path.parent / name).resolve() for name in found]
    return seen


def test_the_scanner_preloads_what_it_imports() -> None:
    page = (PROJECT / "templates/scan/page.html").read_text(encoding="utf-8")
    listed = re.search(r"for name in \[([^\]]*)\]", page)
    assert listed
    preloaded = sorted(re.findall(r"'([^']+)'", listed.group(1)))
    needed = sorted(path.stem for path in imported(FOLDER / "page.js") if path.parent == FOLDER and path.stem != "page")
    assert preloaded == needed


def test_no_module_of_the_scanner_is_forgotten() -> None:
    reached = {path.name for path in imported(FOLDER / "page.js") if path.parent == FOLDER} | {"decode-worker.js"}
    assert {path.name for path in FOLDER.glob("*.js")} == reached
