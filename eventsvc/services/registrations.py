"""Registration: a party under one name and one code, never beyond the places, in order of arrival.

Everything that changes places holds the event's row (PostgreSQL: FOR NO KEY UPDATE, which no check-in waits for; SQLite:
the write transaction itself). ``places_taken`` is kept in the same transaction as the registration that takes them.
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing, TooMany
from eventsvc.models import Event, Person, Record, RecordDecision, Registration, RetiredCode
from eventsvc.models.registration import CHANNELS
from eventsvc.ports import clock, limits
from eventsvc.services import codes, folds, journal, links
from eventsvc.services.actors import Actor, load_event, seal
from eventsvc.services.persons import (
    clean_text,
    initials,
    mask_name,
    phone_tail,
    read_name,
    read_phone,
    unprintable,
)

CONSENT_VERSION = "2026-11"  # of the notice in templates/privacy/page.html
PER_PHONE = "5/hour"
PER_ADDRESS = "300/minute"
MOST_FOUND = 8  # rows that a volunteer's look-up may show: enough to choose, too few to browse


@dataclass(frozen=True)
class Registered:
    """A registration and what its holder needs: secrets are derived, not stored."""

    registration: Registration
    event: Event
    waitlist_position: int | None

    @property
    def manage_token(self) -> str:
        """The secret that makes a browser this registration's holder."""
        return manage_token(self.registration.id)

    @property
    def qr_text(self) -> str:
        """What the QR code holds."""
        return links.qr_text(self.registration.code)

    @property
    def ticket_url(self) -> str:
        """The ticket's page."""
        return links.ticket(self.registration.code)


def manage_token(registration_id: str) -> str:
    """The manage token of a registration: its id and an HMAC over it, in hex."""
    return registration_id.replace("-", "") + seal("manage", registration_id)


def read_manage_token(token: str) -> str | None:
    """The registration id of a manage token, or None where it was not made here."""
    if len(token) != 64:
        return None
    try:
        registration_id = str(uuid.UUID(token[:32]))
    except ValueError:
        return None
    return registration_id if manage_token(registration_id) == token.lower() else None


# --- whether and how many ----------------------------------------------------------------------------------------------


def state(event: Event, now: datetime) -> str:
    """Whether residents may register now: ``open`` · ``full`` · ``waitlist`` · ``not_open_yet`` · ``closed`` · ``cancelled`` · ``draft``."""
    if event.status in {"draft", "cancelled", "closed"}:
        return event.status
    if not event.registration_open:
        return "closed"
    if event.registration_opens_at is not None and now < event.registration_opens_at:
        return "not_open_yet"
    closes = event.registration_closes_at or event.ends_at
    if closes is not None and now >= closes and not event.rehearsal:
        return "closed"
    if event.capacity is not None and (event.places_taken >= event.capacity or _anyone_waits(event)):
        return "waitlist" if event.waitlist else "full"
    return "open"


def places_left(event: Event) -> int | None:
    """Free places, or None where they are unlimited."""
    return None if event.capacity is None else max(0, event.capacity - event.places_taken)


def waiting(event: Event) -> int:
    """How many parties wait."""
    query = select(func.count()).where(Registration.event_id == event.id, Registration.status == "waitlisted")
    return db.session.scalar(query) or 0


def _anyone_waits(event: Event) -> bool:
    query = select(Registration.id).where(Registration.event_id == event.id, Registration.status == "waitlisted").limit(1)
    return db.session.scalar(query) is not None


_CLOSED = {
    "draft": ("not_published", "活动还没有发布"),
    "cancelled": ("event_cancelled", "活动已取消"),
    "closed": ("registration_closed", "报名已截止"),
    "not_open_yet": ("registration_not_open", "报名还没有开始"),
}


# --- registering ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Wanted:
    name: str
    phone: str | None
    party_size: int
    sessions: tuple[str, ...]
    answers: dict[str, Any]
    channel: str
    note: str | None


