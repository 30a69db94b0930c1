"""An activity's page, its registration form, its calendar file and its privacy notice."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, redirect, request, url_for
from flask_babel import gettext

from eventsvc.errors import Conflict, Fault, Invalid, Missing, TooMany
from eventsvc.render import ics
from eventsvc.services import events, idempotency, links, messages, notices, registrations, stamps
from eventsvc.services.actors import PUBLIC
from eventsvc.web import activity, identity
from eventsvc.web.forms import RegistrationForm, companions_of, registration_form, text_of
from eventsvc.web.view import action, page, pages

OPEN = {"open", "waitlist"}


@pages.get("/e/<event_slug:slug>")
@action("open")
def event(slug: str) -> Response:
    """The activity with its form; a draft for its own organizers only."""
    found = events.read(identity.organizer() or PUBLIC, slug)
    return _show(found, _form_of(found))


@pages.post("/e/<event_slug:slug>")
@action("registration.create")
def register(slug: str) -> Response:
    """Register the party; 303 to its ticket once it is kept, else the form again with every fault and all that was typed."""
    found = events.read(identity.organizer() or PUBLIC, slug)
    form = _form_of(found)
    if not form.sent():
        return _show(found, form, 400)
    if request.form.get("again") != "1" and (twice := _reported_here(found, form)):
        return _show(found, form, 409, twice=twice)
    try:
        registration_id = _register_once(slug, form)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _show(found, form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return _show(found, form, 429, retry_after=refusal.retry_after)
    except Conflict as refusal:
        return _no_place(slug, form, refusal)
    [(_event, registration, _person)] = registrations.held(frozenset({registration_id}))
    response = redirect(url_for("web.ticket", code=registration.code), 303)
    response.headers["Cache-Control"] = "no-store"
    return identity.hold(response, registration_id)  # type: ignore[arg-type]


def _register_once(slug: str, form: RegistrationForm) -> str:
    """The registration's id; the same content under the same nonce is the same registration."""
    document = form.document()
    may_wait = request.form.get("waitlist") == "1"

    def run() -> tuple[int, str]:
        made = registrations.register(PUBLIC, slug, document, address=request.remote_addr or "", may_wait=may_wait)
        return 201, made.registration.id

    return idempotency.once(*_sent(slug, form), run)[1]


def _sent(slug: str, form: RegistrationForm) -> tuple[str, str, bytes]:
    """Scope, key and body of what was sent, for `idempotency`."""
    body = json.dumps(form.document(), sort_keys=True, ensure_ascii=True, default=str).encode()
    # The content is part of the key: the form sent again from the browser's history, for somebody else, is a new one.
    return f"web.register:{slug}", f"{form.nonce.data}.{hashlib.sha256(body).hexdigest()[:16]}", body


def _reported_here(event: Any, form: RegistrationForm) -> list[dict[str, Any]]:
    """The tickets that this browser has under the name and the number that were typed; none where the form was only sent twice."""
    held = registrations.held(identity.resident().holds)
    live = [(own, person) for where, own, person in held if where.id == event.id and own.status != "cancelled" and person is not None]
    alike = [(own, person) for own, person in live if registrations.same_person(person, text_of(form.name), text_of(form.phone))]
    if not alike or idempotency.known(*_sent(event.slug, form)) is not None:
        return []
    return [{"code": own.code, "name": person.name, "party_size": own.party_size, "status": own.status} for own, person in alike]


def _no_place(slug: str, form: RegistrationForm, refusal: Conflict) -> Response:
    """The event filled up, closed or was called off meanwhile: say so, offer what is left, keep what was typed."""
    found = events.read(PUBLIC, slug)
    now_open = activity.of(found).registration_state
    room, size = refusal.params.get("room"), refusal.params.get("size")
    if refusal.code == "waitlist_only" and now_open == "open":  # places are left, but too few for this party
        form.complain([Fault("party_size", "too_few", "只剩{room}位，不够{size}位一起报名。可以少报几位，或整份登记候补", {"room": room, "size": size})])
        return _show(found, form, 409, registration_state="waitlist", places_left=room)
    if refusal.code == "event_full" and now_open == "open":
        form.complain([Fault("party_size", "event_full", refusal.sentence(gettext))])
        return _show(found, form, 409)
    if refusal.code == "wait_first":
        form.complain([], refusal.sentence(gettext))
        return _show(found, form, 409, registration_state="waitlist", places_left=0)
    if now_open not in OPEN or refusal.code in {"paused", "phone_limit"}:
        form.complain([], refusal.sentence(gettext))
    return _show(found, form, 409, just_filled=refusal.code in {"waitlist_only", "event_full"}, why=refusal.sentence(gettext))


def _form_of(found: Any) -> RegistrationForm:
    return registration_form([(session.key, session.name) for session in found.sessions], found.questions, companions_of(found), found.units)


def _show(found: Any, form: RegistrationForm, status: int = 200, *, just_filled: bool = False, retry_after: int | None = None, twice: Any = (), why: str = "", **changes: Any) -> Response:
    shown = activity.whole(found, **changes)
    unsent = None
    if request.method == "POST" and shown.registration_state not in OPEN:  # too late: said so, with what was typed
        unsent = {"why": why, "name": text_of(form.name), "phone": text_of(form.phone), "size": text_of(form.party_size)}
    held = registrations.held(identity.resident().holds)
    mine = next((own.code for where, own, _person in held if where.id == found.id and own.status != "cancelled"), None)
    return page(
        "events/page.html",
        status,
        retry_after=retry_after,
        event=shown,
        form=form if shown.registration_state in OPEN else None,
        just_filled=just_filled,
        mine=mine,
        twice=twice,
        unsent=unsent,
        cards=found.status == "published" and stamps.cards_are_on(found),
    )


@pages.get("/e/<event_slug:slug>.ics")
@action("open")
def calendar(slug: str) -> Response:
    """The activity for a phone's calendar; it follows when the event is moved or called off."""
    return calendar_file(events.read(PUBLIC, slug), links.event(slug))


def calendar_file(found: Any, url: str) -> Response:
    """An event as an iCalendar file; 404 while it has no time."""
    host = urlsplit(links.to("/")).hostname or "localhost"
    body = ics.calendar(events.facts(found), url, host, found.updated_at, found.revision)
    if body is None:
        abort(404)
    response = Response(body, mimetype="text/calendar")
    response.headers["Content-Disposition"] = f'inline; filename="{found.slug}.ics"'
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/e/<event_slug:slug>/privacy")
@action("open")
def privacy(slug: str) -> Response:
    """What is collected, what for, and for how long; ``version``: as it was when somebody agreed to it."""
    shown = activity.whole(events.read(identity.organizer() or PUBLIC, slug))
    wanted = request.args.get("version", notices.CURRENT)
    if wanted not in notices.VERSIONS:
        raise Missing
    versions = {"version": wanted, "current": notices.CURRENT, "versions": list(reversed(notices.VERSIONS))}
    return page("privacy/page.html", event=shown, mail_is_on=messages.mail_is_on(), **versions)
