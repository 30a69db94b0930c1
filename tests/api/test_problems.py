"""Every error has one shape, says everything that is wrong at once, and never shows what went wrong inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.test import TestResponse

from eventsvc.api.schemas import Problem
from eventsvc.services import events, figures
from tests.api.conftest import Api, checkin, person, tally
from tests.services.world import FAIR

MEMBERS = {"type", "title", "status", "detail", "code", "errors", "request_id"}


def shaped(answer: TestResponse, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem of an answer, its shape checked."""
    assert answer.status_code == status, (answer.status_code, answer.get_data(as_text=True)[:300])
    assert answer.content_type == "application/problem+json"
    problem = answer.get_json()
    assert set(problem) == MEMBERS and Problem.model_validate(problem)
    assert problem["status"] == status and problem["request_id"] == answer.headers["X-Request-ID"]
    assert code is None or problem["code"] == code, problem
    return problem


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404), ("GET", "/api", 404), ("GET", "/api/v2/events", 404), ("GET", "/events/", 404), ("GET", "/events/%00", 404),
        ("GET", "/events/UPPER", 404), ("GET", "/events/a/b/c", 404), ("GET", "/events/no-such", 404), ("GET", "/events/%ED%A0%80", 404),
        ("PUT", "/events", 405), ("DELETE", "/events/x", 405), ("GET", "/devices/join", 405), ("TRACE", "/events", 405),
        ("POST", "/events/ye-shi/rosters", 404), ("GET", "/events/ye-shi/report.exe", 404), ("GET", "/events/ye-shi/registrations/1", 404),
    ],
)  # fmt: skip
def test_before_an_endpoint(api: Api, method: str, path: str, status: int) -> None:
    answer = api(method, "/api" if path == "/api" else path, api.owner)
    if path == "/api":
        assert answer.status_code == 404
        return
    shaped(answer, status)
    assert status != 405 or answer.headers["Allow"]


@pytest.mark.parametrize("data", [b"", b" ", b"{", b"[]", b"1", b'"x"', b"null", b"\xff\xfe", b"{}{}", b'{"a": NaN}', b'{"a": Infinity}', b"[" * 100_000, b"\x00", b"name=x"])
def test_what_cannot_be_read(api: Api, data: bytes) -> None:
    for path in ("/events", "/events/{slug}/registrations", "/events/{slug}/records", "/devices/join", "/events/{slug}/lookup"):
        token = None if path == "/devices/join" else api.owner
        shaped(api("POST", path, token, data=data, content_type="application/json"), 400, "unreadable")


def test_any_content_type_that_is_json(api: Api) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/vnd.x+json", ""):
        assert api("POST", "/events/{slug}/lookup", api.owner, data=b'{"q": "abc"}', content_type=kind).status_code == 200, kind
    assert api("POST", "/events/{slug}/lookup", api.owner, data="\ufeff{\"q\": \"abc\"}".encode()).status_code == 200


