"""A list that was kept on paper while the phones were dead, entered afterwards: through the ordinary door, with basis ``paper``.

Each line is a ticket (签到码 or code), how many came (else the whole party) and when. A ticket has one such record at a
checkpoint and day, whose id follows from it: the same list entered twice changes nothing.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event, Record, Registration
from eventsvc.ports import clock
from eventsvc.services import codes, journal, records, registrations
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import spelt

MOST = 300  # lines of one list
WALKIN = ("现场", "walkin", "walk-in")
_COUNT = re.compile(r"([0-9]{1,2})[人位]?")
_TIME = re.compile(r"([01]?[0-9]|2[0-3])[:时]([0-5][0-9])分?")


@dataclass(frozen=True)
class Line:
    """One line as it was read: a ticket's text or None for people without one, how many (None: the whole party), when."""

    number: int
    text: codes.TicketText | None
    count: int | None
    at: datetime


@dataclass(frozen=True)
class Entered:
    """What came of a list: records that are new, lines that were entered before, lines whose party had been scanned already."""

    kept: int
    again: int
    scanned: int


def read(said: str, at: datetime, zone: str) -> list[Line]:
    """The lines of a pasted list: 签到码 [人数] [时间], or 现场 人数 [时间]; empty ones and what follows # left out. Raises Invalid with every fault."""
    lines, faults = [], []
    rows = [(number, row.split("#")[0].strip()) for number, row in enumerate(unicodedata.normalize("NFKC", said).splitlines(), 1)]
    rows = [(number, row) for number, row in rows if row]
    if not rows:
        raise Invalid.one("lines", "required", "请输入签到码，一行一份")
    if len(rows) > MOST:
        raise Invalid.one("lines", "too_many", "一次最多{most}行，多的分几次补录", most=MOST)
    for number, row in rows:
        try:
            lines.append(_line(number, row, at, ZoneInfo(zone)))
        except ValueError as fault:
            faults.append(Fault("lines", "line", str(fault), {"number": number}))
    if faults:
        raise Invalid(faults)
    return lines


def _line(number: int, row: str, at: datetime, zone: ZoneInfo) -> Line:
    first, *others = re.split(r"[\s,、;]+", row.rstrip(",、; "))
    walkin = first.lower() in WALKIN
    text = None if walkin else codes.parse(first)
    if text is not None and text.kind == "foreign":
        raise ValueError("第{number}行：要以6位签到码开头（没有凭证的写“现场”和人数）")
    count: int | None = None
    for part in others:
        if time := _TIME.fullmatch(part):
            at = at.astimezone(zone).replace(hour=int(time[1]), minute=int(time[2]), second=0, microsecond=0)
        elif (several := _COUNT.fullmatch(part)) and count is None and int(several[1]):
            count = int(several[1])
        else:
            raise ValueError("第{number}行：人数写1到99，时间写成18:30这样")
    if walkin and count is None:
        raise ValueError("第{number}行：“现场”后面要写人数")
    return Line(number, text, count, at)


@transaction
def sheet(actor: Actor, slug: str, *, plain: bool, reason: str) -> tuple[Event, list[registrations.Listed]]:
    """The confirmed parties for the sign-in sheet, by the pinyin of their names, each with its 签到码; whole names as `registrations.export` gives them."""
    event, rows = registrations.export(actor, slug, plain=plain, reason=reason, kind="sheet")
    pickups = {row.seq: row.pickup_code for row in db.session.execute(select(Registration.seq, Registration.pickup_code).where(Registration.event_id == event.id))}
    listed = [replace(row, pickup_code=pickups[row.seq]) for row in rows if row.status == "confirmed"]
    return event, sorted(listed, key=lambda row: (spelt(row.name) or "~", row.name, row.seq))


