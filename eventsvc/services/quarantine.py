"""Quarantine: what a revoked phone still held comes in for 72 hours, write-only, and waits outside of the ledger for an organizer.

Accepted, it goes through the records door as that phone, decided as of its own time, so that every figure is what it
would have been; refused, nothing of it is kept but a line of the journal. Whatever is not dealt with goes with the
event's persons (services/retention.py).
"""

from __future__ import annotations

import json
from collections import Counter as Multiset
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Missing, Refusal
from eventsvc.models import Device, Event, QuarantinedRecord, Record
from eventsvc.ports import clock
from eventsvc.services import journal, records
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.record_form import Form, Malformed, read
from eventsvc.services.records.contact import report

MOST_OF_A_PHONE = 20_000  # rows that may wait
LONGEST = 8192  # characters of one record
_rows = QuarantinedRecord.__table__
_ledger = Record.__table__.c


@dataclass(frozen=True)
class Waiting:
    """What one phone handed in: who had it, when it came, how many records of each type, why the door would not have some."""

    device_id: str
    name: str
    operator: str
    revoked_at: datetime | None
    received_at: datetime
    first_at: datetime
    last_at: datetime
    types: dict[str, int]
    faults: dict[str, int]

    @property
    def count(self) -> int:
        """How many records wait."""
        return sum(self.types.values())


def salvage(actor: Actor, slug: str, body: Any) -> dict[str, Any]:
    """Take what a revoked phone still holds (the body of `records.submit`); each row is answered ``quarantined`` or ``rejected``.

    Raises Conflict ``not_revoked`` for any other caller, ``quarantine_full``; otherwise what `records.submit` raises.
    """
    try:
        raw, sent_at, said = records.envelope(body)
    except Refusal:
        load_event(actor, slug, "record.salvage")  # whoever may not enter is told that first
        raise
    return {"results": _keep(actor, slug, raw, sent_at, said.get("queued")), "server_time": clock.now().isoformat()}


@transaction
def _keep(actor: Actor, slug: str, raw: Sequence[Any], sent_at: datetime | None, queued: int | None) -> list[dict[str, Any]]:
    event = load_event(actor, slug, "record.salvage")
    device = db.session.get(Device, actor.id, with_for_update=True, populate_existing=True) if actor.kind == "device" else None
    if device is None or device.revoked_at is None:
        raise Conflict("not_revoked", "这台手机没有停用，请照常上传")
    answers, forms = [], {}
    for item in raw:
        form, text = _read(item)
        if isinstance(form, Malformed):
            answers.append({"id": form.id, "status": "rejected", "code": "malformed", "message": str(form)})
        else:
            answers.append({"id": form.id, "status": "quarantined", "code": None, "message": None})
            forms.setdefault(form.id, (form, text))
    fresh = _unknown(device, forms)
    if fresh and _waiting(event, device.id) + len(fresh) > MOST_OF_A_PHONE:
        raise Conflict("quarantine_full", "这台手机交来的记录太多，请找负责人")
    if fresh:
        db.session.execute(insert(_rows), [_row(device, form, text, sent_at) for form, text in fresh])
    report(device.id, {"last_seen_at": clock.now(), "queued": queued or 0}, sent_at)
    return answers


def _read(item: Any) -> tuple[Form | Malformed, str]:
    """The record and its text as it is kept; what no text can hold is malformed."""
    try:
        form = read(item)
        text = json.dumps(item, allow_nan=False)
    except Malformed as fault:
        return fault, ""
    except ValueError:
        return Malformed("记录里有写法不对的数", form.id), ""
    return (form, text) if len(text) <= LONGEST else (Malformed("记录太长", form.id), "")


def _unknown(device: Device, forms: dict[str, tuple[Form, str]]) -> list[tuple[Form, str]]:
    """Those that neither wait already nor stand in the ledger with the same content and decision."""
    ids = list(forms)
    waiting = set(db.session.scalars(select(_rows.c.id).where(_rows.c.device_id == device.id, _rows.c.id.in_(ids))))
    kept = select(_ledger.id, _ledger.content, _ledger.decided).where(_ledger.id.in_(ids), _ledger.event_id == device.event_id)
    stored = {row.id: row for row in db.session.execute(kept)}
    fresh = []
    for record_id, (form, text) in forms.items():
        row = stored.get(record_id)
        known = row is not None and row.content == form.content and form.decided in (None, row.decided)
        if not known and record_id not in waiting:
            fresh.append((form, text))
    return fresh


def _row(device: Device, form: Form, text: str, sent_at: datetime | None) -> dict[str, Any]:
    return {
        "device_id": device.id, "id": form.id, "event_id": device.event_id, "type": form.type, "body": text, "at": form.at,
        "sent_at": sent_at, "received_at": clock.now(),
    }  # fmt: skip


def _waiting(event: Event, device_id: str) -> int:
    query = select(func.count()).where(_rows.c.event_id == event.id, _rows.c.device_id == device_id)
    return db.session.scalar(query) or 0


def count(event: Event) -> int:
    """How many records of an event wait."""
    return db.session.scalar(select(func.count()).where(_rows.c.event_id == event.id)) or 0