def test_too_much(api: Api) -> None:
    shaped(api("POST", "/events", api.owner, data=b"x" * (1024 * 1024 + 1)), 413, "too_large")
    shaped(api("POST", "/events/{slug}/records", api.owner, {"records": [{}] * 501}), 413, "too_large")
    assert api("POST", "/events/{slug}/records", api.owner, {"records": [{}] * 500}).status_code == 200


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"name": None}, {"name"}), ({"name": ""}, {"name"}), ({"name": "王\u0000"}, {"name"}), ({"name": "王\ud800"}, {"name"}), ({"name": "王" * 51}, {"name"}),
        ({"name": 5}, {"name"}), ({"phone": None}, {"phone"}), ({"phone": "123"}, {"phone"}), ({"phone": "\ud800"}, {"phone"}), ({"phone": 13800001234}, {"phone"}),
        ({"party_size": 0}, {"party_size"}), ({"party_size": 6}, {"party_size"}), ({"party_size": "2"}, {"party_size"}), ({"party_size": 1.5}, {"party_size"}),
        ({"party_size": True}, {"party_size"}), ({"party_size": 10**30}, {"party_size"}), ({"sessions": ["x"]}, {"sessions"}), ({"sessions": [[]]}, {"sessions"}),
        ({"sessions": "x"}, {"sessions"}), ({"answers": []}, {"answers"}), ({"consent": False}, {"consent"}), ({"consent": "true"}, {"consent"}),
        ({"name": "", "phone": "x", "party_size": 0, "consent": None}, {"name", "phone", "party_size", "consent"}),
    ],
)  # fmt: skip
def test_each_field_of_a_registration(api: Api, change: dict[str, Any], fields: set[str]) -> None:
    problem = shaped(api("POST", "/events/{slug}/registrations", None, person(**change)), 422, "invalid")
    assert {fault["field"] for fault in problem["errors"]} == fields
    assert all(fault["code"] and fault["message"] for fault in problem["errors"])
    assert api("GET", "/events/{slug}/stats", api.owner).get_json()["registrations"] == 0


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "Nope"}, "slug"), ({"slug": None}, "slug"), ({"slug": "\ud800"}, "slug"), ({"title": ""}, "title"), ({"title": "x\u0000"}, "title"), ({"title": "x" * 201}, "title"),
        ({"kind": "party"}, "kind"), ({"kind": "\ud800"}, "kind"), ({"starts_at": "2026-08-14T18:00:00"}, "starts_at"), ({"starts_at": 5}, "starts_at"),
        ({"ends_at": "2026-08-14T17:00:00+08:00"}, "ends_at"), ({"timezone": "Mars/Base"}, "timezone"), ({"timezone": 8}, "timezone"),
        ({"registration": {"capacity": 0}}, "registration.capacity"), ({"registration": {"capacity": 1e999}}, "registration.capacity"), ({"registration": []}, "registration"),
        ({"checkpoints": [{"key": "a", "name": "a"}, {"key": "a", "name": "b"}]}, "checkpoints.1.key"), ({"checkpoints": {}}, "checkpoints"),
        ({"counters": [{"key": "c", "name": "c", "stock": "many"}]}, "counters.0.stock"), ({"areas": [5]}, "areas.0"),
        ({"counters": [{"key": "c", "name": "c", "topics": ["\ud800"]}]}, "counters.0.topics.0"), ({"contact_phone": "x"}, "contact_phone"),
    ],
)  # fmt: skip
def test_each_field_of_an_event(api: Api, change: dict[str, Any], field: str) -> None:
    for method, path, body in (("POST", "/events", {**FAIR, "slug": "fresh", **change}), ("PATCH", "/events/{slug}", change)):
        problem = shaped(api(method, path, api.owner, body), 422, "invalid")
        assert field in {fault["field"] for fault in problem["errors"]}, problem
        for fault in problem["errors"]:
            assert not fault["message"].isascii(), f"a sentence in Chinese, not {fault['message']}"


@pytest.mark.parametrize(
    ("method", "path", "body", "fields"),
    [
        ("POST", "/events/{slug}/devices", {"scopes": []}, {"scopes"}), ("POST", "/events/{slug}/devices", {"scopes": ["all"]}, {"scopes"}),
        ("POST", "/events/{slug}/devices", {"checkpoints": [[]]}, {"checkpoints"}), ("POST", "/events/{slug}/devices", {"name": "\ud800", "max_uses": 0, "expires_at": "x"}, {"name", "max_uses", "expires_at"}),
        ("POST", "/devices/join", {}, {"join_code", "operator", "nonce"}), ("POST", "/devices/join", {"join_code": "\ud800", "operator": "甲", "nonce": "\ud800" * 9}, {"join_code", "nonce"}),
        ("POST", "/events/{slug}/lookup", {}, {"q"}), ("POST", "/events/{slug}/lookup", {"q": 5}, {"q"}), ("POST", "/events/{slug}/lookup", {"q": "x" * 10_000}, {"q"}),
        ("POST", "/events/{slug}/registrations/search", {"q": "\u0000", "status": "x", "limit": 0, "cursor": "'"}, {"q", "status", "limit", "cursor"}),
        ("POST", "/events/{slug}/records", {}, {"records"}), ("POST", "/events/{slug}/records", {"records": {}}, {"records"}),
        ("POST", "/events/{slug}/records", {"records": [], "sent_at": "2026-08-14T19:02:12"}, {"sent_at"}), ("POST", "/events/{slug}/records", {"records": [], "queued": -1}, {"queued"}),
        ("GET", "/events?limit=0", None, {"limit"}), ("GET", "/events?limit=x&cursor=%00", None, {"limit", "cursor"}), ("GET", "/events?cursor=nope", None, {"cursor"}),
        ("GET", "/events/{slug}/devices?cursor=nope", None, {"cursor"}), ("POST", "/events/{slug}/postpone", {"starts_at": "tomorrow"}, {"starts_at"}),
    ],
)  # fmt: skip
def test_each_field_of_the_others(api: Api, method: str, path: str, body: Any, fields: set[str]) -> None:
    problem = shaped(api(method, path, None if path == "/devices/join" else api.owner, body), 422)
    assert {fault["field"] for fault in problem["errors"]} == fields
    assert all(not fault["message"].isascii() for fault in problem["errors"]), problem


