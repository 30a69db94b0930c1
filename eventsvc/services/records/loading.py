"""What is known before deciding: the tickets (locked in sorted order), their passages, and what is already kept.

A scan costs two statements here, one for tickets and one for ledger rows, however many records the piece has.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence

from sqlalchemy import and_, bindparam, exists, or_, select, union_all

from eventsvc.models import Event, Person, Record, RecordDecision, Registration, RetiredCode
from eventsvc.prepared import Asked, Prepared, ahead
from eventsvc.services import folds
from eventsvc.services.record_form import Form
from eventsvc.services.records.piece import Known, Piece, as_row

_tickets, _events, _persons, _ledger = Registration.__table__.c, Event.__table__.c, Person.__table__.c, Record.__table__.c
_FACTS = ("id", "event_id", "seq", "party_size", "status", "blocked", "sessions", "answered", "valid_from", "valid_until", "code", "pickup_code")
Found = namedtuple("Found", (*_FACTS, "organization_id", "title", "short_title", "name", "note"))  # a ticket, its event, its person
_TICKET = (
    select(*(_tickets[name] for name in _FACTS), _events.organization_id, _events.title, _events.short_title, _persons.name, _persons.note)
    .select_from(
        Registration.__table__.join(Event.__table__, _events.id == _tickets.event_id).outerjoin(
            Person.__table__, _persons.registration_id == _tickets.id
        )
    )
    .order_by(_tickets.id)
    .with_for_update(of=Registration.__table__, key_share=True)
)
_BY_CODES = Prepared(lambda among: _TICKET.where(among(_tickets.code, "codes")))
_BY_IDS = Prepared(lambda among: _TICKET.where(among(_tickets.id, "ids")))
_BY_ANY = Prepared(
    lambda among: _TICKET.where(
        or_(
            among(_tickets.code, "codes"),
            (_tickets.event_id == bindparam("event")) & (among(_tickets.pickup_code, "pickups") | among(_tickets.id, "refs")),
        )
    )
)
_RETIRED = Prepared(lambda among: select(RetiredCode.code, RetiredCode.registration_id, RetiredCode.kind).where(among(RetiredCode.__table__.c.code, "codes")))
Stored = namedtuple("Stored", [column.name for column in Record.__table__.columns])  # a ledger row
_WHOLE = select(*Record.__table__.columns)
_STORED = Prepared(  # two look-ups: of an "or" SQLite makes a scan of the whole ledger where its statistics are old
    lambda among: union_all(
        _WHOLE.where(among(_ledger.id, "wanted")),
        _WHOLE.with_hint(Record.__table__, "INDEXED BY ix_records_undoes", "sqlite").where(among(_ledger.undoes, "ids")),
    )
)
_ROW = tuple(_ledger[name] for name in folds.Row._fields)
_decided = RecordDecision.__table__.c
_LETTING_IN = and_(
    _ledger.type != "undo", or_(_ledger.outcome == "admitted", _ledger.decided == "admitted", exists().where(_decided.record_id == _ledger.id))
)
_PASSAGES = Prepared(  # of a ticket that is shown again and again only the scans that let somebody in
    lambda among: select(*_ROW).where(
        among(_ledger.registration_id, "tickets"),
        _ledger.epoch == bindparam("epoch"),
        _LETTING_IN,
    )
)
_SHOWN = Prepared(  # the same for whoever does not know the tickets' ids yet; an event has one epoch at a time
    lambda among: select(*_ROW).where(
        _ledger.registration_id.in_(select(_tickets.id).where(among(_tickets.code, "codes"))),
        _ledger.epoch == select(_events.epoch).where(_events.id == _ledger.event_id).scalar_subquery(),
        _LETTING_IN,
    )
)
_UNDOS = Prepared(
    lambda among: select(*_ROW).where(among(_ledger.undoes, "passages"), _ledger.type == "undo")
)
_LATER = Prepared(
    lambda among: select(_decided.record_id, _decided.decided).where(among(_decided.record_id, "asked"))
)


def look_ahead(forms: Sequence[Form], *before: Asked) -> None:
    """On PostgreSQL have all that `load` will ask, and what comes ``before`` it, answered in one journey; tickets are locked as in `load`."""
    codes, pickups, refs = _named(forms)
    asked, known = list(before), _kept_under(forms)
    if codes and not pickups and not refs:
        asked.append((_BY_CODES, {"codes": sorted(codes)}))
    if known["wanted"]:
        asked.append((_STORED, known))
    if codes and not pickups and not refs:
        asked.append((_SHOWN, {"codes": sorted(codes)}))
    ahead(*asked)


def load(piece: Piece, forms: Sequence[Form]) -> None:
    """Fill the piece with the tickets that its records name and the ledger rows that bear on them."""
    tickets = _load_tickets(piece, forms)
    _load_ledger(piece, forms, tickets)


def _named(forms: Sequence[Form]) -> tuple[set[str], set[str], set[str]]:
    """The codes, pickup codes and ids of registrations that check-ins name."""
    asked = [form for form in forms if form.type == "checkin"]
    codes = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "code"}
    pickups = {form.ticket.value for form in asked if form.ticket and form.ticket.kind == "pickup"}
    return codes, pickups, {form.ref for form in asked if form.ref}


def _kept_under(forms: Sequence[Form]) -> dict[str, list[str]]:
    """The ids to look for in the ledger: of the records and of what they undo; and those that an undo may have named already."""
    ids = {form.id for form in forms}
    return {"wanted": sorted(ids.union(form.undoes for form in forms if form.undoes)), "ids": sorted(ids)}


def _load_tickets(piece: Piece, forms: Sequence[Form]) -> set[str]:
    """Find and lock the tickets; the ids of those that are this event's own."""
    asked = [form for form in forms if form.type == "checkin"]
    if not asked:
        return set()
    rows, retired = _find(piece, asked)
    piece.retired |= bool(retired)
    rows = [row for row in rows if row.organization_id == piece.site.organization_id]
    here = {row.id for row in rows if row.event_id == piece.site.id}
    by_id = {row.id: _known(row) for row in rows}
    by_code = {row.code: row.id for row in rows}
    by_pickup = {row.pickup_code: row.id for row in rows if row.id in here}
    for form in asked:
        text, reissued = form.ticket, False
        if form.ref:
            found = form.ref if form.ref in here else None
        elif text is None or text.kind == "foreign":
            found = None
        elif text.kind == "pickup":
            found = by_pickup.get(text.value)
        else:
            found, kind = retired.get(text.value) or (by_code.get(text.value), "")
            reissued = kind == "reissued"
        if found is not None and found in by_id:
            piece.tickets[form.id] = by_id[found].replaced() if reissued else by_id[found]
    return here


