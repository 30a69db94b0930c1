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


def in_order(turns: Turns, threads: list[threading.Thread]) -> None:
    """Starts them, each when the one before it stands in the line."""
    for number, thread in enumerate(threads):
        thread.start()
        until(lambda number=number: in_line(turns) == number + 1)


def test_whoever_came_first_goes_first() -> None:
    """One at a time, so that the order in which they note themselves is the order of their turns, however slow the machine."""
    turns, came = Turns(1, 60), []

    def work(number: int) -> None:
        with turns.taken():
            came.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(40)]
    with turns.taken():
        in_order(turns, threads)
    for thread in threads:
        thread.join(60)
    assert came == list(range(40))
    assert turns._free == 1


def test_never_more_than_so_many_at_once() -> None:
    turns, here, most, lock = Turns(3, 60), 0, 0, threading.Lock()
    together = threading.Barrier(3)

    def work() -> None:
        nonlocal here, most
        with turns.taken():
            with lock:
                here += 1
                most = max(most, here)
            together.wait(60)  # nobody goes on before three are here at once, so three do run beside each other
            with lock:
                here -= 1

    threads = [threading.Thread(target=work) for _ in range(39)]
    with ExitStack() as held:
        for _ in range(3):
            held.enter_context(turns.taken())
        in_order(turns, threads)
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert most == 3 and turns._free == 3


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