def waiting(actor: Actor, slug: str) -> list[Waiting]:
    """What waits, phone by phone, the latest first."""
    event = load_event(actor, slug, "quarantine.read")
    query = (
        select(
            _rows.c.device_id, _rows.c.type, _rows.c.fault, func.count().label("count"), func.max(_rows.c.received_at).label("received_at"),
            func.min(_rows.c.at).label("first_at"), func.max(_rows.c.at).label("last_at"),
        )
        .where(_rows.c.event_id == event.id)
        .group_by(_rows.c.device_id, _rows.c.type, _rows.c.fault)
    )  # fmt: skip
    groups: dict[str, list[Any]] = {}
    for row in db.session.execute(query):
        groups.setdefault(row.device_id, []).append(row)
    phones = db.session.scalars(select(Device).where(Device.id.in_(groups)))
    listed = [_described(phone, groups[phone.id]) for phone in phones]
    return sorted(listed, key=lambda one: one.received_at, reverse=True)


def _described(phone: Device, rows: Sequence[Any]) -> Waiting:
    types: Multiset[str] = Multiset()
    faults: Multiset[str] = Multiset()
    for row in rows:
        types[row.type] += row.count
        if row.fault:
            faults[row.fault] += row.count
    return Waiting(
        device_id=phone.id,
        name=phone.name,
        operator=phone.operator,
        revoked_at=phone.revoked_at,
        received_at=max(row.received_at for row in rows),
        first_at=min(row.first_at for row in rows),
        last_at=max(row.last_at for row in rows),
        types=dict(types),
        faults=dict(faults),
    )


@dataclass(frozen=True)
class Dealt:
    """What came of a decision: records that are in the ledger now, and those that the door would not have and that wait on."""

    accepted: int
    left: int


def accept(actor: Actor, slug: str, device_id: str) -> Dealt:
    """Let everything that one phone handed in through the records door, as that phone. Raises Missing where nothing of it waits.

    Pieces of a batch's size are a transaction each; broken off half-way, the rest goes on waiting.
    """
    ids = _ids(actor, slug, device_id)
    accepted = sum(_accept(actor, slug, device_id, ids[start : start + records.MOST_RECORDS]) for start in range(0, len(ids), records.MOST_RECORDS))
    _note(actor, slug, "quarantine.accept", device_id, accepted)
    return Dealt(accepted, len(ids) - accepted)


def _ids(actor: Actor, slug: str, device_id: str) -> list[str]:
    event = load_event(actor, slug, "quarantine.decide")
    order = select(_rows.c.id).where(_rows.c.event_id == event.id, _rows.c.device_id == device_id)
    ids = list(db.session.scalars(order.order_by(_rows.c.received_at, _rows.c.at, _rows.c.id)))
    if not ids:
        raise Missing
    return ids


@transaction
def _accept(actor: Actor, slug: str, device_id: str, ids: Sequence[str]) -> int:
    """Some of them; how many the ledger has now. The phone's own rights hold, though it was revoked since."""
    load_event(actor, slug, "quarantine.decide")
    device = db.session.get_one(Device, device_id)
    phone = Actor(
        "device", id=device.id, event_id=device.event_id, scopes=frozenset(device.scopes), checkpoints=frozenset(device.checkpoints), label=device.name
    )
    mine = (_rows.c.device_id == device_id) & _rows.c.id.in_(ids)
    order = select(_rows).where(mine).order_by(_rows.c.received_at, _rows.c.at, _rows.c.id).with_for_update()
    batches: dict[tuple[datetime | None, datetime], list[Any]] = {}
    for row in db.session.execute(order):
        batches.setdefault((row.sent_at, row.received_at), []).append(row)
    done: list[str] = []
    for (sent_at, received_at), rows in batches.items():
        answers = records.accept(phone, slug, [json.loads(row.body) for row in rows], sent_at, received_at)
        for row, answer in zip(rows, answers, strict=True):
            if answer["status"] == "rejected":
                db.session.execute(update(_rows).where(_rows.c.device_id == device_id, _rows.c.id == row.id).values(fault=answer["message"]))
            else:
                done.append(row.id)
    db.session.execute(delete(_rows).where(_rows.c.device_id == device_id, _rows.c.id.in_(done)))
    return len(done)


def refuse(actor: Actor, slug: str, device_id: str) -> int:
    """Drop everything that one phone handed in; only the journal says how many. Raises Missing where nothing of it waits."""
    ids = _ids(actor, slug, device_id)
    _drop(actor, slug, device_id, ids)
    return len(ids)


@transaction
def _drop(actor: Actor, slug: str, device_id: str, ids: Sequence[str]) -> None:
    for start in range(0, len(ids), 500):
        db.session.execute(delete(_rows).where(_rows.c.device_id == device_id, _rows.c.id.in_(ids[start : start + 500])))
    _note(actor, slug, "quarantine.refuse", device_id, len(ids))


@transaction
def _note(actor: Actor, slug: str, action: str, device_id: str, records_dealt_with: int) -> None:
    event = load_event(actor, slug, "quarantine.decide")
    journal.note(actor, action, event, device=device_id, records=records_dealt_with)
