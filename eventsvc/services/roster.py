"""The roster: what a phone needs of every ticket to decide without a network, whole the first time, then only what changed.

A ticket is sent when its registration changed (``roster_revision`` grows under the event's row lock, so revisions are
committed in their order) and when the ledger has news of it (a passage, its undo, a later decision; a check-in does not
touch the registration). Numbers of the ledger are handed out before commits on PostgreSQL, so its newest rows are looked
at again for a while (`_OVERLAP`): a ticket may be sent twice, none is left out. Nobody's whole name is in it.
"""

from __future__ import annotations

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import BigInteger, Integer, Select, Text, and_, bindparam, cast, func, or_, select, tuple_, type_coerce

from eventsvc.db import EPOCH, db, is_postgresql
from eventsvc.models import Device, Event, Person, Record, RecordDecision, Registration, RetiredCode, SpareCode
from eventsvc.ports import clock
from eventsvc.prepared import Among, Prepared
from eventsvc.services import devices, event_document, folds, spares
from eventsvc.services.actors import Actor, load_event, seal
from eventsvc.services.persons import mask_name

PAGE = 5000  # tickets
_OVERLAP = timedelta(seconds=90)  # longer than any transaction of ours lasts
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_HASH_BYTES = 12  # a lost phone must not yield usable tickets
_tickets, _persons = Registration.__table__.c, Person.__table__.c
_ledger, _decided, _former, _spares = Record.__table__.c, RecordDecision.__table__.c, RetiredCode.__table__.c, SpareCode.__table__.c
_ROW = tuple(_ledger[name] for name in folds.Row._fields)


@dataclass(frozen=True)
class Cursor:
    """How far a phone has come. ``floor`` and ``decision_floor``: where the next pass begins to read the ledger, while this one is under way."""

    event: str
    epoch: int
    known: int  # the event's revision at the first page: what was erased before is nobody's news
    revision: int = 0
    ticket: str = ""  # the last one sent of that revision
    spare: int = 0
    seq: int = 0
    decision: int = 0
    floor: int = -1
    decision_floor: int = -1

    def __str__(self) -> str:
        return ".".join(str(part) for part in astuple(self))


def read_cursor(text: str | None) -> Cursor | None:
    """A cursor as it was given out, or None for anything else."""
    parts = (text or "").split(".")
    if len(parts) != 10:
        return None
    try:
        event, epoch, known, revision, ticket, *others = parts
        cursor = Cursor(event, int(epoch), int(known), int(revision), ticket, *(int(part) for part in others))
    except ValueError:
        return None
    return cursor if str(cursor) == text and max(abs(part) for part in astuple(cursor) if isinstance(part, int)) < 2**53 else None


def read(actor: Actor, slug: str, said: str | None = None) -> dict[str, Any]:
    """One page: at most 5,000 tickets after the cursor ``said``, in the shape of the API's answer. Raises Missing, Forbidden, Unauthorized."""
    if spares.lacking(load_event(actor, slug, "roster.read")):
        spares.fill_up(slug)
    devices.note_contact(actor)
    event = load_event(actor, slug, "roster.read")
    cursor = read_cursor(said)
    ends = _ends(event)
    reset = said is not None and (cursor is None or _is_past(cursor, event, ends))
    if cursor is None or reset:
        seq, decision = _settled(event, ends)
        cursor = Cursor(event.id[:8], event.epoch, event.roster_revision, seq=seq, decision=decision)
    page = _Page(event, cursor, ends)
    page.read()
    return {
        "tickets": page.tickets(),
        "removed": page.removed,
        "spare": page.spare,
        "cursor": str(page.cursor),
        "has_more": page.has_more,
        **({"reset": True} if reset else {}),
        "salt": salt(event),
        "event": {**event_document.dump(event), **_state(event)},
        "server_time": clock.now().isoformat(),
    }


def salt(event: Event) -> str:
    """What an event's 签到码 are salted with; the same at every call."""
    return seal("pickup", event.id)


def hash_of(text: str) -> str:
    """The first 96 bits of SHA-256, in 16 characters of base64url."""
    return b2a_base64(hashlib.sha256(text.encode("ascii")).digest()[:_HASH_BYTES], newline=False).translate(_URL_SAFE).decode("ascii")


def _state(event: Event) -> dict[str, Any]:
    """What the decision needs of the event beyond its document."""
    closed = event.closed_at.astimezone(ZoneInfo(event.timezone)).isoformat() if event.closed_at else None
    return {"epoch": event.epoch, "closed_at": closed}


