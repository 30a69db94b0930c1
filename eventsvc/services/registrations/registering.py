"""Registering: a party under one name and one code, never beyond the places, in order of arrival.

Requests that come at the same time for one event share one transaction (`Together`): the event is read and its row is held once for
all of them, each is decided in turn as if it came alone, and nobody is answered before the commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventsvc.db import adopt, end_reading, in_transaction, transaction
from eventsvc.errors import Conflict, Missing, Refusal
from eventsvc.models import Event, Registration
from eventsvc.ports import clock, limits
from eventsvc.services import links, messages
from eventsvc.services.actors import SYSTEM, Actor, admit, load_event, seal
from eventsvc.services.records.together import Job, Together
from eventsvc.services.registrations.arriving import Arrival, take_in
from eventsvc.services.registrations import terms
from eventsvc.services.registrations.line import settle
from eventsvc.services.registrations.places import CLOSED, closed, position
from eventsvc.services.registrations.reading import read_form
from eventsvc.services.registrations.terms import Terms

PER_PHONE = "5/hour"
PER_ADDRESS = "300/minute"


@dataclass(frozen=True)
class Registered:
    """A registration and what its holder needs: secrets are derived, not stored."""

    registration: Registration
    timezone: str  # the event's
    waitlist_position: int | None
    in_lines: bool = True  # whether it may wait for sessions

    @property
    def manage_token(self) -> str:
        """The secret that makes a browser this registration's holder."""
        return manage_token(self.registration.id)

    @property
    def qr_text(self) -> str:
        """What the QR code holds."""
        return links.qr_text(self.registration.code)

    @property
    def ticket_url(self) -> str:
        """The ticket's page."""
        return links.ticket(self.registration.code)


def manage_token(registration_id: str) -> str:
    """The manage token of a registration: its id and an HMAC over it, in hex."""
    return registration_id.replace("-", "") + seal("manage", registration_id)


def read_manage_token(token: str) -> str | None:
    """The registration id of a manage token, or None where it was not made here."""
    if len(token) != 64:
        return None
    try:
        registration_id = str(uuid.UUID(token[:32]))
    except ValueError:
        return None
    return registration_id if manage_token(registration_id) == token.lower() else None


def register(actor: Actor, slug: str, data: Any, *, address: str = "", may_wait: bool = True) -> Registered:
    """Register ``{name, phone, party_size, sessions, answers, unit, consent, channel}``; confirmed, waitlisted or pending.

    ``may_wait`` False raises Conflict ``waitlist_only`` where only the waitlist is left, so that a page may ask first.
    Raises Invalid with every fault, Conflict (``event_full``, ``registration_closed`` …), TooMany for the public limits.
    """
    job = Job(slug, 1, _Asked(actor, data, address, may_wait))
    if in_transaction():
        _serve([job])
        if job.error is not None:
            raise job.error
        made = job.result
    else:
        end_reading()  # who waits holds no connection, and then sees what was kept meanwhile
        made = _together.run(job)
    adopt(made.registration)
    return made


@dataclass
class _Asked:
    """Somebody's request, and what came of reading its form before the event's row was held; a group that fails is served again one by one."""

    actor: Actor
    data: Any
    address: str
    may_wait: bool
    checked: Arrival | Refusal | None = None
    revision: int = 0  # of the event that the form was read against


def _serve(jobs: Sequence[Job]) -> None:
    """Read the forms and count them against the limits, which may ask another server; then one transaction for those that are good."""
    nested = in_transaction()
    if any(job.work.checked is None for job in jobs):
        event = terms.read(jobs[0].key)
        for job in jobs:
            if job.work.checked is None:
                job.work.checked, job.work.revision = _check(job.work, event), event.revision
        if not nested:
            end_reading()
    for job in jobs:
        job.error = job.work.checked if isinstance(job.work.checked, Refusal) else None
    if good := [job for job in jobs if job.error is None]:
        _register(good)


def _check(asked: _Asked, event: Terms) -> Arrival | Refusal:
    """What somebody asks for, or what is said to it before anything is held."""
    try:
        admit(asked.actor, event, "registration.create")
        if event.status == "draft":
            raise Missing if asked.actor.kind == "public" else Conflict(*CLOSED["draft"])
        public = not asked.actor.sees(event)
        wanted = read_form(asked.data, event, public)
        if public:
            if said := closed(event, clock.now()):
                raise Conflict(*CLOSED[said])
            if asked.address:
                limits.hit(PER_ADDRESS, "register", asked.address)
            limits.hit(PER_PHONE, "register", wanted.phone or "")
    except Refusal as refusal:
        return refusal
    return Arrival(wanted, public, asked.may_wait)


@transaction
def _register(jobs: Sequence[Job]) -> None:
    event = load_event(SYSTEM, jobs[0].key, "registration.create", lock="change")
    settle(event)
    entering: list[tuple[Job, Arrival]] = []
    for job in jobs:
        try:
            admit(job.work.actor, event, "registration.create")
            entering.append((job, _again(job.work, event)))
        except Refusal as refusal:
            job.error = refusal
    confirmed: list[tuple[Registration, str]] = []
    for (job, arrival), answer in zip(entering, take_in(event, [arrival for _job, arrival in entering]), strict=True):
        if isinstance(answer, Refusal):
            job.error = answer
            continue
        where = position(answer)
        if answer.status == "waitlisted":
            messages.tell(event, answer, "waitlisted", position=where)
        elif answer.status == "confirmed":
            confirmed.append((answer, "confirmed"))
        job.result = Registered(answer, event.timezone, where, len(answer.sessions) < len(arrival.wanted.sessions))
    messages.tell_each(event, confirmed, "confirmed", position=None)


def _again(asked: _Asked, event: Event) -> Arrival:
    """What was read; read anew where the event was changed since. Raises Invalid."""
    known = asked.checked
    assert isinstance(known, Arrival)
    if asked.revision == event.revision:
        return known
    return Arrival(read_form(asked.data, event, known.public), known.public, known.may_wait)


_together = Together(_serve)
