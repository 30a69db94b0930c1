"""The console's frame: who may come in and for how long, the menu of an event, and how a page is shown."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, g, redirect, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.ports import clock
from eventsvc.services import actors, events, organizations
from eventsvc.services.actors import Actor
from eventsvc.web import identity
from eventsvc.web.language import local_path
from eventsvc.web.manage import kept
from eventsvc.web.view import page

blueprint = Blueprint("manage", __name__, url_prefix="/manage")

IDLE = timedelta(minutes=30)  # without a click for so long: signed out (domain.md 4.3)
LONGEST = timedelta(hours=12)  # however busy: an open live page keeps itself signed in, but not overnight
WITHOUT_SIGN_IN = {"manage.sign_in", "manage.enter"}
WITH_OLD_PASSWORD = {"manage.password", "manage.change_password", "manage.leave"}
HOME = "/manage/"


@dataclass(frozen=True)
class Member:
    """The signed-in person as the pages show them."""

    name: str
    organization: str
    owner: bool


@blueprint.before_request
def admit() -> AnyResponse | None:
    """Let members in; strangers go to the sign-in page, which remembers where they wanted to go."""
    if request.endpoint in WITHOUT_SIGN_IN:
        return None
    before = session.get("user_id", "")
    actor = current()
    if actor is None:
        return _ask_to_sign_in(before)
    g.actor = actor
    if session.get("must_change") and request.endpoint not in WITH_OLD_PASSWORD:
        return redirect(url_for("manage.password"), 303)
    return None


def current() -> Actor | None:
    """The member of this browser, unless the session has been idle or open for too long; counts as activity."""
    actor = identity.organizer()
    if actor is None:
        return None
    now = int(clock.now().timestamp())
    since, seen = session.get("since", 0), session.get("seen", 0)
    if now - seen > IDLE.total_seconds() or now - since > LONGEST.total_seconds():
        session.clear()
        flash(gettext("为了安全，已自动退出，请重新登录。"), "note")
        return None
    if now - seen >= 30:  # a cookie with every answer would be a cookie too many
        session["seen"] = now
    return actor


def remember(user_id: str, stamp: int, must_change: bool) -> None:
    """Begin a session of its own; nothing of an older one is kept."""
    session.clear()
    g.pop("csrf_token", None)  # a page of this very answer needs one of the new session
    now = int(clock.now().timestamp())
    session.update({"user_id": user_id, "stamp": stamp, "since": now, "seen": now, "must_change": must_change})


def _ask_to_sign_in(before: str) -> AnyResponse:
    """The sign-in page; ``before`` is whose session ran out, whose form goes along."""
    if request.endpoint == "manage.live_figures":
        return Response('{"code": "unauthorized"}', 401, {"Cache-Control": "no-store"}, mimetype="application/json")
    wanted = request.full_path.rstrip("?") if request.method == "GET" else HOME
    if sealed := kept.seal(before):
        return current_app.view_functions["manage.sign_in"](kept=sealed)  # type: ignore[no-any-return]
    return redirect(url_for("manage.sign_in", next=wanted) if wanted != HOME else url_for("manage.sign_in"), 303)


def safe_next(wanted: str) -> str:
    """A page of the console, or its home for anything else."""
    path = local_path(wanted)
    return path if path.startswith(HOME) and "/sign-" not in path else HOME


def event_of(slug: str, action: str | None = None) -> Any:
    """The event of that slug, if this member's role allows the action that the view declares."""
    declared = action or current_app.view_functions[request.endpoint or ""]._action  # type: ignore[attr-defined]
    return actors.load_event(g.actor, slug, declared)


def form_key(nonce: str, body: bytes) -> str:
    """The key of a form that creates: the same content sent twice is one deed, other content another."""
    return f"{nonce}.{hashlib.sha256(body).hexdigest()[:16]}"


def may(action: str, event: Any) -> bool:
    """Whether this member may do that with the event: what they may not is not offered."""
    return bool(g.actor.may(action, event.organization_id))


def show(template: str, event: Any = None, status: int = 200, **context: Any) -> Response:
    """A page of the console; with an event, its menu and its facts. Nothing of it is stored by the browser."""
    actor = g.get("actor")
    if actor is not None:
        known = organizations.known(actor)
        name = organizations.name_of(known[0]) if known else ""
        context["actor"] = Member(actor.label, name, any(actor.may("organization.manage", one.id) for one in known))
    if event is not None:
        context["facts"] = events.facts(event)
        context["sections"] = _sections(event)
        context["may_edit"] = may("event.edit", event)
    return page(f"manage/{template}", status, secret=True, event=event, **context)


# what each tab of an event holds: modules of this folder, so that a new page of one is at home without a word
TABS = {
    "event": {"events", "series", "states", "rehearsal", "transfer", "self_checkin", "paper"},
    "registrations": {"registrations", "bulk", "rights", "imports", "exports", "waitlist", "queues", "units", "slips", "paper_list"},
    "messages": {"messages"},
    "devices": {"devices", "quarantine"},
    "live": {"live", "figures"},
    "report": {"report", "tallies"},
    "conflicts": {"conflicts"},
}


def _sections(event: Any) -> list[tuple[str, str, str, bool]]:
    """The tabs of an event (address, word, sign, whether this page is one of it)."""
    listed = (
        ("event", gettext("概况"), "home"), ("registrations", gettext("报名"), "people"), ("messages", gettext("通知"), "bell"), ("devices", gettext("志愿者"), "device"),
        ("live", gettext("实时"), "figures"), ("report", gettext("简报"), "report"), ("conflicts", gettext("待核对"), "flag"),
    )  # fmt: skip
    here = current_app.view_functions[request.endpoint or ""].__module__.rpartition(".")[2]
    return [(url_for(f"manage.{name}", slug=event.slug), text, sign, here in TABS[name]) for name, text, sign in listed]
