"""The scanner's shell, and the two things that it asks of its own cookie: who it is, and a link for its other browser."""

from __future__ import annotations

from flask import Response, jsonify

from eventsvc.services import devices, event_document
from eventsvc.services.actors import upload_token
from eventsvc.web import identity
from eventsvc.web.view import action, page, pages


@pages.get("/scan")
@action("open")
def scan() -> Response:
    """The shell: the same for every phone, without a word about anybody."""
    return page("scan/page.html", secret=True)


@pages.post("/scan/session")
@action("event.read")
def scan_session() -> Response:
    """The joined phone's token, itself and its event; 401 where the cookie is missing, forged or revoked."""
    device, event = devices.myself(identity.device())
    shown = {"id": device.id, "name": device.name, "scopes": device.scopes, "checkpoints": device.checkpoints}
    return _secret(token=identity.device_token(), upload_token=upload_token(device.id), device=shown, operator=device.operator, event=event_document.dump(event))


@pages.post("/scan/handover")
@action("event.read")
def scan_handover() -> Response:
    """A link by which the same phone's other browser joins, once, within 15 minutes."""
    return _secret(join_url=devices.hand_over(identity.device()).join_url)


def _secret(**body: object) -> Response:
    response = jsonify(**body)
    response.headers["Cache-Control"] = "no-store"
    return response
