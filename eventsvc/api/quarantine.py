"""Quarantine: what revoked phones hand in, and what an organizer decides about it."""

from __future__ import annotations

from typing import Any

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation
from eventsvc.services import actors, quarantine

TAG = "devices"
ONE = "/events/{slug}/quarantine/{device_id}"


@operation(
    "POST", "/events/{slug}/salvage", action="record.salvage", tag=TAG, body=schemas.RecordsBody, answer=schemas.SalvageAnswer, stopped=True,
    summary="A phone revoked less than 72 hours ago hands in what it holds; it waits for an organizer",
    refusals=("not_revoked", "quarantine_full"),
)  # fmt: skip
def salvage(call: Call, slug: str) -> dict[str, Any]:
    """An answer for each record, in order; nothing of anybody in it."""
    return quarantine.salvage(call.actor, slug, call.body)


@operation(
    "GET", "/events/{slug}/quarantine", action="quarantine.read", tag=TAG, answer=schemas.QuarantineAnswer,
    summary="What revoked phones handed in and nobody has decided about, phone by phone",
)  # fmt: skip
def index(call: Call, slug: str) -> dict[str, Any]:
    """The phones."""
    zone = actors.load_event(call.actor, slug, "quarantine.read").timezone
    return {"items": [answers.quarantined(one, zone) for one in quarantine.waiting(call.actor, slug)]}


@operation(
    "POST", f"{ONE}/accept", action="quarantine.decide", tag=TAG, answer=schemas.Accepted,
    summary="Keep what a revoked phone handed in, as if it had come in time",
)  # fmt: skip
def accept(call: Call, slug: str, device_id: str) -> dict[str, Any]:
    """How many records the ledger has now, and how many the door would not have."""
    dealt = quarantine.accept(call.actor, slug, device_id)
    return {"accepted": dealt.accepted, "left": dealt.left}


@operation(
    "POST", f"{ONE}/refuse", action="quarantine.decide", tag=TAG, answer=schemas.Refused,
    summary="Drop what a revoked phone handed in; the journal keeps how many records it was",
)  # fmt: skip
def refuse(call: Call, slug: str, device_id: str) -> dict[str, Any]:
    """How many records were dropped."""
    return {"refused": quarantine.refuse(call.actor, slug, device_id)}