@dataclass(frozen=True)
class _Ends:
    """The last number of the ledger (of this event and epoch), and the last later decision."""

    seq: int
    decision: int


def _ends(event: Event) -> _Ends:
    last = _ledger_of(event, _ledger.seq).order_by(_ledger.seq.desc()).limit(1)
    decision = select(func.max(_decided.id)).where(_decided.event_id == event.id)
    return _Ends(db.session.scalar(last) or 0, db.session.scalar(decision) or 0)


def _settled(event: Event, ends: _Ends) -> tuple[int, int]:
    """The same up to where nothing with a smaller number can appear any more."""
    if not is_postgresql():
        return ends.seq, ends.decision
    before = clock.now() - _OVERLAP
    last = _ledger_of(event, _ledger.seq).where(_ledger.received_at < before).order_by(_ledger.seq.desc()).limit(1)
    decision = select(func.max(_decided.id)).where(_decided.event_id == event.id, _decided.received_at < before)
    return db.session.scalar(last) or 0, db.session.scalar(decision) or 0


def _ledger_of(event: Event, *columns: Any) -> Select[Any]:
    return select(*columns).where(_ledger.event_id == event.id, _ledger.epoch == event.epoch)


def _is_past(cursor: Cursor, event: Event, ends: _Ends) -> bool:
    """Whether a cursor is of another event or epoch, or of a database that was put back since."""
    ahead = max(cursor.revision, cursor.spare, cursor.known) > event.roster_revision or cursor.seq > ends.seq or cursor.decision > ends.decision
    return (cursor.event, cursor.epoch) != (event.id[:8], event.epoch) or ahead


class _Page:
    """One page in the making: first the registrations that changed, then those of which the ledger has news."""

    def __init__(self, event: Event, cursor: Cursor, ends: _Ends) -> None:
        self.event, self.cursor, self.ends = event, cursor, ends
        self.has_more = False
        self.removed: list[str] = []
        self.spare: list[str] = []
        self._rows: dict[str, Any] = {}  # by registration id

    def read(self) -> None:
        """Find what belongs on the page and move the cursor over it."""
        self._read_spares()
        self._read_changed()
        if not self.has_more:
            self._read_news()

    def _read_spares(self) -> None:
        query = select(_spares.code, _spares.revision).where(_spares.event_id == self.event.id, _spares.revision > self.cursor.spare)
        fresh = db.session.execute(query).all()
        if fresh:
            self.spare = [hash_of(row.code) for row in fresh]
            self.cursor = replace(self.cursor, spare=max(row.revision for row in fresh))

    def _read_changed(self) -> None:
        found = _CHANGED.all(event=self.event.id, revision=self.cursor.revision, since=self.cursor.revision, ticket=self.cursor.ticket, most=PAGE)
        rows = [_Ticket(*row) for row in found]
        for row in rows:
            if row.erased_at is None:
                self._rows[row.id] = row
            elif row.roster_revision > self.cursor.known:
                self.removed.append(row.id)
        if rows:
            self.cursor = replace(self.cursor, revision=rows[-1].roster_revision, ticket=rows[-1].id)
        self.has_more = len(rows) == PAGE

    def _read_news(self) -> None:
        """Tickets of new ledger rows and later decisions; when all are read the next pass begins where this one was sure."""
        cursor = self.cursor
        if cursor.floor < 0:
            floor, decision_floor = _settled(self.event, self.ends)
            cursor = replace(cursor, floor=max(floor, cursor.seq), decision_floor=max(decision_floor, cursor.decision))
        room = PAGE - len(self._rows)
        target = Record.__table__.alias("target")
        news = (
            _ledger_of(self.event, _ledger.seq, func.coalesce(_ledger.registration_id, target.c.registration_id).label("ticket"))
            .select_from(Record.__table__.outerjoin(target, target.c.id == _ledger.undoes))
            .where(_ledger.seq > cursor.seq, _ledger.type.in_(("checkin", "undo")))
            .order_by(_ledger.seq)
            .limit(room)
        )
        rows = db.session.execute(news).all()
        decisions = (
            select(_decided.id, _ledger.registration_id.label("ticket"))
            .join(Record.__table__, _ledger.id == _decided.record_id)
            .where(_decided.event_id == self.event.id, _decided.id > cursor.decision)
            .order_by(_decided.id)
            .limit(PAGE)
        )
        later = db.session.execute(decisions).all()
        self.has_more = len(rows) == room or len(later) == PAGE
        if self.has_more:
            seq = rows[-1].seq if rows else cursor.seq
            self.cursor = replace(cursor, seq=seq, decision=later[-1].id if later else cursor.decision)
        else:
            self.cursor = replace(cursor, seq=cursor.floor, decision=cursor.decision_floor, floor=-1, decision_floor=-1)
        wanted = {row.ticket for row in [*rows, *later]} - self._rows.keys() - {None}
        for row in _NAMED.all(event=self.event.id, tickets=sorted(wanted)) if wanted else ():
            self._rows[row[0]] = _Ticket(*row)

    def tickets(self) -> list[dict[str, Any]]:
        """The page's tickets; what is empty is left out."""
        ids = list(self._rows)
        passages, undone = _passages(self.event, ids) if ids else ({}, {})
        former = _retired(ids) if ids else {}
        phones = select(Device.id, Device.name).where(Device.event_id == self.event.id)
        shown = _Shown(salt(self.event), ZoneInfo(self.event.timezone), {row.id: row.name for row in db.session.execute(phones)})
        tickets = [_ticket(row, shown, passages.get(row.id, ()), former.get(row.id, ())) for row in self._rows.values()]
        for ticket in tickets if undone else ():
            if ticket["ref"] in undone:
                ticket["undone"] = undone[ticket["ref"]]
        return tickets


