"""Group commit: everyone is answered once, with their own answer, in order, whatever fails."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

from eventsvc.errors import Conflict, Unavailable
from eventsvc.services.records import together
from eventsvc.services.records.together import Job, Together


class Writer:
    """A slow process that remembers its groups; a job with work "bad" sinks the group, "refused" only itself."""

    def __init__(self, seconds: float = 0.005) -> None:
        self.groups: list[list[str]] = []
        self.seconds = seconds
        self.busy = threading.Lock()

    def __call__(self, jobs: Sequence[Job]) -> None:
        assert self.busy.acquire(blocking=False), "two groups at once"
        try:
            self.groups.append([job.work for job in jobs])
            time.sleep(self.seconds)
            for job in jobs:
                if job.work == "bad":
                    raise ValueError("bad")
                if job.work == "refused":
                    job.error = Conflict("no")
                else:
                    job.result = job.work.upper()
        finally:
            self.busy.release()


def at_once(line: Together, works: list[tuple[str, str]]) -> list[object]:
    """Run all jobs from a thread each; results or errors in order."""
    found: list[object] = [None] * len(works)

    def run(number: int, key: str, work: str) -> None:
        try:
            found[number] = line.run(Job(key, 1, work))
        except Exception as error:
            found[number] = error

    threads = [threading.Thread(target=run, args=(number, *work)) for number, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_everyone_gets_their_own_answer_and_groups_are_shared() -> None:
    writer = Writer()
    line = Together(writer)
    found = at_once(line, [("a", f"w{n}") for n in range(200)])
    assert found == [f"W{n}" for n in range(200)]
    assert sorted(sum(writer.groups, [])) == sorted(f"w{n}" for n in range(200))
    assert len(writer.groups) < 100
    assert max(map(len, writer.groups)) <= together.MOST_JOBS


def test_events_do_not_share_a_transaction() -> None:
    writer = Writer()
    at_once(Together(writer), [(key, f"{key}{n}") for n in range(30) for key in "abc"])
    assert all(len({work[0] for work in group}) == 1 for group in writer.groups)


def test_one_that_fails_sinks_nobody_else() -> None:
    works = [("a", "bad" if n % 10 == 3 else "refused" if n % 10 == 5 else f"w{n}") for n in range(60)]
    found = at_once(Together(Writer()), works)
    for (_key, work), what in zip(works, found, strict=True):
        if work == "bad":
            assert isinstance(what, ValueError)
        elif work == "refused":
            assert isinstance(what, Conflict)
        else:
            assert what == work.upper()


def test_alone_it_runs_in_its_own_thread() -> None:
    seen = []
    line = Together(lambda jobs: seen.append(threading.get_ident()))
    line.run(Job("a", 1, "x"))
    assert seen == [threading.get_ident()]


def test_a_stuck_writer_makes_others_give_up_and_the_line_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "PATIENCE", 0.2)
    writer = Writer(seconds=0.7)
    line = Together(writer)
    found = at_once(line, [("a", "first"), ("b", "second"), ("b", "third")])
    assert sum(isinstance(what, Unavailable) for what in found) >= 1
    writer.seconds = 0
    assert line.run(Job("a", 1, "later")) == "LATER"


def test_beyond_the_end_of_the_line_everybody_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST_WAITING", 5)
    writer = Writer(seconds=0.3)
    began = time.monotonic()
    found = at_once(Together(writer), [("a", f"w{n}") for n in range(30)])
    refused = [what for what in found if isinstance(what, Unavailable)]
    kept = [what for what in found if isinstance(what, str)]
    assert refused and len(refused) + len(kept) == 30 and time.monotonic() - began < 10
    assert sorted(kept) == sorted(work.upper() for group in writer.groups for work in group), "who was refused was not worked on"


def test_whoever_is_alone_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "LINGER", 30.0)
    writer = Writer()
    line = Together(writer)
    began = time.monotonic()
    assert line.run(Job("a", 1, "first")) == "FIRST"
    assert time.monotonic() - began < 5
    monkeypatch.setattr(together, "LINGER", 0.01)
    at_once(line, [("a", f"w{n}") for n in range(8)])  # then the crowd is gone: one pause, and nobody is expected any more
    for _ in range(3):
        assert line.run(Job("a", 1, "last")) == "LAST"
    assert line._usual == 1


def test_a_crowd_that_comes_again_shares_one_group() -> None:
    writer = Writer(0.02)
    line = Together(writer)
    for _ in range(5):
        at_once(line, [("a", f"w{n}") for n in range(12)])
    assert sum(map(len, writer.groups)) == 60
    assert len(writer.groups) <= 30


def test_what_a_group_leaves_is_done_while_the_next_one_begins_and_nobody_is_told_before() -> None:
    steps: list[str] = []
    second_began, wrote = threading.Event(), threading.Lock()

    def process(jobs: Sequence[Job]) -> Callable[[], None]:
        works = [job.work for job in jobs]
        steps.append(f"decided {works}")
        if "second" in works:
            second_began.set()

        def rest() -> None:
            if "first" in works:
                assert second_began.wait(10), "the next group had to wait"
            with wrote:
                for job in jobs:
                    job.result = job.work.upper()
                steps.append(f"wrote {works}")

        return rest

    line = Together(process)
    found: dict[str, object] = {}
    threads = [threading.Thread(target=lambda work=work: found.update({work: line.run(Job(work, 1, work))})) for work in ("first", "second")]
    threads[0].start()
    while not steps:
        time.sleep(0.01)
    threads[1].start()
    for thread in threads:
        thread.join(20)
    assert found == {"first": "FIRST", "second": "SECOND"}
    assert steps.index("decided ['second']") < steps.index("wrote ['first']")


def test_where_what_is_left_fails_each_is_done_alone() -> None:
    alone: list[str] = []

    def process(jobs: Sequence[Job]) -> Callable[[], None]:
        def rest() -> None:
            raise ValueError("the group")

        time.sleep(0.02)
        return rest

    def one(jobs: Sequence[Job]) -> None:
        (job,) = jobs
        alone.append(job.work)
        if job.work == "bad":
            raise ValueError("bad")
        job.result = job.work.upper()

    found = at_once(Together(process, alone=one), [("a", "bad" if n == 3 else f"w{n}") for n in range(20)])
    shared = [what for what in found if isinstance(what, ValueError) and str(what) == "the group"]  # who came alone is told
    told = [what for what in found if isinstance(what, ValueError)]
    assert len(told) <= len(shared) + 1 and {what for what in found if isinstance(what, str)} == {work.upper() for work in alone if work != "bad"}
    assert len(shared) < 20


def test_a_full_transaction_waits_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "LINGER", 30.0)
    line = Together(Writer())
    line._usual = 8
    began = time.monotonic()
    assert line.run(Job("a", together.MOST_RECORDS, "large")) == "LARGE"
    assert time.monotonic() - began < 5
