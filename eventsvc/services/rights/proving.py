"""Showing that one is the person, not only somebody with the ticket's link: by the whole telephone number, good for a quarter of an hour."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.models import Person
from eventsvc.ports import clock, limits
from eventsvc.services.actors import Actor, seal
from eventsvc.services.persons import read_phone
from eventsvc.services.registrations.finding import FAILURES

GOOD_FOR = timedelta(minutes=15)


def prove(actor: Actor, registration_id: str, phone: str) -> str:
    """A proof for a holder who types the whole number that was left; five wrong ones lock this for 15 minutes. Raises Invalid, TooMany, Missing.

    Where no number was left the ticket's link is all that there is, and enough.
    """
    if registration_id not in actor.holds:
        raise Missing
    person = db.session.get(Person, registration_id)
    if person is not None and person.phone is not None:
        number, fault = read_phone(phone)
        if fault:
            raise Invalid([fault])
        try:
            limits.check(FAILURES, "prove", registration_id)
        except TooMany as refusal:
            raise TooMany(refusal.retry_after, "输错次数太多，请15分钟后再试") from refusal
        if number != person.phone:
            limits.hit(FAILURES, "prove", registration_id)
            raise Invalid.one("phone", "no_match", "手机号与这份报名对不上")
    return proof_of(registration_id)


def proof_of(registration_id: str) -> str:
    """A proof for whoever has just shown number and 签到码 on /my."""
    until = f"{int((clock.now() + GOOD_FOR).timestamp())}"
    return f"{until}.{seal('proved', _subject(registration_id, until))}"


def holds(proof: str, registration_id: str) -> bool:
    """Whether a proof is this registration's, of its present number, and still good."""
    until, _, mac = proof.partition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 12) or datetime.fromtimestamp(int(until), UTC) < clock.now():
        return False
    return hmac.compare_digest(mac.encode(), seal("proved", _subject(registration_id, until)).encode())


def need(proof: str, registration_id: str) -> None:
    """Raise Conflict ``prove_again`` unless the proof holds."""
    if not holds(proof, registration_id):
        raise Conflict("prove_again", "请再输一次报名时留的完整号码")


def _subject(registration_id: str, until: str) -> str:
    person = db.session.get(Person, registration_id)
    return f"{registration_id} {until} {person.phone if person else ''}"
