"""Engine, session, `transaction` and `Instant`: the only file that begins and ends database transactions.

One use-case is one transaction: the outermost verb commits when it returns and rolls back when it raises. On SQLite a
verb begins with ``BEGIN IMMEDIATE``, so that what it reads cannot change before it writes (measured: plain transactions
let 4 to 17 of 100 tickets in twice, BEGIN IMMEDIATE none); on PostgreSQL verbs lock the rows that they decide on.
"""

from __future__ import annotations

import contextlib
import functools
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ParamSpec, TypeVar

import orjson
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, MetaData, event, text
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session, make_transient_to_detached
from sqlalchemy.types import TypeDecorator

from eventsvc.errors import Unavailable
from eventsvc.turns import Turns

P = ParamSpec("P")
R = TypeVar("R")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Base(DeclarativeBase):
    """The declarative base; names every constraint, so that migrations can drop them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Instant(TypeDecorator[datetime]):
    """An aware point in time, stored as whole microseconds since 1970-01-01 UTC: the same order and arithmetic on both databases."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """Aware datetime to microseconds; a naive one is a programming error."""
        return instant(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """Microseconds to an aware datetime in UTC."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


def micros(value: datetime) -> int:
    """Whole microseconds since 1970 of an aware datetime; TypeError for a naive one."""
    since = value - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def instant(value: datetime | None) -> int | None:
    """What `Instant` keeps, for who goes around SQLAlchemy."""
    return None if value is None else micros(value)


WAIT = 7.0  # seconds for a turn to write: less than a phone waits for its answer (8)
WRITERS = 32  # on PostgreSQL, in one process: fewer than it has connections (40), so that whoever reads or records finds one
_sqlite_writer = threading.Lock()
_postgresql_writers = Turns(WRITERS, WAIT)


@contextlib.contextmanager
def _turn_to_write(ahead: bool) -> Iterator[None]:
    """Wait in line inside the process, without a connection.

    SQLite's own waiting is a sleep that favours the lucky. On PostgreSQL more writers than connections would wait for the pool,
    which favours newcomers: with 64 at one event somebody waited for ten seconds and was turned away.
    """
    if is_postgresql():
        with contextlib.nullcontext() if ahead else _postgresql_writers.taken():
            yield
    elif _sqlite_writer.acquire(timeout=WAIT):
        try:
            yield
        finally:
            _sqlite_writer.release()
    else:
        raise Unavailable


class _Here(threading.local):
    """What this thread's transaction works with, for `prepared`: looked up once instead of through the session for each statement."""

    driver: Any = None  # the driver's own connection
    dialect: Dialect | None = None
    ahead: dict[Any, Any] | None = None  # rows that were fetched before they are asked for


here = _Here()


def transaction(verb: Callable[P, R], ahead: bool = False) -> Callable[P, R]:
    """Make a verb one transaction: the outermost call begins it, commits on return, rolls back on any exception.

    ``ahead``: it waits for none of the other writers where the database itself lets it by: a check-in never waits for registrations.
    """

    @functools.wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if in_transaction():
            return verb(*args, **kwargs)
        session = db.session()
        session.rollback()  # nothing read before the transaction is trusted in it
        with _turn_to_write(ahead):
            try:
                connection = session.connection(execution_options={"writes": True})
                here.driver, here.dialect = connection.connection.driver_connection, connection.dialect
                result = verb(*args, **kwargs)
                session.commit()
                return result
            except BaseException:
                session.rollback()
                raise
            finally:
                here.driver = here.dialect = here.ahead = None

    return run


@contextlib.contextmanager
def reading() -> Iterator[None]:
    """A transaction that only reads, of one moment's state on SQLite."""
    session = db.session()
    session.rollback()
    try:
        connection = session.connection()
        here.driver, here.dialect = connection.connection.driver_connection, connection.dialect
        yield
    finally:
        here.driver = here.dialect = here.ahead = None
        session.rollback()


class Pen:
    """SQLite: a connection that stays open and writes what was decided before; it can tell whether any other has written since."""

    def __init__(self) -> None:
        self._held: Connection | None = None
        self._turn = contextlib.ExitStack()

    def others(self) -> int:
        """A number that changes with every commit of another connection, of this process or another one; https://www.sqlite.org/pragma.html#pragma_data_version."""
        return int(self._driver().execute("PRAGMA data_version").fetchone()[0])

    def take(self) -> None:
        """Wait for the turn to write, as every verb does, and begin. Raises Unavailable."""
        self._turn.enter_context(_turn_to_write(ahead=True))
        try:
            self._connection().begin()
        except BaseException:
            self._turn.close()
            raise

    def write(self, verb: Callable[[], None]) -> None:
        """Run a verb, and commit; its exceptions undo all."""
        connection = self._connection()
        here.driver, here.dialect = self._driver(), connection.dialect
        try:
            verb()
            connection.commit()
        except BaseException:
            connection.rollback()
            raise
        finally:
            here.driver = here.dialect = None

    def put_back(self) -> None:
        """Let the next one write; what was begun and not committed is undone."""
        try:
            self._connection().rollback()
        finally:
            self._turn.close()

    def _driver(self) -> Any:
        return self._connection().connection.driver_connection

    def _connection(self) -> Connection:
        if self._held is None or self._held.closed or self._held.engine.pool is not db.engine.pool:
            self._held = db.engine.connect().execution_options(writes=True)
        return self._held


