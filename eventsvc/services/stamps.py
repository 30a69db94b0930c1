"""打卡留念: which stamp points a ticket has been to, and the same for people who never registered, on a card without a person.

A ticket's stamps are its passages at checkpoints with the rule `stamp`. A card is a random token that only its browser holds: each
stamp is one tap of the counter COUNTER, whose record's id follows from the token and the point, so the ledger knows how many stamps
there were and of nobody. Nothing is given for a full card or for passing it on.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict
from eventsvc.models import Checkpoint, Event, Record, Registration
from eventsvc.ports import clock, limits
from eventsvc.services import admission, codes, event_document, folds, records, self_checkin, wording
from eventsvc.services.actors import Actor
from eventsvc.services.events import change
from eventsvc.services.sites import visit

COUNTER = "stamp-cards"
FRESH = "120/minute"  # stamps on cards that one address gets: a square has one address, a script has no phone for each
_TOKEN = re.compile(r"[0-9A-HJKMNP-TV-Z]{20}")
_NAME, _VERB, _UNIT = "打卡章（没报名的）", "盖", "枚"


@dataclass(frozen=True)
class Stamp:
    """A stamp point as a card shows it: since when it has it, or None; ``by_oneself`` as of its checkpoint."""

    key: str
    name: str
    at: datetime | None
    by_oneself: str


def points(event: Event) -> list[Checkpoint]:
    """The event's stamp points."""
    return [place for place in event.checkpoints if place.rule == "stamp"]


def of_ticket(event: Event, registration: Registration) -> list[Stamp]:
    """A ticket's card: every stamp point, with when the first of the party was there."""
    listed = points(event)
    passed = self_checkin.passages_by_place(event, registration) if listed else {}
    return [Stamp(place.key, place.name, passed[place.key][0].at if passed.get(place.key) else None, place.by_oneself) for place in listed]


def cards_are_on(event: Event) -> bool:
    """Whether people who did not register get stamps, too."""
    return any(counter.key == COUNTER for counter in event.counters) and bool(points(event))


def mint() -> str:
    """A card's token: 100 random bits, of nobody."""
    return codes.mint()


def is_token(text: str) -> bool:
    """Whether a text can be a card's token."""
    return _TOKEN.fullmatch(text) is not None


def of_card(event: Event, token: str) -> list[Stamp]:
    """A card: every stamp point, with when it was there. A token that nobody ever used is an empty card."""
    ids = {_id(event, place.key, token): place for place in points(event)}
    rows = {row.id: row.corrected_at for row in db.session.execute(select(Record.id, Record.corrected_at).where(Record.id.in_(ids)))}
    fields = tuple(getattr(Record, name) for name in folds.Row._fields)
    kept = [folds.Row(*row) for row in db.session.execute(select(*fields).where(Record.id.in_(rows)))] if rows else []
    undos = [folds.Row(*row) for row in db.session.execute(select(*fields).where(Record.undoes.in_(rows), Record.type == "undo"))] if rows else []
    gone = folds.undone_ids(kept, undos)
    return [Stamp(place.key, place.name, None if key in gone else rows.get(key), place.by_oneself) for key, place in ids.items()]


@transaction
def collect(slug: str, key: str, token: str, address: str) -> None:
    """A stamp on a card; the caller has made sure that they are there. Twice is once. Raises Conflict where there is none to be had, TooMany."""
    event, place = self_checkin.find(Actor("public"), slug, key)
    if place.rule != "stamp" or not cards_are_on(event):
        raise Conflict("no_cards", "没有报名的，请找志愿者")
    record_id = _id(event, key, token)
    if db.session.scalar(select(Record.id).where(Record.id == record_id)) is not None:
        return
    limits.hit(FRESH, "stamp-card", address)
    door = visit(self_checkin.DOOR, slug, "record.submit").checkpoints[key].door
    now = clock.now()
    verdict = admission.decide(door, admission.Ticket(sessions=door.sessions, answered=door.required), (), count=1, direction="entry", now=now)
    if verdict.outcome != "admitted":
        opens = wording.moment(verdict.opens_at, event.timezone, now) if verdict.opens_at else ""
        raise Conflict(verdict.outcome, wording.scan(verdict.outcome, opens=opens))
    body: dict[str, Any] = {"id": record_id, "type": "tally", "counter": COUNTER, "quantity": 1, "topic": place.name[:60], "basis": folds.SELF, "at": now.isoformat()}
    records.submit(self_checkin.DOOR, slug, {"records": [body]})  # an id that another request has just kept is the same stamp


def switch(actor: Actor, slug: str, on: bool) -> None:
    """Begin or stop giving stamps to people who did not register. Raises Conflict ``key_in_use`` where some were given."""
    event = self_checkin.event_of(actor, slug)
    counters = [counter for counter in event_document.dump(event)["counters"] if counter["key"] != COUNTER]
    if on:
        topics = [place.name[:60] for place in points(event)]
        counters.append({"key": COUNTER, "name": _NAME, "kind": "custom", "unit": _UNIT, "verb": _VERB, "topics": topics, "steps": [1]})
    change(actor, slug, {"counters": counters})


def _id(event: Event, place: str, token: str) -> str:
    return str(uuid.uuid5(uuid.UUID(event.id), "\0".join(("card", str(event.epoch), place, token))))
