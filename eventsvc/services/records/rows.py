"""Rows of the ledger, and many of them as one value that the database takes by one statement: what rows have in common is said once, the rest is a line for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import text

from eventsvc.db import micros
from eventsvc.models import Record
from eventsvc.prepared import Prepared


class LedgerRow(NamedTuple):
    """A row of the ledger, stored or fresh (``seq`` 0): the columns of `Record`, in their order."""

    id: str
    seq: int
    event_id: str
    epoch: int
    type: str
    device_id: str | None
    checkpoint: str | None
    counter: str | None
    registration_id: str | None
    quantity: int
    direction: str | None
    topic: str | None
    basis: str | None
    undoes: str | None
    content: str
    at: datetime
    corrected_at: datetime
    received_at: datetime
    decided: str | None
    outcome: str
    admitted: int
    used: int | None
    remaining: int | None
    first_record: str | None
    flags: list[str]
    scanned: str | None


row_of: Callable[[tuple[Any, ...]], LedgerRow] = partial(tuple.__new__, LedgerRow)  # all its columns in order, in half of the time
_NOBODY = " " * 36  # instead of a registration's id
_TIMES, _PLACES = 5 * 10**16, 100_000  # added to microseconds (of the years 702 to 3237) and to places: all have as many digits then, quicker than filled up
_OWN = {  # of each row: where it stands in its line, and how it is read from there
    "id": "substr({line}, 1, 36)",
    "registration_id": f"nullif(substr({{line}}, 37, 36), '{_NOBODY}')",
    "content": "substr({line}, 73, 32)",
    "at": f"CAST(substr({{line}}, 105, 17) AS BIGINT) - {_TIMES}",
    "corrected_at": f"CAST(substr({{line}}, 122, 17) AS BIGINT) - {_TIMES}",
}
_PLACE, _KIND = f"CAST(substr({{line}}, 139, 6) AS INTEGER) - {_PLACES}", "CAST(substr({line}, 145) AS INTEGER)"
_SHARED = tuple(name for name in LedgerRow._fields if name not in _OWN and name != "seq")
_COMMON = tuple(name for name in _SHARED if name != "flags")
_common = itemgetter(*map(LedgerRow._fields.index, _COMMON))
_INTO = f"INSERT INTO records ({', '.join((*_OWN, *_SHARED))}, seq)"


def _own(line: str) -> str:
    return ", ".join(place.format(line=line) for place in _OWN.values())


_ON_SQLITE = Prepared(  # numbers go on from ``first``, in the order of the places; the row of a kind is found by going through all: few they are
    lambda among: text(
        f"WITH kinds AS MATERIALIZED (SELECT key AS kind, {', '.join(f'value ->> {number} AS {name}' for number, name in enumerate(_SHARED))}"
        f" FROM json_each(:kinds)) {_INTO} SELECT {_own('value')}, {', '.join(f'kinds.{name}' for name in _SHARED)}, :first + {_PLACE.format(line='value')}"
        f" FROM json_each(:lines) CROSS JOIN kinds ON kinds.kind = {_KIND.format(line='value')}"
    )
)
_ON_POSTGRESQL = Prepared(  # numbers are drawn in the order of the lines; the ids of those that were kept, since another server may have kept one first
    lambda among: text(
        f"{_INTO} SELECT {_own('line')}, {', '.join(_SHARED)}, nextval('records_seq') FROM (SELECT line, {', '.join(f'kinds.{name}' for name in _SHARED)}"
        " FROM json_array_elements_text(CAST(:lines AS json)) WITH ORDINALITY AS lines (line, place)"
        " JOIN json_populate_recordset(CAST(NULL AS records), CAST(:kinds AS json)) WITH ORDINALITY AS kinds"
        f" ON kinds.ordinality = 1 + {_KIND.format(line='line')} ORDER BY place) AS rows ON CONFLICT (id) DO NOTHING RETURNING id"
    ).columns(Record.__table__.c.id)
)


def line(record_id: str, registration_id: str | None, content: str, at: datetime, corrected_at: datetime, place: int, kind: int) -> str:
    """The line of a row; ``place``: its number among the rows, below 100,000."""
    sent = _TIMES + micros(at)
    right = sent if corrected_at is at else _TIMES + micros(corrected_at)
    return f"{record_id}{registration_id or _NOBODY}{content}{sent}{right}{_PLACES + place}{kind}"


class Lines:
    """Rows that wait to be written at once."""

    def __init__(self, all_alike: bool) -> None:
        self.lines: list[str] = []
        self.apart: list[tuple[int, LedgerRow]] = []  # with their places: rows that have nothing in common with any other
        self._all_alike = all_alike
        self._kinds: dict[tuple[Any, ...], int] = {}

    def add(self, row: LedgerRow, place: int) -> None:
        """One more row; those that name another record or an unknown text are put ``apart``, unless all are to be treated alike."""
        if not self._all_alike and (row.undoes or row.first_record or row.scanned):
            self.apart.append((place, row))
            return
        self.lines.append(line(row.id, row.registration_id, row.content, row.at, row.corrected_at, place, self.kind(row)))

    def kind(self, row: LedgerRow) -> int:
        """The number of what a row has in common with others."""
        return self._kinds.setdefault((*row.flags, *_common(row)), len(self._kinds))

    def keep(self, first: int) -> None:
        """Write them on SQLite, but for those ``apart``, with the numbers of the ledger from ``first`` on."""
        kinds = [list(kind.values()) for kind in self._described()]
        _ON_SQLITE.run(first=first, lines=orjson.dumps(self.lines).decode(), kinds=orjson.dumps(kinds).decode())

    def keep_new(self) -> set[str]:
        """Write them on PostgreSQL but for those whose ids are there already; the ids of what was written."""
        kinds = orjson.dumps(list(self._described())).decode()
        return {record_id for (record_id,) in _ON_POSTGRESQL.all(lines=orjson.dumps(self.lines).decode(), kinds=kinds)}

    def _described(self) -> Iterator[dict[str, Any]]:
        """The kinds by the names of their columns."""
        for kind in self._kinds:
            flags, shared = kind[: -len(_COMMON)], kind[-len(_COMMON) :]
            described = dict(zip(_COMMON, shared, strict=True))
            yield dict.fromkeys(_SHARED) | described | {"received_at": micros(described["received_at"]), "flags": list(flags)}
