"""Shapes of events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StrictBool, StrictInt

from eventsvc.api.schemas.shape import Shape
from eventsvc.services.event_document import EventDocument


class EventAnswer(EventDocument):
    """The event's document as it stands, and what residents see of its places."""

    status: Literal["draft", "published", "closed", "cancelled"]
    demo: bool = False
    rehearsal: bool = False
    year_inferred: bool = False
    url: str
    places_left: int | None
    registration_state: Literal["open", "full", "waitlist", "not_open_yet", "closed", "cancelled", "draft"]


class EventPage(Shape):
    """A page of events."""

    items: list[EventAnswer]
    next_cursor: str | None


class EventChanges(Shape):
    """Any members of the event's document; arrays are replaced whole, members that are left out stay."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"description": "Any members of EventDocument."})


class Reset(Shape):
    """``records``: how many records of the rehearsal the caller has seen and exported; ``again``: go on rehearsing."""

    records: Annotated[StrictInt, Field(ge=0)]
    again: StrictBool = False


class Postponement(Shape):
    """The new time; none means 延期，时间另行通知."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    date_text: str | None = None
