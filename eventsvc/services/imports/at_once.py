"""Import by a program: rows that are documents already, registered in one transaction, each answered for; undo works as for any list."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert

from eventsvc.db import db, transaction
from eventsvc.errors import Fault, Invalid
from eventsvc.models import Import, ImportRow, Registration
from eventsvc.ports import clock
from eventsvc.services import journal, registrations
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.imports.checking import Checked, check_document, find_doubles
from eventsvc.services.imports.running import CHANNELS
from eventsvc.services.imports.sheets import MOST_ROWS
from eventsvc.services.imports.staging import ACTION


@dataclass(frozen=True)
class Brought:
    """What became of each row: ``created`` (with its registration) · ``faulty`` · ``double`` · ``refused``, with every fault."""

    import_id: str
    rows: list[tuple[Checked, Registration | None]]


@transaction
def bring(actor: Actor, slug: str, rows: list[Any], *, channel: str, consent: bool, doubles: bool, whole: bool) -> Brought:
    """Register the rows in order; with ``whole`` all or none. Raises Invalid (every fault as ``rows.<index>.<field>``) or Conflict."""
    event = load_event(actor, slug, ACTION, lock="change")
    if not consent:
        raise Invalid.one("consent", "required", "请先确认：已取得本人同意")
    if channel not in CHANNELS:
        raise Invalid.one("channel", "choice", "渠道只能是 phone、desk 或 proxy")
    if len(rows) > MOST_ROWS:
        raise Invalid.one("rows", "too_many", "一次最多导入{most}行，请分几次贴", most=MOST_ROWS)
    checked = [check_document(number, row, event, channel) for number, row in enumerate(rows)]
    if not doubles:
        find_doubles(event, checked)
    good = [row for row in checked if row.state == "good"]
    made: dict[int, Registration] = {}
    for row, answer in zip(good, registrations.register_many(event, [row.wanted for row in good if row.wanted]), strict=True):
        if isinstance(answer, Registration):
            made[row.number] = answer
        else:
            faults = answer.faults if isinstance(answer, Invalid) else [Fault("party_size", answer.code, answer.message, answer.params)]
            row.complain("refused", *faults)
    if whole and len(made) < len(checked):
        raise Invalid(
            [Fault(f"rows.{row.number}.{fault.field}".rstrip("."), fault.code, fault.message, fault.params) for row in checked for fault in row.faults]
        )
    return Brought(_keep(actor, event, channel, doubles, checked, made), [(row, made.get(row.number)) for row in checked])


def _keep(actor: Actor, event: Any, channel: str, doubles: bool, checked: list[Checked], made: dict[int, Registration]) -> str:
    """Remember what was made, so that it can be taken back; no cells are kept."""
    now = clock.now()
    kept = Import(
        id=str(uuid.uuid4()), event_id=event.id, actor=actor.name, source="api", state="done", header=0, headings=[], targets=[], channel=channel,
        doubles=doubles, position=len(checked), created_at=now, touched_at=now, expires_at=now, consent_at=now, emptied_at=now,
    )  # fmt: skip
    db.session.add(kept)
    db.session.flush()
    values = [
        {
            "import_id": kept.id, "number": row.number + 1, "cells": None, "faults": None, "state": "created" if row.number in made else row.state,
            "registration_id": made[row.number].id if row.number in made else None,
            "revision": made[row.number].roster_revision if row.number in made else None,
        }
        for row in checked
    ]  # fmt: skip
    if values:
        db.session.execute(insert(ImportRow), values)
    journal.note(actor, "registration.import", event, list=kept.id, rows=len(made), channel=channel, consent=True)
    return kept.id
