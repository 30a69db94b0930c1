"""Rate limits: counted, told how long to wait, and never in the way when the shared counts are out of reach."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventsvc.config import BadSetting
from eventsvc.errors import TooMany
from eventsvc.ports import counting, limits, shared
from tests.postgres import free_port
from tests.redis import Redis


@pytest.fixture(autouse=True)
def counts_of_our_own() -> Iterator[None]:
    yield
    limits.use("")
    shared.use("")


def test_used_up_says_how_long_to_wait() -> None:
    limits.use("")
    limits.hit("2/minute", "a", "b")
    limits.check("2/minute", "a", "b")
    limits.hit("2/minute", "a", "b")
    for ask in (limits.hit, limits.check):
        with pytest.raises(TooMany) as raised:
            ask("2/minute", "a", "b")
        assert 1 <= raised.value.retry_after <= 60
    limits.hit("2/minute", "a", "c")


def test_without_its_redis_a_server_counts_for_itself() -> None:
    limits.use(f"redis://127.0.0.1:{free_port()}/0")
    try:
        limits.hit("1/minute", "a")
        with pytest.raises(TooMany):
            limits.hit("1/minute", "a")
    finally:
        limits.use("")


def test_a_bad_address_is_said_in_one_line() -> None:
    with pytest.raises(BadSetting):
        limits.use("memcached-or-so://x")
    limits.use("")


def test_counts_in_a_real_redis_are_shared_and_outlive_the_process(tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    uri = redis.start()
    try:
        limits.use(uri)
        assert limits.answer()
        limits.hit("2/minute", "a")
        limits.use(uri)  # another process: nothing of its own
        limits.hit("2/minute", "a")
        with pytest.raises(TooMany) as raised:
            limits.hit("2/minute", "a")
        assert 1 <= raised.value.retry_after <= 60
    finally:
        redis.stop()


def test_a_redis_that_hangs_holds_nobody_up_and_is_not_asked_again_at_once(tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    uri = redis.start()
    assert redis.process
    try:
        limits.use(uri)
        limits.hit("9/minute", "a")
        os.kill(redis.process.pid, signal.SIGSTOP)
        began = time.monotonic()
        for _ in range(20):
            limits.hit("99/minute", "a")
        assert time.monotonic() - began < 3  # one patience (twice, where the client tries again), not twenty
    finally:
        redis.stop()


def test_what_screens_show_is_made_once_a_moment_for_all_servers(tmp_path: Path) -> None:
    redis = Redis(tmp_path)
    uri = redis.start()
    made: list[int] = []

    def make() -> str:
        made.append(1)
        return f"第{len(made)}次"

    try:
        shared.use(uri)
        assert [shared.for_a_moment("s", 30, make) for _ in range(3)] == ["第1次"] * 3
        shared.use(uri)  # another server
        assert shared.for_a_moment("s", 30, make) == "第1次"
        assert shared.for_a_moment("other", 0.05, make) == "第2次"
        time.sleep(0.1)
        assert shared.for_a_moment("other", 0.05, make) == "第3次"
        redis.stop()
        assert shared.for_a_moment("s", 30, make) == "第4次"  # out of reach: made here
    finally:
        redis.stop()


def test_without_redis_a_process_shares_with_itself() -> None:
    shared.use("")
    answers = iter(["一", "二"])
    assert [shared.for_a_moment("s", 30, lambda: next(answers)) for _ in range(2)] == ["一", "一"]
    shared.reset()
    assert shared.for_a_moment("s", 30, lambda: next(answers)) == "二"


def test_counts_in_memory_begin_anew_when_their_window_is_over_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr(counting.time, "time", lambda: now[0])
    counts = counting.Counts()
    assert [counts.incr("a", 60), counts.incr("a", 60, 2), counts.incr("b", 3600)] == [1, 3, 1]
    now[0] += 59.9
    assert (counts.get("a"), counts.get_expiry("a"), counts.incr("a", 60)) == (3, 1_060.0, 4)
    now[0] += 0.1
    assert (counts.get("a"), counts.incr("a", 60), counts.get_expiry("a")) == (0, 1, 1_120.0)
    for number in range(500):
        counts.incr(f"somebody {number}", 60)
    now[0] += 4000
    for number in range(400):
        counts.incr(f"else {number}", 60)
    assert len(counts._counts) == len(counts._ends) == 400, "what is over is forgotten by and by"
    counts.reset()
    assert counts.get("else 1") == 0


def test_counts_in_memory_lose_none_of_many_threads() -> None:
    counts = counting.Counts()
    threads = [threading.Thread(target=lambda: [counts.incr("a", 60) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert counts.get("a") == 4000
