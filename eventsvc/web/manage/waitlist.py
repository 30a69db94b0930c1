"""The waitlists of an event and its sessions; saying yes for somebody who is on the telephone."""

from __future__ import annotations

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict
from eventsvc.services import registrations
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action


@blueprint.get("/e/<slug>/waitlist")
@action("registration.list")
def waitlist(slug: str) -> Response:
    """Who waits for what, in order, and the rule by which they move up."""
    event, lines = registrations.lines(g.actor, slug)
    return show(
        "waitlist/page.html", event, lines=lines, editor=may("registration.edit", event), reserve_left=registrations.reserve_left(event),
        places_left=registrations.places_left(event), most=registrations.MOST_SHOWN, paused=registrations.paused(g.actor, slug),
    )  # fmt: skip


@blueprint.post("/e/<slug>/waitlist/accept")
@action("registration.edit")
def waitlist_accept(slug: str) -> AnyResponse:
    """Take up a held place in a party's name."""
    event_of(slug)
    try:
        registrations.accept(g.actor, slug, request.form.get("registration", ""), request.form.get("session") or None)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    else:
        flash(gettext("已替对方确认。"), "ok")
    return redirect(url_for("manage.waitlist", slug=slug), 303)


@blueprint.post("/e/<slug>/waitlist/lift")
@action("registration.edit")
def waitlist_lift(slug: str) -> AnyResponse:
    """Let a paused number register again, or end an excuse."""
    event_of(slug)
    said = request.form.get("pause", "")
    registrations.lift(g.actor, slug, int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else 0)
    flash(gettext("已恢复。"), "ok")
    return redirect(url_for("manage.waitlist", slug=slug), 303)
