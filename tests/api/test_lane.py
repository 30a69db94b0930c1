"""The short ways and the endpoints behind them give one answer: the same records once as "Bearer", once as "bearer", which goes the long way."""

from __future__ import annotations

import gzip
import json
import os
import threading
import time
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from eventsvc.api import lane
from eventsvc.ports import cores, limits
from tests.api.conftest import Api, person

AT = "2026-08-14T18:00:00+08:00"
TAP = {"type": "tally", "counter": "leaflets", "quantity": 1, "at": AT}
VOLATILE = {"request_id", "server_time"}


def tap(number: int) -> dict[str, Any]:
    return {"id": str(uuid.UUID(int=number)), **TAP}


BODIES: dict[str, Any] = {
    "a record": {"records": [tap(1)]},
    "a heartbeat": {"records": [], "queued": 3},
    "one bad among good": {"records": [tap(2), {"id": "x"}, None, tap(3)]},
    "an unknown ticket": {"records": [{"id": str(uuid.UUID(int=9)), "type": "checkin", "checkpoint": "gate", "ticket": "x", "count": 1, "at": AT}]},
    "a bad envelope": {"records": 5},
    "a bad time": {"records": [], "sent_at": "now"},
    "too many": {"records": [None] * 501},
    "no object": [1],
    "no JSON": "{",
    "empty": "",
}


def both(client: FlaskClient, slug: str, body: Any, token: str, **headers: str) -> list[Any]:
    """The answers of the short and of the long way, without what differs from request to request."""
    text = body if isinstance(body, str) else json.dumps(body)
    found = []
    for scheme in ("Bearer", "bearer"):
        sent = {"Authorization": f"{scheme} {token}", "Content-Type": "application/json", **headers}
        answer = client.post(f"/api/v1/events/{slug}/records", data=text, headers=sent)
        shown = {key: value for key, value in answer.get_json().items() if key not in VOLATILE}
        for result in shown.get("results", ()):
            result["status"] = result["status"].replace("replayed", "recorded")
        kept = {name: value for name, value in answer.headers.items() if name not in {"X-Request-ID", "Content-Length"}}
        found.append((answer.status, shown, kept))
    return found


@pytest.mark.parametrize("what", BODIES)
def test_both_ways_answer_alike(api: Api, what: str) -> None:
    short, long = both(api.app.test_client(), api.slug, BODIES[what], api.device("scan", "tally"))
    assert short == long


def test_both_ways_refuse_alike(api: Api) -> None:
    good = api.device("scan")
    body = {"records": [tap(1)]}
    revoked = api.device("scan")
    phones = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
    gone = next(phone["id"] for phone in phones if phone["id"] in revoked)
    api("DELETE", f"/events/{{slug}}/devices/{gone}", api.owner)
    for slug, token, status in (
        ("no-such", good, 404), (api.slug, good[:-1] + ("0" if good[-1] != "0" else "1"), 401), (api.slug, revoked, 401),
        (api.slug, api.owner, 200), (api.slug, "", 401), ("No_Slug", good, 404),
    ):  # fmt: skip
        short, long = both(api.app.test_client(), slug, body, token)
        assert short == long
        assert int(short[0][:3]) == status, (slug, status)


