"""What carries a message out of the house: one verb for mail, one for text messages, three ways to fail, and a real fake of each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

log = logging.getLogger("eventsvc.messages")


class Undelivered(Exception):
    """The message did not go out; ``reason`` is a stable code of at most 60 characters, never the other side's free text."""

    def __init__(self, reason: str) -> None:
        self.reason = reason[:60]
        super().__init__(self.reason)


class Later(Undelivered):
    """Not now; ``seconds`` where the other side's rule says when."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.seconds = seconds


class Never(Undelivered):
    """This message will never go out to this address."""


class Down(Undelivered):
    """The carrier itself is out of reach or badly set up: no message would go out now."""


@dataclass(frozen=True)
class Letter:
    """A mail: whom to, what about, the text, and the Message-ID that stays the same when it is sent again."""

    to: str
    subject: str
    text: str
    message_id: str


@dataclass(frozen=True)
class Note:
    """A text message: an E.164 number, the template's key with its values in order, and the whole text as the reader gets it."""

    to: str
    template: str
    values: Mapping[str, str]
    text: str
    message_id: str


class Mail(Protocol):
    """Sends mails."""

    def send(self, letter: Letter) -> None:
        """Hand one mail over; returns once the other side has taken it, raises Undelivered."""


class Sms(Protocol):
    """Sends text messages."""

    sign: str  # stands before every text as 【sign】 and counts
    day_limit: int  # to one number in a day

    def send(self, note: Note) -> None:
        """Hand one text message over; returns once the other side has taken it, raises Undelivered."""


@dataclass
class Console:
    """Writes into the log that a message would have gone out; the log hides numbers, codes and tokens, and names are not told to it."""

    sign: str = "演示"
    day_limit: int = 10

    def send(self, letter: Letter | Note) -> None:
        """Never fails."""
        kind = "sms" if isinstance(letter, Note) else "mail"
        what = letter.template if isinstance(letter, Note) else letter.subject
        log.info("message", extra={"channel": kind, "about": what, "message_id": letter.message_id})


@dataclass
class Fake:
    """Keeps what it was given, for tests; ``trouble`` may raise."""

    sign: str = "管城区阳光政务服务中心"
    day_limit: int = 10
    sent: list[Letter | Note] = field(default_factory=list)
    trouble: Callable[[Letter | Note], None] | None = None

    def send(self, letter: Letter | Note) -> None:
        """Keep it, unless ``trouble`` raises."""
        if self.trouble is not None:
            self.trouble(letter)
        self.sent.append(letter)
