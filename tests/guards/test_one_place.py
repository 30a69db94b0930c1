"""Things that stand in one place only: transactions in db.py, the environment in config.py, the clock behind its port."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.guards import sources

ENDINGS = {"commit", "rollback", "begin", "begin_nested"}


def transaction_faults(source: str) -> list[str]:
    """Calls that begin or end a database transaction."""
    return [
        f"line {node.lineno}: .{node.func.attr}()"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ENDINGS
    ]


def environment_faults(source: str) -> list[str]:
    """Reads of the environment."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os" and node.attr in {"environ", "getenv", "environb"}:
            found.append(f"line {node.lineno}: os.{node.attr}")
        if isinstance(node, ast.ImportFrom) and node.module == "os" and {a.name for a in node.names} & {"environ", "getenv", "environb"}:
            found.append(f"line {node.lineno}: from os import ...")
    return found


def clock_faults(source: str) -> list[str]:
    """Reads of the machine's clock: datetime.now(), utcnow(), today(), time.time()."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        owner, name = ast.unparse(node.func.value), node.func.attr
        if (owner.split(".")[-1] in {"datetime", "date"} and name in {"now", "utcnow", "today"}) or (owner, name) == ("time", "time"):
            found.append(f"line {node.lineno}: {owner}.{name}()")
    return found


GUARDS: dict[str, tuple[Callable[[str], list[str]], set[str]]] = {
    "transactions": (transaction_faults, {"eventsvc/db.py"}),
    "environment": (environment_faults, {"eventsvc/config.py"}),
    "clock": (clock_faults, {"eventsvc/ports/clock.py", "eventsvc/ports/counting.py", "eventsvc/ports/limits.py", "eventsvc/logs.py"}),  # all but the first measure spans
}


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.parametrize("path", sources.files("*.py", "eventsvc"), ids=str)
def test_it_stands_in_one_place(guard: str, path: sources.Path) -> None:
    look, homes = GUARDS[guard]
    if path.as_posix() not in homes:
        assert look(sources.read(path)) == [], f"{path}: {guard} belong in {', '.join(sorted(homes))}"


@pytest.mark.parametrize(
    ("guard", "source"),
    [
        ("transactions", "db.session.commit()"),
        ("transactions", "with session.begin():\n    pass"),
        ("transactions", "def f(s):\n    s.rollback()"),
        ("environment", "import os\nx = os.environ['HOST']"),
        ("environment", "import os\nx = os.getenv('HOST')"),
        ("environment", "from os import environ"),
        ("clock", "from datetime import datetime, UTC\ndatetime.now(UTC)"),
        ("clock", "import datetime\ndatetime.datetime.utcnow()"),
        ("clock", "import time\ntime.time()"),
    ],
)
def test_the_guard_sees(guard: str, source: str) -> None:
    assert GUARDS[guard][0](source)


def test_each_home_is_there_and_does_it() -> None:
    for look, homes in GUARDS.values():
        for home in homes:
            assert look(sources.read(sources.Path(home))), f"{home} no longer does it: take it off the list"
