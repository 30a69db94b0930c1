"""The clock: the only source of "now"; tests set it by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that says what time it is, as an aware datetime in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)


class FakeClock:
    """A clock that moves only when told to."""

    def __init__(self, now: datetime) -> None:
        self._now = now.astimezone(UTC)

    def now(self) -> datetime:
        """The moment it was last set to."""
        return self._now

    def set(self, now: datetime) -> None:
        """Move to an aware moment."""
        self._now = now.astimezone(UTC)

    def advance(self, **delta: float) -> None:
        """Move on by a timedelta's keyword arguments (``minutes=5``)."""
        self._now += timedelta(**delta)


_current: Clock = SystemClock()


def use(clock: Clock) -> None:
    """Make this the process's clock."""
    global _current
    _current = clock


def now() -> datetime:
    """The present moment in UTC, by the process's clock."""
    return _current.now()