def test_an_error_of_ours_is_told_alike(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    token, api.app.testing = api.device("scan"), False
    monkeypatch.setattr(lane.records, "submit", fail)
    short, long = both(api.app.test_client(), api.slug, {"records": []}, token)
    assert short == long and short[0].startswith("500")


def test_the_short_way_is_taken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    token = api.device("tally")
    monkeypatch.setattr(api.app, "full_dispatch_request", None)
    answer = api.app.test_client().post(
        f"/api/v1/events/{api.slug}/records", json={"records": [tap(1)]}, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.get_json()["results"][0]["status"] == "recorded"


def test_long_answers_are_packed_for_whoever_can_read_them(api: Api) -> None:
    token = api.device("tally")
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "br, gzip"}
    answer = api.app.test_client().post(f"/api/v1/events/{api.slug}/records", json={"records": [tap(n) for n in range(40)]}, headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer.headers["Vary"]
    assert len(json.loads(gzip.decompress(answer.data))["results"]) == 40


def test_only_a_few_large_batches_are_unpacked_at_a_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once: list[int] = [0, 0]  # now, at most
    mutex = threading.Lock()

    def submit(*_: Any) -> dict[str, Any]:
        with mutex:
            at_once[0] += 1
            at_once[1] = max(at_once)
        time.sleep(0.02)
        with mutex:
            at_once[0] -= 1
        return {"results": []}

    monkeypatch.setattr(lane.records, "submit", submit)
    token, answers = api.device("scan", "tally"), []
    body = json.dumps({"records": [tap(number) for number in range(400)]})
    assert len(body) > lane.LARGE

    def send() -> None:
        answers.append(api.app.test_client().post(f"/api/v1/events/{api.slug}/records", data=body, headers={"Authorization": f"Bearer {token}"}).status_code)

    phones = [threading.Thread(target=send) for _ in range(12)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join(30)
    assert answers == [200] * 12
    assert 1 <= at_once[1] <= lane.UNPACKED


def test_a_large_batch_too_many_is_told_to_come_again_and_a_single_scan_is_taken(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "MOST_LARGE", 0)
    token = api.device("scan", "tally")
    large = [tap(number) for number in range(400)]
    refused = api("POST", "/events/{slug}/records", token, json={"records": large})
    assert (refused.status_code, refused.get_json()["code"]) == (503, "unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    taken = api("POST", "/events/{slug}/records", token, json={"records": large[:1]})
    assert [answer["status"] for answer in taken.get_json()["results"]] == ["recorded"]


REGISTRATIONS: dict[str, Any] = {
    "a party": person(party_size=2),
    "somebody else's": person(channel="proxy", note="x"),
    "with a session": person(sessions=["clay"], party_size=2),
    "no consent, no name": {"phone": "13900000001"},
    "nothing": {},
    "no telephone": person(phone="12"),
    "odd values": {"name": 5, "phone": [], "party_size": "2", "sessions": 7, "answers": 3, "consent": 1, "members": 5},
    "too many people": person(party_size=99),
    "no object": [1],
    "no JSON": "{",
    "empty": "",
}
BY_LOT = {"id", "code", "pickup_code", "qr_text", "ticket_url", "manage_token"}


def both_register(api: Api, slug: str, body: Any, monkeypatch: pytest.MonkeyPatch, **headers: str) -> list[Any]:
    """The same of a registration, without what is drawn by lot."""
    text = body if isinstance(body, str) else json.dumps(body)
    found = []
    for short in (True, False):
        with monkeypatch.context() as patched:
            if not short:
                patched.setattr(lane, "_WAYS", {"registrations": lane.Way("", lambda _environ: False, lane._register)})
            limits.reset()
            answer = api.app.test_client().post(f"/api/v1/events/{slug}/registrations", data=text, headers={"Content-Type": "application/json", **headers})
        hidden = BY_LOT if answer.status_code == 201 else VOLATILE
        shown = {key: value for key, value in answer.get_json().items() if key not in hidden}
        kept = {name: value for name, value in answer.headers.items() if name not in {"X-Request-ID", "Content-Length", "Retry-After"}}
        found.append((answer.status, shown, kept, sorted(answer.get_json())))
    return found


@pytest.mark.parametrize("what", REGISTRATIONS)
def test_both_ways_register_alike(api: Api, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short, long = both_register(api, api.slug, REGISTRATIONS[what], monkeypatch)
    assert short == long


def test_both_ways_turn_away_alike(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for slug, status in (("no-such", 404), ("No_Slug", 404)):
        short, long = both_register(api, slug, person(), monkeypatch)
        assert short == long and int(short[0][:3]) == status
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"capacity": 2, "waitlist": False, "max_party": 5}})
    short, long = both_register(api, api.slug, person(party_size=3), monkeypatch)
    assert short == long and short[1]["code"] == "event_full"
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"open": False}})
    short, long = both_register(api, api.slug, person(), monkeypatch)
    assert short == long and short[1]["code"] == "registration_closed"


