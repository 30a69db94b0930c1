"""What a phone says of itself with each batch, and when it was last heard of.

Requests overtake one another: one of a browser that was killed may arrive after those of its successor. So each report is
kept with the hour of the phone's clock at which it was sent, and an older one says nothing any more.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, update

from eventsvc.models import Device
from eventsvc.prepared import Prepared
from eventsvc.services.records.piece import SKEW, Piece

SEEN_EVERY = timedelta(seconds=15)  # a phone's last contact is written no more often than this
_devices = Device.__table__.c
JUST_NOW = timedelta(seconds=2)  # a record sent so soon after its tap comes from somebody at the door


def note_contact(piece: Piece, said: dict[str, Any], tapped_at: datetime | None = None, again: bool = False) -> None:
    """When the phone was last heard of and what it says of itself; each phone has a row of its own.

    ``tapped_at``: of the record, where the batch has but one; while such come one by one and nothing else is new, little is written.
    ``again``: nothing in the batch was new. Without ``sent_at`` it may be an old one, so it cannot say that more are waiting.
    A colleague's phone that uploads for it (``only``) says at most how many of its records are left: it was not heard of itself.
    """
    actor, queued = piece.actor, said.get("queued") or 0
    if actor.kind != "device":
        return
    if actor.only is not None:
        if "queued" in said:
            report(actor.id, {"queued": queued}, most=queued if again else None)
        return
    live = tapped_at is not None and piece.sent_at is not None and piece.sent_at - tapped_at < JUST_NOW
    known = actor.queued == queued and actor.id not in piece.heard and actor.seen_at is not None and piece.now - actor.seen_at < SEEN_EVERY
    if live and known:
        return
    piece.heard.add(actor.id)
    report(actor.id, {**said, "queued": queued, "last_seen_at": piece.now}, piece.sent_at, queued if again and piece.sent_at is None else None)


def report(device_id: str, news: dict[str, Any], sent_at: datetime | None = None, most: int | None = None) -> None:
    """Write what a phone says of itself, unless it was sent before what is known.

    ``sent_at``: by the phone's clock. A report that seems older by more than `SKEW` comes from a phone whose clock was set back,
    and counts. ``most``: nothing is written where the phone is known to hold less.
    """
    values = {"id_": device_id, **{f"new_{name}": value for name, value in news.items()}}
    if most is not None:
        values["most"] = most
    if sent_at is not None:
        values |= {"new_said_at": sent_at, "late": sent_at + SKEW}
    _report(tuple(values)).run(**values)


@cache
def _report(names: tuple[str, ...]) -> Prepared:
    """The statement that takes these values."""
    row = update(Device.__table__).where(_devices.id == bindparam("id_"))
    if "most" in names:
        row = row.where(_devices.queued >= bindparam("most"))
    if "late" in names:
        sent = bindparam("new_said_at", type_=_devices.said_at.type)
        row = row.where(or_(_devices.said_at.is_(None), _devices.said_at <= sent, _devices.said_at > bindparam("late")))
    written = {name.removeprefix("new_"): bindparam(name) for name in names if name.startswith("new_")}
    return Prepared(lambda among: row.values(**written))
