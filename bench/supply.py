"""Tickets that nobody has shown yet: every run takes fresh ones, so that each check-in that is measured is a first one."""

from __future__ import annotations

from collections.abc import Sequence

MOST_A_SECOND = 6_000  # check-ins one at a time that a run may need tickets for


class UsedUp(Exception):
    """There are not enough fresh tickets left for a run."""


class Supply:
    """Hands out tickets in order."""

    def __init__(self, codes: Sequence[str]) -> None:
        self._codes, self._next = codes, 0

    def ahead(self, count: int) -> Sequence[str]:
        """The next ``count`` tickets, which stay fresh until they are said to be `shown`. Raises UsedUp."""
        found = self._codes[self._next : self._next + count]
        if len(found) < count:
            raise UsedUp(f"{count:,} fresh tickets were needed and {len(found):,} are left: a larger --fresh")
        return found

    def shown(self, count: int) -> None:
        """So many of them are fresh no longer."""
        self._next += count
