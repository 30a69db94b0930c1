"""Parties as they arrive: each gets its places or is told why not, in order, as if it came alone; the rows are written set by set.

One way in for all of them: residents, whose requests come together, the desk, and lists. Callers hold the event's row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from eventsvc.db import db
from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.models import Event, EventSession, Person, Registration, SessionWait
from eventsvc.ports import clock
from eventsvc.prepared import Prepared
from eventsvc.services import codes, spares
from eventsvc.services.notices import CURRENT as CONSENT_VERSION
from eventsvc.services.persons import initials, phone_tail, spelt
from eventsvc.services.registrations.line import is_near
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    closed,
    free_sessions,
    has_room,
    reserve_left,
    room_for,
    session_left,
    size_in,
    take_places,
    touch,
)
from eventsvc.services.registrations.reading import Wanted
from eventsvc.services.registrations.trust import standings

_SET = 500  # values of one IN list
_parties = Registration.__table__.c
_TAKEN = Prepared(
    lambda among: select(_parties.pickup_code).where(_parties.event_id == bindparam("event"), among(_parties.pickup_code, "drawn"))
)
_PARTY, _PERSON = Prepared(lambda among: insert(Registration.__table__)), Prepared(lambda among: insert(Person.__table__))
_EMPTY = {table: dict.fromkeys(column.name for column in table.columns) for table in (Registration.__table__, Person.__table__)}


@dataclass(frozen=True)
class Arrival:
    """A party at the door. ``public``: a resident on the web, for whom the event's times and limits hold; ``may_wait``: the waitlist will do."""

    wanted: Wanted
    public: bool = False
    may_wait: bool = True


def register_many(event: Event, wanted: Sequence[Wanted]) -> list[Registration | Conflict | Invalid]:
    """Register parties as the desk does, in order; see `take_in`. Raises Conflict where the event takes no registrations at all."""
    if event.status != "published":
        raise Conflict(*CLOSED[event.status])
    return take_in(event, [Arrival(one) for one in wanted])


def take_in(event: Event, arrivals: Sequence[Arrival]) -> list[Registration | Conflict | Invalid]:
    """Register parties in order; for each its row, or why it got no place: that of one is nothing to the others.

    The rows are written without the session, which would spend more on each than the database does.
    """
    now = clock.now()
    waits = event.capacity is not None and anyone_waits(event)
    residents = {arrival.wanted.phone for arrival in arrivals if arrival.public and arrival.wanted.phone}
    standing, held = standings(event, residents, now), _held(event, residents)
    queued: set[str] = set()  # sessions in whose line one of these stands
    pickups = iter(_free_pickups(event.id, len(arrivals)))
    answers: list[Registration | Conflict | Invalid] = []
    persons: list[Person] = []
    lines: list[SessionWait] = []
    for arrival in arrivals:
        wanted, public = arrival.wanted, arrival.public
        try:
            _is_open(event, public, now)
            yields = public and _yields(event, wanted.phone, held, standing, now)
            placed = place(event, wanted, public=public, may_wait=arrival.may_wait, waits=waits, yields=yields, queued=queued)
        except (Conflict, Invalid) as refusal:
            answers.append(refusal)
            continue
        registration, person, *behind = entry(event, wanted, placed, public=public, now=now, code="", pickup=next(pickups))
        waits = waits or (placed.status == "waitlisted" and not placed.yields)
        queued.update(placed.lines)
        held[wanted.phone] += 1
        persons.append(person)
        lines += behind
        answers.append(registration)
    made = [answer for answer in answers if isinstance(answer, Registration)]
    drawn = iter(spares.draw_many(event, sum(one.status == "confirmed" for one in made)))
    for registration in made:
        registration.code = next(drawn) if registration.status == "confirmed" else codes.mint()
    _PARTY.many(_row(one) for one in made)
    _PERSON.many(_row(one) for one in persons)
    if lines:
        db.session.add_all(lines)
        db.session.flush()
    return answers


def _is_open(event: Event, public: bool, now: datetime) -> None:
    said = closed(event, now) if public or event.status != "published" else None
    if said:
        raise Conflict(*CLOSED[said])


def _held(event: Event, phones: Collection[str]) -> Counter[str | None]:
    """How many registrations numbers hold already, where the organizers let one number hold only so many."""
    if event.per_phone is None or not phones:
        return Counter()
    query = (
        select(Person.phone, func.count()).select_from(Person).join(Registration, Registration.id == Person.registration_id)
        .where(Person.event_id == event.id, Person.phone.in_(phones), Registration.status != "cancelled").group_by(Person.phone)
    )  # fmt: skip
    return Counter({phone: count for phone, count in db.session.execute(query)})


def _yields(event: Event, phone: str | None, held: Counter[str | None], standing: dict[str, str], now: datetime) -> bool:
    """Whether a number may only wait, by the no-show rule, until the event is near.

    Raises Conflict where it holds as many registrations as the organizers let one number hold, or where they paused it. The
    sentence of the first is their rule and names neither registration nor person.
    """
    if event.per_phone is not None and phone is not None and held[phone] >= event.per_phone:
        raise Conflict("phone_limit", "一个号码最多报{most}份。已经报过的，请在“我的报名”里修改；确有需要请打电话问一问", most=event.per_phone)
    said = standing.get(phone or "", "free")
    if said == "paused":
        raise Conflict("paused", "这个号码暂时不能在网上报名，请打电话问一问")
    return said == "waits" and event.waitlist and event.starts_at is not None and not is_near(event, now)


@dataclass(frozen=True)
class Placed:
    """The status that a party gets, and the sessions in whose line it stands; ``yields``: it waits behind all others."""

    status: str
    lines: tuple[str, ...] = ()
    yields: bool = False


