"""SQLite's own online copy: consistent while the server goes on writing, and what is only in the ``-wal`` file is in it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import make_url

from eventsvc.errors import Conflict

PATIENCE = 15  # seconds for another writer


def file_of(url: str) -> Path:
    """The database's file."""
    return Path(make_url(url).database or "").resolve()


def dump(url: str, target: Path) -> None:
    """Copy the running database into ``target``, a file that stands alone. Raises Conflict where the copy is not sound."""
    _make(target)
    with closing(sqlite3.connect(file_of(url), timeout=PATIENCE)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
    _check(target)


def load(url: str, source: Path) -> None:
    """Put a checked copy in the place of the database, whole or not at all."""
    _check(source)
    place = file_of(url)
    place.parent.mkdir(parents=True, exist_ok=True)
    _make(place)
    with closing(sqlite3.connect(source)) as copy, closing(sqlite3.connect(place, timeout=PATIENCE)) as database:
        copy.backup(database)
        database.execute("PRAGMA journal_mode=WAL")


def _make(path: Path) -> None:
    """A new file is for its owner alone; one that is there stays as it is."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))


def _check(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
    except sqlite3.DatabaseError as error:
        found = [str(error)]
    if found != ["ok"]:
        raise Conflict("damaged", "数据库文件已损坏：{found} (the database is damaged)", found=found[0])
