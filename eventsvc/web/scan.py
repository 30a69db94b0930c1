"""The scanner's shell and what stores it, and the two things that it asks of its own cookie: who it is, a link for its other browser."""

from __future__ import annotations

from flask import Response, jsonify

from eventsvc.ports import clock
from eventsvc.services import devices, event_document
from eventsvc.services.actors import upload_token
from eventsvc.web import identity, language, shell, statics
from eventsvc.web.view import action, page, pages


@pages.get("/scan")
@action("open")
def scan() -> Response:
    """The shell: the same for every phone, without a word about anybody."""
    return page("scan/page.html", secret=True, shell=shell.version())


@pages.get("/scan/help")
@action("open")
def scan_help() -> Response:
    """What is guaranteed without a network and what nobody can prevent, for a volunteer; stored with the shell."""
    return page("scan/help.html", secret=True, shell=shell.version())


@pages.get("/scan/worker.js")
@action("open")
def scan_worker() -> Response:
    """The service worker of this version, for the addresses that begin with /scan."""
    response = Response(shell.worker(), mimetype="text/javascript", headers={"Service-Worker-Allowed": "/scan", "Cache-Control": "no-cache"})
    response.add_etag()
    return response


@pages.get("/scan/static/<version>/<path:filename>")
@action("open")
def scan_static(filename: str, version: str) -> Response:
    """A static file below /scan: a browser lets the service worker answer for a worker only where its own address lies in the scope."""
    return statics.static(filename, version)


@pages.post("/scan/session")
@action("event.read")
def scan_session() -> Response:
    """The joined phone's token, itself and its event; 401 where the cookie is missing, forged or revoked."""
    device, event = devices.myself(identity.device())
    shown = {"id": device.id, "name": device.name, "scopes": device.scopes, "checkpoints": device.checkpoints}
    return _secret(
        token=identity.device_token(),
        upload_token=upload_token(device.id),
        device=shown,
        operator=device.operator,
        event=event_document.dump(event),
        look=language.look(),
        server_time=clock.now().isoformat(),
    )


@pages.post("/scan/handover")
@action("event.read")
def scan_handover() -> Response:
    """A link by which the same phone's other browser joins, once, within 15 minutes."""
    return _secret(join_url=devices.hand_over(identity.device()).join_url)


def _secret(**body: object) -> Response:
    response = jsonify(**body)
    response.headers["Cache-Control"] = "no-store"
    return response
