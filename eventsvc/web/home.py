"""The first page: what is on, and on a phone that registered, its own registrations before all else. Also robots.txt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response

from eventsvc.ports import clock
from eventsvc.services import events, registrations
from eventsvc.services.reports import EventFacts
from eventsvc.web import activity, identity, statics
from eventsvc.web.view import action, page, pages

SHOWN_AS_MINE = 10
CLOSED_TO_ROBOTS = ("/t/", "/T/", "/m/", "/my", "/join", "/scan", "/manage", "/screen", "/api")


@dataclass(frozen=True)
class Own:
    """A registration in a list of one's own."""

    code: str
    status: str
    party_size: int
    pickup_code: str
    event: EventFacts


def own(event: Any, registration: Any) -> Own:
    """One row of 我的报名."""
    status = "blocked" if registration.blocked and registration.status == "confirmed" else registration.status
    return Own(registration.code, status, registration.party_size, registration.pickup_code, events.facts(event))


@pages.get("/")
@action("open")
def home() -> Response:
    """The published activities."""
    shown = [activity.of(event) for event in events.published(clock.now())]
    held = registrations.held(identity.resident().holds)[:SHOWN_AS_MINE]
    mine = [own(event, registration) for event, registration, _person in held if _still_matters(event)]
    return page("home/page.html", events=[a for a in shown if not a.is_past], past=[a for a in shown if a.is_past], mine=mine)


def _still_matters(event: Any) -> bool:
    return not activity.of(event).is_past or event.status == "cancelled"


@pages.get("/robots.txt")
@action("open")
def robots() -> Response:
    """What search engines leave alone: tickets, look-ups, the volunteers' and the organizers' side."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED_TO_ROBOTS)]
    response = Response("\n".join(lines) + "\n", mimetype="text/plain")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


@pages.get("/favicon.ico")
@action("open")
def favicon() -> Response:
    """The icon that browsers ask for by themselves."""
    return statics.static("icons/favicon.ico")
