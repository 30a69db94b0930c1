"""What an event asks of whoever registers, read before its row is held: one light row, and the parts that its revision tells.

Every change of an event's document grows ``revision`` (services/events), so parts that were read before are never served after it.
"""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from eventsvc.db import db
from eventsvc.errors import Missing
from eventsvc.models import Event, EventSession, Unit
from eventsvc.prepared import Prepared

KEPT = 64  # events whose parts a process remembers


class TermsSession(NamedTuple):
    """A session, as far as a choice of sessions is checked against it."""

    key: str
    name: str
    starts_at: datetime | None
    ends_at: datetime | None


class TermsUnit(NamedTuple):
    """A unit that somebody may stand for."""

    key: str


_LIGHT = (
    "id", "organization_id", "status", "revision", "timezone", "registration_open", "registration_opens_at", "registration_closes_at", "ends_at",
    "rehearsal", "max_party", "members", "questions",
)  # fmt: skip
Light = namedtuple("Light", _LIGHT)


class Terms(Light):
    """An event as a registration form sees it."""

    sessions: tuple[TermsSession, ...]
    units: tuple[TermsUnit, ...]


_events = Event.__table__.c
_BY_SLUG = Prepared(lambda among: select(*(_events[name] for name in _LIGHT)).where(_events.slug == bindparam("slug")))
_parts: OrderedDict[tuple[str, int], tuple[tuple[TermsSession, ...], tuple[TermsUnit, ...]]] = OrderedDict()


def read(slug: str) -> Terms:
    """The terms of an event, whoever asks. Raises Missing."""
    db.session.flush()  # what an outer verb has not written yet
    found = _BY_SLUG.one(slug=slug)
    if found is None:
        raise Missing
    terms = Terms(*found)
    key = (terms.id, terms.revision)
    parts = _parts.get(key)
    if parts is None:
        parts = _parts[key] = (_all(TermsSession, EventSession, terms.id), _all(TermsUnit, Unit, terms.id))
        while len(_parts) > KEPT:
            _parts.popitem(last=False)
    terms.sessions, terms.units = parts
    return terms


def _all(kind: Any, model: Any, event_id: str) -> tuple[Any, ...]:
    columns = [getattr(model, name) for name in kind._fields]
    return tuple(kind(*row) for row in db.session.execute(select(*columns).where(model.event_id == event_id).order_by(model.position)))
