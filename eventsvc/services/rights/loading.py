"""Loading a registration for its holder, by the browser's cookie, or for whoever may edit it; strangers are told it is not there."""

from __future__ import annotations

from sqlalchemy import select

from eventsvc.db import db
from eventsvc.errors import Missing
from eventsvc.models import Event, Registration
from eventsvc.services.actors import Actor, load_event


def load(actor: Actor, slug: str, registration_id: str, lock: bool = False) -> tuple[Event, Registration]:
    """The event and the registration; ``lock``: with the event's row held. Raises Missing, Forbidden."""
    if registration_id in actor.holds:
        query = select(Event).where(Event.slug == slug)
        if lock:
            query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        event = db.session.scalar(query)
    else:
        event = load_event(actor, slug, "registration.edit", lock="change" if lock else None)
        if not actor.sees(event):
            raise Missing
    found = db.session.get(Registration, registration_id, populate_existing=lock)
    if event is None or found is None or found.event_id != event.id:
        raise Missing
    return event, found