def test_bad_records_are_rejected_one_by_one(api: Api) -> None:
    ticket = api.register()
    bad: list[Any] = [
        None, 5, "x", [], {}, {"id": "x"}, {"id": "\ud800"}, checkin("x", at="2026-08-14T18:05:00"), checkin("x", count=0), checkin("x", count=10**40),
        checkin("x", checkpoint="\ud800"), checkin("x", operator="\u0000"), checkin("x", answers={"a": 1e999}), checkin("x", answers={"a": {"\ud800": 1}}),
        checkin(5), checkin("x", direction="up"), tally(quantity=10_000), tally(quantity=1.5), tally(topic="x" * 61), tally(counter=[]), {**checkin("x"), "type": "\ud800"},
        checkin("x", answers=[1]), checkin("x", decided="yes"), checkin("x", at="2026-13-40T99:99:99+99:99"),
    ]  # fmt: skip
    results = api.send(api.device("scan", "tally"), *bad, checkin(ticket["code"]), tally())
    assert [row["status"] for row in results] == ["rejected"] * len(bad) + ["recorded", "recorded"]
    assert {row["code"] for row in results[: len(bad)]} == {"malformed"}
    odd = [checkin("\ud800"), checkin("x" * 10_000), checkin("\u0000" * 20), checkin("https://pay.example/1"), checkin("0" * 20), checkin("１２３４５６")]
    results = api.send(api.device("scan"), *odd)
    assert {(row["status"], row["outcome"]) for row in results} == {("recorded", "unknown_ticket")}


def test_depth_and_size_never_sink_a_batch(api: Api) -> None:
    deep: Any = []
    for _ in range(200):
        deep = [deep]
    results = api.send(api.device("scan", "tally"), checkin("x", answers={"a": deep}), tally())
    assert [row["status"] for row in results] == ["rejected", "recorded"]


def lost(*_: Any) -> Any:
    """What SQLAlchemy raises when the database is busy or gone."""
    raise OperationalError("SELECT 1", {"secret": "13800001234"}, Exception("database is locked"))


def exhausted(*_: Any) -> Any:
    """What SQLAlchemy raises when every connection is taken."""
    raise PoolTimeout("QueuePool limit")


@pytest.mark.parametrize("broken", [lost, exhausted])
def test_a_busy_database_is_503(api: Api, monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Any]) -> None:
    monkeypatch.setattr(figures, "of_event", broken)
    answer = api("GET", "/events/{slug}/stats", api.owner)
    shaped(answer, 503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0 and "13800001234" not in answer.get_data(as_text=True)


def test_a_fault_of_ours_is_500_without_a_trace(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(events, "read", broken)
    problem = shaped(api("GET", "/events/{slug}"), 500, "internal")
    assert "secret" not in str(problem) and "Zero" not in str(problem)


def test_limits_of_the_public(api: Api) -> None:
    body = person()
    for _ in range(5):
        assert api("POST", "/events/{slug}/registrations", None, body).status_code == 201
    answer = api("POST", "/events/{slug}/registrations", None, body)
    shaped(answer, 429, "too_many_requests")
    assert int(answer.headers["Retry-After"]) > 0
    assert api("POST", "/events/{slug}/registrations", api.owner, body).status_code == 201, "tokens are exempt"
    assert api("POST", "/events/{slug}/registrations", None, person()).status_code == 201, "the address is not locked"


def test_head_and_options(api: Api) -> None:
    head = api("HEAD", "/events/{slug}")
    assert head.status_code == 200 and head.get_data() == b""
    options = api("OPTIONS", "/events/{slug}")
    assert options.status_code == 200 and "PATCH" in options.headers["Allow"]
    assert not [name for name in options.headers.keys() if name.lower().startswith("access-control")]
