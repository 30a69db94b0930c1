"""Races over HTTP against two server processes on one database: the same promises as one at a time."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.live import LiveServer
from tests.server.crowd import Answer, Town, batch, checkin, person, tally

CROWD = 32


@pytest.fixture(scope="module")
def pair(new_database: Callable[[], str], scratch: Path) -> Iterator[list[LiveServer]]:
    """Two server processes that share one database: PostgreSQL, or one SQLite file."""
    url = new_database()
    servers = [LiveServer(scratch / f"pair-{number}", url) for number in range(2)]
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.close()


def outcomes(answers: list[Answer]) -> Counter[str]:
    """How the first record of each batch ended."""
    assert {status for status, _ in answers} == {200}, Counter(status for status, _ in answers)
    return Counter(body["results"][0]["outcome"] for _, body in answers)


def test_one_ticket_on_32_connections_is_admitted_once(pair: list[LiveServer]) -> None:
    town = Town(pair)
    ticket = town.ticket()
    phones = [town.phone(number) for number in range(CROWD)]
    answers = town.together("/events/{slug}/records", [batch(checkin(ticket["code"])) for _ in phones], phones)
    assert outcomes(answers) == {"admitted": 1, "already_used": CROWD - 1}
    stats = town.get()
    assert (stats["entries"], stats["people_admitted"], stats["scans"], stats["conflicts"]) == (1, 1, CROWD, 0)


def test_a_party_enters_in_parts_and_never_beyond_itself(pair: list[LiveServer]) -> None:
    town = Town(pair)
    ticket = town.ticket(party_size=5)
    phones = [town.phone(number) for number in range(12)]
    answers = town.together("/events/{slug}/records", [batch(checkin(ticket["code"], count=1 + n % 2)) for n in range(12)], phones)
    counted = outcomes(answers)
    assert set(counted) <= {"admitted", "already_used", "too_many"}
    assert town.get()["entries"] == sum(body["results"][0]["admitted"] for _, body in answers) <= 5


def test_many_tickets_in_many_batches(pair: list[LiveServer]) -> None:
    """Batches that hold the same tickets in different orders neither wait for one another for ever nor admit twice."""
    town = Town(pair)
    tickets = [town.ticket()["code"] for _ in range(20)]
    phones = [town.phone(number) for number in range(8)]
    bodies = [batch(*(checkin(code) for code in random.Random(n).sample(tickets, len(tickets)))) for n in range(8)]
    answers = town.together("/events/{slug}/records", bodies, phones)
    assert {status for status, _ in answers} == {200}
    counted = Counter(result["outcome"] for _, body in answers for result in body["results"])
    assert counted == {"admitted": 20, "already_used": 140}


@pytest.mark.parametrize("waitlist", [True, False])
def test_capacity_with_parties_of_one_is_met_exactly(pair: list[LiveServer], waitlist: bool) -> None:
    town = Town(pair, changes={"registration": {"capacity": 20, "waitlist": waitlist}})
    residents = [town.client(number) for number in range(40)]
    answers = town.together("/events/{slug}/registrations", [person() for _ in residents], residents)
    assert {status for status, _ in answers} <= {201, 409}
    confirmed = [body for status, body in answers if status == 201 and body["status"] == "confirmed"]
    assert len(confirmed) == 20 and town.get()["people_registered"] == 20
    rest = [(status, body) for status, body in answers if body not in confirmed]
    if waitlist:
        assert sorted(body["waitlist_position"] for _, body in rest) == list(range(1, 21)), "the rest waits in order"
    else:
        assert {(status, body["code"]) for status, body in rest} == {(409, "event_full")}
    assert len({body["code"] for body in confirmed}) == len({body["pickup_code"] for body in confirmed}) == 20


def test_capacity_with_parties_of_up_to_three_is_never_exceeded(pair: list[LiveServer]) -> None:
    town = Town(pair, changes={"registration": {"capacity": 20}})
    residents = [town.client(number) for number in range(40)]
    answers = town.together("/events/{slug}/registrations", [person(1 + n % 3) for n in range(40)], residents)
    assert {status for status, _ in answers} == {201}
    placed = sum(body["party_size"] for _, body in answers if body["status"] == "confirmed")
    assert 18 <= placed <= 20, "a party is placed whole, and whoever comes after one that waits waits too"
    stats = town.get()
    assert stats["people_registered"] == placed and stats["waitlisted"] == sum(1 + n % 3 for n in range(40)) - placed
    assert town.get("")["places_left"] == 20 - placed


def test_a_session_is_not_overfilled(pair: list[LiveServer]) -> None:
    town = Town(pair, changes={"sessions": [{"key": "paper-cut", "name": "剪纸", "capacity": 5}]})
    residents = [town.client(number) for number in range(16)]
    answers = town.together("/events/{slug}/registrations", [{**person(), "sessions": ["paper-cut"]} for _ in residents], residents)
    assert Counter(status for status, _ in answers) == {201: 5, 422: 11}


def test_cancelling_at_once_frees_each_place_once(pair: list[LiveServer]) -> None:
    town = Town(pair, changes={"registration": {"capacity": 8}})
    first = [town.ticket() for _ in range(16)]
    owners = [town.client(number, town.owner) for number in range(16)]
    for path in {f"/events/{{slug}}/registrations/{made['id']}/cancel" for made in first[:4]}:
        answers = town.together(path, [None] * 4, owners[:4])
        assert {(status, body["status"]) for status, body in answers} == {(200, "cancelled")}
    stats = town.get()
    assert (stats["people_registered"], stats["waitlisted"]) == (8, 4)
    assert town.get("")["places_left"] == 0


def test_the_same_record_at_once_is_kept_once(pair: list[LiveServer]) -> None:
    town = Town(pair)
    for record in (checkin(town.ticket()["code"]), tally(3)):
        phone = town.phone()
        same = [town.client(number, phone.token) for number in range(16)]
        answers = town.together("/events/{slug}/records", [batch(record)] * 16, same)
        assert {status for status, _ in answers} == {200}
        results = [body["results"][0] for _, body in answers]
        assert Counter(result.pop("status") for result in results) == {"recorded": 1, "replayed": 15}
        assert all(result == results[0] for result in results), "everybody gets the same answer"
    stats = town.get()
    assert (stats["entries"], stats["scans"], stats["counters"][0]["total"]) == (1, 1, 3)


def test_other_content_under_an_id(pair: list[LiveServer]) -> None:
    town = Town(pair)
    record = tally(3)
    phone = town.phone()
    same = [town.client(number, phone.token) for number in range(16)]
    answers = town.together("/events/{slug}/records", [batch({**record, "quantity": 3 + n % 2}) for n in range(16)], same)
    results = [body["results"][0] for _, body in answers]
    told = Counter((n % 2, result["status"], result["code"]) for n, result in enumerate(results))
    kept = next(parity for parity, status, _ in told if status == "recorded")
    assert told == {(kept, "recorded", None): 1, (kept, "replayed", None): 7, (1 - kept, "rejected", "id_reused"): 8}
    assert town.get()["counters"][0]["total"] == 3 + kept


def test_a_bad_record_never_sinks_the_others(pair: list[LiveServer]) -> None:
    town = Town(pair)
    bad: list[Any] = [None, {"id": "x"}, {**tally(), "quantity": 10**30}, {**tally(), "topic": "\ud800"}, checkin("\u0000", checkpoint="nix")]
    phones = [town.phone(number) for number in range(6)]
    answers = town.together("/events/{slug}/records", [batch(bad[0], tally(), *bad[1:], tally()) for _ in phones], phones)
    for status, body in answers:
        assert status == 200
        assert [result["status"] for result in body["results"]] == ["rejected", "recorded", *["rejected"] * 4, "recorded"]
    assert town.get()["counters"][0]["total"] == 12


def test_the_same_registration_at_once_is_made_once(pair: list[LiveServer]) -> None:
    town = Town(pair)
    residents = [town.client(number) for number in range(12)]
    answers = town.together("/events/{slug}/registrations", [person_once := person(2)] * 12, residents, **{"Idempotency-Key": "at-once"})
    made = [body for status, body in answers if status == 201]
    assert made and all(body == made[0] for body in made), person_once
    assert {(status, body["code"]) for status, body in answers if status != 201} <= {(409, "in_progress")}
    assert town.get()["people_registered"] == 2


def test_a_join_code_for_one_serves_one(pair: list[LiveServer]) -> None:
    town = Town(pair)
    invited = town.client(token=town.owner)("POST", f"/events/{town.slug}/devices", {"max_uses": 3})[1]
    phones = [town.client(number) for number in range(12)]
    bodies = [{"join_code": invited["join_code"], "operator": "甲", "nonce": f"nonce-of-phone-{n}"} for n in range(12)]
    answers = town.together("/devices/join", bodies, phones)
    assert Counter(status for status, _ in answers) == {201: 3, 409: 9}
