"""The ticket's address: all of it for its holder, a masked name for strangers, the check-in page for a joined volunteer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext

from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.ports import clock
from eventsvc.render import qr
from eventsvc.services import codes, links, queues, registrations, self_checkin, stamps
from eventsvc.services.actors import Actor
from eventsvc.services.persons import mask_name_in_public, mask_phone
from eventsvc.web import activity, checkin, identity, session_choices
from eventsvc.web.events import calendar_file
from eventsvc.web.forms import PageForm, PartyForm, UnlockForm, whole_of
from eventsvc.web.view import action, page, pages


@dataclass(frozen=True)
class Found:
    """What stands behind a ticket's address."""

    event: Any
    registration: Any
    person: Any
    reissued: bool
    actor: Actor
    code: str  # the one in the address; a ticket that was promoted since has another by now

    @property
    def held(self) -> bool:
        """Whether this browser is the registration's holder."""
        return self.registration.id in self.actor.holds

    @property
    def status(self) -> str:
        """The registration's status, or what is said in place of it."""
        if self.reissued:
            return "reissued"
        status = self.registration.status
        return "blocked" if self.registration.blocked and status != "cancelled" else status


def find(code: str) -> Found:
    """The ticket of a code; raises Missing."""
    return Found(*registrations.by_code(code), identity.resident(), codes.parse(code).value)


@pages.get("/t/<code:code>")
@action("open")
def ticket(code: str) -> Response:
    """The ticket; opening it changes nothing, whoever opens it."""
    volunteer = identity.volunteer()
    if volunteer is not None and volunteer.may("record.checkin") and "own" not in request.args:
        return checkin.show(volunteer, code)
    found = find(code)
    if found.held and found.code != found.registration.code:
        return away(found)
    if found.held and found.registration.erased_at is not None:
        return redirect(url_for("web.ticket_data", code=found.registration.code), 303)  # type: ignore[return-value]
    return show(found)


pages.add_url_rule("/T/<code:code>", view_func=ticket, endpoint="ticket_as_printed")  # the QR code's text is all upper case


def away(found: Found) -> Response:
    """On to the ticket's present address, which nobody stores."""
    response = redirect(url_for("web.ticket", code=found.registration.code, own=1 if identity.volunteer() else None), 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]


def show(
    found: Found, form: PageForm | None = None, status: int = 200, retry_after: int | None = None, *, typed: dict[str, int] | None = None,
    session_faults: Sequence[str] = (),
) -> Response:
    """The ticket as this browser may see it; ``typed`` and ``session_faults``: sessions that were sent and refused."""
    event = activity.of(found.event)
    shown = _whole(found, event, typed) if found.held else _masked(found)
    if form is None and found.held and shown["can_change"]:
        form = PartyForm(formdata=None, data={"party_size": str(found.registration.party_size)})
    elif form is None and not found.held and not found.reissued and found.person is not None:
        form = UnlockForm(formdata=None)
    context = {"event": event, "ticket": shown, "holder": found.held, "form": form, "session_faults": session_faults}
    return page("tickets/page.html", status, secret=True, retry_after=retry_after, **context)


def _masked(found: Found) -> dict[str, Any]:
    name = mask_name_in_public(found.person.name) if found.person else ""
    return {"status": found.status, "masked_name": name, "code": found.code if not found.reissued else ""}


def _whole(found: Found, event: activity.Activity, typed: dict[str, int] | None) -> dict[str, Any]:
    registration, person = found.registration, found.person
    inside = registrations.people_in(found.event, registration)
    going_on = event.status == "published" and event.registration_state != "over"
    alive = going_on and found.status in {"confirmed", "waitlisted", "pending"} and inside < registration.party_size
    held_until = registration.offered_until if registration.status == "waitlisted" else None
    late = held_until is not None and held_until <= clock.now()  # nobody has looked at the line since: the next one who does passes the place on
    chosen = [
        gettext("%(name)s（%(n)s位）", name=session.name, n=registrations.size_in(registration, session.key))
        if session.key in (registration.session_sizes or {}) else session.name
        for session in found.event.sessions if session.key in registration.sessions
    ]  # fmt: skip
    text = links.qr_text(registration.code)
    return {
        "status": found.status,
        "code": registration.code,
        "pickup_code": registration.pickup_code,
        "name": person.name if person else "",
        "phone_masked": mask_phone(person.phone) if person else "",
        "party_size": registration.party_size,
        "unnamed": max(0, registration.party_size - 1 - len(person.members)) if person and found.event.members == "names" else 0,
        "admitted": inside,
        "sessions": chosen,
        "session_choices": session_choices.choices(found.event, registration, typed) if alive else [],
        "can_choose": alive and held_until is None and event.registration_state in {"open", "waitlist", "full"},
        "queues": queues.of_ticket(found.event, registration) if going_on and found.status == "confirmed" else [],
        "by_oneself": [(place.key, place.name) for place in self_checkin.places(found.event) if place.rule != "stamp"] if _is_on(found, going_on) else [],
        "stamps": stamps.of_ticket(found.event, registration) if found.status == "confirmed" else [],
        "is_on": _is_on(found, going_on),
        "may_take": queues.may_take(found.event, clock.now()),
        "yields": registration.yields,
        "offered_until": None if late else held_until,
        "offer_over": late or (registration.status == "cancelled" and registration.cancelled_by == "lapsed"),
        "waitlist_position": registrations.position(registration),
        "qr_src": url_for("web.ticket_qr", code=registration.code),
        "qr_width": _width(text),
        "url": links.ticket(registration.code),
        "can_change": alive and (event.max_party > 1 or registration.party_size > 1),
        "can_cancel": alive,
        "can_restore": going_on and found.status == "cancelled" and registration.cancelled_by != "organizer",
        "by_organizer": found.status == "cancelled" and registration.cancelled_by == "organizer",
        "reported_before": alive and registrations.reported_before(registration, person),
        "reason": None,
    }


