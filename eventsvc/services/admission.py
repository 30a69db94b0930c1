"""The decision at the door, pure: may this ticket enter here, now? One JavaScript mirror, bound by the same cases.

``decide`` is told everything and reads nothing: no database, no clock. ``static/js/lib/admission.js`` says the same in
JavaScript; ``tests/cases/admission.json`` is run against both. Change a rule here and there, and add a case.

Order (docs/decisions/0004-admission.md): unknown, wrong event, reissued, cancelled, blocked, awaiting approval or
waitlisted, checkpoint not yet open or closed, the ticket's own validity, wrong session, questions, used up, admitted.
An exit asks nothing and ignores validity and rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

OUTCOMES = (
    "admitted",
    "already_used",
    "too_many",
    "unknown_ticket",
    "wrong_event",
    "cancelled",
    "waitlisted",
    "awaiting_approval",
    "blocked",
    "reissued",
    "wrong_session",
    "not_yet_open",
    "closed",
    "answers_needed",
)
AFTER_THE_END = timedelta(hours=6)  # a checkpoint without times stays open so long after the event's end


@dataclass(frozen=True)
class Door:
    """A checkpoint of an event as the decision sees it; times are aware, ``zone`` an IANA name."""

    zone: str
    status: str  # of the event: draft published closed cancelled
    rule: str  # once daily each_time stamp
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    closed_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    sessions: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()  # keys of the questions that must be answered at the desk
    rehearsal: bool = False

    @cached_property
    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """`window` of this door, found once."""
        return window(self)


class Ticket(NamedTuple):
    """A ticket as the decision sees it; ``belongs`` is False for another event's, ``reissued`` for a replaced code."""

    party_size: int = 1
    status: str = "confirmed"
    belongs: bool = True
    reissued: bool = False
    blocked: bool = False
    sessions: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class Entry(NamedTuple):
    """An effective admission of this ticket at this checkpoint: how many, when (corrected), under which record id."""

    count: int
    at: datetime
    id: str = ""


class Verdict(NamedTuple):
    """What the door says. ``used`` and ``remaining`` are after this scan; ``remaining`` is None where nothing runs out."""

    outcome: str
    admitted: int = 0
    used: int = 0
    remaining: int | None = None
    first: Entry | None = None  # the earliest admission, of an ``already_used`` or ``too_many``
    opens_at: datetime | None = None  # of a ``not_yet_open``
    questions: tuple[str, ...] = ()  # of an ``answers_needed``


def window(door: Door) -> tuple[datetime | None, datetime | None]:
    """When a checkpoint admits: its own times, else the event's days in its zone to six hours after the end; None = no bound."""
    zone = ZoneInfo(door.zone)
    opens, closes = door.opens_at, door.closes_at
    if opens is None and door.starts_at is not None:
        opens = datetime.combine(door.starts_at.astimezone(zone).date(), time(), zone).astimezone(UTC)
    if closes is None and door.ends_at is not None:
        closes = door.ends_at + AFTER_THE_END
    elif closes is None and door.starts_at is not None:
        day = door.starts_at.astimezone(zone).date() + timedelta(days=1)
        closes = datetime.combine(day, time(), zone).astimezone(UTC) + AFTER_THE_END
    return opens, closes


def decide(
    door: Door,
    ticket: Ticket | None,
    entries: Sequence[Entry],
    *,
    count: int,
    direction: str,
    now: datetime,
    answers: frozenset[str] = frozenset(),
) -> Verdict:
    """Decide one scan of ``count`` people (1–99), ``direction`` ``entry`` or ``exit``, at ``now`` (aware).

    Whoever is let in at two times, all else being the same and nothing having been shown before, is let in at every time between, with the
    same ``used`` and ``remaining``: doors and tickets open once and close once.
    """
    if ticket is None:
        return Verdict("unknown_ticket")
    if not ticket.belongs:
        return Verdict("wrong_event")
    if not entries:
        used, first = 0, None
    else:
        same_day = entries if door.rule != "daily" else [e for e in entries if _day(e.at, door) == _day(now, door)]
        used = sum(entry.count for entry in same_day)
        first = min(same_day, key=lambda entry: (entry.at, entry.id)) if same_day else None
    remaining = max(0, ticket.party_size - used) if door.rule != "each_time" else None
    if direction == "exit":
        return Verdict("admitted", count, used, remaining)
    if (refused := _refused(door, ticket, count, remaining, now, answers)) is not None:
        outcome, opens_at, questions = refused
        return Verdict(outcome, 0, used, remaining, first, opens_at, questions)
    return Verdict("admitted", count, used + count, None if remaining is None else remaining - count)


_Refused = tuple[str, datetime | None, tuple[str, ...]]


def _refused(door: Door, ticket: Ticket, count: int, remaining: int | None, now: datetime, answers: frozenset[str]) -> _Refused | None:
    """Why a ticket of ours does not enter now: the outcome, when it may, what has to be answered."""
    if ticket.reissued:
        return "reissued", None, ()
    if ticket.status == "cancelled":
        return "cancelled", None, ()
    if ticket.blocked:
        return "blocked", None, ()
    if ticket.status == "pending":
        return "awaiting_approval", None, ()
    if ticket.status == "waitlisted":
        return "waitlisted", None, ()
    if (shut := _shut(door, now)) is not None:
        return *shut, ()
    if not door.rehearsal and ticket.valid_from is not None and now < ticket.valid_from:
        return "not_yet_open", ticket.valid_from, ()
    if not door.rehearsal and ticket.valid_until is not None and now > ticket.valid_until:
        return "closed", None, ()
    if door.sessions and not door.sessions & ticket.sessions:
        return "wrong_session", None, ()
    if door.required and (missing := door.required - ticket.answered - answers):
        return "answers_needed", None, tuple(sorted(missing))
    if count > ticket.party_size or (remaining is not None and count > remaining):
        return "already_used" if remaining == 0 else "too_many", None, ()
    return None


def _day(moment: datetime, door: Door) -> str:
    return moment.astimezone(ZoneInfo(door.zone)).date().isoformat()


def _shut(door: Door, now: datetime) -> tuple[str, datetime | None] | None:
    """Why the checkpoint admits nobody at ``now``: the outcome and, if it opens later, when."""
    if door.status == "cancelled":
        return "closed", None
    if door.status == "closed" and (door.closed_at is None or now >= door.closed_at):
        return "closed", None
    if door.rehearsal:
        return None
    if door.status == "draft":
        return "not_yet_open", None
    opens, closes = door.bounds
    if opens is not None and now < opens:
        return "not_yet_open", opens
    if closes is not None and now > closes:
        return "closed", None
    return None