class _Ticket(NamedTuple):
    """A registration and its person, as the database holds them: lists as JSON, times in microseconds."""

    id: str
    roster_revision: int
    status: str
    blocked: bool
    party_size: int
    sessions: str | None
    code: str
    pickup_code: str
    valid_from: int | None
    valid_until: int | None
    answered: str | None
    erased_at: int | None
    name: str | None
    initials: str | None
    phone_tail: str | None
    note: str | None


_RAW = {"blocked": Integer, "sessions": Text, "answered": Text, "valid_from": BigInteger, "valid_until": BigInteger, "erased_at": BigInteger}  # nearly always empty


def _raw(name: str) -> Any:
    """A column as the database holds it: what a type makes of twenty thousand values takes longer than reading them."""
    column = _tickets[name] if name in _tickets else _persons[name]
    kind = _RAW.get(name)
    return column if kind is None else cast(column, kind) if kind is Text else type_coerce(column, kind)


_TICKETS = (
    select(*(_raw(name) for name in _Ticket._fields))
    .select_from(Registration.__table__.outerjoin(Person.__table__, _persons.registration_id == _tickets.id))
    .where(_tickets.event_id == bindparam("event"))
)
_CHANGED = Prepared(
    lambda among: _TICKETS.where(
        _tickets.roster_revision >= bindparam("revision"), tuple_(_tickets.roster_revision, _tickets.id) > tuple_(bindparam("since", type_=BigInteger), bindparam("ticket", type_=Text))
    )
    .order_by(_tickets.roster_revision, _tickets.id)
    .limit(bindparam("most"))
)
_NAMED = Prepared(lambda among: _TICKETS.where(among(_tickets.id, "tickets"), _tickets.erased_at.is_(None)))


_ENTRY = select(
    _ledger.registration_id, _ledger.checkpoint, _ledger.id, _ledger.quantity, type_coerce(_ledger.corrected_at, BigInteger), _ledger.device_id
).where(_ledger.direction == "entry")
_DECIDED_LATER = {
    decided: select(_decided.record_id).where(_decided.event_id == bindparam("event"), _decided.decided == decided) for decided in ("admitted", "refused")
}
# folds.let_in, in SQL
_LET_IN = or_(
    _ledger.decided == "admitted",
    _ledger.id.in_(_DECIDED_LATER["admitted"]),
    and_(_ledger.outcome == "admitted", func.coalesce(_ledger.decided, "") != "refused", _ledger.id.not_in(_DECIDED_LATER["refused"])),
)


_TARGET = Record.__table__.alias("target")


def _entries(among: Among) -> Select[Any]:
    return _ENTRY.where(_ledger.event_id == bindparam("event"), _ledger.epoch == bindparam("epoch"), _LET_IN, among(_ledger.registration_id, "tickets"))


def _undos(among: Among) -> Select[Any]:
    joined = select(*_ROW, *(_TARGET.c[name] for name in folds.Row._fields)).join(_TARGET, _TARGET.c.id == _ledger.undoes)
    return joined.where(_ledger.type == "undo", among(_TARGET.c.registration_id, "tickets"))


