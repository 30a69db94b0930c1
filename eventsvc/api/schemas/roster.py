"""Shapes of the roster."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from eventsvc.api.schemas.shape import Shape, Status
from eventsvc.services.event_document import EventDocument


class RosterQuery(Shape):
    """The cursor of the page before; an unreadable one begins anew."""

    cursor: str | None = None


class RosterEntry(Shape):
    """An effective entry: the record, how many, when (corrected), by which phone."""

    id: str
    count: int
    at: datetime
    device: str | None = None


class RosterTicket(Shape):
    """A ticket as a phone keeps it; what is empty is left out. Hashes: 96 bits of SHA-256 in base64url, 16 characters."""

    ref: str
    hash: Annotated[str, Field(description="of the code")]
    pickup_hash: Annotated[str, Field(description="of salt, colon, 签到码")]
    party_size: int
    status: Status
    name: Annotated[str, Field(description="masked")] = ""
    initials: list[str] = []
    phone_tail: str | None = None
    sessions: list[str] = []
    used: dict[str, int] = {}
    note: str | None = None
    blocked: bool = False
    answered: list[str] = []
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    entries: dict[str, list[RosterEntry]] = {}
    undone: Annotated[list[str], Field(description="records of it that were taken back")] = []
    aliases: Annotated[list[str], Field(description="codes that still open it")] = []
    retired: Annotated[list[str], Field(description="codes that were replaced")] = []


class RosterEvent(EventDocument):
    """The event's document with what the decision needs beyond it."""

    status: Literal["draft", "published", "closed", "cancelled"]
    demo: bool
    rehearsal: bool
    year_inferred: bool
    epoch: int
    closed_at: datetime | None


class RosterPage(Shape):
    """At most 5,000 tickets; ``removed``: erased ones; ``spare``: hashes of codes that are not handed out yet."""

    tickets: list[RosterTicket]
    removed: list[str]
    spare: list[str]
    cursor: str
    has_more: bool
    reset: Annotated[Literal[True] | None, Field(description="present where the cursor was no good: drop everything")] = None
    salt: str
    event: RosterEvent
    server_time: datetime
