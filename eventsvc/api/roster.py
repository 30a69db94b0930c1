"""The roster: what a phone needs to decide without a network."""

from __future__ import annotations

from typing import Any

from eventsvc.api import schemas
from eventsvc.api.operations import Call, operation
from eventsvc.services import roster

TAG = "at the door"


@operation(
    "GET", "/events/{slug}/roster", action="roster.read", tag=TAG, query=schemas.RosterQuery, answer=schemas.RosterPage,
    summary="Every ticket's hashes and state, then only what changed since the cursor: at most 5,000 tickets a page",
)  # fmt: skip
def read(call: Call, slug: str) -> dict[str, Any]:
    """A page of the roster; ask again with its cursor while ``has_more``."""
    return roster.read(call.actor, slug, call.query.cursor)
