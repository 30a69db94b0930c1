"""/healthz and /readyz are open; /metrics wants its token and does not exist without one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventsvc import create_app
from tests.conftest import settings_for


def test_alive_and_ready(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path)
        assert (answer.status_code, answer.text) == (200, "ok\n")
        assert answer.headers["Cache-Control"] == "no-store" and answer.headers["X-Request-ID"]


def test_not_ready_without_a_database(app: Flask, tmp_path: Path) -> None:
    config = replace(app.config["EVENTSVC"], database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    other = create_app(config).test_client()
    assert other.get("/healthz").status_code == 200
    assert other.get("/readyz").status_code == 503


def test_metrics_do_not_exist_without_a_token(client: FlaskClient) -> None:
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer wrong", "Basic abc", "Bearer ключ"])
def test_metrics_want_their_token(database_url: str, tmp_path: Path, given: str | None) -> None:
    client = create_app(settings_for(tmp_path, database_url, metrics_token="a-long-metrics-token")).test_client()
    headers = {"Authorization": given.encode().decode("latin-1")} if given else {}
    assert client.get("/metrics", headers=headers).status_code == 401


def test_metrics_are_prometheus_text(database_url: str, tmp_path: Path) -> None:
    client = create_app(settings_for(tmp_path, database_url, metrics_token="a-long-metrics-token")).test_client()
    client.get("/api/v1/events")
    client.get("/t/0123456789ABCDEFGHJK")
    answer = client.get("/metrics", headers={"Authorization": "Bearer a-long-metrics-token"})
    assert answer.status_code == 200 and answer.mimetype == "text/plain"
    assert 'eventsvc_http_requests_total{method="GET",route="/api/v1/events",status="401"}' in answer.text
    assert 'eventsvc_http_request_seconds_count{method="GET",route="/api/v1/events"}' in answer.text
    assert "eventsvc_database_connections_used" in answer.text and "0123456789" not in answer.text
    assert "eventsvc_records 0\n" in answer.text and "eventsvc_events 0\n" in answer.text
