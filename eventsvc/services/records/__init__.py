"""The one door for everything that happens on the spot: a batch of field records in, one answer each, every record kept once.

Form, then a known id (replay or `id_reused`), then rights, then the decision; a bad record never sinks the others. Batches
that come at the same time share one transaction (`together`), as far as no writer waits long; on SQLite large ones are decided while
those before them are written (`succession`). Tickets are locked in sorted order.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eventsvc.db import db, in_transaction, is_postgresql, transaction
from eventsvc.errors import Invalid, Refusal, TooLarge
from eventsvc.ports import clock
from eventsvc.services import actors, sites
from eventsvc.services.actors import Actor, Claim, load_event, redeem, settled
from eventsvc.services.persons import clean_text, unprintable
from eventsvc.services.record_form import Form, Malformed, moment, read
from eventsvc.services.records.answers import rejected
from eventsvc.services.records.contact import note_contact
from eventsvc.services.records.deciding import take
from eventsvc.services.records.keeping import keep
from eventsvc.services.records.loading import Named, load, look_ahead
from eventsvc.services.records.piece import Piece
from eventsvc.services.records.rows import Lines
from eventsvc.services.records.succession import Succession
from eventsvc.services.records.together import Job, Rest, Scope, Together
from eventsvc.services.sites import visit

MOST_RECORDS = 500  # of a batch: about 10 ms of SQLite's writer
LARGE = 250  # records of a batch that has a transaction to itself where the database lets others go on beside it
LONGEST_VERSION = LONGEST_OPERATOR = 40  # characters; the columns hold no more


def submit(actor: Actor | Claim, slug: str, body: Any, within: Scope = nullcontext) -> dict[str, Any]:
    """Take a batch ``{sent_at, queued, roster_at, version, operator, records}`` and answer each record in order; see the contract, section 4.

    ``within``: what is entered before the database is asked, where the caller has not; whoever shares another's transaction does without.
    Raises Missing, Forbidden or Unauthorized for the caller, TooLarge above 500 records, Invalid for a bad envelope.
    """
    try:
        raw, sent_at, said = envelope(body)
    except Refusal:
        with within():
            load_event(settled(actor), slug, "record.submit")  # whoever may not enter is told that first
        raise
    job = Job(slug, len(raw), _Work(actor, [_form(item) for item in raw], sent_at, said), within)
    return {"results": _done(job), "server_time": clock.now().isoformat()}


def _done(job: Job) -> list[dict[str, Any]]:
    """Have it done, alone or together with others."""
    if in_transaction():
        return _alone(job)
    if job.size >= LARGE:
        with job.within():
            if is_postgresql():
                return _alone(job)  # there others go on while the database writes a batch
    return _together.run(job)


@dataclass(frozen=True)
class _Work:
    actor: Actor | Claim
    forms: Sequence[Form | Malformed]
    sent_at: datetime | None
    said: dict[str, Any] | None  # what the phone said of itself
    arrived: datetime | None = None


def accept(actor: Actor, slug: str, raw: Sequence[Any], sent_at: datetime | None, arrived: datetime) -> list[dict[str, Any]]:
    """Take records (a piece of a batch at most) that arrived earlier and waited since, within the caller's transaction: decided as of their own time."""
    return _alone(Job(slug, len(raw), _Work(actor, [_form(item) for item in raw], sent_at, None, arrived)))


def envelope(body: Any) -> tuple[list[Any], datetime | None, dict[str, Any]]:
    """The records of a batch, when it was sent by the phone's clock, and what the phone says of itself. Raises Invalid or TooLarge."""
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise Invalid.one("records", "required", "缺少 records 数组")
    if len(body["records"]) > MOST_RECORDS:
        raise TooLarge(message="一次最多{most}条记录", most=MOST_RECORDS)
    sent_at = moment(body.get("sent_at"))
    if body.get("sent_at") is not None and sent_at is None:
        raise Invalid.one("sent_at", "time", "时间不对，要带时区")
    return body["records"], sent_at, _said(body)


def _said(body: dict[str, Any]) -> dict[str, Any]:
    """``queued``, ``roster_at``, ``version`` and ``operator`` (who is on duty), as far as they were said."""
    queued, version = body.get("queued"), body.get("version")
    if queued is not None and (type(queued) is not int or not 0 <= queued <= 1_000_000):
        raise Invalid.one("queued", "number", "应为不小于0的整数")
    roster_at = moment(body.get("roster_at"))
    if body.get("roster_at") is not None and roster_at is None:
        raise Invalid.one("roster_at", "time", "时间不对，要带时区")
    if version is not None and (not isinstance(version, str) or len(version) > LONGEST_VERSION or unprintable(version)):
        raise Invalid.one("version", "too_long", "版本写法不对")
    said = {name: value for name, value in {"queued": queued, "roster_at": roster_at, "version": version}.items() if name in body}
    operator = body.get("operator")
    if isinstance(operator, str) and not unprintable(operator) and (shown := clean_text(operator)[:LONGEST_OPERATOR]):
        said["operator"] = shown  # one that is no good is nobody's news: records must not wait for it
    return said


