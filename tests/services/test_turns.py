"""Turns: never more at once than said, in order of arrival, and whoever waits too long is told and leaves the line as it was."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack

import pytest

from eventsvc.db import WRITERS
from eventsvc.errors import Unavailable
from eventsvc.turns import Turns


def in_line(turns: Turns) -> int:
    return len(turns._line)


def until(true: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.001)


def test_whoever_came_first_goes_first_and_never_more_than_so_many() -> None:
    turns, came, here, most, lock = Turns(3, 10), [], 0, 0, threading.Lock()

    def work(number: int) -> None:
        nonlocal here, most
        with turns.taken():
            with lock:
                came.append(number)
                here += 1
                most = max(most, here)
            time.sleep(0.002)
            with lock:
                here -= 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(turns.taken())
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda number=number: in_line(turns) == number + 1)
    for thread in threads:
        thread.join(10)
    assert sorted(came) == list(range(40)) and most <= 3
    assert all(abs(place - number) < 3 for place, number in enumerate(came)), "three run beside each other, nobody else passes"
    assert turns._free == 3


def test_a_newcomer_does_not_pass_whoever_waits() -> None:
    turns, came = Turns(1, 10), []

    def work(name: str) -> None:
        with turns.taken():
            came.append(name)

    first = threading.Thread(target=work, args=("first",))
    with turns.taken():
        first.start()
        until(lambda: in_line(turns) == 1)
    work("newcomer")  # at the very moment the turn is passed on
    first.join(10)
    assert came == ["first", "newcomer"]


def test_who_waits_too_long_is_told_and_the_others_go_on() -> None:
    turns = Turns(1, 0.02)
    with turns.taken():
        with pytest.raises(Unavailable), turns.taken():
            raise AssertionError("two at once")
        assert in_line(turns) == 0
    with turns.taken():
        pass
    assert turns._free == 1


def test_a_turn_is_given_back_when_the_work_fails() -> None:
    turns = Turns(1, 0.02)
    with pytest.raises(ValueError, match="bad"), turns.taken():
        raise ValueError("bad")
    with turns.taken():
        pass


def test_writers_leave_connections_for_those_who_read_and_record(app: object) -> None:
    pool = app.config["SQLALCHEMY_ENGINE_OPTIONS"]  # type: ignore[attr-defined]
    assert WRITERS < pool["pool_size"] + pool["max_overflow"]
