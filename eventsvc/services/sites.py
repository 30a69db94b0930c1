"""What the door needs of an event, read once a revision: its rules as plain values, so that a scan costs one light row.

Every change of an event grows ``revision`` (services/events), so a site that was read before is never served after it.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from eventsvc.db import db
from eventsvc.errors import Missing
from eventsvc.models import Event
from eventsvc.prepared import Asked, Prepared
from eventsvc.services import admission
from eventsvc.services.actors import Actor, admit

KEPT = 64  # sites that a process remembers


@dataclass(frozen=True)
class SiteCheckpoint:
    """A checkpoint: its name, and its door as the decision sees it."""

    key: str
    name: str
    door: admission.Door


@dataclass(frozen=True)
class SiteCounter:
    """A counter, as far as a tap is checked against it."""

    key: str
    kind: str
    stock: int | None


@dataclass(frozen=True)
class SiteSession:
    """A session, as a refusal names it."""

    key: str
    name: str
    starts_at: datetime | None


@dataclass(frozen=True)
class Site:
    """An event as the door sees it."""

    id: str
    organization_id: str
    status: str
    epoch: int
    epoch_began_at: datetime | None  # what happened before belongs to the rehearsal that was put aside
    timezone: str
    questions: tuple[dict[str, Any], ...]
    checkpoints: dict[str, SiteCheckpoint]
    counters: dict[str, SiteCounter]
    sessions: tuple[SiteSession, ...]
    required: frozenset[str]  # keys of the questions that must be answered at the desk


_sites: OrderedDict[tuple[str, int], Site] = OrderedDict()

_events = Event.__table__.c
_shared = Prepared(
    lambda among: select(_events.id, _events.organization_id, _events.status, _events.revision)
    .where(_events.slug == bindparam("slug"))
    .with_for_update(read=True, key_share=True)  # on PostgreSQL waits only for a freeze
)


class _Light(NamedTuple):
    """What is read of an event for every group of records."""

    id: str
    organization_id: str
    status: str
    revision: int


def asked(slug: str) -> Asked:
    """What `visit` asks of the database."""
    return _shared, {"slug": slug}


def visit(actor: Actor, slug: str, action: str, known: Site | None = None) -> Site:
    """The site of an event for an actor who may do ``action`` there, inside a transaction that adds records.

    ``known``: the same site, read in the same transaction for another actor.
    """
    if known is not None:
        admit(actor, known, action)
        return known
    found = _shared.one(slug=slug)
    if found is None:
        raise Missing
    row = _Light(*found)
    admit(actor, row, action)
    key = (row.id, row.revision)
    site = _sites.get(key)
    if site is None:
        site = _build(db.session.get_one(Event, row.id, populate_existing=True))
        _sites[key] = site
        while len(_sites) > KEPT:
            _sites.popitem(last=False)
    return site


def _build(event: Event) -> Site:
    required = frozenset(q["key"] for q in event.questions if q.get("required") and q.get("ask") == "desk")
    return Site(
        id=event.id,
        organization_id=event.organization_id,
        status=event.status,
        epoch=event.epoch,
        epoch_began_at=event.epoch_began_at,
        timezone=event.timezone,
        questions=tuple(event.questions),
        checkpoints={
            c.key: SiteCheckpoint(
                c.key,
                c.name,
                admission.Door(
                    zone=event.timezone,
                    status=event.status,
                    rule=c.rule,
                    starts_at=event.starts_at,
                    ends_at=event.ends_at,
                    closed_at=event.closed_at,
                    opens_at=c.opens_at,
                    closes_at=c.closes_at,
                    sessions=frozenset(c.sessions),
                    required=required,
                    rehearsal=event.rehearsal,
                ),
            )
            for c in event.checkpoints
        },
        counters={c.key: SiteCounter(c.key, c.kind, c.stock) for c in event.counters},
        sessions=tuple(SiteSession(s.key, s.name, s.starts_at) for s in event.sessions),
        required=required,
    )