def register(actor: Actor, slug: str, data: Any, *, address: str = "", may_wait: bool = True) -> Registered:
    """Register ``{name, phone, party_size, sessions, answers, consent, channel}``; confirmed, waitlisted or pending.

    ``may_wait`` False raises Conflict ``waitlist_only`` where only the waitlist is left, so that a page may ask first.
    Raises Invalid with every fault, Conflict (``event_full``, ``registration_closed`` …), TooMany for the public limits.
    """
    event = load_event(actor, slug, "registration.create")
    if event.status == "draft":
        raise Missing if actor.kind == "public" else Conflict(*_CLOSED["draft"])
    public = not actor.sees(event)
    wanted = _read(data, event, public)
    if public:
        closed = _CLOSED.get(state(event, clock.now()))
        if closed:
            raise Conflict(*closed)
        if address:
            limits.hit(PER_ADDRESS, "register", address)
        limits.hit(PER_PHONE, "register", wanted.phone or "")
    return _register(actor, slug, wanted, public, may_wait)


def _read(data: Any, event: Event, public: bool) -> _Wanted:
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    faults: list[Fault] = []

    def text(field: str) -> str | None:
        value = data.get(field)
        if value is not None and not isinstance(value, str):
            faults.append(Fault(field, "type", "应为文字"))
            return None
        return value

    failed = len(faults)
    name, fault = read_name(text("name"))
    if fault and len(faults) == failed:
        faults.append(fault)
    failed = len(faults)
    said_phone = text("phone")
    phone = None
    if public or (said_phone and said_phone.strip()):
        phone, fault = read_phone(said_phone)
        if fault and len(faults) == failed:
            faults.append(fault)
    party_size = data.get("party_size", 1)
    if type(party_size) is not int or party_size < 1:
        faults.append(Fault("party_size", "number", "请填写参加人数，至少1位"))
    elif party_size > event.max_party:
        faults.append(Fault("party_size", "too_many", "一次最多报{most}位", {"most": event.max_party}))
    sessions = data.get("sessions") or []
    known = {session.key for session in event.sessions}
    if not isinstance(sessions, list) or any(not isinstance(key, str) or key not in known for key in sessions):
        faults.append(Fault("sessions", "unknown_key", "没有这个场次"))
        sessions = []
    answers, wrong = _read_answers(data.get("answers"), event)
    faults += wrong
    if public and data.get("consent") is not True:
        faults.append(Fault("consent", "required", "请阅读并勾选同意个人信息告知书"))
    channel = data.get("channel") or "desk"
    if public:
        channel = "proxy" if channel == "proxy" else "web"
    if channel not in CHANNELS:
        faults.append(Fault("channel", "choice", "渠道只能是 phone、desk 或 proxy"))
    note = text("note") if not public else None
    if note and (len(note) > 300 or unprintable(note)):
        faults.append(Fault("note", "too_long", "备注最多300个字"))
    if faults:
        raise Invalid(faults)
    return _Wanted(name, phone, party_size, tuple(dict.fromkeys(sessions)), answers, channel, clean_text(note) if note else None)


def _read_answers(given: Any, event: Event) -> tuple[dict[str, Any], list[Fault]]:
    if given is None:
        given = {}
    if not isinstance(given, dict):
        return {}, [Fault("answers", "object", "应为一个对象")]
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    for question in event.questions:
        key, value = question["key"], given.get(question["key"])
        if value in (None, "", []):
            if question.get("required") and question.get("ask") == "form":
                faults.append(Fault(f"answers.{key}", "required", "请回答“{label}”", {"label": question["label"]}))
            continue
        chosen = value if isinstance(value, list) else [value]
        if len(repr(value)) > 1000 or any(not isinstance(item, (str, int, bool)) or unprintable(str(item)) for item in chosen):
            faults.append(Fault(f"answers.{key}", "type", "“{label}”的回答不对", {"label": question["label"]}))
        elif question["choices"] and any(item not in question["choices"] for item in chosen):
            faults.append(Fault(f"answers.{key}", "choice", "“{label}”只能从选项里选", {"label": question["label"]}))
        else:
            answers[key] = value
    return answers, faults


