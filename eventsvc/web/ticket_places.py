"""On the holder's ticket: saying yes to a place that is held, choosing sessions, taking a number at a stall."""

from __future__ import annotations

from flask import Response, flash, request
from flask_babel import gettext

from eventsvc.errors import Conflict, Invalid
from eventsvc.services import queues, registrations
from eventsvc.web import tickets
from eventsvc.web.session_choices import choices
from eventsvc.web.view import action, pages


@pages.post("/t/<code:code>/accept")
@action("registration.create")
def ticket_accept(code: str) -> Response:
    """Take up the place that is held, of the event or of one session; late it says so."""
    found = tickets.find(code)
    if not found.held:
        return tickets.show(found, status=403)
    try:
        registrations.accept(found.actor, found.event.slug, found.registration.id, request.form.get("session") or None)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
    else:
        flash(gettext("好的，名额给您留好了"), "ok")
    return tickets.away(tickets.find(code))


@pages.post("/t/<code:code>/sessions")
@action("registration.create")
def ticket_sessions(code: str) -> Response:
    """Choose how many go to which session; what the page had not called full is never joined as a line without asking."""
    found = tickets.find(code)
    if not found.held:
        return tickets.show(found, status=403)
    wanted = {session.key: _people(f"people-{session.key}") for session in found.event.sessions if f"people-{session.key}" in request.form}
    try:
        registrations.choose_sessions(
            found.actor, found.event.slug, found.registration.id, {**_as_it_is(found, wanted), **wanted}, request.form.getlist("full")
        )
    except Invalid as refusal:
        faults = [fault.sentence(gettext) for fault in refusal.faults]
        return tickets.show(tickets.find(code), status=422, typed=wanted, session_faults=faults)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
    else:
        flash(gettext("场次已改好"), "ok")
    return tickets.away(tickets.find(code))


@pages.post("/t/<code:code>/queue")
@action("registration.create")
def ticket_queue(code: str) -> Response:
    """Take a number at a stall; pressed twice it is the same one."""
    found = tickets.find(code)
    if not found.held:
        return tickets.show(found, status=403)
    try:
        number = queues.take(found.actor, found.event.slug, found.registration.id, request.form.get("area", ""))
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
    else:
        flash(gettext("取到%(n)s号", n=number.number), "ok")
    return tickets.away(tickets.find(code))


def _people(name: str) -> int:
    typed = request.form.get(name, "").strip()
    return int(typed) if typed.isdecimal() and len(typed) <= 2 else -1


def _as_it_is(found: tickets.Found, wanted: dict[str, int]) -> dict[str, int]:
    """The sessions that the form did not show stay as they are."""
    return {one.key: one.size for one in choices(found.event, found.registration) if one.size and one.key not in wanted}
