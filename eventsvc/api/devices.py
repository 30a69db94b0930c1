"""Devices: inviting phones, letting them join, seeing how they are, revoking them."""

from __future__ import annotations

from typing import Any

from flask import Response

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation, parse
from eventsvc.errors import Invalid
from eventsvc.services import actors, devices

TAG = "devices"


@operation(
    "POST", "/events/{slug}/devices", action="device.edit", tag=TAG, status=201, creates=True,
    summary="Make a join link; its code is shown this once", body=schemas.InvitationBody, answer=schemas.InvitationAnswer,
)  # fmt: skip
def invite(call: Call, slug: str) -> dict[str, Any]:
    """The invitation."""
    made = devices.invite(call.actor, slug, call.body)
    return {"id": made.id, "join_code": made.join_code, "join_url": made.join_url}


@operation(
    "POST", "/devices/join", action="open", tag=TAG, status=201, creates=True, body=schemas.JoinBody, answer=schemas.JoinAnswer,
    summary="Make this program or browser a device of its own", refusals=("join_used", "join_expired", "join_revoked"),
)  # fmt: skip
def join(call: Call) -> dict[str, Any]:
    """The device's token, itself and its event."""
    body = parse(schemas.JoinBody, call.body)
    joined = devices.join(body.join_code, body.operator, body.nonce, call.address)
    device = joined.device
    return {
        "token": joined.token,
        "upload_token": joined.upload_token,
        "device": {"id": device.id, "name": device.name, "checkpoints": device.checkpoints},
        "operator": device.operator,
        "event": answers.event(joined.event),
        "scopes": device.scopes,
    }


@operation(
    "GET", "/events/{slug}/devices", action="device.list", tag=TAG, query=schemas.PageQuery, answer=schemas.DevicePage,
    summary="The event's phones: last contact, queue, roster, version",
)  # fmt: skip
def index(call: Call, slug: str) -> dict[str, Any]:
    """A page of phones, newest first, and every invitation."""
    zone = actors.load_event(call.actor, slug, "device.list").timezone
    invitations, phones = devices.listed(call.actor, slug)
    start = 0
    if call.query.cursor:
        start = next((place for place, phone in enumerate(phones, 1) if phone.id == call.query.cursor), 0)
        if not start:
            raise Invalid.one("cursor", "cursor", "翻页位置已失效，请从头看起")
    end = start + int(call.query.limit)
    return {
        "items": [answers.device(phone, zone) for phone in phones[start:end]],
        "invitations": [answers.invitation(one, zone) for one in invitations],
        "next_cursor": phones[end - 1].id if len(phones) > end else None,
    }


@operation(
    "DELETE", "/events/{slug}/devices/{device_id}", action="device.edit", tag=TAG, status=204,
    summary="Revoke a phone, or by its invitation's id everyone who joined by it",
)  # fmt: skip
def revoke(call: Call, slug: str, device_id: str) -> Response:
    """Nothing."""
    devices.revoke(call.actor, slug, device_id)
    return Response(status=204)
