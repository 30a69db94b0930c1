"""Counts of a rate limit in this process: what the library's own store does, without a thread that looks through all of them again and again."""

from __future__ import annotations

import heapq
import threading
import time

from limits.storage import Storage


class Counts(Storage):
    """Fixed windows in memory; whoever counts forgets a few that are over, so that nothing grows and nobody waits for a sweep."""

    STORAGE_SCHEME = ["eventsvc-memory"]

    def __init__(self) -> None:
        super().__init__(None)
        self._mutex = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}  # how often, and when its window is over
        self._ends: list[tuple[float, str]] = []

    @property
    def base_exceptions(self) -> type[Exception]:
        """Nothing can go wrong here."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count ``amount`` more; the window begins with the first."""
        now = time.time()
        with self._mutex:
            for _ in range(2):  # more than can come in meanwhile
                if not self._ends or self._ends[0][0] > now:
                    break
                over, name = heapq.heappop(self._ends)
                if self._counts.get(name, (0, 0.0))[1] == over:
                    del self._counts[name]
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
                heapq.heappush(self._ends, (until, key))
            self._counts[key] = (count + amount, until)
        return count + amount

    def get(self, key: str) -> int:
        """The count of a window that is not over, else 0."""
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """When the window is over, in seconds since 1970."""
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> None:
        """Forget every count."""
        with self._mutex:
            self._counts.clear()
            self._ends.clear()

    def clear(self, key: str) -> None:
        """Forget one."""
        with self._mutex:
            self._counts.pop(key, None)
