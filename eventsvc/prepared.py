"""Statements of the hot path: written once in SQLAlchemy, compiled once, then run on the driver's own connection.

SQLAlchemy's execution costs several times what SQLite needs for the same look-up (docs/decisions/0010-speed.md). What is
lost by going around it is the session: a verb that uses these has nothing unflushed. Values and results pass through the
same types as elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import ARRAY, JSON, Column, ColumnElement, Executable, FromClause, Select, String, TableValuedAlias, any_, bindparam, cast, func, select
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from eventsvc.db import Instant, dialect, driver, from_json, here, instant, is_postgresql, to_json

LONG = 200  # of a list: more are asked for at once


class Prepared:
    """One statement with named values: ``all(code="…")``, or ``many([{…}, …])`` for as many rows.

    ``build`` is called once with an `Among`, for lists that are bound by a name.
    ``columns``: of an insert, those that are given; all of them where it does not say.
    """

    def __init__(self, build: Callable[[Among], Executable], columns: Sequence[str] | None = None) -> None:
        self._build, self._columns = build, columns
        self._known: dict[str, _Compiled] = {}

    def all(self, **values: Any) -> list[Any]:
        """Every row, as sequences in the order of the statement's columns."""
        ready = self.ready(**values)
        if ready is not None:
            return ready
        compiled = self._compiled()
        return compiled.shape(compiled.rows(compiled.bind(values), any(type(value) is list and len(value) > LONG for value in values.values())))

    def ready(self, **values: Any) -> list[Any] | None:
        """The rows that `ahead` fetched for these very values, once; None where it did not."""
        asked, rows = here.ahead.pop(self, (None, None)) if here.ahead else (None, None)
        return rows if asked == values else None

    def one(self, **values: Any) -> Any | None:
        """The first row, or None."""
        return next(iter(self.all(**values)), None)

    def run(self, **values: Any) -> None:
        """Run it for what it changes."""
        compiled = self._compiled()
        compiled.run("execute", compiled.bind(values))

    def many(self, rows: Iterable[dict[str, Any]]) -> None:
        """Run it for every row of values; they need not hold anything that the statement does not name."""
        compiled = self._compiled()
        compiled.run("executemany", [compiled.bind(row) for row in rows])

    def _compiled(self) -> _Compiled:
        used = dialect()
        known = self._known.get(used.name)
        if known is None:
            known = self._known[used.name] = _Compiled(self._build(Among(used)), used, self._columns)
        return known


Asked = tuple[Prepared, dict[str, Any]]


def ahead(*asked: Asked) -> None:
    """On PostgreSQL run statements in this order by one journey, where none needs another's rows; each one's `all` finds its rows waiting."""
    if not is_postgresql():
        return  # there is no journey to save
    connection, used = driver(), dialect()
    try:
        with connection.pipeline():
            cursors = [connection.cursor() for _ in asked]
            for cursor, (statement, values) in zip(cursors, asked, strict=True):
                compiled = statement._compiled()
                cursor.execute(compiled.text, compiled.bind(values))
        found = [statement._compiled().shape(cursor.fetchall()) for cursor, (statement, _values) in zip(cursors, asked, strict=True)]
    except used.loaded_dbapi.Error as error:
        raise _as_sqlalchemy(error, "", used, connection) from error
    here.ahead = {statement: (values, rows) for (statement, values), rows in zip(asked, found, strict=True)}


def _as_sqlalchemy(error: Exception, text: str, dialect: Dialect, connection: Any) -> BaseException:
    """A driver's error as SQLAlchemy's."""
    kind = dialect.loaded_dbapi.Error
    gone = dialect.is_disconnect(error, connection, None)
    return DBAPIError.instance(text, None, error, kind, hide_parameters=True, connection_invalidated=gone, dialect=dialect)


