"""The outbox's entrance: `tell` one party or `tell_all` of an event, inside the transaction of the change itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import JSON, ColumnElement, and_, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from eventsvc.db import Instant, db, is_postgresql
from eventsvc.models import Event, Message, Registration
from eventsvc.ports import clock
from eventsvc.services.messages import channels

URGENT = frozenset({"event_cancelled", "postponed"})  # these go before all others, and on the day also at night
OF_TIME_AND_PLACE = ("postponed", "moved", "reminder")  # a newer one makes an older one stale
_OUTBOX: Any = Message.__table__


def tell(event: Event, registration: Registration, template: str, cause: str | None = None, *, must_reach: bool = False, **facts: Any) -> None:
    """Have one party told, once for this cause (the template's name unless given); ``facts`` are numbers and times, nobody's name.

    ``must_reach``: whoever cannot be written to goes on the list of calls. Where nothing can be sent, only those are kept.
    """
    tell_each(event, [(registration, cause or template)], template, must_reach=must_reach, **facts)


def tell_each(event: Event, told: Sequence[tuple[Registration, str]], template: str, *, must_reach: bool = False, **facts: Any) -> None:
    """The same for many parties, each once for its own cause, written together."""
    if not told or event.demo or not (must_reach or channels.any_is_on()):
        return
    now = clock.now()
    rest = {
        "event_id": event.id, "template": template, "facts": facts, "must_reach": must_reach, "rank": _rank(template),
        "state": "waiting" if channels.any_is_on() else "call", "attempts": 0, "next_at": now, "created_at": now,
    }  # fmt: skip
    db.session.execute(_once(_new()), [{**rest, "registration_id": one.id, "cause": cause} for one, cause in told])


def tell_all(
    event: Event, template: str, cause: str, *, must_reach: bool = True, only: ColumnElement[bool] | None = None, **facts: Any
) -> int:
    """Have every party of an event told that has not cancelled (``only`` narrows it), once for this cause; how many are."""
    if event.demo or not (must_reach or channels.any_is_on()):
        return 0
    db.session.flush()
    now = clock.now()
    if template != "reminder":
        _supersede(event, template)
    state = "waiting" if channels.any_is_on() else "call"
    row = {
        "event_id": Registration.event_id, "registration_id": Registration.id, "template": literal(template), "cause": literal(cause),
        "facts": literal(facts, JSON), "must_reach": literal(must_reach), "rank": literal(_rank(template)), "state": literal(state),
        "attempts": literal(0), "next_at": literal(now, Instant), "created_at": literal(now, Instant),
    }  # fmt: skip
    concerned = and_(Registration.event_id == event.id, Registration.status != "cancelled", Registration.erased_at.is_(None))
    if only is not None:
        concerned = and_(concerned, only)
    rows = select(*row.values()).where(concerned)
    written = db.session.execute(_once(_new().from_select(list(row), rows)), execution_options={"preserve_rowcount": True})
    return written.rowcount


def _supersede(event: Event, template: str) -> None:
    """What an older message of time and place would say is no longer so; a cancelled event has nothing else to say."""
    stale = update(Message).where(Message.event_id == event.id, Message.state.in_(("waiting", "call")), Message.call_outcome.is_distinct_from("reached"))
    if template != "event_cancelled":
        stale = stale.where(Message.template.in_(OF_TIME_AND_PLACE))
    db.session.execute(stale.values(state="dropped", reason="superseded"))


def _new() -> Any:
    return (postgresql if is_postgresql() else sqlite).insert(_OUTBOX)


def _once(statement: Any) -> Any:
    return statement.on_conflict_do_nothing(index_elements=["registration_id", "cause"])


def _rank(template: str) -> int:
    return 0 if template in URGENT else 1
