"""The records door and the look-up beside it: what happens on the spot."""

from __future__ import annotations

from typing import Any

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation
from eventsvc.services import records, registrations

TAG = "at the door"


@operation(
    "POST", "/events/{slug}/records", action="record.submit", tag=TAG, body=schemas.RecordsBody, answer=schemas.RecordsAnswer,
    claims=True,
    summary="Keep a batch of field records: each id once, each answered, a bad one never sinks the others",
)  # fmt: skip
def submit(call: Call, slug: str) -> dict[str, Any]:
    """An answer for each record, in order."""
    return records.submit(call.actor, slug, call.body)


@operation(
    "POST", "/events/{slug}/lookup", action="lookup", tag=TAG, body=schemas.LookupBody, answer=schemas.LookupAnswer,
    summary="Find a person by name, pinyin initials, phone tail or 签到码: at most eight rows",
)  # fmt: skip
def lookup(call: Call, slug: str) -> dict[str, Any]:
    """The rows."""
    rows = registrations.lookup(call.actor, slug, call.body.get("q"))
    return {"items": [answers.found(row) for row in rows], "next_cursor": None}
