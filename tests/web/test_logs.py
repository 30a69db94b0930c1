"""Every request gives one JSON line with its id; no code, token or phone number gets into the log, tracebacks included."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, abort

from eventsvc import logs

CODE = "7Z3K9QJX2M5N8PRT4VWA"
TOKEN = "mt_4vQ8xkLr2nPz7Yd1wHs9Bc3Gf6Jt5Ru0Ea"
PHONE = "13800001234"
PICKUP = "482913"


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """A function that gives the log lines so far as dictionaries; the root logger is put back afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level

    def lines() -> list[dict[str, Any]]:
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield lines
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture
def small(logged: Any) -> Flask:
    """A small application with the real logging on it."""
    app = Flask("small")
    logs.init_app(app, "INFO")

    @app.get("/fine/<path:rest>")
    def fine(rest: str) -> str:
        return rest

    @app.get("/gone")
    def gone() -> str:
        abort(410)

    @app.get("/broken")
    def broken() -> str:
        raise RuntimeError(f"{PHONE} came with {CODE}, {PICKUP} and Bearer {TOKEN}")

    return app


def test_one_line_a_request(small: Flask, logged: Any) -> None:
    client = small.test_client()
    assert client.get("/fine/here?q=13800001234").status_code == 200
    assert client.get("/gone").status_code == 410
    first, second = logged()
    assert (first["method"], first["path"], first["status"]) == ("GET", "/fine/here", 200)
    assert first["ms"] >= 0 and first["level"] == "INFO" and first["time"].endswith("Z")
    assert second["status"] == 410
    assert first["request_id"] != second["request_id"]


def test_many_at_once_have_a_line_each(small: Flask, logged: Any) -> None:
    def ask(number: int) -> None:
        for n in range(20):
            small.test_client().get(f"/fine/{number}-{n}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(line["path"] for line in logged()) == sorted(f"/fine/{number}-{n}" for number in range(8) for n in range(20))


def test_a_line_does_not_wait_for_a_request_that_lasts(small: Flask, logged: Any) -> None:
    begun, let_go = threading.Event(), threading.Event()

    @small.get("/lasting")
    def lasting() -> str:
        begun.set()
        let_go.wait(30)
        return "done"

    beside = threading.Thread(target=small.test_client().get, args=("/lasting",))
    beside.start()
    try:
        assert begun.wait(30)
        seen: list[str] = []
        for number in range(2):  # the thread that writes comes more than once
            small.test_client().get(f"/fine/{number}")
            deadline = time.monotonic() + 30
            while len(seen) <= number and time.monotonic() < deadline:
                time.sleep(0.01)
                seen += [line["path"] for line in logged()]
        assert seen == ["/fine/0", "/fine/1"]
    finally:
        let_go.set()
        beside.join(30)
    assert [line["path"] for line in logged()] == ["/lasting"]


def test_a_sane_request_id_is_kept_and_echoed(small: Flask, logged: Any) -> None:
    answer = small.test_client().get("/fine/x", headers={"X-Request-ID": "gateway-7f3a.01"})
    assert answer.headers["X-Request-ID"] == "gateway-7f3a.01"
    assert logged()[0]["request_id"] == "gateway-7f3a.01"


@pytest.mark.parametrize("bad", ["short", "x" * 65, "with space inside", 'quote"injection"', "-starts-with-dash", ""])
def test_another_request_id_is_replaced(small: Flask, bad: str) -> None:
    given = small.test_client().get("/fine/x", headers={"X-Request-ID": bad}).headers["X-Request-ID"]
    assert given != bad and logs.SANE_ID.fullmatch(given)


def test_a_request_id_that_is_a_secret_is_redacted(small: Flask, logged: Any) -> None:
    small.test_client().get("/fine/x", headers={"X-Request-ID": PHONE})
    assert logged()[0]["request_id"] == "[phone]"


@pytest.mark.parametrize(
    "path",
    [f"/t/{CODE}", f"/T/{CODE.lower()}", f"/m/{TOKEN}", "/join/abc-def", "/screen/x1", f"/fine/{PICKUP}", f"/fine/{PHONE}", f"/fine/a/{CODE}.png"],
)
def test_paths_are_redacted(small: Flask, logged: Any, path: str) -> None:
    small.test_client().get(path)
    shown = logged()[0]["path"]
    assert path.rsplit("/", 1)[-1].removesuffix(".png") not in shown and "[" in shown


def test_a_traceback_is_redacted(small: Flask, logged: Any) -> None:
    assert small.test_client().get("/broken").status_code == 500
    lines = logged()
    text = json.dumps(lines)
    assert "RuntimeError" in text and '"exc_info"' in text
    for secret in (PHONE, CODE, PICKUP, TOKEN):
        assert secret not in text
    assert lines[-1]["status"] == 500
    assert {line["request_id"] for line in lines} == {lines[-1]["request_id"]}


def test_what_a_call_adds_is_redacted(small: Flask, logged: Any) -> None:
    logging.getLogger("eventsvc.test").warning("saw %s", PHONE, extra={"deep": {"list": [CODE, 3, None]}, "number": 5})
    line = logged()[0]
    assert line["message"] == "saw [phone]" and line["deep"] == {"list": ["[code]", 3, None]} and line["number"] == 5


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"code={CODE}", CODE),
        (f"HTTPS://EXAMPLE.TEST/T/{CODE}", CODE),
        ("7Z3K9-QJX2M-5N8PR-T4VWA", "QJX2M"),
        ("oil3k9qjx2m5n8prt4vw", "oil3k9qjx2m5n8prt4vw"),
        (f"Authorization: Bearer {TOKEN}", TOKEN),
        ("Authorization: Bearer short", "short"),
        (f'{{"manage_token": "{TOKEN}"}}', TOKEN),
        ('{"join_code": "K7MPQ2"}', "K7MPQ2"),
        (f"GET https://example.test/m/{TOKEN}?x=1", TOKEN),
        (f"签到码{PICKUP}。", PICKUP),
        ("+86 138 0000 1234", "0000"),
        ("+86-13800001234", "13800001234"),
        ("电话：0371-66001234", "66001234"),
        ("037166001234", "66001234"),
        ("postgresql+psycopg://me:hunter22@db/x", "hunter22"),
        ("(psycopg.Error) no\n[SQL: SELECT 1]\n[parameters: {'name': '王小明'}]\n(Background on this error)", "王小明"),
    ],
)
def test_redact(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in logs.redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/events/yangguang-zhengwu/records",
        "2026-08-14T19:02:11.123456+08:00",
        "line 4821 in decide, 0.482913 s",
        "internationalization of 12345 things",
        "sqlalchemy.exc.OperationalError: (sqlite3.OperationalError) database is locked",
    ],
)
def test_redact_leaves_the_rest(text: str) -> None:
    assert logs.redact(text) == text