@transaction
def _register(actor: Actor, slug: str, wanted: _Wanted, public: bool, may_wait: bool) -> Registered:
    event = load_event(actor, slug, "registration.create", lock="change")
    now = clock.now()
    current = state(event, now)
    if event.status != "published" or (public and current in _CLOSED):
        raise Conflict(*_CLOSED[event.status if event.status != "published" else current])
    status = "pending" if event.approval and public else "confirmed"
    room = places_left(event)
    if room is not None and (wanted.party_size > room or _anyone_waits(event)):
        if not event.waitlist:
            raise Conflict("event_full", "名额已满" if room == 0 else "只剩{room}位，不够{size}位一起报名", room=room, size=wanted.party_size)
        if not may_wait:
            raise Conflict("waitlist_only", "名额已满，可以候补", room=room, size=wanted.party_size)
        status = "waitlisted"
    faults = []
    for session in event.sessions:
        if session.key in wanted.sessions and session.capacity is not None and status != "waitlisted":
            left = session.capacity - session.places_taken
            if left < wanted.party_size:
                faults.append(
                    Fault("sessions", "session_full", "“{name}”只剩{left}位，请选别的场次", {"name": session.name, "left": max(0, left)})
                )
    if faults:
        raise Invalid(faults)
    registration = Registration(
        id=str(uuid.uuid4()), event_id=event.id, seq=event.next_seq, status=status, blocked=False, party_size=wanted.party_size,
        sessions=list(wanted.sessions), code=codes.mint(), pickup_code=_free_pickup(event.id), channel=wanted.channel,
        consent_version=CONSENT_VERSION if public else None, consent_at=now if public else None, answered=sorted(wanted.answers),
        created_at=now, updated_at=now,
    )  # fmt: skip
    event.next_seq += 1
    if status != "waitlisted":
        _take_places(event, registration, wanted.party_size)
    db.session.add(registration)
    db.session.flush()
    db.session.add(
        Person(
            registration_id=registration.id,
            event_id=event.id,
            name=wanted.name,
            initials=initials(wanted.name),
            phone=wanted.phone,
            phone_tail=phone_tail(wanted.phone),
            answers=wanted.answers,
            note=wanted.note,
        )
    )
    return Registered(registration, event, position(registration))


def _free_pickup(event_id: str) -> str:
    """Six digits that no other registration of the event has."""
    while True:
        pickup = codes.mint_pickup()
        taken = select(Registration.id).where(Registration.event_id == event_id, Registration.pickup_code == pickup)
        if db.session.scalar(taken) is None:
            return pickup


def _take_places(event: Event, registration: Registration, count: int) -> None:
    """Take places (or, with a negative count, give them back) of the event and of the registration's sessions."""
    event.places_taken += count
    for session in event.sessions:
        if session.key in registration.sessions:
            session.places_taken += count


def position(registration: Registration) -> int | None:
    """The parties ahead of a waitlisted one, plus one; None for any other."""
    if registration.status != "waitlisted":
        return None
    ahead = select(func.count()).where(
        Registration.event_id == registration.event_id, Registration.status == "waitlisted", Registration.seq < registration.seq
    )
    return (db.session.scalar(ahead) or 0) + 1


# --- changing ------------------------------------------------------------------------------------------------------------


