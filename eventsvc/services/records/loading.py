"""What is known before deciding: the tickets (locked in sorted order), their passages, and what is already kept.

A scan costs two statements here, one for tickets and one for ledger rows, however many records the piece has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, and_, bindparam, exists, func, literal_column, or_, select, union_all

from eventsvc.models import Event, Person, Record, RecordDecision, Registration, RetiredCode
from eventsvc.prepared import Asked, Prepared, ahead
from eventsvc.services import folds
from eventsvc.services.record_form import Form
from eventsvc.services.records.piece import Known, Piece, as_row, known_of
from eventsvc.services.records.rows import LedgerRow

_tickets, _events, _persons, _ledger = Registration.__table__.c, Event.__table__.c, Person.__table__.c, Record.__table__.c
_NOT_YET = {"event_title": literal_column("''"), "reissued": literal_column("false")}  # found out later


def _facts(registrations: FromClause) -> Select[Any]:
    """What is known of tickets, which are locked in the order of their ids."""
    return (
        select(*(_NOT_YET.get(name, (_persons if name in ("name", "note") else _tickets).get(name)) for name in Known._fields))
        .select_from(registrations.outerjoin(Person.__table__, _persons.registration_id == _tickets.id))
        .order_by(_tickets.id)
        .with_for_update(of=Registration.__table__, key_share=True)
    )


_BY_CODES = Prepared(lambda among: among.each(_facts, _tickets.code, "codes"))
_BY_IDS = Prepared(lambda among: among.each(_facts, _tickets.id, "ids"))
_BY_ANY = Prepared(
    lambda among: _facts(Registration.__table__).where(
        or_(
            among(_tickets.code, "codes"),
            (_tickets.event_id == bindparam("event")) & (among(_tickets.pickup_code, "pickups") | among(_tickets.id, "refs")),
        )
    )
)
_TITLES = Prepared(
    lambda among: select(_events.id, func.coalesce(func.nullif(_events.short_title, ""), _events.title)).where(
        among(_events.id, "ids"), _events.organization_id == bindparam("organization")
    )
)
_RETIRED = Prepared(lambda among: select(RetiredCode.code, RetiredCode.registration_id, RetiredCode.kind).where(among(RetiredCode.__table__.c.code, "codes")))


def _whole(records: FromClause) -> Select[Any]:
    return select(*(_ledger[name] for name in LedgerRow._fields)).select_from(records)


def _as_folded(records: FromClause) -> Select[Any]:
    return select(*(_ledger[name] for name in folds.Row._fields)).select_from(records)


_STORED = Prepared(  # two look-ups: of an "or" SQLite makes a scan of the whole ledger where its statistics are old
    lambda among: union_all(
        among.each(_whole, _ledger.id, "wanted"),
        among.each(_whole, _ledger.undoes, "ids").with_hint(Record.__table__, "INDEXED BY ix_records_undoes", "sqlite"),
    )
)
_decided = RecordDecision.__table__.c
_LETTING_IN = and_(
    _ledger.type != "undo", or_(_ledger.outcome == "admitted", _ledger.decided == "admitted", exists().where(_decided.record_id == _ledger.id))
)
_PASSAGES = Prepared(  # of a ticket that is shown again and again only the scans that let somebody in
    lambda among: among.each(_as_folded, _ledger.registration_id, "tickets").where(_ledger.epoch == bindparam("epoch"), _LETTING_IN)
)
_SHOWN = Prepared(  # the same for whoever does not know the tickets' ids yet; an event has one epoch at a time
    lambda among: _as_folded(Record.__table__).where(
        _ledger.registration_id.in_(select(_tickets.id).where(among(_tickets.code, "codes"))),
        _ledger.epoch == select(_events.epoch).where(_events.id == _ledger.event_id).scalar_subquery(),
        _LETTING_IN,
    )
)
_UNDOS = Prepared(
    lambda among: _as_folded(Record.__table__).where(among(_ledger.undoes, "passages"), _ledger.type == "undo")
)
_LATER = Prepared(
    lambda among: select(_decided.record_id, _decided.decided).where(among(_decided.record_id, "asked"))
)


@dataclass(frozen=True)
class Named:
    """What some records name, sorted, so that rows are locked in one order."""

    codes: list[str]  # of tickets
    pickups: list[str]  # pickup codes
    refs: list[str]  # ids of registrations
    ids: list[str]  # of the records
    wanted: list[str]  # of the records, and of what they undo
    counters: frozenset[str]  # of which something was counted

    @classmethod
    def by(cls, forms: Sequence[Form]) -> Named:
        """Gather it."""
        texts: dict[str, set[str]] = {"code": set(), "pickup": set(), "foreign": set()}
        refs, ids, undone, counters = set(), set(), set(), set()
        for form in forms:
            ids.add(form.id)
            if form.ticket:
                texts[form.ticket.kind].add(form.ticket.value)
            if form.ref:
                refs.add(form.ref)
            if form.undoes:
                undone.add(form.undoes)
            if form.counter:
                counters.add(form.counter)
        in_order = sorted(ids)
        wanted = sorted(ids | undone) if undone else in_order
        return cls(sorted(texts["code"]), sorted(texts["pickup"]), sorted(refs), in_order, wanted, frozenset(counters))

    @property
    def usual(self) -> bool:
        """Whether tickets are named, and by their codes alone."""
        return bool(self.codes) and not self.pickups and not self.refs


def look_ahead(named: Named, *before: Asked) -> None:
    """On PostgreSQL have all that `load` will ask, and what comes ``before`` it, answered in one journey; tickets are locked as in `load`."""
    statements = list(before)
    if named.usual:
        statements.append((_BY_CODES, {"codes": named.codes}))
    if named.wanted:
        statements.append((_STORED, {"wanted": named.wanted, "ids": named.ids}))
    if named.usual:
        statements.append((_SHOWN, {"codes": named.codes}))
    ahead(*statements)


def load(piece: Piece, forms: Sequence[Form], named: Named) -> None:
    """Fill the piece with the tickets that its records name and the ledger rows that bear on them; ``named``: by these forms."""
    _load_ledger(piece, named, _load_tickets(piece, forms, named))


def _load_tickets(piece: Piece, forms: Sequence[Form], named: Named) -> set[str]:
    """Find and lock the tickets; the ids of those that are this event's own."""
    if not (named.codes or named.pickups or named.refs):
        return set()
    found, retired = _find(piece, named)
    piece.retired |= bool(retired)
    here = {row.id for row in found if row.event_id == piece.site.id}
    known = found
    if len(here) < len(found):
        known = [row for row in found if row.id in here] + _of_other_events(piece, found)
    by_code = {row.code: row for row in known}
    if named.usual and not retired:
        for form in forms:
            if form.ticket is not None and (ticket := by_code.get(form.ticket.value)) is not None:
                piece.tickets[form.id] = ticket
        return here
    by_id = {row.id: row for row in known}
    by_pickup = {row.pickup_code: row for row in known if row.id in here} if named.pickups else {}
    for form in forms:
        text, ticket = form.ticket, None
        if form.ref:
            ticket = by_id.get(form.ref) if form.ref in here else None
        elif text is None or text.kind == "foreign":
            continue
        elif text.kind == "pickup":
            ticket = by_pickup.get(text.value)
        elif text.value in retired:
            registration_id, kind = retired[text.value]
            ticket = by_id.get(registration_id)
            ticket = ticket.replaced() if ticket and kind == "reissued" else ticket
        else:
            ticket = by_code.get(text.value)
        if ticket is not None:
            piece.tickets[form.id] = ticket
    return here


