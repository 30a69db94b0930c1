"""On which core a thread runs: those that share the interpreter all the time share a core too.

Python runs one thread at a time. Where many small requests come at once, each is handed the interpreter several times, and from
core to core that costs more than the request's own work (docs/decisions/0010-speed.md). Everything else, as pages and workbooks, is
left to run wherever there is room.
"""

from __future__ import annotations

import os
import threading


class _OneCore:
    """The cores of this process, and the one on which its threads gather; nothing is done where there is no choice."""

    def __init__(self) -> None:
        self.every: set[int] = set()
        self.one: set[int] = set()
        self.moved = threading.local()

    def use(self) -> None:
        """Threads may gather from now on: for a process whose threads are nobody else's. Several such on a machine take cores in turn, by their numbers."""
        if not hasattr(os, "sched_setaffinity"):
            return  # not on Linux
        cores = sorted(os.sched_getaffinity(0))
        if len(cores) > 1:
            self.every, self.one = set(cores), {cores[os.getpid() % len(cores)]}

    def gather(self) -> None:
        """This thread runs on that core from now on."""
        self._move(self.one)

    def leave(self) -> None:
        """This thread runs on the others: it has something long to do that needs no interpreter."""
        self._move(self.every - self.one)

    def spread(self) -> None:
        """This thread runs anywhere again."""
        self._move(self.every)

    def _move(self, cores: set[int]) -> None:
        if not cores or cores == getattr(self.moved, "to", self.every):
            return
        self.moved.to = cores
        try:
            os.sched_setaffinity(0, cores)
        except OSError:  # the cores of this process were changed meanwhile: whoever did so knows better
            self.every, self.one = set(), set()


_cores = _OneCore()
use, gather, leave, spread = _cores.use, _cores.gather, _cores.leave, _cores.spread
