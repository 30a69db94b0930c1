"""Large groups on SQLite are decided while the one before them is still written.

SQLite writes one transaction at a time and the interpreter decides one at a time; a batch of records costs about as much of either, on
a core each. So whoever leads reads and decides in a transaction that only reads, waits for the turn to write, hands over, and writes what it
decided: the next one decides meanwhile.

It is exact, and needs no luck. One connection writes all of these, and `Pen.others` of it changes as soon as any other connection, of
whatever process, has committed. It is asked before anything is read, and again with the right to write in hand: if it is the same, nothing was
written since but what this connection wrote, which is the transaction before at most. Its ``keys`` are known: where they have none in common with
what was decided, that still holds; where they do, or others wrote, `may_write` says no, and the group is done once more in the usual way.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TypeVar

from eventsvc.db import Pen, reading
from eventsvc.ports import cores

R = TypeVar("R")
Keys = Set[str]  # what a transaction bears on: ids of records and tickets, keys of counters
_NOTHING: Keys = frozenset()


class Succession:
    """A line of such transactions: one at a time decides, and one at a time writes."""

    def __init__(self) -> None:
        self._pen = Pen()
        self._others = -1
        self._written: Keys | None = None  # keys of the transaction that is being written
        self._bearing: Keys = _NOTHING  # of the one that was, when the present one began to read

    def decide(self, verb: Callable[[], R]) -> R:
        """What ``verb`` finds in a transaction that only reads."""
        written = self._written
        if written is None:
            self._others = self._pen.others()  # nobody holds the pen
        self._bearing = written or _NOTHING
        with reading():
            return verb()

    def may_write(self, keys: Keys) -> bool:
        """Wait for the turn to write; whether what was decided holds then. If so, `write` has to follow. Raises Unavailable."""
        if not self._bearing.isdisjoint(keys):
            return False
        self._pen.take()
        try:
            holds = self._pen.others() == self._others
        except BaseException:
            self._pen.put_back()
            raise
        if not holds:
            self._pen.put_back()
            return False
        self._written = keys
        return True

    def write(self, verb: Callable[[], None]) -> None:
        """Write what was decided, and commit; the next one may decide meanwhile, on the other core."""
        cores.leave()
        try:
            self._pen.write(verb)
        finally:
            self._written = None
            self._pen.put_back()
