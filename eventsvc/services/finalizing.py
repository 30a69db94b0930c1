"""Reports and 定稿: an event's facts and figures together, and the figures as somebody froze them."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict
from eventsvc.models import Event, FrozenFigures
from eventsvc.ports import clock
from eventsvc.services import events, figures, journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.reports import CheckpointFigure, CounterFigure, Figures, Frozen, Report, Reported

_COMPARED = ("registrations", "people_registered", "people_admitted", "entries", "walkins", "scans", "refused", "conflicts", "unidentified", "self_reported")


def report(actor: Actor, slug: str) -> Report:
    """The report of an event now: facts, figures, the frozen ones if there are any, and what came after them."""
    return of_event(load_event(actor, slug, "report.read"))


def of_event(event: Event, epoch: int | None = None) -> Report:
    """The same for a loaded event; ``epoch``: of a rehearsal that was put aside."""
    now = figures.of_event(event, epoch)
    frozen = latest(event, epoch)
    return Report(
        event=events.facts(event),
        figures=now,
        participation=event.participation,
        frozen=frozen,
        late=_late(frozen.figures, now) if frozen else {},
    )


@transaction
def finalize(actor: Actor, slug: str) -> Frozen:
    """Freeze the figures at this point of the ledger (定稿). Freezing again without anything new gives the same freeze."""
    event = load_event(actor, slug, "event.finalize", lock="freeze")
    if event.status == "draft":
        raise Conflict("not_published", "活动还没有发布")
    now = figures.of_event(event)
    before = latest(event)
    if before is not None and before.figures.seq == now.seq and not _late(before.figures, now):
        return before
    frozen = freeze(actor, event)
    journal.note(actor, "event.finalize", event, seq=now.seq)
    return frozen


def freeze(actor: Actor, event: Event) -> Frozen:
    """Keep the figures of the event's current epoch as they are; inside the transaction of whoever needs it."""
    now, at = figures.of_event(event), clock.now()
    db.session.execute(
        insert(FrozenFigures).values(
            event_id=event.id, epoch=event.epoch, seq=now.seq, figures=pack(now), actor=actor.name, at=at
        )
    )
    return Frozen(at=at, by=actor.name, figures=now)


def latest(event: Event, epoch: int | None = None) -> Frozen | None:
    """The last freeze of the event's current epoch, or of another one."""
    row = db.session.scalar(
        select(FrozenFigures)
        .where(FrozenFigures.event_id == event.id, FrozenFigures.epoch == (epoch or event.epoch))
        .order_by(FrozenFigures.id.desc())
        .limit(1)
    )
    return Frozen(at=row.at, by=row.actor, figures=unpack(row.figures)) if row else None


def _late(frozen: Figures, now: Figures) -> dict[str, int]:
    """What came after the freeze, by figure (``counter:KEY`` for counters); only what differs."""
    late = {name: getattr(now, name) - getattr(frozen, name) for name in _COMPARED}
    before = {counter.key: counter.total for counter in frozen.counters}
    late |= {f"counter:{counter.key}": counter.total - before.get(counter.key, 0) for counter in now.counters}
    return {name: difference for name, difference in late.items() if difference}


def pack(figures_now: Figures) -> dict[str, Any]:
    """Figures as plain JSON."""

    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value

    return plain(asdict(figures_now))


def unpack(data: dict[str, Any]) -> Figures:
    """Figures from plain JSON; members that this version does not know are ignored."""

    def known(kind: type, values: dict[str, Any]) -> dict[str, Any]:
        names = {field.name for field in fields(kind)}
        return {key: value for key, value in values.items() if key in names}

    def times(pairs: list[list[Any]]) -> tuple[tuple[datetime, int], ...]:
        return tuple((datetime.fromisoformat(at), count) for at, count in pairs)

    counters = []
    for values in data["counters"]:
        reported = values.get("reported")
        counters.append(CounterFigure(**known(CounterFigure, values) | {"reported": Reported(**reported) if reported else None}))
    return Figures(
        **known(Figures, data)
        | {
            "as_of": datetime.fromisoformat(data["as_of"]),
            "by_checkpoint": tuple(CheckpointFigure(**known(CheckpointFigure, values)) for values in data["by_checkpoint"]),
            "by_hour": times(data["by_hour"]),
            "by_quarter": times(data["by_quarter"]),
            "counters": tuple(counters),
        }
    )
