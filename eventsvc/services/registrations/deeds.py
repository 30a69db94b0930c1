"""What an organizer's deed does to parties of one event: one or many, the same decisions in the same order, what goes with them asked and written once.

Callers hold the event's row and the parties'. Each deed answers with the refusals by registration; a refused party is left as it was.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import update

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import Event, Person, Registration, RetiredCode
from eventsvc.ports import clock
from eventsvc.services import journal, messages, spares
from eventsvc.services.actors import Actor
from eventsvc.services.registrations.arrivals import parties_in
from eventsvc.services.registrations.line import promote
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    confirm,
    give_all_back,
    holds_places,
    lacks_session,
    position,
    replace_code,
    resize,
    room_for,
    state,
    take_all,
    touch,
)

Refused = dict[str, Conflict | Invalid]


def make_smaller(event: Event, registration: Registration, size: int) -> None:
    """Make a party as large as said; whoever does not come need not be known. What is given back is not passed on yet."""
    resize(event, registration, size)
    person = db.session.get(Person, registration.id)
    if person is not None and len(person.members) > max(0, size - 1):
        person.members = person.members[: max(0, size - 1)]


def cancel(actor: Actor, event: Event, parties: Sequence[Registration]) -> Refused:
    """Cancel; where part of a party is in, the rest is given back. Then whoever waits first moves up, once for all that returned."""
    there = [one for one in parties if one.status != "cancelled"]
    inside = parties_in(event, there)
    refused: Refused = {one.id: Conflict("already_in", "已经入场，不能取消") for one in there if inside[one.id] >= one.party_size}
    done = [one for one in there if one.id not in refused]
    leaving = [one for one in done if not inside[one.id]]
    give_all_back(event, *(one for one in leaving if holds_places(one)))
    for one in done:
        if inside[one.id]:
            make_smaller(event, one, inside[one.id])
        else:
            one.status, one.offered_until, one.cancelled_at = "cancelled", None, clock.now()
            one.cancelled_by = "holder" if one.id in actor.holds else "organizer"
        touch(event, one)
    if done:
        promote(event)  # also where they only waited: a large party at the head may have held up smaller ones
    told = [(one, f"cancelled:{one.roster_revision}") for one in leaving]
    messages.tell_each(event, [one for one in told if one[0].id not in actor.holds], "cancelled", must_reach=True)
    messages.tell_each(event, [one for one in told if one[0].id in actor.holds], "cancelled")  # whoever cancelled by themselves need not be telephoned
    journal.note_each(actor, "registration.cancel", event, [one.id for one in done])
    return refused


def restore(actor: Actor, event: Event, parties: Sequence[Registration]) -> Refused:
    """Take cancellations back, code and all, each as far as the places are still free."""
    refused: Refused = {}
    done: list[Registration] = []
    for one in parties:
        if one.status != "cancelled":
            continue
        try:
            _restore(actor, event, one)
        except Conflict as refusal:
            refused[one.id] = refusal
        else:
            done.append(one)
    messages.tell_each(event, [(one, f"restored:{one.roster_revision}") for one in done if one.status == "confirmed"], "confirmed")
    journal.note_each(actor, "registration.restore", event, [one.id for one in done])
    return refused


def _restore(actor: Actor, event: Event, registration: Registration) -> None:
    if registration.id in actor.holds and registration.cancelled_by == "organizer":
        raise Conflict("cancelled_by_organizer", "主办方取消了这份报名，要恢复请打电话问一问")
    if closed := CLOSED.get(state(event, clock.now())):
        raise Conflict(*closed)
    room = room_for(event, registration.channel, anyone_waits(event))
    lapsed = registration.cancelled_by == "lapsed"
    gone = room is not None and registration.party_size > room
    if (gone and not (lapsed and event.waitlist)) or (not lapsed and lacks_session(event, registration)):
        raise Conflict("event_full", "名额已经让给别人了，可以重新报名或登记候补")
    registration.cancelled_at = registration.cancelled_by = None
    if gone:  # an offer was not taken up: at the end of the line again
        registration.status, registration.seq = "waitlisted", event.next_seq
        event.next_seq += 1
        touch(event, registration)
        return
    by_themselves = registration.id in actor.holds and registration.consent_at is not None
    registration.status = "pending" if event.approval and by_themselves else "confirmed"
    if lapsed and registration.status == "confirmed":
        confirm(event, registration)
    touch(event, registration)
    take_all(event, registration)


def approve(actor: Actor, event: Event, parties: Sequence[Registration]) -> Refused:
    """Confirm pending registrations; their places were held since they came."""
    pending = [one for one in parties if one.status == "pending"]
    for one, code in zip(pending, spares.draw_many(event, len(pending)), strict=True):
        confirm(event, one, code)
    messages.tell_each(event, [(one, "confirmed") for one in pending], "confirmed")
    journal.note_each(actor, "registration.approve", event, [one.id for one in pending])
    others = (one for one in parties if one.status != "confirmed")
    return {one.id: Conflict("not_pending", "这份报名不在待确认状态") for one in others}


def reissue(actor: Actor, event: Event, parties: Sequence[Registration]) -> Refused:
    """Give tickets new codes; whoever shows an old one is told 已换新码."""
    ids = [one.id for one in parties]
    former = RetiredCode.__table__
    db.session.execute(update(former).where(former.c.registration_id.in_(ids)).values(kind="reissued"))  # none of them opens it any more
    for one, code in zip(parties, spares.draw_many(event, len(ids)), strict=True):
        replace_code(event, one, "reissued", code)
    journal.note_each(actor, "registration.reissue", event, ids)
    return {}


def block(actor: Actor, event: Event, parties: Sequence[Registration], blocked: bool = True) -> Refused:
    """Send the tickets' holders to the service desk (暂停), or lift that again."""
    for one in parties:
        one.blocked = blocked
        touch(event, one)
    journal.note_each(actor, "registration.block" if blocked else "registration.unblock", event, [one.id for one in parties])
    return {}


def tell_again(event: Event, parties: Sequence[Registration], key: str) -> Refused:
    """Send each its ticket, or its place in line, once more under this key."""
    refused: Refused = {}
    for one in parties:
        if one.status in {"confirmed", "waitlisted"}:
            messages.tell(event, one, one.status, f"again:{key[:40]}", must_reach=True, position=position(one))
        else:
            refused[one.id] = Conflict("not_confirmed", "这份报名没有凭证可发")
    return refused
