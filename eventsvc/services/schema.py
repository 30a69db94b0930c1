"""Which revision the database's tables have, and which ones this version knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, inspect, select

from eventsvc.db import db
from eventsvc.models import Event, Organization, User

MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


@cache
def _known() -> tuple[str, frozenset[str]]:
    scripts = ScriptDirectory(str(MIGRATIONS))
    return scripts.get_current_head() or "", frozenset(script.revision for script in scripts.walk_revisions())


def head() -> str:
    """The newest revision of this version."""
    return _known()[0]


def knows(revision: str | None) -> bool:
    """Whether this version can bring such tables to its own revision."""
    return revision in _known()[1]


def current() -> str | None:
    """The revision of the database's tables; None where there are none yet."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def is_empty() -> bool:
    """Whether the database holds nothing of anybody: no tables, or no organization, user and event in them."""
    with db.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        tables = [model.__table__ for model in (Organization, User, Event)]
        return not any(table.name in there and connection.scalar(select(func.count()).select_from(table)) for table in tables)


def disconnect() -> None:
    """Give every connection of this process back, so that the database can be exchanged under it."""
    db.session.remove()
    db.engine.dispose()