class Among:
    """How a database takes a list as one value, so that the statement's text stays the same whatever its length."""

    def __init__(self, dialect: Dialect) -> None:
        self._arrays = dialect.name == "postgresql"

    def __call__(self, column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
        """That a column is one of the list bound as ``name``."""
        if self._arrays:
            return column == any_(cast(bindparam(name, type_=_Listed), ARRAY(String)))
        return column.in_(select(_items(name).c.value))

    def each(self, rows: Callable[[FromClause], Select[Any]], column: Column[Any], name: str) -> Select[Any]:
        """``rows`` of the column's table for each of a list that holds nothing twice: of what `__call__` says SQLite would first make a sorted table."""
        if self._arrays:
            return rows(column.table).where(self(column, name))
        items = _items(name)
        return rows(items.join(column.table, column == items.c.value))


def _items(name: str) -> TableValuedAlias:
    return func.json_each(bindparam(name, type_=_Packed())).table_valued("value")


class _Packed(JSON):
    """A list of texts as SQLite's functions read one."""


def _packed(values: Sequence[str]) -> str:
    """The text of a list; by the patient writer where a lone surrogate is among them."""
    try:
        return orjson.dumps(values).decode()
    except TypeError:
        return json.dumps(values)


class _Listed(String):
    """A list as PostgreSQL writes one: made here for a fifth of what the driver takes over an array."""


def _listed(values: Iterable[str]) -> str:
    """The text of a list; each element quoted, so that nothing in it means anything."""
    return "{" + ",".join(['"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values]) + "}"


class _Hinted(SQLiteCompiler):
    """Writes ``INDEXED BY`` where a statement has the hint: old statistics make SQLite scan a whole table for one row.

    What locks rows in an order elsewhere is not sorted here, where no row is locked.
    """

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:
        """The hint as it stands."""
        return text

    def visit_join(self, join: Any, *args: Any, **more: Any) -> str:
        """What is looked up by a list is never turned around: https://www.sqlite.org/optoverview.html#manual_control_of_query_plans_using_cross_join."""
        text: str = super().visit_join(join, *args, **more)
        return text.replace(" JOIN ", " CROSS JOIN ", 1) if isinstance(join.left, TableValuedAlias) else text

    def order_by_clause(self, select: Any, **more: Any) -> str:
        """Nothing for a statement that sorts only to lock."""
        return "" if select._for_update_arg is not None and select._limit_clause is None else super().order_by_clause(select, **more)


def _inward(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """What makes a value the driver's: of the type, or without its wrapping where that is most of its cost."""
    if type(kind) is Instant:
        return instant
    if type(kind) is _Listed:
        return _listed
    if type(kind) is _Packed:
        return _packed
    if type(kind) is JSON and dialect.name == "sqlite":
        return to_json
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _outward(kind: Any, dialect: Dialect) -> Callable[[Any], Any] | None:
    """The same of a result."""
    if type(kind) is JSON and dialect.name == "sqlite":
        return from_json
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _at_once(text: str, columns: int) -> str:
    """The same rows as one value: Python's driver gives the interpreter away for each row, and among threads that costs more than the row.

    For texts and whole numbers, which are all that these statements ask for.
    """
    names = ", ".join(f"c{number}" for number in range(columns))
    return f"WITH found ({names}) AS ({text}) SELECT json_group_array(json_array({names})) FROM found"


class _Compiled:
    """A statement as one driver takes it."""

    def __init__(self, statement: Executable, dialect: Dialect, columns: Sequence[str] | None) -> None:
        compiled: Any = (_Hinted if dialect.name == "sqlite" else dialect.statement_compiler)(dialect, statement, column_keys=columns)
        self.text = str(compiled)
        self.dialect = dialect
        self.fixed = {name: bind.value for name, bind in compiled.binds.items() if not bind.required and bind.callable is None}
        types = {name: _inward(bind.type, dialect) for name, bind in compiled.binds.items()}
        self.positional = bool(compiled.positiontup)
        self.names = list(compiled.positiontup or compiled.binds)
        self.pick = itemgetter(*self.names) if len(self.names) > 1 else lambda values: (values[self.names[0]],) if self.names else ()
        self.inward = [(number, types[name]) for number, name in enumerate(self.names) if types[name] is not None]
        columns = [column[3] for column in compiled._result_columns]
        outward = [_outward(kind, dialect) for kind in columns]
        self.at_once = _at_once(self.text, len(columns)) if columns and dialect.name == "sqlite" else ""
        self.outward = [(number, processor) for number, processor in enumerate(outward) if processor is not None]

    def bind(self, values: dict[str, Any]) -> Any:
        """The values as the driver takes them."""
        given = list(self.pick({**self.fixed, **values} if self.fixed else values))
        for number, processor in self.inward:
            given[number] = processor(given[number])
        return given if self.positional else dict(zip(self.names, given, strict=True))

    def shape(self, rows: list[Any]) -> list[Any]:
        """The rows with their columns as the models give them."""
        if not self.outward or not rows:
            return rows
        shaped = rows if type(rows[0]) is list else [list(row) for row in rows]
        for number, processor in self.outward:
            for row in shaped:
                if (value := row[number]) is not None:  # None stays None in every type of ours
                    row[number] = processor(value)
        return shaped

    def rows(self, values: Any, many: bool) -> list[Any]:
        """Every row as the driver gives it, or of ``many`` as lists."""
        if many and self.at_once:
            return orjson.loads(self.run("execute", values, self.at_once).fetchone()[0])  # type: ignore[no-any-return]
        return self.run("execute", values).fetchall()  # type: ignore[no-any-return]

    def run(self, how: str, values: Any, text: str = "") -> Any:
        """Have the driver do it (``text``: another one than the statement's); its errors come as SQLAlchemy's."""
        cursor = driver().cursor()
        try:
            getattr(cursor, how)(text or self.text, values)
        except self.dialect.loaded_dbapi.Error as error:
            raise _as_sqlalchemy(error, self.text, self.dialect, driver()) from error
        return cursor
