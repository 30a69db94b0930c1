"""A thousand registrations by 64 connections at 200 places over four sessions: exactly the places, the line in order, no 5xx."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tests.live import LiveServer
from tests.server.crowd import Answer, Client, Town, person

SESSIONS = [{"key": f"s{number}", "name": f"体验{number + 1}", "capacity": 50} for number in range(4)]
CONNECTIONS, PEOPLE = 64, 1000


def fire(town: Town, body_of: Callable[[int], dict[str, Any]]) -> list[tuple[float, Answer]]:
    """Every person registers once; 64 connections take turns as fast as they can. When each was answered, and how."""
    numbers, lock = count(), threading.Lock()
    answers: list[tuple[float, Answer]] = []
    failed: list[BaseException] = []

    def work(client: Client) -> None:
        try:
            while True:
                with lock:
                    number = next(numbers)
                if number >= PEOPLE:
                    return
                answer = client("POST", f"/events/{town.slug}/registrations", body_of(number))
                with lock:
                    answers.append((time.monotonic(), answer))
        except BaseException as error:  # noqa: BLE001 - shown below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(town.client(number, town.owner),)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(180)
    assert failed == [] and len(answers) == PEOPLE
    return answers


def listed(town: Town) -> list[dict[str, Any]]:
    """The event's registrations in order of arrival."""
    rows: list[dict[str, Any]] = []
    call, cursor = town.client(token=town.owner), None
    while True:
        status, page = call("POST", f"/events/{town.slug}/registrations/search", {"limit": 200, **({"cursor": cursor} if cursor else {})})
        assert status == 200
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> LiveServer:
    return new_server()


@pytest.mark.parametrize("whole", [True, False], ids=["event full", "sessions full"])
def test_a_thousand_at_two_hundred_places(server: LiveServer, whole: bool) -> None:
    """``event full``: the event itself has 200 places; ``sessions full``: only its sessions have, and each has a line."""
    registration = {"capacity": 200} if whole else {}
    town = Town([server], changes={"sessions": SESSIONS, "registration": {**registration, "waitlist": True}})
    answers = fire(town, lambda number: {**person(), "sessions": [f"s{number % 4}"], "wait_for_sessions": True})
    assert Counter(status for _, (status, _body) in answers) == {201: PEOPLE}
    rows = listed(town)
    places = Counter(key for row in rows if row["status"] == "confirmed" for key in row["sessions"])
    lines = [line for _, (_, body) in answers for line in body["waiting_sessions"]]
    if whole:
        # 200 people are in; whoever found their own session full is in the event and in that session's line
        assert sum(row["status"] == "confirmed" for row in rows) == 200
        first = [row["id"] for row in rows[:200]]
        assert {row["id"] for row in rows if row["status"] == "confirmed"} == set(first), "whoever came first has the places"
        waiting = sorted(body["waitlist_position"] for _, (_, body) in answers if body["status"] == "waitlisted")
        assert waiting == list(range(1, 801)), "each place in the line once"
        order = {body["id"]: body["waitlist_position"] for _, (_, body) in answers if body["status"] == "waitlisted"}
        assert [order[row["id"]] for row in rows[200:]] == list(range(1, 801)), "the line is in order of arrival"
    else:
        assert places == {f"s{number}": 50 for number in range(4)}, "exactly the capacity in each"
    for key in places:
        assert places[key] <= 50
        positions = [line["position"] for line in lines if line["key"] == key]
        assert sorted(positions) == list(range(1, len(positions) + 1)), "each place in a session's line once"
    if not whole:
        assert Counter(line["key"] for line in lines) == {f"s{number}": 200 for number in range(4)}
        by_id = {body["id"]: body for _, (_, body) in answers}
        for number in range(4):
            own = [by_id[row["id"]] for row in rows if by_id[row["id"]]["waiting_sessions"] and by_id[row["id"]]["waiting_sessions"][0]["key"] == f"s{number}"]
            assert [body["waiting_sessions"][0]["position"] for body in own] == list(range(1, 201)), "in order of arrival"
