"""Spare codes: minted before anybody needs them, so that phones already know the hash of a ticket that is issued later.

Callers hold the event's row. Every draw mints as many again, so a phone always holds enough; a spare that a phone can
have downloaded is drawn before a younger one.
"""

from __future__ import annotations

from sqlalchemy import bindparam, delete, func, insert, select

from eventsvc.db import db, transaction
from eventsvc.models import Event, SpareCode
from eventsvc.prepared import Prepared
from eventsvc.services import codes
from eventsvc.services.actors import SYSTEM, load_event

LEAST = 500
_spares = SpareCode.__table__.c
_OLDEST = select(_spares.code).where(_spares.event_id == bindparam("event")).order_by(_spares.revision, _spares.code).limit(bindparam("count"))
_DRAW = Prepared(lambda among: delete(SpareCode.__table__).where(_spares.code.in_(_OLDEST)).returning(_spares.code))
_KEEP = Prepared(lambda among: insert(SpareCode.__table__))


def target(event: Event) -> int:
    """How many spares an event keeps: a fifth of its places, at least 500."""
    return max(LEAST, (event.capacity or 0) // 5)


def lacking(event: Event) -> int:
    """How many spares an event that has been published is short of."""
    if event.status == "draft":
        return 0
    there = db.session.scalar(select(func.count()).where(_spares.event_id == event.id)) or 0
    return max(0, target(event) - there)


def fill(event: Event) -> None:
    """Mint what is lacking: at publishing, with more places, and for events that were published before there were spares."""
    _mint(event, lacking(event))


@transaction
def fill_up(slug: str) -> None:
    """The same in a transaction of its own, for a phone that asks for the roster."""
    fill(load_event(SYSTEM, slug, "event.edit", lock="change"))


def draw(event: Event) -> str:
    """A code for a ticket that is issued now."""
    return draw_many(event, 1)[0]


def draw_many(event: Event, count: int) -> list[str]:
    """Codes for ``count`` tickets: spares as far as they go, oldest first, the rest minted afresh; as many spares are minted again."""
    if not count:
        return []
    drawn = [code for (code,) in _DRAW.all(event=event.id, count=count)]
    if len(drawn) < count:
        fill(event)
        return drawn + [codes.mint() for _ in range(count - len(drawn))]
    _mint(event, count)
    return drawn


def _mint(event: Event, count: int) -> None:
    if count:
        event.roster_revision += 1
        fresh = [{"code": codes.mint(), "event_id": event.id, "revision": event.roster_revision} for _ in range(count)]
        _KEEP.many(fresh)
