"""While its database is gone the server says 503 and for how long to wait, and goes on by itself when it is back."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.conftest import CLUSTER_URL, on_postgresql
from tests.live import DIRECT, LiveServer
from tests.postgres import create_database, drop_database
from tests.server.crowd import Town, batch, tally


@pytest.mark.skipif(not on_postgresql(), reason="an embedded database does not go away")
def test_it_waits_for_its_database(new_server: Callable[..., LiveServer], template: str) -> None:
    server = new_server()
    town = Town([server])
    phone = town.phone()
    name = server.database_url.rpartition("/")[2]
    drop_database(os.environ[CLUSTER_URL], name)
    for method, path, body in (("POST", f"/events/{town.slug}/records", batch(tally())), ("GET", f"/events/{town.slug}/stats", None), ("GET", "/events", None)):
        status, problem = phone(method, path, body)
        assert (status, problem["code"], problem["status"]) == (503, "unavailable", 503)
        assert name not in str(problem), "nothing of the inside is told"
    phone.connection.request("GET", "/readyz")
    answer = phone.connection.getresponse()
    assert answer.status == 503 and answer.read()
    assert server.answers(), "the process itself lives"
    create_database(os.environ[CLUSTER_URL], name, template)
    with DIRECT.open(f"{server.url}/readyz", timeout=20) as answer:
        assert answer.status == 200
    status, problem = phone("GET", "/events")
    assert (status, problem["code"]) == (401, "unauthorized"), "an empty database knows no tokens"