def test_both_ways_count_alike(api: Api) -> None:
    body = person()
    statuses = [api("POST", "/events/{slug}/registrations", None, body).status_code for _ in range(6)]
    assert statuses == [201] * 5 + [429]
    again = api("POST", "/events/{slug}/registrations", None, body, headers={"Idempotency-Key": "the-long-way"})
    assert (again.status_code, int(again.headers["Retry-After"]) > 3000) == (429, True)


def test_a_resident_takes_the_short_way_and_whoever_has_a_token_or_a_key_does_not(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    dispatch = api.app.full_dispatch_request
    monkeypatch.setattr(api.app, "full_dispatch_request", lambda: asked.append("the framework") or dispatch())
    assert api("POST", "/events/{slug}/registrations", None, person()).status_code == 201
    assert asked == []
    assert api("POST", "/events/{slug}/registrations", api.owner, person()).status_code == 201
    assert api("POST", "/events/{slug}/registrations", None, person(), headers={"Idempotency-Key": "a-key"}).status_code == 201
    assert api("POST", "/events/{slug}/registrations", None, person(), headers={"Authorization": "Basic x"}).status_code == 401
    assert len(asked) == 3


@pytest.fixture
def on_two_cores(monkeypatch: pytest.MonkeyPatch) -> list[set[int]]:
    """A process of two cores; where its threads were moved to, one after the other."""
    moves: list[set[int]] = []
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {0, 1}, raising=False)
    monkeypatch.setattr(os, "sched_setaffinity", lambda _thread, chosen: moves.append(set(chosen)), raising=False)
    found = cores._OneCore()
    found.use()
    monkeypatch.setattr(cores, "gather", found.gather)
    monkeypatch.setattr(cores, "spread", found.spread)
    return moves


def test_threads_of_the_short_ways_share_a_core_until_they_do_something_else(api: Api, on_two_cores: list[set[int]]) -> None:
    token = api.device("scan", "tally")
    one, every = {os.getpid() % 2}, {0, 1}
    client = api.app.test_client()
    for number in (11, 12):
        client.post(f"/api/v1/events/{api.slug}/records", json={"records": [tap(number)]}, headers={"Authorization": f"Bearer {token}"})
    assert on_two_cores == [one]
    client.get("/healthz")
    client.get("/healthz")
    assert on_two_cores == [one, every]
    client.post(f"/api/v1/events/{api.slug}/records", json={"records": [tap(13)]}, headers={"Authorization": f"bearer {token}"})  # the long way
    assert on_two_cores == [one, every]


def test_cores_that_were_taken_away_are_left_alone(api: Api, on_two_cores: list[set[int]], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: int, _chosen: set[int]) -> None:
        on_two_cores.append(set())
        raise OSError

    token = api.device("scan", "tally")
    monkeypatch.setattr(os, "sched_setaffinity", refuse, raising=False)
    client = api.app.test_client()
    for number in (21, 22):
        answer = client.post(f"/api/v1/events/{api.slug}/records", json={"records": [tap(number)]}, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        client.get("/healthz")
    assert on_two_cores == [set()]


def test_a_process_of_one_core_or_of_another_system_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: pytest.fail("moved"), raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: {3}, raising=False)
    alone = cores._OneCore()
    alone.use()
    alone.gather()
    monkeypatch.delattr(os, "sched_setaffinity")
    elsewhere = cores._OneCore()
    elsewhere.use()
    elsewhere.gather()
    assert not alone.one and not elsewhere.one
