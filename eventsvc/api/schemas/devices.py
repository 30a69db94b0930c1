"""Shapes of invitations, phones and look-ups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from eventsvc.api.schemas.events import EventAnswer
from eventsvc.api.schemas.shape import Scope, Shape, Text


class InvitationBody(Shape):
    """A join link; ``checkpoints`` empty means all of the event's."""

    name: Annotated[str, Field(max_length=80)] | None = None
    scopes: list[Scope] = ["scan", "tally", "register", "lookup"]
    checkpoints: list[str] = []
    max_uses: Annotated[int, Field(ge=1, le=1000)] = 1
    expires_at: datetime | None = None


class InvitationAnswer(Shape):
    """The fresh invitation; the code is shown this once."""

    id: str
    join_code: str
    join_url: str


class JoinBody(Shape):
    """The volunteer's code and name; the same ``nonce`` within 10 minutes gets the same token."""

    join_code: Annotated[Text, Field(max_length=200)]
    operator: Annotated[Text, Field(max_length=40)]
    nonce: Annotated[Text, Field(min_length=8, max_length=200)]


class DeviceShape(Shape):
    """A phone that joined."""

    id: str
    name: str
    checkpoints: list[str]


class JoinAnswer(Shape):
    """The phone's token and what it may do; with ``upload_token`` another phone may upload this one's records, and nothing else."""

    token: str
    upload_token: str
    device: DeviceShape
    operator: str
    event: EventAnswer
    scopes: list[Scope]


class DeviceRow(Shape):
    """A phone as its organizers see it; ``roster_age`` in seconds, null before its first roster."""

    id: str
    invitation: str
    name: str
    operator: str
    scopes: list[Scope]
    checkpoints: list[str]
    joined_at: datetime
    last_contact: datetime | None
    heard_of: Literal["never", "now", "lately", "silent"]
    queued: int
    roster_age: int | None
    version: str | None
    revoked_at: datetime | None


class InvitationRow(Shape):
    """An invitation; its code is not kept."""

    id: str
    name: str
    scopes: list[Scope]
    checkpoints: list[str]
    max_uses: int
    uses: int
    expires_at: datetime | None
    revoked_at: datetime | None
    created_at: datetime


class DevicePage(Shape):
    """The event's phones, newest first, and the invitations that they join by."""

    items: list[DeviceRow]
    invitations: list[InvitationRow]
    next_cursor: str | None


class LookupBody(Shape):
    """Name, pinyin initials, phone tail or 签到码."""

    q: Annotated[str, Field(max_length=512)]


class FoundShape(Shape):
    """A row of a look-up; ``ref`` may stand in a record in place of ``ticket``."""

    ref: str
    name: str
    phone_tail: str | None
    party_size: int
    status: Literal["confirmed", "waitlisted", "pending", "cancelled", "blocked"]
    used: dict[str, int]


class LookupAnswer(Shape):
    """At most eight rows."""

    items: list[FoundShape]
    next_cursor: None = None
