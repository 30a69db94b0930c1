"""SQLite's log is written back beside whoever writes, so that no commit has to do it for long."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from eventsvc.db import checkpoint, db, transaction
from eventsvc.services import checkpoints
from tests.conftest import on_postgresql
from tests.services.world import World

pytestmark = pytest.mark.usefixtures("app_context")
ONLY_SQLITE = pytest.mark.skipif(on_postgresql(), reason="SQLite's own log")


def database() -> Path:
    return Path(db.engine.url.database or "")


@ONLY_SQLITE
def test_what_waits_in_the_log_is_counted_as_sqlite_counts_it() -> None:
    World()
    waits = checkpoints.waiting(database())
    with db.engine.raw_connection().cursor().connection as connection:
        _busy, logged, written = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    assert (waits, checkpoints.waiting(database())) == (logged, logged - written)
    assert logged > 0


@ONLY_SQLITE
def test_without_a_log_nothing_waits(tmp_path: Path) -> None:
    assert checkpoints.waiting(tmp_path / "none.sqlite3") == 0
    (tmp_path / "short.sqlite3-shm").write_bytes(b"x" * 20)
    assert checkpoints.waiting(tmp_path / "short.sqlite3") == 0


@ONLY_SQLITE
def test_it_is_written_back_while_somebody_writes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "PAGES", 1)
    monkeypatch.setattr(checkpoints, "EVERY", 0.01)
    World()
    checkpoint(db.engine, "TRUNCATE")
    ended, written = threading.Event(), threading.Event()
    thread = checkpoints.keep_up(ended)
    assert thread is not None

    @transaction
    def write() -> None:
        db.session.execute(text("UPDATE events SET title = title || '.'"))
        db.session.flush()

    @transaction
    def hold() -> None:
        db.session.execute(text("UPDATE events SET title = title || '!'"))
        for _ in range(500):
            if checkpoints.waiting(database()) == 0:
                written.set()
                return
            time.sleep(0.01)

    write()
    hold()  # with the right to write in hand
    ended.set()
    thread.join(10)
    assert written.is_set() and not thread.is_alive()


@pytest.mark.skipif(not on_postgresql(), reason="the other database")
def test_postgresql_has_no_such_log() -> None:
    assert checkpoints.keep_up(threading.Event()) is None
