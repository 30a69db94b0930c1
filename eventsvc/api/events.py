"""Events: create, list, read, change, and turn them from one state into the next."""

from __future__ import annotations

from typing import Any

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation, parse
from eventsvc.services import actors, events, finalizing, rehearsals
from eventsvc.services.event_document import EventDocument

TAG = "events"


@operation(
    "POST", "/events", action="event.create", tag=TAG, summary="Create an event as a draft", status=201, creates=True,
    body=EventDocument, answer=schemas.EventAnswer, refusals=("slug_taken",),
)  # fmt: skip
def create(call: Call) -> dict[str, Any]:
    """A new draft."""
    return answers.event(events.create(call.actor, call.body))


@operation(
    "GET", "/events", action="event.list", tag=TAG, summary="List the organization's events, newest first",
    query=schemas.PageQuery, answer=schemas.EventPage,
)  # fmt: skip
def index(call: Call) -> dict[str, Any]:
    """A page of the caller's events."""
    page, following = events.listed(call.actor, call.query.cursor, int(call.query.limit))
    return {"items": [answers.event(event) for event in page], "next_cursor": following}


@operation(
    "GET", "/events/{slug}", action="open", tag=TAG, answer=schemas.EventAnswer,
    summary="Read an event: published ones are public, drafts are their organization's",
)  # fmt: skip
def show(call: Call, slug: str) -> dict[str, Any]:
    """One event."""
    return answers.event(events.read(call.actor, slug))


@operation(
    "PATCH", "/events/{slug}", action="event.edit", tag=TAG, summary="Change an event; arrays are replaced whole",
    body=schemas.EventChanges, answer=schemas.EventAnswer, refusals=("slug_taken", "key_in_use"),
)  # fmt: skip
def change(call: Call, slug: str) -> dict[str, Any]:
    """The event after the change."""
    return answers.event(events.change(call.actor, slug, call.body))


@operation(
    "POST", "/events/{slug}/publish", action="event.publish", tag=TAG, summary="Publish an event, or open a closed one again",
    answer=schemas.EventAnswer, refusals=("event_cancelled",),
)  # fmt: skip
def publish(call: Call, slug: str) -> dict[str, Any]:
    """The published event."""
    return answers.event(events.publish(call.actor, slug))


@operation(
    "POST", "/events/{slug}/close", action="event.publish", tag=TAG, answer=schemas.EventAnswer, refusals=("not_published",),
    summary="Stop registration and new scans; late uploads with an earlier time are kept",
)  # fmt: skip
def close(call: Call, slug: str) -> dict[str, Any]:
    """The closed event."""
    return answers.event(events.close(call.actor, slug))


@operation(
    "POST", "/events/{slug}/cancel", action="event.publish", tag=TAG, summary="Call an event off",
    answer=schemas.EventAnswer, refusals=("not_published",),
)  # fmt: skip
def cancel(call: Call, slug: str) -> dict[str, Any]:
    """The cancelled event."""
    return answers.event(events.cancel(call.actor, slug))


@operation(
    "POST", "/events/{slug}/postpone", action="event.publish", tag=TAG, summary="Move an event, or say that its new time is not known yet",
    body=schemas.Postponement, body_optional=True, answer=schemas.EventAnswer, refusals=("event_cancelled",),
)  # fmt: skip
def postpone(call: Call, slug: str) -> dict[str, Any]:
    """The event with its new time."""
    return answers.event(events.postpone(call.actor, slug, call.body))


@operation(
    "POST", "/events/{slug}/rehearsal", action="event.publish", tag=TAG, answer=schemas.EventAnswer, refusals=("has_records", "event_over"),
    summary="Begin a rehearsal: doors open whatever the clock says; refused once there are records",
)  # fmt: skip
def rehearse(call: Call, slug: str) -> dict[str, Any]:
    """The event, rehearsing."""
    return answers.event(rehearsals.start(call.actor, slug))


@operation(
    "POST", "/events/{slug}/reset", action="event.publish", tag=TAG, body=schemas.Reset, answer=schemas.EventAnswer,
    refusals=("not_rehearsing", "records_changed"),
    summary="End a rehearsal and start at zero: its figures are frozen, its records put aside under their epoch; nothing is deleted",
)  # fmt: skip
def reset(call: Call, slug: str) -> dict[str, Any]:
    """The event in its new epoch."""
    actors.load_event(call.actor, slug, "event.publish")
    wanted = parse(schemas.Reset, call.body)
    return answers.event(rehearsals.reset(call.actor, slug, wanted.records, again=wanted.again))


@operation(
    "POST", "/events/{slug}/finalize", action="event.finalize", tag=TAG, answer=schemas.FrozenAnswer, refusals=("not_published",),
    summary="Freeze the figures (定稿); what arrives later is shown as 定稿后 +n",
)  # fmt: skip
def finalize(call: Call, slug: str) -> dict[str, Any]:
    """The frozen figures."""
    frozen = finalizing.finalize(call.actor, slug)
    return answers.frozen(frozen, actors.load_event(call.actor, slug, "event.finalize").timezone)
