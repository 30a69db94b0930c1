"""Whether the database answers, and how much there is: numbers for operators, nothing of anybody."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from eventsvc.db import db, ping
from eventsvc.models import Device, Event, Record, Registration


def ready() -> bool:
    """Whether the database answers."""
    try:
        ping()
    except SQLAlchemyError:
        return False
    return True


def counts() -> dict[str, int]:
    """Rows of events, registrations, devices and records."""
    session = db.session
    kinds = {"events": Event, "registrations": Registration, "devices": Device, "records": Record}
    return {name: session.scalar(select(func.count()).select_from(model)) or 0 for name, model in kinds.items()}


def connections() -> dict[str, int]:
    """The pool of database connections of this process: in use, and at rest."""
    pool = db.engine.pool
    if not isinstance(pool, QueuePool):
        return {}
    return {"database_connections_used": pool.checkedout(), "database_connections_idle": pool.checkedin()}