@transaction
def enter(actor: Actor, slug: str, checkpoint: str, lines: Sequence[Line], nonce: str) -> Entered:
    """Keep the list as admissions that happened; all of it or, with every fault said, nothing. Raises Invalid."""
    event = load_event(actor, slug, "record.checkin", lock="share")
    place = next((one for one in event.checkpoints if one.key == checkpoint), None)
    faults = [] if place is not None else [Fault("checkpoint", "required", "请选择签到点")]
    tickets = _tickets(event, lines)
    now = clock.now()
    for line in lines:
        if line.text is not None and line.text.value not in tickets:
            faults.append(Fault("lines", "unknown", "第{number}行：没有这个签到码", {"number": line.number}))
        if line.at > now + timedelta(minutes=1):
            faults.append(Fault("lines", "future", "第{number}行：时间还没到", {"number": line.number}))
    seen: dict[str, int] = {}
    for line in lines:
        key = line.text.value if line.text else ""
        if key and tickets.get(key) and seen.setdefault(tickets[key].id, line.number) != line.number and place and place.rule != "each_time":
            faults.append(Fault("lines", "twice", "第{number}行和第{first}行是同一份凭证", {"number": line.number, "first": seen[tickets[key].id]}))
    if faults or place is None:
        raise Invalid(faults)
    bodies, scanned = [], 0
    for line in lines:
        registration = tickets[line.text.value] if line.text else None
        body = _record(event, place.key, line, registration, nonce, actor)
        full = registration is not None and place.rule in {"once", "stamp"} and registrations.used_at(event, registration).get(place.key, 0) >= registration.party_size
        if full and not _known(body["id"]):
            scanned += 1
        else:
            bodies.append(body)
    results = [row for start in range(0, len(bodies), 100) for row in records.submit(actor, slug, {"records": bodies[start : start + 100]})["results"]]
    kept = sum(row["status"] == "recorded" for row in results)
    if kept:
        journal.note(actor, "paper.enter", event, checkpoint=place.key, records=kept)
    return Entered(kept, len(results) - kept, scanned)


def _tickets(event: Event, lines: Sequence[Line]) -> dict[str, Registration]:
    """The event's registrations by what the lines call them."""
    said = [line.text.value for line in lines if line.text]
    query = select(Registration).where(Registration.event_id == event.id, Registration.pickup_code.in_(said) | Registration.code.in_(said))
    found: dict[str, Registration] = {}
    for registration in db.session.scalars(query):
        found |= {registration.pickup_code: registration, registration.code: registration}
    return found


def _known(record_id: str) -> bool:
    return db.session.scalar(select(Record.id).where(Record.id == record_id)) is not None


def _record(event: Event, checkpoint: str, line: Line, registration: Registration | None, nonce: str, actor: Actor) -> dict[str, Any]:
    """The field record of a line. Of a ticket its id follows from the ticket, place and day (and from how often that was undone)."""
    shared = {"checkpoint": checkpoint, "at": line.at.isoformat(), "decided": "admitted", "basis": "paper", "operator": actor.label[:40] or None, "reason": "纸质名单补录"}
    if registration is None:
        return {"id": _id(event, checkpoint, nonce, str(line.number)), "type": "walkin", "count": line.count, **shared}
    day = line.at.astimezone(ZoneInfo(event.timezone)).date().isoformat()
    own = select(Record.id).where(Record.registration_id == registration.id, Record.checkpoint == checkpoint, Record.basis == "paper", Record.epoch == event.epoch)
    undone = set(db.session.scalars(select(Record.undoes).where(Record.undoes.in_(own), Record.type == "undo")))
    parts = [registration.id, day, str(len(undone))]
    each = next(one.rule for one in event.checkpoints if one.key == checkpoint) == "each_time"
    parts += [line.at.isoformat()] if each else []
    return {"id": _id(event, checkpoint, *parts), "type": "checkin", "ref": registration.id, "count": line.count or registration.party_size, **shared}


def _id(event: Event, *parts: str) -> str:
    return str(uuid.uuid5(uuid.UUID(event.id), "\0".join(["paper", str(event.epoch), *parts])))