def place(
    event: Event, wanted: Wanted, *, public: bool, may_wait: bool, waits: bool, yields: bool = False, queued: Collection[str] = ()
) -> Placed:
    """What a party gets as the places stand. Raises Conflict or Invalid.

    ``waits``: somebody is on the waitlist; ``queued``: sessions for which somebody waits whose row is not written yet; ``yields``: it only waits.
    """
    if yields:
        if not may_wait:
            raise Conflict("wait_first", "最近有两次报名没有到，这次先排候补，活动前一天有名额就给您。有原因请打电话说一声")
        return Placed("waitlisted", yields=True)
    room = room_for(event, wanted.channel, waits)
    if room is not None and wanted.party_size > room:
        free = max(0, (event.capacity or 0) - event.places_taken - (reserve_left(event) if public else 0))
        if not event.waitlist:
            raise Conflict("event_full", "名额已满" if free == 0 else "只剩{room}位，不够{size}位一起报名", room=free, size=wanted.party_size)
        if not may_wait:
            raise Conflict("waitlist_only", "名额已满，可以候补", room=free, size=wanted.party_size)
        return Placed("waitlisted")
    lines = []
    faults = []
    for session in event.sessions if wanted.sessions else ():
        if session.key in wanted.sessions and session.capacity is not None:
            size = wanted.session_sizes.get(session.key, wanted.party_size)
            if session.key not in queued and has_room(event, session, size):
                continue
            if session.waitlist and session.key in wanted.may_wait_for:
                lines.append(session.key)
            else:
                faults.append(full(event, session, size))
    if faults:
        raise Invalid([*faults, *others_free(event, wanted, queued)])
    return Placed("pending" if event.approval and public else "confirmed", tuple(lines))


def full(event: Event, session: EventSession, size: int) -> Fault:
    """What is said of a session that has no places for ``size`` people."""
    left = session_left(session) or 0
    if left >= size:  # free, but others are in line for them
        return Fault("sessions", "session_full", "“{name}”有人在候补，空出的名额先给他们", {"name": session.name})
    if left == 0:
        said = "“{name}”已满，可以候补，也可以选别的场次" if session.waitlist else "“{name}”已满，请选别的场次"
        return Fault("sessions", "session_full", said, {"name": session.name})
    return Fault("sessions", "session_full", "“{name}”只剩{left}位，请选别的场次", {"name": session.name, "left": left})


def others_free(event: Event, wanted: Wanted, queued: Collection[str] = ()) -> list[Fault]:
    """Which other sessions have places, where there are any."""
    names = free_sessions(event, wanted.party_size, {*wanted.sessions, *queued})
    return [Fault("sessions", "sessions_free", "还有名额的场次：{names}", {"names": "、".join(names)})] if names else []


def entry(
    event: Event, wanted: Wanted, placed: Placed, *, public: bool, now: datetime, code: str, pickup: str
) -> tuple[Registration, *tuple[Person | SessionWait, ...]]:
    """The rows of a party that has its place: the registration, which is added first, the person, its places in the lines of sessions.

    Its number in line and its places are taken; the caller holds the event's row and adds the rows.
    """
    sizes = {key: size for key, size in wanted.session_sizes.items() if key in wanted.sessions and size < wanted.party_size}
    registration = Registration(
        id=codes.mint_id(now), event_id=event.id, seq=event.next_seq, status=placed.status, blocked=False, party_size=wanted.party_size,
        sessions=[key for key in wanted.sessions if key not in placed.lines],
        session_sizes={key: size for key, size in sizes.items() if key not in placed.lines}, code=code, pickup_code=pickup, channel=wanted.channel,
        unit=wanted.unit,
        consent_version=CONSENT_VERSION if public else None, consent_at=now if public else None, answered=sorted(wanted.answers),
        guardian_version=CONSENT_VERSION if wanted.party.guardian else None, guardian_at=now if wanted.party.guardian else None,
        created_at=now, updated_at=now, passed_over=0, yields=placed.yields,
    )  # fmt: skip
    event.next_seq += 1
    touch(event, registration)
    if placed.status != "waitlisted":
        take_places(event, registration, wanted.party_size)
        for session in event.sessions if registration.sessions else ():
            if session.key in registration.sessions:
                session.places_taken += size_in(registration, session.key)
    lines = [
        SessionWait(
            event_id=event.id, registration_id=registration.id, session=key, size=sizes.get(key, wanted.party_size), passed_over=0, created_at=now
        )
        for key in placed.lines
    ]  # fmt: skip
    person = Person(
        registration_id=registration.id,
        event_id=event.id,
        name=wanted.name,
        initials=initials(wanted.name),
        spelt=spelt(wanted.name),
        phone=wanted.phone,
        phone_tail=phone_tail(wanted.phone),
        email=wanted.email,
        answers=wanted.answers,
        members=[dict(member) for member in wanted.party.members],
        guardian=wanted.party.guardian,
        note=wanted.note,
    )
    return registration, person, *lines


def _row(thing: Registration | Person) -> dict[str, Any]:
    """What was made as its table's row; what nobody set is empty, and the defaults are set by `entry`."""
    return {**_EMPTY[type(thing).__table__], **vars(thing)}


def _free_pickups(event_id: str, count: int) -> Iterable[str]:
    """So many different 签到码 that nobody of the event has."""
    free: set[str] = set()
    while len(free) < count:
        drawn = {codes.mint_pickup() for _ in range(min(_SET, count - len(free)))} - free
        free |= drawn.difference(code for (code,) in _TAKEN.all(event=event_id, drawn=sorted(drawn)))
    return free
