"""Telephone numbers that may not register on the web for a while (暂停报名), and those that only wait as nobody came twice (报名未到).

Defaults of the law's neighbours (docs: domain 2.1): within 90 days twice 报名未到, then for 30 days only the waitlist. Only what
a resident registered on the web for themselves counts: elders, and who came by the desk, the telephone or somebody else, never.
Organizers pause, lift and excuse (`pauses`). The number itself is not kept: only a keyed hash of it, until the pause is over.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, select

from eventsvc.db import db
from eventsvc.models import Event, Pause, Person, Record, Registration
from eventsvc.prepared import Prepared
from eventsvc.services.actors import seal
from eventsvc.services.questions import AGE_BANDS
from eventsvc.services.registrations.arrivals import parties_in

COUNTED, WAITS_FOR, OFTEN = timedelta(days=90), timedelta(days=30), 2
ELDER = AGE_BANDS[-1]
_pauses = Pause.__table__.c
_PAUSES = Prepared(
    lambda among: select(_pauses.phone_hash, _pauses.kind).where(
        _pauses.organization_id == bindparam("organization"), among(_pauses.phone_hash, "seals"), _pauses.until > bindparam("now")
    )
)


def standings(event: Event, phones: Collection[str], now: datetime) -> dict[str, str]:
    """What numbers may do on the web: ``paused`` · ``waits`` (only the waitlist, where the event has the no-show rule) · ``free``."""
    seals = {sealed(event.organization_id, phone): phone for phone in phones}
    said = _PAUSES.all(organization=event.organization_id, seals=sorted(seals), now=now) if seals else ()
    known = {seals[seal]: "paused" if kind == "paused" else "free" for seal, kind in said}
    if event.no_show_rule:
        known |= {phone: "waits" for phone in phones if phone not in known and _stayed_away(event, phone, now)}
    return known


def sealed(organization_id: str, phone: str) -> str:
    """What stands for a number among the pauses of an organization."""
    return seal("pause", f"{organization_id}\0{phone}")


def of_number(organization_id: str, phone: str) -> ColumnElement[bool]:
    """The condition of being a number's pause."""
    return and_(Pause.organization_id == organization_id, Pause.phone_hash == sealed(organization_id, phone))


def _stayed_away(event: Event, phone: str, now: datetime) -> bool:
    """Whether nobody came with two tickets of this number lately, the last time within a month; events at which nobody scanned do not count."""
    query = (
        select(Registration, Event, Person.answers).join(Event, Event.id == Registration.event_id)
        .join(Person, Person.registration_id == Registration.id)
        .where(
            Person.phone == phone, Event.organization_id == event.organization_id, Event.status.in_(("published", "closed")),
            Event.rehearsal.is_(False), Event.ends_at < now, Event.ends_at >= now - COUNTED,
            Registration.status == "confirmed", Registration.channel == "web", Registration.blocked.is_(False),
        )
    )  # fmt: skip
    missed = []
    for registration, other, answers in db.session.execute(query):
        scanned = select(Record.id).where(Record.event_id == other.id, Record.epoch == other.epoch, Record.type == "checkin").limit(1)
        if ELDER not in (answers or {}).values() and db.session.scalar(scanned) and not parties_in(other, [registration])[registration.id]:
            missed.append(other.ends_at)
    return len(missed) >= OFTEN and max(missed) >= now - WAITS_FOR
