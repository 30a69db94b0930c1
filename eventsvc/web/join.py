"""Joining by a link: opening it changes nothing, sending the form makes this browser a device of its own."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, redirect, request, url_for
from flask_babel import gettext

from eventsvc.errors import Invalid, Refusal
from eventsvc.services import devices
from eventsvc.web import identity
from eventsvc.web.view import action, page, pages


@pages.get("/join/<code>")
@action("open")
def join(code: str) -> Response:
    """Who invites to what; a link preview or a second look costs nothing."""
    return _show(code)


@pages.post("/join/<code>")
@action("open")
def join_as(code: str) -> Response:
    """Join under a name; the same form sent twice is one device."""
    operator, nonce = request.form.get("operator", ""), request.form.get("nonce", "")
    try:
        joined = devices.join(code, operator, nonce or uuid.uuid4().hex, request.remote_addr or "")
    except Invalid as refusal:
        fault = next((fault for fault in refusal.faults if fault.field == "operator"), refusal.faults[0])
        return _show(code, 422, operator=operator, fault=fault.sentence(gettext), nonce=nonce)
    response = redirect(url_for("web.scan", _anchor="joined"), 303)
    response.headers["Cache-Control"] = "no-store"
    return identity.become_device(response, joined.token)  # type: ignore[arg-type]


def _show(code: str, status: int = 200, *, operator: str = "", fault: str | None = None, nonce: str = "") -> Response:
    context: dict[str, Any] = {"event": None, "invitation": None, "problem": None, "operator": operator, "fault": fault}
    try:
        context["invitation"], context["event"] = devices.look_at(code)
    except Refusal as refusal:
        context["problem"], status = refusal.sentence(gettext), refusal.status
    in_wechat = "MicroMessenger" in request.headers.get("User-Agent", "")
    return page("join/page.html", status, secret=True, nonce=nonce or str(uuid.uuid4()), in_wechat=in_wechat, **context)
