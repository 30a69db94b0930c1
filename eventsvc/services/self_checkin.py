"""自助签到: a resident at the venue admits their own party, through the same door as a scan, marked as reported by themselves.

Who: the holder of the ticket, nobody else. Where: the code shown at the venue. Whether: `admission.decide`, like a scan.
Off unless a checkpoint says so (docs/decisions/0013-self-checkin.md).
"""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.models import Checkpoint, Event, Record, Registration
from eventsvc.ports import clock, limits
from eventsvc.services import folds, journal, records, venue_codes
from eventsvc.services.actors import SYSTEM, Actor, load_event

WRONG = "5/15minutes"  # wrong codes, for one ticket or card
TRIES = "30/15minutes"  # check-ins of one ticket, whatever came of them
GUESSES = "60/15minutes"  # wrong codes, from one address, of people without a ticket
DOOR = replace(SYSTEM, only=frozenset({"record.submit", "record.checkin", "record.tally"}))


@dataclass(frozen=True)
class Passage:
    """One admission of a ticket at a place, as its holder is shown it."""

    at: datetime
    count: int
    by_oneself: bool


def places(event: Event) -> list[Checkpoint]:
    """The checkpoints where residents may check in by themselves."""
    return [place for place in event.checkpoints if place.by_oneself != "no"]


def place_of(event: Event, key: str) -> Checkpoint:
    """A checkpoint of the event. Raises Missing, or Conflict where one cannot check in by oneself."""
    place = next((one for one in event.checkpoints if one.key == key), None)
    if place is None:
        raise Missing
    if event.status == "cancelled":
        raise Conflict("cancelled", "这次活动取消了，请不要前往。")
    if place.by_oneself == "no":
        raise Conflict("not_by_oneself", "这里现在不能自助签到，请找志愿者")
    return place


def event_of(actor: Actor, slug: str) -> Event:
    """The event, for anybody who may see it. Raises Missing."""
    return load_event(actor, slug, "self.checkin")


def find(actor: Actor, slug: str, key: str) -> tuple[Event, Checkpoint]:
    """An event and its place, for anybody. Raises Missing or Conflict."""
    event = event_of(actor, slug)
    return event, place_of(event, key)


def prove(event: Event, place: Checkpoint, typed: str, subject: str, guessable: bool = True, rate: str = WRONG) -> None:
    """Make sure that somebody is at the place, by what they typed or scanned. Raises Invalid, or TooMany after five wrong ones of a ticket.

    ``guessable``: not so for a scanned link, whose code is long: late ones are many at a gate, and lock nobody.
    """
    if not guessable:
        if not venue_codes.opens_link(event, place.key, place.by_oneself, typed, clock.now()):
            raise Invalid.one("code", "wrong_code", "码不对或已经换了，请照屏幕上现在的填")
        return
    try:
        limits.check(rate, "venue", subject)
    except TooMany as refusal:
        raise TooMany(refusal.retry_after, "输错次数太多，请找志愿者，或15分钟后再试") from refusal
    flat = "".join(unicodedata.normalize("NFKC", typed[:64]).split()).lower()
    if venue_codes.opens(event, place.key, place.by_oneself, flat, clock.now()):
        return
    if not flat:
        raise Invalid.one("code", "required", "请填现场屏幕上的6个数字" if place.by_oneself == "screen" else "请填今天的口令，4个数字")
    limits.hit(rate, "venue", subject)
    if place.by_oneself == "screen":
        raise Invalid.one("code", "wrong_code", "码不对或已经换了，请照屏幕上现在的填")
    raise Invalid.one("code", "wrong_word", "口令不对，请看现场的牌子或问志愿者")


def check_in(actor: Actor, slug: str, key: str, registration_id: str, count: int, nonce: str) -> dict[str, Any]:
    """Admit ``count`` of the holder's party, as one record; the caller has made sure by `prove` that they are there.

    The same page sent twice (``nonce``) is one record. Raises Missing for a ticket that is not held, TooMany.
    """
    event, place = find(actor, slug, key)
    registration = db.session.get(Registration, registration_id) if registration_id in actor.holds else None
    if registration is None or registration.event_id != event.id:
        raise Missing
    limits.hit(TRIES, "self-checkin", registration.id)
    for _ in range(2):  # the second time where the same page was sent by two at once
        body = _body(event, place.key, registration.id, count, nonce)
        answer: dict[str, Any] = records.submit(DOOR, slug, {"records": [body]})["results"][0]
        if answer["code"] != "id_reused":
            break
    return answer


def passages_by_place(event: Event, registration: Registration) -> dict[str, list[Passage]]:
    """The admissions of a ticket that stand, by checkpoint, in order."""
    fields = tuple(getattr(Record, name) for name in folds.Row._fields)
    rows = [folds.Row(*row) for row in db.session.execute(select(*fields).where(Record.registration_id == registration.id, Record.epoch == event.epoch))]
    undos = select(*fields).where(Record.undoes.in_([row.id for row in rows]), Record.type == "undo")
    gone = folds.undone_ids(rows, [folds.Row(*row) for row in db.session.execute(undos)] if rows else [])
    found: dict[str, list[Passage]] = {}
    for row in sorted(rows, key=lambda row: (row.corrected_at, row.id)):
        if row.id not in gone and folds.let_in(row) and row.direction == "entry" and row.checkpoint:
            found.setdefault(row.checkpoint, []).append(Passage(row.corrected_at, row.quantity, row.basis == folds.SELF))
    return found


def passages_of(event: Event, registration: Registration, place: Checkpoint) -> list[Passage]:
    """Those at one place; where it is open daily, today's."""
    stand, zone = passages_by_place(event, registration).get(place.key, []), ZoneInfo(event.timezone)
    today = clock.now().astimezone(zone).date()
    return [one for one in stand if place.rule != "daily" or one.at.astimezone(zone).date() == today]


@transaction
def exchange(actor: Actor, slug: str) -> None:
    """Other codes, words and screen addresses from now on, because the present ones went where they should not."""
    event = load_event(actor, slug, "event.edit", lock="change")
    event.venue_round += 1
    journal.note(actor, "event.edit", event, venue_round=event.venue_round)


def _body(event: Event, place: str, registration_id: str, count: int, nonce: str) -> dict[str, Any]:
    """The field record of a page: the one that was kept under it, or a fresh one. After a refusal another minute is another try."""
    now = clock.now()
    for attempt in (nonce, f"{nonce} {int(now.timestamp()) // 60}"):
        record_id = str(uuid.uuid5(uuid.UUID(event.id), "\0".join((folds.SELF, str(event.epoch), place, registration_id, attempt))))
        kept = db.session.execute(select(Record.at, Record.quantity, Record.outcome).where(Record.id == record_id)).one_or_none()
        if kept is None or kept.outcome == "admitted":
            break
    at, quantity = (kept.at, kept.quantity) if kept is not None else (now, count)
    return {"id": record_id, "type": "checkin", "checkpoint": place, "ref": registration_id, "count": quantity, "basis": folds.SELF, "at": at.isoformat()}
