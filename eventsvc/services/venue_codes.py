"""The codes that only somebody at the venue can know: on a screen a new one every half minute, beside a poster one a day.

Each is HMAC over the event, its epoch and round, the checkpoint and the step of time (or the day), under the server's key:
nothing is stored, and whoever reads the database can make none. Exchanging the codes begins a new round.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from eventsvc.services import actors

STEP = 30  # seconds that a code stays on the screen
BEHIND = 2  # steps for which the last codes still hold: whoever scanned needs time to look at the page
AHEAD = 1  # another server's clock may be ahead of ours
DIGITS = 6  # of the screen's short code
WORD_DIGITS = 4  # of the day's word, which is spoken


class Venue(Protocol):
    """What of an event its codes hang on."""

    id: str
    epoch: int
    venue_round: int
    timezone: str


def step_of(now: datetime) -> int:
    """The number of the half minute."""
    return int(now.timestamp()) // STEP


def left(now: datetime) -> int:
    """Seconds until the screen's code changes, 1 to STEP."""
    return STEP - int(now.timestamp()) % STEP


def link_code(venue: Venue, place: str, now: datetime) -> str:
    """What the screen's QR code holds now: 16 hex digits that nobody guesses."""
    return _link(venue, place, step_of(now))


def short_code(venue: Venue, place: str, now: datetime) -> str:
    """What stands in large digits under it, for whoever types."""
    return _short(venue, place, step_of(now))


def word(venue: Venue, place: str, now: datetime) -> str:
    """The day's word (口令) of a place: four digits, another one at midnight of the event's zone."""
    day = now.astimezone(ZoneInfo(venue.timezone)).date().isoformat()
    return _digits(_seal(venue, place, f"word {day}"), WORD_DIGITS)


def screen_token(venue: Venue, place: str) -> str:
    """What the address of the screen's page holds, so that no projector has to be signed in; a new round ends it."""
    return _seal(venue, place, "screen")


def opens(venue: Venue, place: str, how: str, typed: str, now: datetime) -> bool:
    """Whether what was typed is shown at the place now; ``how``: the checkpoint's ``by_oneself``."""
    if how == "word":
        return _same(typed, word(venue, place, now))
    return how == "screen" and any([_same(typed, _short(venue, place, step)) for step in _steps(now)])


def opens_link(venue: Venue, place: str, how: str, scanned: str, now: datetime) -> bool:
    """Whether the code of a scanned address is on the place's screen now, or was a moment ago."""
    return how == "screen" and any([_same(scanned, _link(venue, place, step)) for step in _steps(now)])


def opens_screen(venue: Venue, place: str, token: str) -> bool:
    """Whether this is the token of the place's screen."""
    return _same(token, screen_token(venue, place))


def _steps(now: datetime) -> range:
    return range(step_of(now) - BEHIND, step_of(now) + AHEAD + 1)


def _link(venue: Venue, place: str, step: int) -> str:
    return _seal(venue, place, f"link {step}")[:16]


def _short(venue: Venue, place: str, step: int) -> str:
    return _digits(_seal(venue, place, f"short {step}"), DIGITS)


def _seal(venue: Venue, place: str, what: str) -> str:
    return actors.seal("venue", "\0".join((venue.id, str(venue.epoch), str(venue.venue_round), place, what)))


def _digits(seal: str, count: int) -> str:
    """So many digits of a seal, the first of them no zero: it may be read out."""
    least = 10 ** (count - 1)
    return str(least + int(seal[:16], 16) % (9 * least))


def _same(typed: str, code: str) -> bool:
    return hmac.compare_digest(typed.encode(), code.encode())
