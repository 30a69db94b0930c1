"""Group commit: requests that come at the same time for one event share one transaction and one flush to disk.

Whoever finds nobody at work leads: it takes every request that waits for the same event, works through them in the
order in which they came, commits once, and wakes them; then the next one that waits leads. Where the last group was
shared, the leader first waits a moment for as many again: larger groups pay less, and threads that read their requests
meanwhile do not fight it for the interpreter. Nobody is answered before the commit, and the line has an end: beyond it
503 with Retry-After is answered at once. If a group fails as a whole, each of its requests is tried alone, so that one
cannot sink the others; only where the database itself is at fault all are told so at once.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import OperationalError

from eventsvc.errors import Refusal, Unavailable

MOST_JOBS = 64
MOST_RECORDS = 1600  # of one transaction, so that no writer waits long: three whole batches, and the scans that come with them
MUCH = 250  # records that are worth a wait, while there is room for them
MOST_WAITING = 96  # jobs in line, fewer than there are threads: whoever comes after them is told at once to come again
PATIENCE = 7.0  # seconds: less than a phone waits for its answer
LINGER = 0.002  # seconds that a leader waits for as many as there were last time; somebody alone waits for nobody

Rest = Callable[[], None]
Scope = Callable[[], AbstractContextManager[Any]]  # what is entered around the work


@dataclass(eq=False)
class Job:
    """One piece of a request on its way through a transaction: what to do, then what came of it."""

    key: str  # only jobs of one key share a transaction
    size: int
    work: Any
    within: Scope = nullcontext  # entered by whoever leads: the others need none of it
    result: Any = None
    error: BaseException | None = None
    done: bool = False
    leads: bool = False  # was told to lead
    turn: threading.Lock = field(default_factory=lambda: held())  # let go when it is done, and when it is told to lead


def held() -> threading.Lock:
    """A lock that somebody else will let go: a bare one costs a tenth of an Event, and wakes its waiter once."""
    lock = threading.Lock()
    lock.acquire()
    return lock


class Together:
    """Runs jobs through ``process`` in groups; ``process`` sets each job's ``result`` or ``error`` in one transaction.

    It may leave something to do after the next group may begin, and returns that. ``alone`` is the same for one job, if that has to be another way.
    """

    def __init__(self, process: Callable[[Sequence[Job]], Rest | None], alone: Callable[[Sequence[Job]], None] | None = None) -> None:
        self._process, self._alone = process, alone or process
        self._mutex = threading.Lock()
        self._waiting: deque[Job] = deque()
        self._led = False
        self._usual = 1  # jobs that were there the last time
        self._awaited = 0  # so many waiting end the leader's pause; 0: it makes none
        self._enough = held()

    def run(self, job: Job) -> Any:
        """Have a job done, by this thread or by another one; returns its result or raises its error."""
        with self._mutex:
            if len(self._waiting) >= MOST_WAITING:
                raise Unavailable
            self._waiting.append(job)
            if self._awaited and self._is_enough(self._awaited):
                self._awaited = 0
                self._enough.release()
            follows = self._led
            self._led = True
        if follows:
            ready = job.turn.acquire(timeout=PATIENCE)
            if not ready and self._withdraw(job):
                raise Unavailable
            if not ready and not job.turn.acquire(timeout=PATIENCE):
                raise Unavailable  # begun, and still not through: the phone asks again under the same id
        if not job.done:
            with job.within():
                self._lead()
        if job.error is not None:
            raise job.error
        return job.result

    def _withdraw(self, job: Job) -> bool:
        """Take a job back that nobody has begun; False where it was begun meanwhile."""
        with self._mutex:
            if job in self._waiting and not job.leads:
                self._waiting.remove(job)
                return True
        return False

    def _lead(self) -> None:
        """Do one group, this thread's own job among it, and hand over to the next that waits."""
        self._gather()
        group = self._next_group()
        try:
            try:
                rest = self._do(group)
            finally:
                self._hand_over()
            if rest is not None:
                self._finish(group, rest)
        except BaseException as error:
            for job in group:
                job.error = job.error or error
            raise
        finally:
            for job in group:
                job.done = True
                job.turn.release()

    def _hand_over(self) -> None:
        with self._mutex:
            follower = self._waiting[0] if self._waiting else None
            self._led = follower is not None
            if follower is not None:
                follower.leads = True
                follower.turn.release()

    def _gather(self) -> None:
        """Wait until as many have come as the last group had, but only a moment."""
        with self._mutex:
            if self._is_enough(self._usual):
                return
            self._awaited = self._usual
        if self._enough.acquire(timeout=LINGER):
            return
        with self._mutex:
            if not self._awaited:  # the last one came just now
                self._enough.acquire()
            self._awaited = 0

    def _is_enough(self, awaited: int) -> bool:
        """Whether so many wait, or as many as one transaction takes."""
        return len(self._waiting) >= awaited or sum(job.size for job in self._waiting) > MOST_RECORDS - MUCH

    def _next_group(self) -> list[Job]:
        with self._mutex:
            first = self._waiting.popleft()
            group, size, left = [first], first.size, deque[Job]()
            while self._waiting and len(group) < MOST_JOBS:
                job = self._waiting.popleft()
                if job.key == first.key and size + job.size <= MOST_RECORDS:
                    group.append(job)
                    size += job.size
                else:
                    left.append(job)
            left.extend(self._waiting)
            self._waiting = left
            self._usual = len(group) + len(left)  # all who are about: together again the next time
        return group

    def _do(self, group: list[Job]) -> Rest | None:
        try:
            return self._process(group)
        except Exception as error:
            self._each_alone(group, error)
            return None

    def _finish(self, group: list[Job], rest: Rest) -> None:
        try:
            rest()
        except Exception as error:
            self._each_alone(group, error)

    def _each_alone(self, group: list[Job], error: Exception) -> None:
        if len(group) == 1 or isinstance(error, (OperationalError, Refusal)):  # alone it would wait as long again
            for job in group:
                job.result, job.error = None, error
            return
        for job in group:
            job.result, job.error = None, None
            try:
                self._alone([job])
            except Exception as own:
                job.error = own