def in_transaction() -> bool:
    """Whether a verb's transaction is under way in this thread."""
    return here.driver is not None


def adopt(row: Any) -> None:
    """Make a row that was written without the session one of this session's, as if it had been read."""
    session = db.session()
    make_transient_to_detached(row)
    session.add(row)
    if not in_transaction():
        session.commit()  # of nothing: else the next verb's beginning would have it forget what it holds


def driver() -> Any:
    """The database driver's own connection in the present transaction, for `prepared`."""
    return here.driver or db.session().connection().connection.driver_connection


def dialect() -> Dialect:
    """The dialect of the database in use."""
    return here.dialect or db.engine.dialect


def is_postgresql() -> bool:
    """Whether the database in use is PostgreSQL."""
    return dialect().name == "postgresql"


def stand_in_line(name: str) -> None:
    """Wait for one's turn at what is called so, until the transaction ends: first come, first served.

    PostgreSQL wakes the waiters of a row that is updated in no order, so that one may wait for seconds among many; an advisory
    lock has a queue. On SQLite the transaction itself had to wait its turn.
    """
    if is_postgresql():
        db.session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def ping() -> None:
    """Ask the database for an answer; raises whatever the driver raises."""
    db.session.execute(text("SELECT 1"))
    db.session.rollback()


def end_reading() -> None:
    """Give the connection back after a read-only request; nothing is written."""
    db.session.rollback()


CHECKPOINT = 12_000  # pages of SQLite's log after which a commit writes them into the database, where the worker has not (services/checkpoints.py)
LIMITS = {"lock_timeout": "7s", "idle_in_transaction_session_timeout": "60s"}  # of PostgreSQL


def configure_engine(engine: Engine, pooled: bool = False) -> None:
    """Set up connections: WAL, FULL, foreign keys and BEGIN IMMEDIATE on SQLite; a lock time-out on PostgreSQL.

    ``pooled``: a connection is ours for one transaction only, so what is set is set for that one.
    """
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def _pragmas(connection: Any, _record: Any) -> None:
            connection.isolation_level = None  # the driver begins nothing by itself; `_begin` does
            cursor = connection.cursor()
            cursor.execute("PRAGMA busy_timeout=7000")
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
            cursor.execute("PRAGMA secure_delete=ON")  # what is deleted is overwritten: a person must not be found in the file
            cursor.execute("PRAGMA cache_size=-6144")
            cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def _begin(connection: Any) -> None:
            writes = connection.get_execution_options().get("writes")
            connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
        return
    _ping_idle(engine)
    if pooled:
        said = "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in LIMITS.items())

        @event.listens_for(engine, "begin")
        def _limits_of_one(connection: Any) -> None:
            if connection.get_execution_options().get("writes"):
                connection.exec_driver_sql(said)
    else:

        @event.listens_for(engine, "connect")
        def _limits(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for name, value in LIMITS.items():
                cursor.execute(f"SET {name} = '{value}'")
            cursor.close()
            connection.commit()


IDLE = 1.0  # seconds after which a connection is asked whether it still stands; before, that is one journey in ten for nothing


def _ping_idle(engine: Engine) -> None:
    """Never hand out a connection that ended while nobody used it, as after a restart of the database: all older ones are made anew."""

    @event.listens_for(engine, "checkin")
    def _put_back(_connection: Any, record: Any) -> None:
        record.info["put_back"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _still_stands(connection: Any, record: Any, _proxy: Any) -> None:
        if time.monotonic() - record.info.get("put_back", time.monotonic()) < IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


class Erasable:
    """Marks a table whose rows belong to one registration's people (``registration_id``, ``event_id``) and are deleted with them."""


def wipe() -> None:
    """Have deleted content leave the files as well, as far as nobody is reading it: on SQLite the log beside the database is emptied."""
    if is_postgresql():
        return  # dead rows go with the server's own VACUUM (docs/security.md)
    checkpoint(db.engine, "TRUNCATE")


def checkpoint(engine: Engine, how: str) -> None:
    """Have SQLite's log written into the database, as far as nobody is reading it; ``how``: https://www.sqlite.org/pragma.html#pragma_wal_checkpoint."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute(f"PRAGMA wal_checkpoint({how})")
    finally:
        connection.close()


def to_json(value: Any) -> str:
    """JSON as a column keeps it; most lists are empty."""
    return "[]" if value == [] else json.dumps(value)


def from_json(text: str) -> Any:
    """What a column keeps; the patient parser for what the strict one refuses (lone surrogates, infinity)."""
    try:
        return [] if text == "[]" else orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


class AppendOnly:
    """Marks a table whose rows are never changed or deleted: the ORM refuses it here, a database trigger for all others."""


@event.listens_for(Session, "before_flush")
def _only_grow(session: Session, _context: Any, _instances: Any) -> None:
    for thing in session.dirty:
        if isinstance(thing, AppendOnly) and session.is_modified(thing):
            raise RuntimeError(f"{type(thing).__name__} only grows: an undo is a new record")
    for thing in session.deleted:
        if isinstance(thing, AppendOnly):
            raise RuntimeError(f"{type(thing).__name__} only grows: nothing is deleted")