def _is_on(found: Found, going_on: bool) -> bool:
    """Whether the holder may be at the venue by now."""
    return going_on and found.status == "confirmed" and queues.may_take(found.event, clock.now())


@lru_cache(maxsize=4096)
def _png(text: str) -> bytes:
    """Drawn once: a code never changes, and drawing takes five milliseconds."""
    return qr.ticket_png(text)


@lru_cache(maxsize=4096)
def _width(text: str) -> int:
    return qr.css_width(text)


@pages.get("/t/<code:code>/qr.png")
@action("open")
def ticket_qr(code: str) -> Response:
    """The QR code, for the holder alone and only while it opens a door."""
    found = find(code)
    if not found.held or found.status != "confirmed":
        raise Missing
    response = Response(_png(links.qr_text(found.registration.code)), mimetype="image/png")
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/t/<code:code>/ticket.ics")
@action("open")
def ticket_calendar(code: str) -> Response:
    """The activity for the holder's calendar, with the ticket's address in it."""
    found = find(code)
    if not found.held:
        raise Missing
    response = calendar_file(found.event, links.ticket(found.registration.code))
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.post("/t/<code:code>/unlock")
@action("open")
def ticket_unlock(code: str) -> Response:
    """Make this browser the holder, for the whole phone number; five wrong ones lock the ticket for 15 minutes."""
    found = find(code)
    form = UnlockForm()
    if found.held:
        return away(found)
    if not form.sent():
        return show(found, form, 400)
    try:
        registration = registrations.prove(code, form.phone.data or "")
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show(found, form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return show(found, form, 429, refusal.retry_after)
    return identity.hold(away(found), registration.id)


@pages.post("/t/<code:code>/party")
@action("registration.create")
def ticket_party(code: str) -> Response:
    """Change how many come; the code stays."""
    found = find(code)
    form = PartyForm()
    if not found.held:
        return show(found, status=403)
    if not form.sent():
        return show(found, form, 400)
    before = found.registration.party_size
    try:
        changed = registrations.change(found.actor, found.event.slug, found.registration.id, {"party_size": whole_of(form.party_size)})
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show(find(code), form, 422)
    size = changed.registration.party_size
    flash(gettext("人数已改为%(n)s位", n=size), "ok")
    if found.event.members == "names" and size > before:
        flash(gettext("新来的人请在“我的信息”里补上名字"), "look")
    return away(found)


@pages.post("/t/<code:code>/cancel")
@action("registration.create")
def ticket_cancel(code: str) -> Response:
    """Give the places back; where part of the party is in, the others' only."""
    found = find(code)
    if not found.held:
        return show(found, status=403)
    before = found.registration.party_size
    done = registrations.cancel(found.actor, found.event.slug, found.registration.id)
    if done.registration.status != "cancelled":
        flash(gettext("已让出%(n)s位，进场的不受影响", n=before - done.registration.party_size), "ok")
    return away(found)


@pages.post("/t/<code:code>/restore")
@action("registration.create")
def ticket_restore(code: str) -> Response:
    """Take a cancellation back while the places are still there: instead of being asked twice, one can undo a slip."""
    found = find(code)
    if not found.held:
        return show(found, status=403)
    try:
        registrations.restore(found.actor, found.event.slug, found.registration.id)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
    else:
        flash(gettext("报名已恢复，凭证和原来一样"), "ok")
    return away(found)


@pages.get("/t/<code:code>/unlock")
@pages.get("/t/<code:code>/party")
@pages.get("/t/<code:code>/cancel")
@pages.get("/t/<code:code>/restore")
@pages.get("/t/<code:code>/accept")
@pages.get("/t/<code:code>/sessions")
@pages.get("/t/<code:code>/queue")
@pages.get("/t/<code:code>/checkin")
@pages.get("/t/<code:code>/undo")
@action("open")
def ticket_again(code: str) -> Response:
    """Back to the ticket, for whoever reloads what only a button may do."""
    return redirect(url_for("web.ticket", code=code), 303)  # type: ignore[return-value]


@pages.post("/t/<code:code>/checkin")
@action("record.checkin")
def ticket_checkin(code: str) -> Response:
    """The volunteer's confirmation: one record through the one door; a double tap is the same record."""
    return checkin.confirm(identity.device(), code)


@pages.post("/t/<code:code>/undo")
@action("record.undo")
def ticket_undo(code: str) -> Response:
    """The volunteer takes the confirmation back, by one more record."""
    return checkin.undo(identity.device(), code)


@pages.get("/m/<manage_token>")
@action("open")
def manage(manage_token: str) -> Response:
    """Make this browser the holder of a registration, and show its ticket."""
    registration_id = registrations.read_manage_token(manage_token)
    rows = registrations.held(frozenset({registration_id} if registration_id else ()))
    if not rows:
        raise Missing
    [(_event, registration, _person)] = rows
    response = redirect(url_for("web.ticket", code=registration.code, own=1 if identity.volunteer() else None), 303)
    response.headers["Cache-Control"] = "no-store"
    return identity.hold(response, registration.id)  # type: ignore[arg-type]
