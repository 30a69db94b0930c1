"""An event copied over dates as a series: each copy is an event of its own, with everything moved to its day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from eventsvc.db import db, transaction
from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event
from eventsvc.ports import clock
from eventsvc.services import event_document
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.events.making import create
from eventsvc.services.events.states import publish as open_to_all

MOST = 60  # copies at once
FURTHEST = timedelta(days=731)


@transaction
def copy_over(actor: Actor, slug: str, dates: Sequence[date], publish: bool = False) -> tuple[list[Event], list[Event]]:
    """Copies of an event on other days, drafts unless ``publish``: those made now, and those that were there already.

    A copy's slug is the event's with the day behind it, so that the same dates sent twice make nothing twice. Registrations,
    records and reported figures stay with the first. All copies or none. Raises Invalid with every fault.
    """
    event = load_event(actor, slug, "event.create", lock="change")
    if event.starts_at is None:
        raise Invalid.one("dates", "no_date", "这个活动还没有日期，先填上开始时间")
    first = event.starts_at.astimezone(ZoneInfo(event.timezone)).date()
    days = sorted(set(dates) - {first})
    today = clock.now().astimezone(ZoneInfo(event.timezone)).date()
    faults = [
        Fault("dates", "range", "{day}不在今天到两年之内", {"day": day.isoformat()}) for day in days if not today <= day <= today + FURTHEST
    ]
    if not days:
        faults.append(Fault("dates", "required", "请写上至少一个别的日期"))
    if len(days) > MOST:
        faults.append(Fault("dates", "too_many", "一次最多{most}场", {"most": MOST}))
    if faults:
        raise Invalid(faults)
    document = event_document.dump(event)
    wanted = {f"{slug[:55]}-{day:%Y%m%d}": day for day in days}
    there = list(db.session.scalars(select(Event).where(Event.slug.in_(wanted), Event.organization_id == event.organization_id)))
    made = []
    for copy_slug, day in wanted.items():
        if copy_slug not in {one.slug for one in there}:
            made.append(create(actor, _moved(document, copy_slug, day - first), event.organization_id))
            if publish:
                open_to_all(actor, copy_slug)
    return made, there


def _moved(document: dict[str, Any], slug: str, days: timedelta) -> dict[str, Any]:
    """The document on another day, every time at the same hour of its zone's clock."""
    zone = ZoneInfo(document["timezone"])

    def moved(text: str | None) -> str | None:
        if text is None:
            return None
        there = datetime.fromisoformat(text).astimezone(zone).replace(tzinfo=None) + days
        return there.replace(tzinfo=zone).isoformat()

    def part(row: dict[str, Any], *names: str) -> dict[str, Any]:
        return row | {name: moved(row[name]) for name in names}

    return {
        **part(document, "starts_at", "ends_at"),
        "slug": slug,
        "status": None,
        "date_text": None,
        "registration": part(document["registration"], "opens_at", "closes_at"),
        "sessions": [part(row, "starts_at", "ends_at") for row in document["sessions"]],
        "checkpoints": [part(row, "opens_at", "closes_at") for row in document["checkpoints"]],
        "counters": [row | {"reported": None} for row in document["counters"]],
    }
