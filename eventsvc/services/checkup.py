"""What the doctor asks the database: how it keeps what it is given, and what in it looks wrong; nothing is changed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text

from eventsvc.db import db, is_postgresql
from eventsvc.models import Membership, Record

_SQLITE = ("journal_mode", "synchronous", "foreign_keys", "quick_check(1)")
_POSTGRESQL = ("fsync", "synchronous_commit", "full_page_writes", "server_encoding", "server_version")


def settings() -> dict[str, str]:
    """The database's own settings that a record's safety hangs on, as it says them."""
    with db.engine.connect() as connection:
        if is_postgresql():
            return {name: str(connection.scalar(text(f"SHOW {name}"))) for name in _POSTGRESQL}
        return {name.partition("(")[0]: str(connection.scalar(text(f"PRAGMA {name}"))) for name in _SQLITE}


def owners() -> int:
    """How many memberships can manage an organization."""
    with db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(Membership).where(Membership.role == "owner")) or 0


def last_received() -> datetime | None:
    """When the newest record came in, by the clock of that moment."""
    with db.engine.connect() as connection:
        return connection.scalar(select(func.max(Record.received_at)))