_ENTRIES, _UNDOS = Prepared(_entries), Prepared(_undos)
_FORMER = Prepared(lambda among: select(_former.registration_id, _former.code, _former.kind).where(among(_former.registration_id, "tickets")))


def _passages(event: Event, ids: Sequence[str]) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    """The effective entries of each ticket, in order (those that count when the next one is decided; times in microseconds), and the
    ids of those that were taken back: the phone that made one remembers it by itself and would go on counting it."""
    found: dict[str, list[Any]] = {}
    back: dict[str, list[str]] = {}
    entries = _ENTRIES.all(event=event.id, epoch=event.epoch, tickets=ids)
    undone = _undone([entry[0] for entry in entries]) if entries else frozenset()
    for entry in entries:
        if entry[2] in undone:
            back.setdefault(entry[0], []).append(entry[2])
        else:
            found.setdefault(entry[0], []).append(entry)
    for listed in found.values():
        listed.sort(key=lambda entry: (entry[4], entry[2]))
    return found, {ticket: sorted(ids) for ticket, ids in back.items()}


def _undone(ids: Sequence[str]) -> frozenset[str]:
    """The records of these tickets that were taken back."""
    width = len(folds.Row._fields)
    pairs = _UNDOS.all(tickets=sorted(set(ids)))
    return folds.undone_ids([folds.Row(*pair[width:]) for pair in pairs], [folds.Row(*pair[:width]) for pair in pairs])


def _retired(ids: Sequence[str]) -> dict[str, list[Any]]:
    """The codes that each ticket had before, each with its kind."""
    found: dict[str, list[Any]] = {}
    for ticket, code, kind in _FORMER.all(tickets=ids):
        found.setdefault(ticket, []).append((code, kind))
    return found


@dataclass(frozen=True)
class _Shown:
    """What every ticket of an event is shown with."""

    salt: str
    zone: ZoneInfo
    phones: dict[str, str]

    def time(self, at: int) -> str:
        """RFC 3339 with the event's offset, of microseconds."""
        return (EPOCH + timedelta(microseconds=at)).astimezone(self.zone).isoformat()

    def entry(self, passage: Any) -> dict[str, Any]:
        """A passage as `_ENTRY` reads it."""
        _ticket, _checkpoint, record_id, count, at, device_id = passage
        entry = {"id": record_id, "count": count, "at": self.time(at)}
        if device_id in self.phones:
            entry["device"] = self.phones[device_id]
        return entry


def _ticket(row: _Ticket, shown: _Shown, passages: Iterable[Any], former: Iterable[Any]) -> dict[str, Any]:
    ticket: dict[str, Any] = {
        "ref": row.id,
        "hash": hash_of(row.code),
        "pickup_hash": hash_of(f"{shown.salt}:{row.pickup_code}"),
        "party_size": row.party_size,
        "status": row.status,
    }
    if row.name:
        ticket["name"] = mask_name(row.name)
    if row.initials and (readings := row.initials.split()):
        ticket["initials"] = readings
    if row.phone_tail:
        ticket["phone_tail"] = row.phone_tail
    if sessions := _listed(row.sessions):
        ticket["sessions"] = sessions
    if row.note:
        ticket["note"] = row.note
    if row.blocked:
        ticket["blocked"] = True
    if answered := _listed(row.answered):
        ticket["answered"] = answered
    if row.valid_from is not None:
        ticket["valid_from"] = shown.time(row.valid_from)
    if row.valid_until is not None:
        ticket["valid_until"] = shown.time(row.valid_until)
    return {**ticket, **_passed(passages, shown), **_earlier(former)} if passages or former else ticket


def _listed(text: str | None) -> list[str]:
    """A list as the database holds it."""
    return [] if text is None or text == "[]" else orjson.loads(text) or []


def _passed(passages: Iterable[Any], shown: _Shown) -> dict[str, Any]:
    """Who went in, and how many that makes, by checkpoint."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for passage in passages:
        entries.setdefault(passage[1] or "", []).append(shown.entry(passage))
    return {"used": {key: sum(entry["count"] for entry in listed) for key, listed in entries.items()}, "entries": entries} if entries else {}


def _earlier(former: Iterable[Any]) -> dict[str, list[str]]:
    """Codes that still open the ticket, and codes that were replaced."""
    codes = {"aliases": [hash_of(code) for code, kind in former if kind == "alias"], "retired": [hash_of(code) for code, kind in former if kind == "reissued"]}
    return {name: listed for name, listed in codes.items() if listed}
