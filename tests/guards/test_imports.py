"""Imports go down only: each room of eventsvc knows the rooms that stand here beside it, and no Flask below the web."""

from __future__ import annotations

import pytest

from tests.guards import sources

GROUND = {"errors", "config", "permissions"}
MAY_KNOW: dict[str, set[str]] = {
    "errors": set(),
    "config": set(),
    "permissions": {"errors"},
    "turns": {"errors"},
    "db": {"turns", "errors", "config"},
    "prepared": {"db"},
    "logs": set(),
    "bodies": set(),
    "ports": {"errors", "config"},
    "models": {"db", *GROUND},
    "services": {"models", "ports", "db", "prepared", *GROUND},
    "render": {"services.reports"},
    "web": {"services", "render", "ports", "logs", *GROUND},
    "api": {"services", "render", "ports", "logs", *GROUND},
    "demo": {"services", "ports", "db", *GROUND},  # db: it is loaded in one transaction
    "cli": {"services", "render", "ports", "demo", *GROUND},
    "preparing": {"", "demo", *GROUND},
    "serve": {"", "preparing", "ports.cores", "logs", *GROUND},
    "factory": {"", "web", "api", "cli", "render", "services", "models", "ports", "db", "logs", "bodies", *GROUND},
    "": {"factory", "config", "ports"},
}
WITHOUT_FLASK = {"errors", "config", "permissions", "models", "ports", "services", "render"}
WEB_LIBRARIES = ("flask", "flask_babel", "flask_wtf", "flask_compress", "werkzeug", "wtforms", "jinja2")


def room(module: str) -> str:
    """The room of a module: eventsvc.web.my is web; the package itself is ''."""
    return (module.split(".") + [""])[1]


def faults(module: str, source: str, is_package: bool = False) -> list[str]:
    """What a module imports although its room may not."""
    here = room(module)
    if here not in MAY_KNOW:
        return [f"{module}: a room that architecture does not know; add it to MAY_KNOW with a reason"]
    found = []
    for line, name in sources.imports(source, module, is_package):
        top, _, rest = name.partition(".")
        if top == "eventsvc":
            there = rest.split(".")[0]
            if there not in MAY_KNOW:  # a name from the package's __init__, as create_app
                there = ""
            allowed = any(rest == known or rest.startswith(f"{known}.") for known in MAY_KNOW[here] if known)
            if there != here and not allowed and not (there == "" and "" in MAY_KNOW[here]):
                found.append(f"{module}:{line} imports {name}")
        elif here in WITHOUT_FLASK and top in WEB_LIBRARIES:
            found.append(f"{module}:{line} imports {name} below the web")
    return found


@pytest.mark.parametrize("path", sources.files("*.py", "eventsvc"), ids=str)
def test_imports_go_down_only(path: sources.Path) -> None:
    assert faults(sources.module_name(path), sources.read(path), path.name == "__init__.py") == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("eventsvc.services.records", "from eventsvc.web import pages"),
        ("eventsvc.services.records", "from flask import g"),
        ("eventsvc.services.records", "def f():\n    import flask"),
        ("eventsvc.models.event", "from eventsvc.services import events"),
        ("eventsvc.models.event", "from ..services import events"),
        ("eventsvc.ports.clock", "from eventsvc.db import db"),
        ("eventsvc.render.brief", "from eventsvc.services import figures"),
        ("eventsvc.render.brief", "from eventsvc.models.event import Event"),
        ("eventsvc.web.my", "from eventsvc.api import tokens"),
        ("eventsvc.web.my", "from eventsvc.db import db"),
        ("eventsvc.api.events", "from eventsvc import db"),
        ("eventsvc.api.events", "import eventsvc.web.my"),
        ("eventsvc.db", "from eventsvc.models import event"),
        ("eventsvc.config", "from eventsvc import create_app"),
        ("eventsvc.helpers", ""),
    ],
)
def test_the_guard_sees(module: str, source: str) -> None:
    assert faults(module, source)


def test_the_guard_lets_the_allowed_through() -> None:
    assert faults("eventsvc.web.my", "from flask import g\nfrom eventsvc.services import events\nfrom eventsvc.web import forms") == []
    assert faults("eventsvc.render.brief", "from eventsvc.services.reports import Report\nfrom . import phrase") == []
    assert faults("eventsvc.services.records", "from .codes import mint\nfrom eventsvc.ports.clock import now") == []
