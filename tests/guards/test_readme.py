"""The README promises what is there: settings with their defaults, make's targets, the commands, the files it points to."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from eventsvc.config import SETTINGS
from tests.guards import sources

READMES = ("README.md", "README.zh.md")
GIVEN_BY_FLASK = {"run", "shell", "routes", "db"}


def settings_table(text: str) -> dict[str, tuple[str, str]]:
    """Name -> (default, sentence) of the table rows whose first cell is an upper-case name."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| (.+?) \|$", text, flags=re.MULTILINE)
    return {name: (default, sentence) for name, default, sentence in rows}


def make_targets(text: str) -> set[str]:
    """What follows `make` in code."""
    code = re.findall(r"```.*?```|`[^`]+`", text, flags=re.DOTALL)
    return {target for piece in code for target in re.findall(r"\bmake ([a-z][a-z-]*)", piece)}


def commands_table(text: str) -> set[str]:
    """The commands in the table rows whose first cell is lower-case words."""
    return set(re.findall(r"^\| `([a-z]+(?: [a-z]+)?)` \| ", text, flags=re.MULTILINE))


def known_commands(app: Flask) -> set[str]:
    """Every command of the application's own, groups written out: `event import`."""
    found = set()
    for name, command in app.cli.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner} if inner else {name}
    return found


def dead_links(text: str) -> list[str]:
    """Relative links to files that are not there."""
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    return [link for link in links if not (sources.PROJECT / link).exists()]


@pytest.mark.parametrize("name", READMES)
def test_settings_are_those_of_config(name: str) -> None:
    told = settings_table(sources.read(sources.Path(name)))
    assert {k: v[0] for k, v in told.items()} == {s.name: s.default for s in SETTINGS}
    if name == "README.md":
        assert {k: v[1] for k, v in told.items()} == {s.name: s.sentence for s in SETTINGS}


@pytest.mark.parametrize("name", READMES)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", sources.read(sources.Path("Makefile")), flags=re.MULTILINE))
    told = make_targets(sources.read(sources.Path(name)))
    assert {"run", "test"} <= told <= targets


@pytest.mark.parametrize("name", READMES)
def test_commands_are_those_of_the_application(name: str, app: Flask) -> None:
    told = commands_table(sources.read(sources.Path(name)))
    known = known_commands(app)
    assert told <= known | {"db upgrade"}, f"told but not there: {sorted(told - known)}"
    own = {command for command in known if command.split()[0] not in GIVEN_BY_FLASK}
    assert own <= told, f"there but not told: {sorted(own - told)}"


@pytest.mark.parametrize("path", [p for p in sources.files("*.md") if "vendor" not in p.parts and p.parts[0] != "docs"], ids=str)
def test_links_lead_somewhere(path: sources.Path) -> None:
    assert dead_links(sources.read(path)) == []


def test_ci_calls_the_test_command_of_the_readme() -> None:
    assert re.search(r"\bmake test\b", sources.read(sources.Path(".ci/run")))


def test_the_guard_sees(app: Flask) -> None:
    assert settings_table("| `PORT` | `80` | Port. |\n| `X_Y` | | Z. |\n") == {"PORT": ("80", "Port."), "X_Y": ("", "Z.")}
    assert make_targets("`make fly` and ```\nmake dive # x\n``` make no-code") == {"fly", "dive"}
    assert commands_table("| `fly` | x |\n| `fly away` | y |\n") == {"fly", "fly away"}
    assert dead_links("[a](nowhere.md) [b](README.md) [c](https://x.y)") == ["nowhere.md"]
    assert "fly away" not in known_commands(app)
