"""What must not stand in the project: paths of somebody's machine, conflict marks, files without a home."""

from __future__ import annotations

import re

import pytest

from tests.guards import sources

# Written with brackets so that the patterns do not find themselves.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.])/([w]ork|[r]oot|[h]ome/[a-z]+|[U]sers/[A-Za-z]+)(/|\b)(?!-)"),
    "a conflict mark": re.compile(r"^([<]{7} |[>]{7} |[=]{7}$)", re.MULTILINE),
    "a debugger": re.compile(r"^\s*([b]reakpoint\(\)|import [p]db|[d]ebugger;)", re.MULTILINE),
}
HOMELESS = re.compile(r"(^|/)(utils?|helpers?|common|misc|manager)\.(py|js|mjs)$")
TEXTS = ("*.py", "*.js", "*.mjs", "*.html", "*.css", "*.md", "*.json", "*.txt", "*.sh", "*.ini", "Makefile", "run")


def faults(text: str) -> list[str]:
    """What of the forbidden a text holds."""
    return [f"{what}: {found.group().strip()!r}" for what, pattern in FORBIDDEN.items() if (found := pattern.search(text))]


def own_texts() -> list[sources.Path]:
    """The project's own text files; vendored ones are others' work."""
    paths = {path for pattern in TEXTS for path in sources.files(pattern)}
    return sorted(path for path in paths if "vendor" not in path.parts)


@pytest.mark.parametrize("path", own_texts(), ids=str)
def test_nothing_forbidden(path: sources.Path) -> None:
    assert faults(sources.read(path)) == []
    assert not HOMELESS.search(path.as_posix()), "a module is named after its noun"


@pytest.mark.parametrize(
    "text",
    ["see /" + "root/x", "cd /" + "home/me/eventsvc", "a\n" + "<" * 7 + " HEAD\n", "def f():\n    break" + "point()\n", "open('/" + "work/main/app.py')"],
)
def test_the_guard_sees(text: str) -> None:
    assert faults(text)


def test_the_guard_knows_homeless_files() -> None:
    assert HOMELESS.search("eventsvc/utils.py") and HOMELESS.search("static/js/lib/helpers.js")
    assert not HOMELESS.search("eventsvc/services/records.py")
