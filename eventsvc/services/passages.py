"""What the database holds of an event after a cut, and everything of the subjects that this concerns: reads only.

On SQLite what one request reads is one moment. On PostgreSQL every statement sees its own, and numbers appear out of
order, as they are handed out before commits: what a statement saw besides the settled numbers is therefore named one by
one (`Cut`), and `settled` says up to which numbers nothing can appear any more.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, text

from eventsvc.models import Record, RecordDecision, Registration, RegistrationChange
from eventsvc.prepared import Prepared
from eventsvc.services.folds import Row
from eventsvc.services.rollup import Cut, Passages, Ticket

WINDOW = 5_000  # what is read at once

_ledger, _decided = Record.__table__.c, RecordDecision.__table__.c
_tickets, _changes = Registration.__table__.c, RegistrationChange.__table__.c
_columns = [_ledger[name] for name in Row._fields]
_here = (_ledger.event_id == bindparam("event"), _ledger.epoch == bindparam("epoch"))

_NEW = Prepared(lambda among: select(*_columns).where(*_here, _ledger.seq > bindparam("after")).order_by(_ledger.seq).limit(WINDOW))
_ALL_NEW = Prepared(lambda among: select(*_columns).where(*_here, _ledger.seq > bindparam("after")).order_by(_ledger.seq))
_DECISIONS = Prepared(
    lambda among: select(_decided.id, _decided.record_id)
    .where(_decided.event_id == bindparam("event"), _decided.id > bindparam("after"))
    .order_by(_decided.id)
)
_CHANGES = Prepared(
    lambda among: select(_changes.id, _changes.registration_id)
    .where(_changes.event_id == bindparam("event"), _changes.id > bindparam("after"))
    .order_by(_changes.id)
)
_ARRIVALS = Prepared(
    lambda among: select(_tickets.seq, _tickets.id)
    .where(_tickets.event_id == bindparam("event"), _tickets.seq > bindparam("after"))
    .order_by(_tickets.seq)
    .limit(WINDOW)
)
# By id alone, so that no planner walks through an event instead; what is of another event or epoch is left out afterwards.
_whole = [*_columns, _ledger.event_id, _ledger.epoch]
_ROWS = Prepared(lambda among: select(*_whole).where(among(_ledger.id, "ids")))
_OF_TICKETS = Prepared(lambda among: select(*_whole).where(among(_ledger.registration_id, "ids")))
_UNDOS = Prepared(lambda among: select(*_whole).where(among(_ledger.undoes, "ids")))
_LATER = Prepared(lambda among: select(_decided.id, _decided.record_id, _decided.decided).where(among(_decided.record_id, "ids")))
_TICKETS = Prepared(
    lambda among: select(
        _tickets.event_id, _tickets.id, _tickets.seq, _tickets.status, _tickets.party_size, _changes.id, _changes.status, _changes.party_size
    )
    .select_from(
        Registration.__table__.outerjoin(
            RegistrationChange.__table__, (_changes.registration_id == _tickets.id) & (_changes.id > bindparam("after"))
        )
    )
    .where(among(_tickets.id, "ids"))
    .order_by(_tickets.id, _changes.id)
)

# Numbers first, then a transaction id: whoever drew one of these numbers has a smaller one.
_DRAWN = Prepared(
    lambda among: text(
        "SELECT (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM records_seq),"
        " (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM record_decisions_id_seq),"
        " (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM registration_changes_id_seq)"
    )
)
_NEXT_ID = Prepared(lambda among: text("SELECT CAST(CAST(pg_current_xact_id() AS text) AS bigint)"))
_OVER = Prepared(lambda among: text("SELECT CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint)"))


@dataclass(frozen=True)
class Drawn:
    """Numbers that had been handed out at some moment, and a transaction id that was handed out after them: see `Settling`."""

    seq: int
    decision: int
    change: int
    transaction: int


class Settling:
    """Up to which numbers nothing can appear any more (PostgreSQL).

    Whoever draws a number has a transaction id by then, as the row of the event is locked first (tests/services/test_rollup.py
    holds that). So once every transaction with a smaller id is over, the numbers are to be seen or never will be: no clock
    is asked, nobody waits for a lock. Our own reading takes an id for this, which costs no flush.
    """

    def __init__(self) -> None:
        self._waiting: Drawn | None = None
        self.settled = Drawn(0, 0, 0, 0)

    def look(self) -> Drawn:
        """Ask again; what is read afterwards holds everything up to these numbers."""
        if self._waiting is None:
            self._waiting = Drawn(*_DRAWN.all()[0], *_NEXT_ID.all()[0])
        if self._waiting.transaction <= _OVER.all()[0][0]:
            self.settled, self._waiting = self._waiting, None
        return self.settled


@dataclass(frozen=True)
class News:
    """What is new after a cut."""

    rows: list[Row]
    decisions: list[tuple[int, str]]  # number, record
    changes: list[tuple[int, str]]  # number, registration
    arrivals: list[tuple[int, str]]  # number in the event, registration
    cut_short: bool = False  # whether there are more records than the window held
    more_arrived: bool = False  # likewise of registrations

    def __bool__(self) -> bool:
        return bool(self.rows or self.decisions or self.changes or self.arrivals)

    @property
    def fits_a_window(self) -> bool:
        """Whether this is all that there is."""
        return not (self.cut_short or self.more_arrived)

    def until(self, cut: Cut) -> Cut:
        """The cut after all of it, as one moment (SQLite)."""
        return Cut(
            max((row.seq for row in self.rows), default=cut.seq),
            max((number for number, _ in self.decisions), default=cut.decision),
            max((number for number, _ in self.changes), default=cut.change),
            max((number for number, _ in self.arrivals), default=cut.arrival),
        )

    def settled(self, cut: Cut, drawn: Drawn) -> Cut:
        """The cut as far as nothing can appear before it any more; where there is more than the window, no further than that."""
        last = self.rows[-1].seq if self.cut_short else drawn.seq
        arrival = max((number for number, _ in self.arrivals), default=cut.arrival)
        return Cut(max(cut.seq, min(drawn.seq, last)), max(cut.decision, drawn.decision), max(cut.change, drawn.change), arrival)

    def besides(self, cut: Cut) -> Cut:
        """The cut with everything that was seen besides (PostgreSQL)."""
        return Cut(
            cut.seq, cut.decision, cut.change, cut.arrival,
            frozenset(row.seq for row in self.rows if row.seq > cut.seq),
            frozenset(number for number, _ in self.decisions if number > cut.decision),
            frozenset(number for number, _ in self.changes if number > cut.change),
        )  # fmt: skip


def news(event: str, epoch: int, cut: Cut, *, whole: bool = False) -> News:
    """What is new of an event after a settled cut: a window of records and of registrations, or ``whole`` all records."""
    rows = [Row(*row) for row in (_ALL_NEW if whole else _NEW).all(event=event, epoch=epoch, after=cut.seq)]
    decisions = [(row[0], row[1]) for row in _DECISIONS.all(event=event, after=cut.decision)]
    changes = [(row[0], row[1]) for row in _CHANGES.all(event=event, after=cut.change)]
    arrivals = [(row[0], row[1]) for row in _ARRIVALS.all(event=event, after=cut.arrival)]
    return News(rows, decisions, changes, arrivals, not whole and len(rows) == WINDOW, len(arrivals) == WINDOW)


def concerned(event: str, epoch: int, cut: Cut, found: News) -> tuple[Passages, list[Ticket]]:
    """Everything of the subjects that news concern, and the tickets that came or changed."""
    known = {row.id: row for row in found.rows}
    targets = {row.undoes for row in found.rows if row.type == "undo" and row.undoes} | {record for _, record in found.decisions}
    known |= {row.id: row for row in rows_of(event, epoch, targets - known.keys())}
    touched = [row for row in known.values() if row.type != "undo"]
    moved = {ticket for _, ticket in found.changes} | {ticket for _, ticket in found.arrivals}
    changed = {ticket for _, ticket in found.changes}
    whole = passages(
        event, epoch, {row.registration_id for row in touched if row.registration_id} | changed, [row for row in touched if not row.registration_id], cut, moved
    )
    return whole, [ticket for ticket in whole.tickets.values() if ticket.id in moved]


def passages(
    event: str, epoch: int, tickets: Collection[str], single: Iterable[Row], cut: Cut | None = None, besides: Collection[str] = ()
) -> Passages:
    """Everything of some tickets and of single records that are subjects of their own; ``besides``: tickets whose state alone is wanted."""
    rows = list(single)
    rows += _of(event, epoch, _OF_TICKETS, tickets)
    ids = [row.id for row in rows]
    undos = _of(event, epoch, _UNDOS, ids)
    decisions = [(number, record, decided) for number, record, decided in _LATER.all(ids=ids)] if ids else []
    return Passages(rows, [row for row in undos if row.type == "undo"], decisions, _states(event, {*tickets, *besides}, cut or Cut(change=2**31 - 1)))


def rows_of(event: str, epoch: int, ids: Collection[str]) -> list[Row]:
    """Some records by their ids."""
    return _of(event, epoch, _ROWS, ids)


def _of(event: str, epoch: int, statement: Prepared, ids: Collection[str]) -> list[Row]:
    """What a statement finds for these ids, of this event and epoch."""
    found = statement.all(ids=list(ids)) if ids else []
    return [Row(*row[:-2]) for row in found if row[-2] == event and row[-1] == epoch]


def _states(event: str, ids: Collection[str], cut: Cut) -> dict[str, Ticket]:
    """Tickets as they are, and what they were since a cut."""
    found: dict[str, tuple[Any, list[tuple[int, str, int]]]] = {}
    for of, key, arrival, status, size, number, was, had in _TICKETS.all(ids=list(ids), after=cut.change) if ids else ():
        if of != event:
            continue
        before = found.setdefault(key, ((key, arrival, status, size), []))[1]
        if number is not None:
            before.append((number, was, had))
    return {key: Ticket(*state, tuple(before)) for key, (state, before) in found.items()}

