"""SQLite's log is written into the database beside whoever writes, before one of them has to do it himself, and all others wait for him.

SQLite lets the commit that fills the log write it back, a quarter of a second for 4,000 pages, in which nobody else can write. A checkpoint that
is `PASSIVE` waits for nobody and nobody waits for it, so the worker makes them as the log grows; what a commit may still find to do is little.
"""

from __future__ import annotations

import logging
import struct
import threading
from pathlib import Path

from sqlalchemy.engine import Engine

from eventsvc.db import checkpoint, db, is_postgresql

log = logging.getLogger("eventsvc.checkpoints")

EVERY = 0.2  # seconds between two looks
PAGES = 1500  # in the log alone that are worth it: most of what a crowd changes, it changes again soon
_FRAMES, _BACKFILLED = struct.Struct("=16xI"), struct.Struct("=96xI")  # of the log's index, https://www.sqlite.org/walformat.html


def waiting(path: Path) -> int:
    """Pages that are in the log of a database and not in the database yet; 0 where there is no log."""
    try:
        with path.with_name(path.name + "-shm").open("rb") as index:
            head = index.read(100)
    except OSError:
        return 0
    return _FRAMES.unpack_from(head)[0] - _BACKFILLED.unpack_from(head)[0] if len(head) == 100 else 0


def keep_up(ended: threading.Event) -> threading.Thread | None:
    """Write the log back whenever it has grown, in a thread of its own, until ``ended``; None where the database has no such log."""
    engine = db.engine
    path = Path(engine.url.database or "")
    if is_postgresql() or not path.is_file():
        return None
    thread = threading.Thread(target=_tend, args=(engine, path, ended), daemon=True)
    thread.start()
    return thread


def _tend(engine: Engine, path: Path, ended: threading.Event) -> None:
    while not ended.wait(EVERY):
        if waiting(path) < PAGES:
            continue
        try:
            checkpoint(engine, "PASSIVE")
        except engine.dialect.loaded_dbapi.Error:
            log.exception("checkpoint failed; it is tried again")