def _form(item: Any) -> Form | Malformed:
    try:
        return read(item)
    except Malformed as fault:
        return fault


class Overtaken(Exception):
    """Another server kept an id of this group first; nothing of the group was kept."""


@dataclass(frozen=True)
class _Decided:
    """What came of a group and is not written yet."""

    pieces: list[tuple[Job, Piece]]  # all share what is known
    answers: list[list[dict[str, Any]]]  # of each job
    named: Named

    def keys(self) -> set[str]:
        """What it bears on, and what bears on it: records, tickets, and counters that may run out."""
        shared = self.pieces[0][1]
        known = (shared.site.counters.get(key) for key in self.named.counters)
        stocked = (counter.key for counter in known if counter is not None and counter.stock is not None)
        return {*self.named.wanted, *stocked, *(ticket.id for ticket in shared.tickets.values())}

    def write(self) -> None:
        """Keep the rows, and what the phones say of themselves; then each job has its answers."""
        overtaken = keep(self.pieces[0][1])
        if overtaken and len(self.pieces) > 1:
            raise Overtaken  # others of the group may have been answered by what was not kept: each is done alone, after the other server's
        for (job, piece), said in zip(self.pieces, self.answers, strict=True):
            job.result = [overtaken(item) for item in said] if overtaken else said
            if job.work.said is not None:
                again = bool(said) and all(answer["status"] == "replayed" for answer in said)
                only = job.work.forms[0] if len(said) == 1 else None
                note_contact(piece, job.work.said, only.at if isinstance(only, Form) else None, again)


def _decide(jobs: Sequence[Job]) -> _Decided | None:
    """What is known is read once for all, each record is decided in turn; None where nobody may enter."""
    forms = _forms(jobs)
    named = Named.by(forms)
    look_ahead(named, actors.asked(_claims(jobs)), sites.asked(jobs[0].key))
    pieces = _enter(jobs)
    if not pieces:
        return None
    if len(pieces) < len(jobs):
        forms = _forms([job for job, _piece in pieces])
        named = Named.by(forms)
    db.session.flush()  # what an outer verb has not written yet
    load(pieces[0][1], forms, named)
    return _Decided(pieces, [take(piece, job.work.forms) for job, piece in pieces], named)


def _take(jobs: Sequence[Job]) -> None:
    """One transaction: everything is read, decided and kept in it."""
    decided = _decide(jobs)
    if decided is not None:
        decided.write()


_taken = transaction(_take, ahead=True)
_succession = Succession()


def _begin(jobs: Sequence[Job]) -> Rest | None:
    """Do a group, or on SQLite decide a large one, and return its writing: the next group need not wait for that."""
    if is_postgresql() or _size(jobs) < LARGE:
        _taken(jobs)
        return None
    decided = _succession.decide(lambda: _decide(jobs))
    if decided is None:
        return None
    if _succession.may_write(decided.keys()):
        return lambda: _succession.write(decided.write)
    for job in jobs:
        job.error = None  # whoever was refused is asked for again
    _taken(jobs)
    return None


def _size(jobs: Sequence[Job]) -> int:
    return sum(job.size for job in jobs)


def _forms(jobs: Sequence[Job]) -> list[Form]:
    return [form for job in jobs for form in job.work.forms if isinstance(form, Form)]


def _claims(jobs: Sequence[Job]) -> set[Claim]:
    return {job.work.actor for job in jobs if isinstance(job.work.actor, Claim)}


def _enter(jobs: Sequence[Job]) -> list[tuple[Job, Piece]]:
    """A piece for each job whose caller may enter, all sharing what is known; the others are told why not."""
    holders = redeem(_claims(jobs))
    pieces: list[tuple[Job, Piece]] = []
    lines = Lines(all_alike=is_postgresql()) if is_postgresql() or _size(jobs) >= LARGE else None
    for job in jobs:
        caller, first = job.work.actor, pieces[0][1] if pieces else None
        actor = holders[caller] if isinstance(caller, Claim) else caller
        try:
            if isinstance(actor, Refusal):
                raise actor
            site = visit(actor, job.key, "record.submit", first.site if first else None)
        except Refusal as refusal:
            job.error = refusal
            continue
        shared = first or Piece(actor=actor, site=site, now=clock.now(), sent_at=None, lines=lines)
        pieces.append((job, shared.of(actor, job.work.sent_at, job.work.arrived)))
    return pieces


def _alone(job: Job) -> list[dict[str, Any]]:
    """Nothing is shared with others: within a verb's own transaction, or in one for which it stands in line with other verbs."""
    transaction(_take)([job])
    if job.error is not None:
        raise job.error
    return job.result


_together = Together(_begin, alone=_taken)
