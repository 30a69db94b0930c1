"""Turns: so many at once and no more, whoever came first goes first, nobody waits for ever."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterator

from eventsvc.errors import Unavailable


class Turns:
    """Lets ``most`` callers work at the same time; the others wait in order of arrival, each at most ``wait`` seconds (then `Unavailable`).

    A semaphore of the standard library lets a newcomer slip in before those who wait, and so may a pool of connections.
    """

    def __init__(self, most: int, wait: float) -> None:
        self.most, self.wait = most, wait
        self._mutex = threading.Lock()
        self._free = most
        self._line: deque[threading.Event] = deque()

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """A turn for as long as the block lasts. Raises Unavailable where it does not come in time."""
        self._take()
        try:
            yield
        finally:
            self._pass_on()

    def _take(self) -> None:
        with self._mutex:
            if self._free:
                self._free -= 1
                return
            called = threading.Event()
            self._line.append(called)
        if called.wait(self.wait):
            return
        with self._mutex:
            if not called.is_set():
                self._line.remove(called)
                raise Unavailable

    def _pass_on(self) -> None:
        """To whoever waits first, without setting it free in between."""
        with self._mutex:
            if self._line:
                self._line.popleft().set()
            else:
                self._free += 1