def _find(piece: Piece, named: Named) -> tuple[list[Known], dict[str, tuple[str, str]]]:
    """The named tickets, in the order in which they were locked; retired codes with their registration's id and their kind."""
    if named.usual:
        rows = _BY_CODES.all(codes=named.codes)
    else:
        rows = _BY_ANY.all(event=piece.site.id, codes=named.codes, pickups=named.pickups, refs=named.refs)
    found = list(map(known_of, rows))
    lost = sorted(set(named.codes).difference(row.code for row in found)) if len(found) < len(named.codes) or not named.usual else []
    retired = {code: (registration_id, kind) for code, registration_id, kind in _RETIRED.all(codes=lost)} if lost else {}
    missing = {registration_id for registration_id, _kind in retired.values()}.difference(row.id for row in found)
    if missing:
        found += map(known_of, _BY_IDS.all(ids=sorted(missing)))
    return found, retired


def _of_other_events(piece: Piece, found: Sequence[Known]) -> list[Known]:
    """Those of other events of the same organization, each with its event's title; a stranger's ticket is an unknown one."""
    others = sorted({row.event_id for row in found} - {piece.site.id})
    titles = dict(_TITLES.all(ids=others, organization=piece.site.organization_id))
    return [row._replace(event_title=titles[row.event_id]) for row in found if row.event_id in titles]


def _load_ledger(piece: Piece, named: Named, registration_ids: set[str]) -> None:
    """Earlier passages of the tickets, records kept under these ids, targets of undos, and undos that came before their targets."""
    if not named.wanted:
        return
    wanted = set(named.wanted)
    for found in _STORED.all(wanted=named.wanted, ids=named.ids):
        stored = LedgerRow._make(found)
        if stored.id in wanted:
            piece.stored[stored.id] = stored
        if stored.type == "undo":
            piece.undos.append(as_row(stored))
    passages = []
    if registration_ids:
        shown = _SHOWN.ready(codes=named.codes)
        if shown is None or piece.retired:  # a ticket that was named by an old code is not found by it
            shown = _PASSAGES.all(tickets=list(registration_ids), epoch=piece.site.epoch)
        for found in shown:
            row = folds.Row(*found)
            if row.registration_id not in registration_ids:
                continue  # of another event
            piece.rows.setdefault(row.registration_id or "", []).append(row)
            passages.append(row.id)
    if passages:
        piece.undos += [folds.Row(*found) for found in _UNDOS.all(passages=passages)]
    if bearing := {*passages, *(piece.stored.keys() & set(named.ids) if piece.stored else ())}:
        for record_id, decided in _LATER.all(asked=list(bearing)):
            piece.later.setdefault(record_id, set()).add(decided)
