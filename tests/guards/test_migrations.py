"""The migrations make exactly the tables that the models describe, on the database of this run; there is one head."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from eventsvc.db import db
from tests.guards.sources import PROJECT


def heads(folder: Path) -> list[str]:
    """The revisions that nothing follows."""
    return list(ScriptDirectory(str(folder)).get_heads())


def differences(connection: sa.Connection, metadata: sa.MetaData) -> list[object]:
    """What Alembic would still change so that the database is as the models say."""
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return list(compare_metadata(context, metadata))


def test_there_is_one_head() -> None:
    assert len(heads(PROJECT / "migrations")) == 1


def test_models_and_migrations_agree(app_context: Flask) -> None:
    with db.engine.connect() as connection:
        assert differences(connection, db.metadata) == []


@pytest.mark.parametrize("change", ["table", "column", "index"])
def test_the_guard_sees(app_context: Flask, change: str) -> None:
    changed = sa.MetaData(naming_convention=db.metadata.naming_convention)
    for table in db.metadata.sorted_tables:
        table.to_metadata(changed)
    victim = changed.tables["organizations"]
    if change == "table":
        sa.Table("one_more", changed, sa.Column("id", sa.Integer, primary_key=True))
    elif change == "column":
        victim.append_column(sa.Column("one_more", sa.Integer))
    else:
        sa.Index("ix_one_more", victim.c.name)
    with db.engine.connect() as connection:
        assert differences(connection, changed)


def test_the_guard_sees_two_heads(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "script.py.mako").write_text("")
    for name in ("a", "b"):
        (tmp_path / "versions" / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = None\n')
    assert sorted(heads(tmp_path)) == ["a", "b"]
