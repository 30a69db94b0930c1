"""Sums that stay up to date by what is new: a poll costs the records since the last one, not the whole ledger.

The sums of an event are the sums of its subjects (a ticket, a walk-in, an unknown code, a tally), so a new row changes
its own subject's part only. What is kept here is a copy that any process can make again from the ledger; it always
equals `folds.fold` over the whole (property test), and is never written anywhere.
"""

from __future__ import annotations

import threading
from collections import Counter as Multiset
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from copy import deepcopy
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select

from eventsvc.db import db, in_transaction, is_postgresql
from eventsvc.models import Event, Record, RecordDecision, Registration
from eventsvc.ports import clock
from eventsvc.services import folds
from eventsvc.services.folds import Place, PlaceSum, Row, Sums, Tally

KEPT = 32  # events that a process keeps up to date
OVERLAP = timedelta(seconds=90)  # numbers are handed out before commits on PostgreSQL: rows of this age are looked at again

_ledger, _decided, _tickets = Record.__table__.c, RecordDecision.__table__.c, Registration.__table__.c
_NEW = (
    select(*(_ledger[name] for name in Row._fields), _ledger.received_at)
    .where(_ledger.event_id == bindparam("event"), _ledger.epoch == bindparam("epoch"), _ledger.seq > bindparam("seq"))
    .order_by(_ledger.seq)
)
_SIZES = select(_tickets.id, _tickets.party_size, _tickets.status, _tickets.roster_revision).where(
    _tickets.event_id == bindparam("event"), _tickets.roster_revision > bindparam("revision")
)
_LATER = select(_decided.id, _decided.record_id, _decided.decided, _decided.received_at).where(
    _decided.event_id == bindparam("event"), _decided.id > bindparam("id")
)


