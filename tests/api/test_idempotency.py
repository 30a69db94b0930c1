"""A POST that creates may be repeated under its Idempotency-Key: one creation, the same answer, never counted twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.api.conftest import Api, person
from tests.services.world import FAIR

KEY = {"Idempotency-Key": "a4a1-b2"}
CREATING = ["/events", "/events/{slug}/registrations", "/events/{slug}/devices", "/devices/join"]


def body_for(api: Api, path: str) -> dict[str, Any]:
    """A body that creates there."""
    if path == "/events":
        return {**FAIR, "slug": "fresh"}
    if path.endswith("/registrations"):
        return person()
    if path.endswith("/devices"):
        return {"name": "东门"}
    invited = api("POST", "/events/{slug}/devices", api.owner, {}).get_json()
    return {"join_code": invited["join_code"], "operator": "甲", "nonce": "a-nonce-of-mine"}


def caller(api: Api, path: str) -> str | None:
    """Who creates there."""
    return None if path == "/devices/join" else api.owner


@pytest.mark.parametrize("path", CREATING)
def test_the_same_again_is_the_same_answer(api: Api, path: str) -> None:
    body = body_for(api, path)
    answers = [api("POST", path, caller(api, path), body, headers=KEY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    other = api("POST", path, caller(api, path), {**body, "name": "别的", "operator": "乙"}, headers=KEY)
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_reused")
    fresh = api("POST", path, caller(api, path), body, headers={"Idempotency-Key": "another"})
    assert fresh.get_data() != answers[0].get_data() or path == "/devices/join", "another key is another request"


def test_keys_belong_to_caller_and_route(api: Api) -> None:
    body = person()
    first = api("POST", "/events/{slug}/registrations", api.owner, body, headers=KEY).get_json()
    again = api("POST", "/events/{slug}/registrations", api.tokens["editor"], body, headers=KEY).get_json()
    public = api("POST", "/events/{slug}/registrations", None, body, headers=KEY).get_json()
    assert len({first["id"], again["id"], public["id"]}) == 3
    assert api("POST", "/events/{slug}/devices", api.owner, {}, headers=KEY).status_code == 201


def test_repeats_are_not_counted_by_limits(api: Api) -> None:
    body = person()
    seen = {api("POST", "/events/{slug}/registrations", None, body, headers=KEY).get_json()["id"] for _ in range(12)}
    assert len(seen) == 1
    assert api("GET", "/events/{slug}/stats", api.owner).get_json()["registrations"] == 1


def test_a_refusal_is_not_remembered(api: Api) -> None:
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"open": False}})
    body = person()
    assert api("POST", "/events/{slug}/registrations", None, body, headers=KEY).status_code == 409
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"open": True}})
    assert api("POST", "/events/{slug}/registrations", None, body, headers=KEY).status_code == 201


def test_a_day_later_the_key_is_free(api: Api, clock: Any) -> None:
    first = api("POST", "/events", api.owner, {**FAIR, "slug": "fresh"}, headers=KEY)
    clock.advance(hours=24, seconds=1)
    again = api("POST", "/events", api.owner, {**FAIR, "slug": "fresh"}, headers=KEY)
    assert (first.status_code, again.status_code, again.get_json()["code"]) == (201, 409, "slug_taken")


@pytest.mark.parametrize("key", ["", "x" * 256, "王", "a\tb"])
def test_what_is_no_key(api: Api, key: str) -> None:
    answer = api("POST", "/events", api.owner, {**FAIR, "slug": "fresh"}, headers={"Idempotency-Key": key.encode().decode("latin-1")})
    assert answer.status_code == 422 and answer.get_json()["errors"][0]["field"] == "Idempotency-Key"
    assert api("POST", "/events", api.tokens["viewer"], {}, headers={"Idempotency-Key": ""}).status_code == 403, "rights come first"


def test_at_once(api: Api) -> None:
    body, answers = person(party_size=2), list[TestResponse]()
    start = threading.Barrier(8)

    def client() -> None:
        start.wait()
        answers.append(api("POST", "/events/{slug}/registrations", None, body, headers=KEY))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.get_data() for answer in answers if answer.status_code == 201}
    assert len(answers) == 8 and len(made) == 1
    assert all(answer.get_json()["code"] == "in_progress" for answer in answers if answer.status_code == 409)
    assert api("GET", "/events/{slug}/stats", api.owner).get_json()["people_registered"] == 2
