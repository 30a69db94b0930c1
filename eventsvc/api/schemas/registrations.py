"""Shapes of registrations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from eventsvc.api.schemas.shape import Channel, Cursor, FaultShape, Shape, Status, Text


class Member(Shape):
    """A companion; of a child under 14 only what it is called and its age band."""

    name: Annotated[str, Field(max_length=50)]
    age_band: Annotated[str, Field(description="adult, or a band below 14: 6岁以下 · 6岁至13岁")] = "adult"


class RegistrationBody(Shape):
    """A party under one name. Without a token, phone and consent are required."""

    name: Annotated[str, Field(max_length=50)]
    phone: str | None = None
    email: Annotated[str | None, Field(max_length=254, description="Kept only where mails are sent (MAIL_URL).")] = None
    party_size: Annotated[int, Field(ge=1, le=99)] = 1
    sessions: list[str] = []
    session_sizes: Annotated[dict[str, int], Field(description="How many of the party go to a session, where it is not everybody.")] = {}
    wait_for_sessions: Annotated[bool | list[str], Field(description="Whether the line of a full session will do: all of them, or these.")] = False
    answers: dict[str, Any] = {}
    unit: Annotated[str | None, Field(description="Key of the event's unit that the party stands for; residents need one where the event has units.")] = None
    members: Annotated[list[Member], Field(max_length=98)] = []
    guardian: Annotated[str | None, Field(max_length=20, description="What the registrant is to the children under 14 among the members.")] = None
    guardian_consent: Annotated[bool, Field(description="Needed where a member is under 14; never assumed.")] = False
    consent: bool = False
    channel: Channel | None = None
    note: Annotated[str | None, Field(max_length=300)] = None


class SessionLine(Shape):
    """A session that the party waits for; ``position`` null where the place is held for it (until ``offered_until``) or was given up."""

    key: str
    party_size: int
    position: int | None
    offered_until: datetime | None


class RegistrationAnswer(Shape):
    """The registration as its holder needs it: code, 签到码, ticket, and the secret that manages it."""

    id: str
    status: Status
    party_size: int
    code: str
    pickup_code: str
    qr_text: str
    ticket_url: str
    manage_token: str
    waitlist_position: int | None
    sessions: list[str]
    waiting_sessions: list[SessionLine]


class RegistrationRow(Shape):
    """A registration for the event's members; viewers see neither code, ticket nor manage token."""

    id: str
    status: Status
    blocked: bool
    party_size: int
    name: str | None
    phone: str | None
    email: str | None
    sessions: list[str]
    session_sizes: dict[str, int]
    offered_until: datetime | None
    answers: dict[str, Any]
    unit: str | None
    members: list[Member]
    guardian: str | None
    note: str | None
    channel: Channel
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    code: str | None = None
    pickup_code: str | None = None
    qr_text: str | None = None
    ticket_url: str | None = None
    manage_token: str | None = None


class RegistrationDetail(RegistrationRow):
    """The same with the place in the waitlist and the entries by checkpoint."""

    waitlist_position: int | None
    waiting_sessions: list[SessionLine]
    used: dict[str, int]


class RegistrationPage(Shape):
    """A page of registrations in order of arrival."""

    items: list[RegistrationRow]
    next_cursor: str | None


class RegistrationEdit(Shape):
    """What changes; the code stays."""

    name: Annotated[str, Field(max_length=50)] | None = None
    phone: str | None = None
    email: Annotated[str | None, Field(max_length=254)] = None
    party_size: Annotated[int, Field(ge=1, le=99)] | None = None
    note: Annotated[str | None, Field(max_length=300)] = None
    sessions: list[str] | None = None
    session_sizes: dict[str, int] = {}
    wait_for_sessions: bool | list[str] = False


class SearchBody(Shape):
    """Name, pinyin initials, phone or its tail, 签到码 or code; without ``q`` all of them, page by page."""

    q: Annotated[Text, Field(max_length=512)] | None = None
    status: Literal["confirmed", "waitlisted", "pending", "cancelled", "blocked"] | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ImportBody(Shape):
    """At most 5,000 parties, rows like RegistrationBody; ``consent``: the caller's word that all of them agreed."""

    rows: Annotated[list[dict[str, Any]], Field(max_length=5000)]
    consent: bool = False
    channel: Literal["desk", "phone", "proxy"] = "desk"
    doubles: Literal["skip", "import"] = "skip"
    all_or_nothing: bool = False


class ImportResult(Shape):
    """A row from 0; ``double``: its phone, or its name with the same tail or without a phone, is there already."""

    row: int
    status: Literal["created", "faulty", "double", "refused"]
    errors: list[FaultShape]
    id: str | None = None
    registration_status: Status | None = None
    pickup_code: str | None = None


class ImportAnswer(Shape):
    """What became of each row, in order; the console lists the import and can take it back."""

    import_id: str
    created: int
    results: list[ImportResult]


class AcceptBody(Shape):
    """``session``: the key of the session whose place is taken up; none: the event's own."""

    session: Annotated[Text, Field(max_length=64)] | None = None


class BlockBody(Shape):
    """``false`` lifts the block again."""

    blocked: bool = True