class LiveSums:
    """The sums of one event in one epoch, brought up to date by `refresh`."""

    def __init__(self, places: Sequence[Place], zone: str) -> None:
        self.mutex = threading.Lock()
        self._places, self._zone = list(places), zone
        self._rows: dict[str, Row] = {}  # by record id; undos too
        self._passages: dict[str, list[str]] = defaultdict(list)  # record ids by subject
        self._undos: dict[str, list[str]] = defaultdict(list)  # undo ids by target
        self._later: dict[str, set[str]] = defaultdict(set)
        self._sizes: dict[str, int] = {}
        self._statuses: dict[str, tuple[str, int]] = {}
        self.counts: dict[str, tuple[int, int]] = {}  # parties and people by status
        self._parts: dict[str, Sums] = {}
        self._total = Sums(places={place.key: PlaceSum() for place in places})
        self._conflicts: set[str] = set()
        self._changed: set[str] = set()  # still to be folded; outlives a refresh that the database broke off
        self._seq = self._decision = 0  # looked at up to here
        self._revision = -1

    def refresh(self, event: Event) -> Sums:
        """Read what is new and return the sums; call it with the mutex held."""
        changed = self._changed
        now = clock.now()
        for found in db.session.execute(_NEW, {"event": event.id, "epoch": event.epoch, "seq": self._seq}):
            *fields, received_at = found
            row = Row(*fields)
            if row.id not in self._rows:
                changed |= self._add(row)
            if settled(received_at, now):
                self._seq = row.seq
        for decision in db.session.execute(_LATER, {"event": event.id, "id": self._decision}):
            if decision.decided not in self._later[decision.record_id]:
                self._later[decision.record_id].add(decision.decided)
                changed |= self._subjects(decision.record_id)
            if settled(decision.received_at, now):
                self._decision = decision.id
        revision = self._revision
        for ticket in db.session.execute(_SIZES, {"event": event.id, "revision": revision}):
            self._revision = max(self._revision, ticket.roster_revision)
            self._count(ticket.id, ticket.party_size, ticket.status)
            if self._sizes.get(ticket.id) != ticket.party_size:
                self._sizes[ticket.id] = ticket.party_size
                if ticket.id in self._passages:
                    changed.add(ticket.id)
        while changed:
            subject = next(iter(changed))
            self._fold_again(subject)
            changed.discard(subject)
        return self._copy()

    def _count(self, ticket: str, size: int, status: str) -> None:
        """Move a registration to its status in the counts of parties and people."""
        for known, sign in ((self._statuses.get(ticket), -1), ((status, size), 1)):
            if known is not None:
                parties, people = self.counts.get(known[0], (0, 0))
                self.counts[known[0]] = (parties + sign, people + sign * known[1])
        self._statuses[ticket] = (status, size)

    def _add(self, row: Row) -> set[str]:
        """Take a row in; the subjects that it changes."""
        self._rows[row.id] = row
        self._total.seq = max(self._total.seq, row.seq)
        if row.type == "undo":
            self._undos[row.undoes or ""].append(row.id)
            return self._subjects(row.undoes or "")
        subject = row.registration_id or row.id
        self._passages[subject].append(row.id)
        return {subject}

    def _subjects(self, record_id: str) -> set[str]:
        row = self._rows.get(record_id)
        return {row.registration_id or row.id} if row is not None and row.type != "undo" else set()

    def _fold_again(self, subject: str) -> None:
        """Replace a subject's part of the total."""
        rows = [self._rows[record_id] for record_id in self._passages[subject]]
        rows += [self._rows[undo] for row in list(rows) for undo in self._undos.get(row.id, ())]
        later = {row.id: self._later[row.id] for row in rows if row.id in self._later}
        sizes = {subject: self._sizes[subject]} if subject in self._sizes else {}
        part = folds.fold(rows, later=later, parties=sizes, places=self._places, zone=self._zone)
        old = self._parts.get(subject)
        if old is not None:
            self._account(old, -1)
        self._account(part, 1)
        self._parts[subject] = part

    def _account(self, part: Sums, sign: int) -> None:
        total = self._total
        for name in ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "unidentified"):
            setattr(total, name, getattr(total, name) + sign * getattr(part, name))
        for key, place in part.places.items():
            here = total.places.setdefault(key, PlaceSum())
            for name in ("people", "entries", "inside", "records"):
                setattr(here, name, getattr(here, name) + sign * getattr(place, name))
        for key, tally in part.tallies.items():
            own = total.tallies.setdefault(key, Tally())
            for name in ("tapped", "taken", "stocktakes", "taken_in", "taken_out", "records"):
                setattr(own, name, getattr(own, name) + sign * getattr(tally, name))
            _add(own.by_topic, tally.by_topic, sign)
        _add(total.by_quarter, part.by_quarter, sign)
        if sign > 0:
            self._conflicts |= part.conflicts
        else:
            self._conflicts -= part.conflicts

    def _copy(self) -> Sums:
        """The total as it is now, safe from the next refresh."""
        return Sums(
            **{name: getattr(self._total, name) for name in ("people_admitted", "entries", "inside", "walkins", "scans", "refused")},
            unidentified=self._total.unidentified,
            conflicts=frozenset(self._conflicts),
            places=deepcopy(self._total.places),
            tallies=deepcopy(self._total.tallies),
            by_quarter=Multiset(self._total.by_quarter),
            seq=self._total.seq,
        )


def _add(into: Multiset[object], what: Multiset[object], sign: int) -> None:
    for key, count in what.items():
        into[key] += sign * count
        if not into[key]:
            del into[key]


def settled(received_at: datetime, now: datetime) -> bool:
    """Whether nothing with a smaller number can appear any more."""
    return not is_postgresql() or now - received_at > OVERLAP


_events: OrderedDict[str, tuple[object, LiveSums]] = OrderedDict()
_mutex = threading.Lock()


def sums(event: Event) -> tuple[Sums, dict[str, tuple[int, int]]]:
    """The sums of an event's current epoch now, and its registrations' (parties, people) by status; reads its own writes.

    Sets of record ids other than the conflicts are left out.
    """
    if in_transaction():
        raise RuntimeError("within a verb fold the whole: what it has not committed must not be remembered")
    places = tuple(Place(c.key, c.rule, c.entrance) for c in event.checkpoints)
    rules = (event.epoch, event.timezone, places)  # what the sums hang on, besides the rows
    with _mutex:
        known = _events.get(event.id)
        live = known[1] if known is not None and known[0] == rules else LiveSums(places, event.timezone)
        _events[event.id] = (rules, live)
        _events.move_to_end(event.id)
        while len(_events) > KEPT:
            _events.popitem(last=False)
    with live.mutex:
        return live.refresh(event), dict(live.counts)
