"""One deed for many registrations: named before it is done, done set by set, each party answered for, taken back where that can be."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select

from eventsvc.db import db
from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.models import Event, Person, Registration
from eventsvc.services import idempotency, journal
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.persons import mask_name
from eventsvc.services.registrations import deeds, listing
from eventsvc.services.registrations.line import settle

MOST = 1000  # registrations of one deed: what a page may take a few seconds for
SET = 50  # of one transaction: nobody at the door waits longer for their turn
SHOWN = 8
BACK = {"cancel": "restore", "block": "unblock", "unblock": "block"}  # deed -> what takes it back
_CONCERNS = {
    "approve": ("pending",),
    "cancel": ("confirmed", "waitlisted", "pending"),
    "restore": ("cancelled",),
    "reissue": ("confirmed",),
    "message": ("confirmed", "waitlisted"),
}  # the statuses that a deed is for; any for the others


@dataclass(frozen=True)
class Chosen:
    """Those that a deed would concern: at most MOST ids, how many there are in all, their people, some names (masked), and how many it is not for."""

    ids: tuple[str, ...]
    parties: int
    people: int
    names: tuple[str, ...]
    passed_over: int


@dataclass(frozen=True)
class Skipped:
    """A party for which it could not be done, and why."""

    registration_id: str
    seq: int
    name: str
    why: Fault


@dataclass(frozen=True)
class Done:
    """What became of it."""

    deed: str
    ids: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def choose(actor: Actor, slug: str, deed: str, ids: Sequence[str] = (), sieve: listing.Sieve | None = None, said: str | None = None) -> Chosen:
    """What a deed would concern: the ticked ones, or (``sieve``) all that a list shows. Raises Invalid, Forbidden."""
    event = load_event(actor, slug, "registration.edit")
    _known(deed)
    condition = listing.narrowed(event, sieve, said) if sieve else (Registration.event_id == event.id) & Registration.id.in_(list(ids)[:MOST])
    if condition is None:
        return Chosen((), 0, 0, (), 0)
    whom = _concerned(deed)
    counted = select(func.count(), func.count(case((whom, 1))), func.coalesce(func.sum(case((whom, Registration.party_size))), 0)).where(condition)
    every, parties, people = db.session.execute(counted).one()
    rows = db.session.execute(
        select(Registration.id, Person.name).outerjoin(Person, Person.registration_id == Registration.id).where(condition & whom).order_by(Registration.seq).limit(MOST)
    ).all()
    names = tuple(mask_name(row.name) for row in rows[:SHOWN] if row.name)
    return Chosen(tuple(row.id for row in rows), parties, int(people), names, every - parties)


def _known(deed: str) -> None:
    if deed not in _DEEDS:
        raise Invalid.one("deed", "choice", "请选要做什么")


def _concerned(deed: str) -> Any:
    wanted = Registration.status.in_(_CONCERNS[deed]) if deed in _CONCERNS else Registration.status != "cancelled"
    return wanted & Registration.blocked if deed == "unblock" else wanted & ~Registration.blocked if deed == "block" else wanted


def run(actor: Actor, slug: str, deed: str, ids: Sequence[str], key: str) -> Done:
    """Do it for each of these, set by set; under the same ``key`` again (a second tap, a server that stopped half-way) only what is not done yet.

    Raises Invalid, Forbidden.
    """
    event = load_event(actor, slug, "registration.edit")
    _known(deed)
    if not ids or len(ids) > MOST:
        raise Invalid.one("ids", "number", "一次请选1到{most}份", most=MOST)
    mark = f"{actor.name} bulk {event.id}"
    done: list[str] = []
    refused: list[tuple[str, Fault]] = []
    for start in range(0, len(ids), SET):
        some = ids[start : start + SET]
        _status, answer = idempotency.once(mark, f"{key}:{start}", f"{deed} {' '.join(some)}".encode(), lambda some=some: _some(actor, slug, deed, some, key))  # type: ignore[misc]
        told = json.loads(answer)
        done += told["done"]
        refused += [(one, Fault("", code, message, params)) for one, code, message, params in told["refused"]]
    idempotency.once(mark, f"{key}:end", deed.encode(), lambda: _note(actor, slug, deed, len(done), len(refused)))
    return Done(deed, tuple(done), _named(event, refused))


def _some(actor: Actor, slug: str, deed: str, ids: Sequence[str], key: str) -> tuple[int, str]:
    """One set of them; what is remembered of it names nobody."""
    event = load_event(actor, slug, "registration.edit", lock="change")
    wanted = select(Registration).where(Registration.event_id == event.id, Registration.id.in_(ids)).order_by(Registration.id)
    known = {one.id: one for one in db.session.scalars(wanted.with_for_update(key_share=True).execution_options(populate_existing=True))}
    settle(event)
    parties = [known[one] for one in dict.fromkeys(ids) if one in known]
    answer = _DEEDS[deed](actor, event, parties, key)
    done = [one.id for one in parties if one.id not in answer]
    refused = [(one, *_why(refusal)) for one, refusal in answer.items()]
    return 200, json.dumps({"done": done, "refused": refused}, ensure_ascii=False)


def _why(refusal: Conflict | Invalid) -> tuple[str, str, dict[str, Any]]:
    said = refusal.faults[0] if isinstance(refusal, Invalid) else refusal
    return said.code, said.message, said.params


def _named(event: Event, refused: Sequence[tuple[str, Fault]]) -> tuple[Skipped, ...]:
    query = select(Registration.id, Registration.seq, Person.name).outerjoin(Person, Person.registration_id == Registration.id)
    found = {row.id: row for row in db.session.execute(query.where(Registration.event_id == event.id, Registration.id.in_([one for one, _why in refused])))}
    return tuple(Skipped(one, found[one].seq, mask_name(found[one].name), why) for one, why in refused if one in found)


def _note(actor: Actor, slug: str, deed: str, done: int, refused: int) -> tuple[int, str]:
    journal.note(actor, "registration.bulk", load_event(actor, slug, "registration.edit"), deed=deed, rows=done, skipped=refused)
    return 200, ""


_DEEDS: dict[str, Callable[[Actor, Event, Sequence[Registration], str], deeds.Refused]] = {
    "approve": lambda actor, event, parties, _key: deeds.approve(actor, event, parties),
    "cancel": lambda actor, event, parties, _key: deeds.cancel(actor, event, parties),
    "restore": lambda actor, event, parties, _key: deeds.restore(actor, event, parties),
    "reissue": lambda actor, event, parties, _key: deeds.reissue(actor, event, parties),
    "block": lambda actor, event, parties, _key: deeds.block(actor, event, parties),
    "unblock": lambda actor, event, parties, _key: deeds.block(actor, event, parties, False),
    "message": lambda _actor, event, parties, key: deeds.tell_again(event, parties, key),
}