def _load(actor: Actor, slug: str, registration_id: str, action: str) -> tuple[Event, Registration]:
    """A registration through its event, or through the holder's own cookie; the event's row is locked."""
    if registration_id in actor.holds:
        event = db.session.scalar(
            select(Event).where(Event.slug == slug).with_for_update(key_share=True).execution_options(populate_existing=True)
        )
    else:
        event = load_event(actor, slug, action, lock="change")
        if not actor.sees(event):
            raise Missing
    registration = db.session.scalar(
        select(Registration)
        .where(Registration.id == registration_id, Registration.event_id == (event.id if event else ""))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if event is None or registration is None:
        raise Missing
    return event, registration


@transaction
def change(actor: Actor, slug: str, registration_id: str, data: Any) -> Registered:
    """Change ``party_size``, ``name``, ``phone``, ``note`` of a registration; its code stays. Raises Invalid or Conflict."""
    event, registration = _load(actor, slug, registration_id, "registration.edit")
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    if registration.status == "cancelled":
        raise Conflict("registration_cancelled", "这份报名已取消")
    faults: list[Fault] = []
    person = db.session.get(Person, registration.id)
    organizer = registration_id not in actor.holds
    if "name" in data and person is not None:
        name, fault = read_name(data["name"] if isinstance(data["name"], str) else None)
        if fault:
            faults.append(fault)
        else:
            person.name, person.initials = name, initials(name)
    if "phone" in data and person is not None and organizer:
        phone, fault = read_phone(data["phone"] if isinstance(data["phone"], str) else None)
        if fault:
            faults.append(fault)
        else:
            person.phone, person.phone_tail = phone, phone_tail(phone)
    if "note" in data and person is not None and organizer:
        note = data["note"]
        if note is not None and (not isinstance(note, str) or len(note) > 300 or unprintable(note)):
            faults.append(Fault("note", "too_long", "备注最多300个字"))
        else:
            person.note = note
    size = data.get("party_size", registration.party_size)
    if type(size) is not int or size < 1:
        faults.append(Fault("party_size", "number", "请填写参加人数，至少1位"))
    elif size > event.max_party and size > registration.party_size:
        faults.append(Fault("party_size", "too_many", "一次最多报{most}位", {"most": event.max_party}))
    if faults:
        raise Invalid(faults)
    if size != registration.party_size:
        _resize(event, registration, size)
    registration.updated_at = clock.now()
    if organizer:
        journal.note(actor, "registration.edit", event, registration=registration.id, fields=sorted(data))
    return Registered(registration, event, position(registration))


def _resize(event: Event, registration: Registration, size: int) -> None:
    inside = people_in(event, registration)
    if size < inside:
        raise Invalid.one("party_size", "already_in", "已有{inside}位入场，不能少于{inside}位", inside=inside)
    more = size - registration.party_size
    if registration.status != "waitlisted":
        room = places_left(event)
        if more > 0 and room is not None and (more > room or _anyone_waits(event)):
            raise Invalid.one("party_size", "event_full", "只剩{room}位，不能再加{more}位", room=room, more=more)
        for session in event.sessions:
            if more > 0 and session.key in registration.sessions and session.capacity is not None:
                left = session.capacity - session.places_taken
                if more > left:
                    raise Invalid.one("party_size", "session_full", "“{name}”只剩{left}位", name=session.name, left=max(0, left))
        _take_places(event, registration, more)
    registration.party_size = size
    if more < 0:
        _promote(event)


@transaction
def cancel(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Cancel; places return at once and whoever waits first moves up. Where part of the party is in, the rest is given back."""
    event, registration = _load(actor, slug, registration_id, "registration.edit")
    if registration.status == "cancelled":
        return Registered(registration, event, None)
    inside = people_in(event, registration)
    if inside >= registration.party_size:
        raise Conflict("already_in", "已经入场，不能取消")
    if inside > 0:
        _resize(event, registration, inside)
    else:
        held = registration.status != "waitlisted"
        registration.status = "cancelled"
        registration.cancelled_at = clock.now()
        if held:
            _take_places(event, registration, -registration.party_size)
            _promote(event)
    registration.updated_at = clock.now()
    journal.note(actor, "registration.cancel", event, registration=registration.id)
    return Registered(registration, event, None)


def _promote(event: Event) -> None:
    """Move waiting parties up in order, each whole; the first that does not fit stops the line, so no place is offered twice."""
    waiting = select(Registration).where(Registration.event_id == event.id, Registration.status == "waitlisted").order_by(Registration.seq)
    for registration in db.session.scalars(waiting.with_for_update(key_share=True)):
        room = places_left(event)
        lacking = any(
            s.key in registration.sessions and s.capacity is not None and s.capacity - s.places_taken < registration.party_size
            for s in event.sessions
        )
        if (room is not None and registration.party_size > room) or lacking:
            return
        registration.status = "confirmed"
        registration.updated_at = clock.now()
        _take_places(event, registration, registration.party_size)


def promote(event: Event) -> None:
    """Move waiting parties up after the places changed; the caller holds the event's row."""
    _promote(event)


@transaction
def approve(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Confirm a pending registration; its places were held since it came."""
    event, registration = _load(actor, slug, registration_id, "registration.edit")
    if registration.status == "pending":
        registration.status = "confirmed"
        registration.updated_at = clock.now()
        journal.note(actor, "registration.approve", event, registration=registration.id)
    elif registration.status != "confirmed":
        raise Conflict("not_pending", "这份报名不在待确认状态")
    return Registered(registration, event, position(registration))


@transaction
def reissue(actor: Actor, slug: str, registration_id: str) -> Registered:
    """Give the ticket a new code; whoever shows the old one is told 已换新码."""
    event, registration = _load(actor, slug, registration_id, "registration.edit")
    now = clock.now()
    db.session.add(RetiredCode(code=registration.code, registration_id=registration.id, retired_at=now))
    registration.code = codes.mint()
    registration.updated_at = now
    journal.note(actor, "registration.reissue", event, registration=registration.id)
    return Registered(registration, event, position(registration))


@transaction
def block(actor: Actor, slug: str, registration_id: str, blocked: bool = True) -> Registered:
    """Send the ticket's holder to the service desk (暂停), or lift that again."""
    event, registration = _load(actor, slug, registration_id, "registration.edit")
    registration.blocked = blocked
    registration.updated_at = clock.now()
    journal.note(actor, "registration.block" if blocked else "registration.unblock", event, registration=registration.id)
    return Registered(registration, event, position(registration))


def people_in(event: Event, registration: Registration) -> int:
    """How many of the party have come in, at the checkpoint where most of them did."""
    return _fold_of(event, registration).people_admitted


def used_at(event: Event, registration: Registration) -> dict[str, int]:
    """Entries of a ticket by checkpoint, where there are any."""
    sums = _fold_of(event, registration)
    return {key: place.entries for key, place in sums.places.items() if place.entries}


def _fold_of(event: Event, registration: Registration) -> folds.Sums:
    fields = tuple(getattr(Record, name) for name in folds.Row._fields)
    own = select(*fields).where(Record.registration_id == registration.id, Record.epoch == event.epoch)
    rows = [folds.Row(*row) for row in db.session.execute(own)]
    later: dict[str, set[str]] = {}
    if rows:
        ids = [row.id for row in rows]
        rows += [folds.Row(*row) for row in db.session.execute(select(*fields).where(Record.undoes.in_(ids), Record.type == "undo"))]
        for row in db.session.execute(select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(ids))):
            later.setdefault(row.record_id, set()).add(row.decided)
    places = [folds.Place(c.key, c.rule, c.entrance) for c in event.checkpoints]
    return folds.fold(rows, later=later, parties={registration.id: registration.party_size}, places=places, zone=event.timezone)


# --- finding -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Found:
    """A row of a look-up: what a volunteer may see, and the ``ref`` that a record may bring instead of the code."""

    ref: str
    name: str
    phone_tail: str | None
    party_size: int
    status: str
    used: dict[str, int]


def lookup(actor: Actor, slug: str, said: Any) -> list[Found]:
    """At most 8 rows by ticket text, 签到码, phone tail, whole phone, name or pinyin initials; search first, never a list."""
    event = load_event(actor, slug, "lookup")
    if not isinstance(said, str) or not said.strip() or len(said) > codes.LONGEST:
        raise Invalid.one("q", "required", "请输入姓名、手机尾号或签到码")
    if actor.kind == "device" and codes.parse(said).kind != "code":  # a whole code cannot be guessed; a queue must not be slowed
        limits.hit("120/minute", "lookup", actor.id)
    condition = _matches(said)
    if condition is None:
        return []
    query = (
        select(Registration, Person.name, Person.phone_tail)
        .join(Person, Person.registration_id == Registration.id)
        .where(Registration.event_id == event.id, condition)
        .order_by(Registration.seq)
        .limit(MOST_FOUND)
    )
    return [
        Found(
            ref=row.Registration.id,
            name=mask_name(row.name),
            phone_tail=row.phone_tail,
            party_size=row.Registration.party_size,
            status="blocked" if row.Registration.blocked else row.Registration.status,
            used=used_at(event, row.Registration),
        )
        for row in db.session.execute(query)
    ]


def _matches(said: str) -> Any:
    """The condition for a typed text, or None where it can match nobody."""
    text = codes.parse(said)
    if text.kind == "code":
        return Registration.code == text.value
    flat = clean_text(unicodedata.normalize("NFKC", said))
    if unprintable(flat):
        return None
    digits = "".join(character for character in flat if character.isdigit())
    if digits and not any(character.isalpha() for character in flat):
        either = []
        if text.kind == "pickup":
            either.append(Registration.pickup_code == text.value)
        if len(digits) == 4:
            either.append(Person.phone_tail == digits)
        phone, fault = read_phone(flat)
        if not fault:
            either.append(Person.phone == phone)
        return or_(*either) if either else None
    if flat.isascii():
        letters = "".join(character for character in flat.lower() if character.isalnum())
        return Person.initials.contains(f" {letters}", autoescape=True) if len(letters) >= 2 else None
    return Person.name.startswith(flat, autoescape=True) | (Person.name.contains(flat, autoescape=True) if len(flat) >= 2 else False)


def search(
    actor: Actor, slug: str, said: str | None = None, status: str | None = None, cursor: str | None = None, limit: int = 50
) -> tuple[list[tuple[Registration, Person | None]], str | None]:
    """A page of an event's registrations for its organizers, in order of arrival, and the next page's cursor."""
    event = load_event(actor, slug, "registration.list")
    query = select(Registration, Person).outerjoin(Person, Person.registration_id == Registration.id)
    query = query.where(Registration.event_id == event.id).order_by(Registration.seq).limit(limit + 1)
    if status:
        query = query.where(Registration.blocked) if status == "blocked" else query.where(Registration.status == status)
    if cursor:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 16):
            raise Invalid.one("cursor", "cursor", "翻页位置已失效，请从头看起")
        query = query.where(Registration.seq > int(cursor))
    if said and said.strip():
        condition = _matches(said)
        if condition is None:
            return [], None
        query = query.where(condition)
    rows = [(row.Registration, row.Person) for row in db.session.execute(query)]
    return rows[:limit], str(rows[limit - 1][0].seq) if len(rows) > limit else None


def read(actor: Actor, slug: str, registration_id: str) -> tuple[Event, Registration, Person | None]:
    """One registration with its person, for organizers."""
    event = load_event(actor, slug, "registration.list")
    registration = db.session.scalar(
        select(Registration).where(Registration.id == registration_id, Registration.event_id == event.id)
    )
    if registration is None:
        raise Missing
    return event, registration, db.session.get(Person, registration.id)


def by_code(code: str) -> tuple[Event, Registration, Person | None, bool]:
    """What stands behind a code in a ticket's address, and whether it was replaced by a reissue. Raises Missing."""
    text = codes.parse(code)
    if text.kind != "code":
        raise Missing
    registration = db.session.scalar(select(Registration).where(Registration.code == text.value))
    reissued = False
    if registration is None:
        retired = db.session.get(RetiredCode, text.value)
        registration = db.session.get(Registration, retired.registration_id) if retired else None
        reissued = registration is not None
    if registration is None:
        raise Missing
    return db.session.get_one(Event, registration.event_id), registration, db.session.get(Person, registration.id), reissued


def held(registration_ids: frozenset[str]) -> list[tuple[Event, Registration, Person | None]]:
    """The registrations that a browser holds, newest first."""
    if not registration_ids:
        return []
    query = (
        select(Registration, Event, Person)
        .join(Event, Event.id == Registration.event_id)
        .outerjoin(Person, Person.registration_id == Registration.id)
        .where(Registration.id.in_(registration_ids))
        .order_by(Registration.created_at.desc())
    )
    return [(row.Event, row.Registration, row.Person) for row in db.session.execute(query)]


FAILURES = "5/15minutes"


def find_mine(phone: str, pickup: str) -> list[Registration]:
    """The registrations of a whole phone number whose 签到码 is known: all of that number's in every event.

    One constant answer for "no such" and "wrong"; five failures in 15 minutes lock that number's look-ups.
    """
    number, fault = read_phone(phone)
    if fault:
        raise Invalid([fault])
    limits.check(FAILURES, "my", number or "")
    text = codes.parse(pickup or "")
    query = select(Registration).join(Person, Person.registration_id == Registration.id).where(Person.phone == number)
    mine = list(db.session.scalars(query.order_by(Registration.created_at.desc())))
    if text.kind != "pickup" or all(registration.pickup_code != text.value for registration in mine):
        limits.hit(FAILURES, "my", number or "")
        raise Invalid([Fault("pickup_code", "no_match", "没有找到：请核对手机号和6位签到码")], "no_match")
    return mine


def prove(code: str, phone: str) -> Registration:
    """The registration of a ticket's code, if the whole phone number is its own; the same lock as `find_mine`."""
    event, registration, person, reissued = by_code(code)
    number, fault = read_phone(phone)
    if fault:
        raise Invalid([fault])
    try:
        limits.check(FAILURES, "prove", registration.id)
    except TooMany as refusal:
        raise TooMany(refusal.retry_after, "输错次数太多，请15分钟后再试") from refusal
    if reissued or person is None or person.phone != number:
        limits.hit(FAILURES, "prove", registration.id)
        raise Invalid([Fault("phone", "no_match", "手机号与这份报名对不上")], "no_match")
    return registration


def may_see(actor: Actor, registration: Registration, event: Event) -> bool:
    """Whether a caller sees the whole ticket: its holder, or the event's own members."""
    if registration.id in actor.holds:
        return True
    return actor.kind in {"member", "system"} and actor.sees(event)
