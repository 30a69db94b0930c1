"""The ticket's page for a joined volunteer, so that WeChat's own scanner is a scanner: look, then confirm by one record."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, request
from flask_babel import gettext

from eventsvc.errors import Missing
from eventsvc.ports import clock
from eventsvc.services import devices, records, registrations
from eventsvc.services.actors import Actor
from eventsvc.services.persons import mask_name
from eventsvc.web import identity, language
from eventsvc.web.view import page


def show(actor: Actor, code: str, verdict: dict[str, Any] | None = None, status: int = 200) -> Response:
    """The page of a ticket; without a verdict nothing has happened."""
    device, event = devices.myself(actor)
    if verdict is not None:
        verdict = {**verdict, "message": language.sentence_of_scan(verdict["message"] or "")}
    places = [place for place in event.checkpoints if not actor.checkpoints or place.key in actor.checkpoints]
    keys = [place.key for place in places]
    asked = request.form.get("checkpoint") or identity.chosen_place()
    chosen = asked if asked in keys else next((p.key for p in places if p.entrance), keys[0] if keys else "")
    person = _person(event, code)
    return page(
        "scan/ticket.html",
        status,
        secret=True,
        event=event,
        code=code.upper(),
        person=person,
        places=places,
        place=chosen,
        most=_most(person, next((p for p in places if p.key == chosen), None)),
        record_id=str(uuid.uuid4()),
        undo_id=str(uuid.uuid4()),
        at=clock.now().isoformat(),
        verdict=verdict,
        operator=device.operator,
    )


def _person(event: Any, code: str) -> dict[str, Any] | None:
    """What a volunteer may see of a ticket of their own event; None for every other code."""
    try:
        owner, registration, person, reissued = registrations.by_code(code)
    except Missing:
        return None
    if owner.id != event.id or reissued:
        return None
    return {
        "name": mask_name(person.name) if person else "",
        "phone_tail": person.phone_tail if person else None,
        "party_size": registration.party_size,
        "status": "blocked" if registration.blocked else registration.status,
        "used": registrations.used_at(event, registration),
    }


def _most(person: dict[str, Any] | None, place: Any) -> int:
    """How many may still pass here; at least one, so that a refusal can be asked for and kept."""
    if person is None or place is None:
        return 1
    used = person["used"].get(place.key, 0) if place.rule in {"once", "stamp"} else 0
    return max(1, person["party_size"] - used)


def confirm(actor: Actor, code: str) -> Response:
    """Send one check-in with the id that the page brought, and show the answer."""
    _device, event = devices.myself(actor)
    key = request.form.get("checkpoint", "")
    rule = next((place.rule for place in event.checkpoints if place.key == key), "")
    count = request.form.get("count", "1")
    result = _send(
        actor,
        type="checkin",
        checkpoint=key or None,
        ticket=code,
        count=int(count) if count.isascii() and count.isdigit() and len(count) < 4 else 0,
        direction="exit" if request.form.get("direction") == "exit" and rule == "each_time" else "entry",
    )
    response = show(actor, code, result)
    return identity.remember_place(response, key) if rule else response


def undo(actor: Actor, code: str) -> Response:
    """Take back what this phone has just confirmed; the undo is a record of its own."""
    return show(actor, code, _send(actor, type="undo", undoes=request.form.get("undoes", "")))


def _send(actor: Actor, **record: Any) -> dict[str, Any]:
    """One record through the one door, under the page's id and moment, so that a double tap is the same record."""
    device, event = devices.myself(actor)
    sent = {
        "id": request.form.get("id", ""),
        "at": request.form.get("at") or clock.now().isoformat(),
        "operator": device.operator or None,
        **record,
    }
    result = records.submit(actor, event.slug, {"records": [sent]})["results"][0]
    if result["status"] == "rejected" and result["code"] == "id_reused":
        return {**result, "message": gettext("刚才已经提交过 · 请重新扫这张凭证")}
    return result
