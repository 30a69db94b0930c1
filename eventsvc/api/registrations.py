"""Registrations: public or with a token; searching, changing and cancelling them for the organizers."""

from __future__ import annotations

from typing import Any

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation, parse
from eventsvc.services import actors, imports, registrations

TAG = "registrations"
ONE = "/events/{slug}/registrations/{registration_id}"


@operation(
    "POST", "/events/{slug}/registrations", action="registration.create", tag=TAG, status=201, creates=True,
    summary="Register a party: public, or for somebody with a token", body=schemas.RegistrationBody, answer=schemas.RegistrationAnswer,
    refusals=("event_full", "registration_closed", "registration_not_open", "event_cancelled", "not_published"),
)  # fmt: skip
def create(call: Call, slug: str) -> dict[str, Any]:
    """The registration; it is committed when this is sent."""
    return answers.registered(registrations.register(call.actor, slug, call.body, address=call.address))


@operation(
    "POST", "/events/{slug}/registrations/search", action="registration.list", tag=TAG,
    summary="Search the registrations, in order of arrival", body=schemas.SearchBody, answer=schemas.RegistrationPage,
)  # fmt: skip
def search(call: Call, slug: str) -> dict[str, Any]:
    """A page of registrations."""
    event = actors.load_event(call.actor, slug, "registration.list")
    wanted = parse(schemas.SearchBody, call.body)
    rows, following = registrations.search(call.actor, slug, wanted.q, wanted.status, wanted.cursor, wanted.limit)
    secrets = call.actor.may("registration.edit", event.organization_id)
    items = [answers.registration(row, person, event.timezone, secrets=secrets, asked=event.questions) for row, person in rows]
    return {"items": items, "next_cursor": following}


@operation(
    "POST", "/events/{slug}/registrations/import", action="registration.edit", tag=TAG, status=201, creates=True,
    summary="Register many parties at once, each row answered for", body=schemas.ImportBody, answer=schemas.ImportAnswer,
    refusals=("not_published", "registration_closed", "event_cancelled"),
)  # fmt: skip
def import_rows(call: Call, slug: str) -> dict[str, Any]:
    """What became of each row, in order."""
    actors.load_event(call.actor, slug, "registration.edit")
    wanted = parse(schemas.ImportBody, call.body)
    rows = call.body["rows"]
    return answers.brought(
        imports.bring(call.actor, slug, rows, channel=wanted.channel, consent=wanted.consent, doubles=wanted.doubles == "import", whole=wanted.all_or_nothing)
    )


@operation("GET", ONE, action="registration.list", tag=TAG, summary="Read a registration", answer=schemas.RegistrationDetail)
def show(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """One registration."""
    return _detail(call, slug, registration_id)


@operation(
    "PATCH", ONE, action="registration.edit", tag=TAG, summary="Change name, phone, party, sessions or note; the code stays",
    body=schemas.RegistrationEdit, answer=schemas.RegistrationDetail, refusals=("registration_cancelled",),
)  # fmt: skip
def change(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The registration after the change."""
    registrations.revise(call.actor, slug, registration_id, call.body)
    return _detail(call, slug, registration_id)


@operation(
    "POST", f"{ONE}/cancel", action="registration.edit", tag=TAG, answer=schemas.RegistrationDetail, refusals=("already_in",),
    summary="Cancel; the places are free at once, and whoever waits first moves up",
)  # fmt: skip
def cancel(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The cancelled registration, or the part of the party that is in."""
    registrations.cancel(call.actor, slug, registration_id)
    return _detail(call, slug, registration_id)


@operation(
    "POST", f"{ONE}/accept", action="registration.edit", tag=TAG, answer=schemas.RegistrationDetail, refusals=("offer_over",),
    body=schemas.AcceptBody, body_optional=True, summary="Take up a place that is held for a waiting party, in its name",
)  # fmt: skip
def accept(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The registration with its place."""
    actors.load_event(call.actor, slug, "registration.edit")
    registrations.accept(call.actor, slug, registration_id, parse(schemas.AcceptBody, call.body).session)
    return _detail(call, slug, registration_id)


@operation(
    "POST", f"{ONE}/approve", action="registration.edit", tag=TAG, summary="Confirm a pending registration",
    answer=schemas.RegistrationDetail, refusals=("not_pending",),
)  # fmt: skip
def approve(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The confirmed registration."""
    registrations.approve(call.actor, slug, registration_id)
    return _detail(call, slug, registration_id)


@operation(
    "POST", f"{ONE}/reissue", action="registration.edit", tag=TAG, summary="Give the ticket a new code; the old one is told so",
    answer=schemas.RegistrationDetail,
)  # fmt: skip
def reissue(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The registration with its new code."""
    registrations.reissue(call.actor, slug, registration_id)
    return _detail(call, slug, registration_id)


@operation(
    "POST", f"{ONE}/block", action="registration.edit", tag=TAG, summary="Send the holder to the service desk, or lift that again",
    body=schemas.BlockBody, body_optional=True, answer=schemas.RegistrationDetail,
)  # fmt: skip
def block(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    """The blocked (or released) registration."""
    actors.load_event(call.actor, slug, "registration.edit")
    registrations.block(call.actor, slug, registration_id, parse(schemas.BlockBody, call.body).blocked)
    return _detail(call, slug, registration_id)


def _detail(call: Call, slug: str, registration_id: str) -> dict[str, Any]:
    event, registration, person = registrations.read(call.actor, slug, registration_id)
    secrets = call.actor.may("registration.edit", event.organization_id)
    return {
        **answers.registration(registration, person, event.timezone, secrets=secrets, asked=event.questions),
        "waitlist_position": registrations.position(registration),
        "waiting_sessions": answers.session_lines(registration, event.timezone),
        "used": registrations.used_at(event, registration),
    }