def _find(piece: Piece, asked: Sequence[Form]) -> tuple[Sequence[Found], dict[str, tuple[str, str]]]:
    """The rows of the named tickets, in the order in which they were locked; retired codes with their registration's id and their kind."""
    codes, pickups, refs = _named(asked)
    if not (codes or pickups or refs):
        return [], {}
    if pickups or refs:
        found = _BY_ANY.all(event=piece.site.id, codes=list(codes), pickups=list(pickups), refs=list(refs))
    else:
        found = _BY_CODES.all(codes=sorted(codes))
    rows = [Found(*row) for row in found]  # sorted, then locked: the order of the statement
    lost = list(codes.difference(row.code for row in rows))
    retired = {code: (registration_id, kind) for code, registration_id, kind in _RETIRED.all(codes=lost)} if lost else {}
    missing = {registration_id for registration_id, _kind in retired.values()}.difference(row.id for row in rows)
    return [*rows, *_by_ids(missing)], retired


def _by_ids(ids: set[str]) -> list[Found]:
    return [Found(*found) for found in _BY_IDS.all(ids=sorted(ids))] if ids else []


def _known(row: Found) -> Known:
    return Known(
        id=row.id,
        event_id=row.event_id,
        seq=row.seq,
        party_size=row.party_size,
        status=row.status,
        blocked=row.blocked,
        sessions=row.sessions,
        answered=row.answered,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        name=row.name,
        note=row.note,
        event_title=row.short_title or row.title,
    )


def _load_ledger(piece: Piece, forms: Sequence[Form], registration_ids: set[str]) -> None:
    """Earlier passages of the tickets, records kept under these ids, targets of undos, and undos that came before their targets."""
    asked = _kept_under(forms)
    ids, wanted = set(asked["ids"]), set(asked["wanted"])
    if not wanted:
        return
    for found in _STORED.all(**asked):
        stored = Stored(*found)._asdict()
        if stored["id"] in wanted:
            piece.stored[stored["id"]] = stored
        if stored["type"] == "undo":
            piece.undos.append(as_row(stored))
    passages = []
    if registration_ids:
        shown = _SHOWN.ready(codes=sorted(_named(forms)[0]))
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
    if bearing := {*passages, *(ids & piece.stored.keys())}:
        for record_id, decided in _LATER.all(asked=list(bearing)):
            piece.later.setdefault(record_id, set()).add(decided)
