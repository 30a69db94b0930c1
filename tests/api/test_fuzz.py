"""Whatever JSON is sent to whatever POST: a refusal or an answer in the known shape, never a fault of ours."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from eventsvc.api.operations import OPERATIONS
from tests.api.conftest import AT, Api
from tests.services.world import FAIR

WRITING = [name for name, made in OPERATIONS.items() if made.body]
NAMES = (
    "slug title kind starts_at ends_at timezone registration capacity questions areas sessions checkpoints counters key name phone party_size answers consent channel "
    "note q status cursor limit blocked scopes max_uses expires_at join_code operator nonce sent_at queued records id type checkpoint ticket ref count direction at decided "
    "reason counter quantity topic basis undoes date_text max_party retention_days steps stock topics reported rule entrance opens_at closes_at venue description"
).split()
TEXTS = ["", " ", "\u0000", "\ud800", "\udfff王", "王桂芳", "gate", "leaflets", "checkin", "tally", "walkin", "undo", AT, "9999-12-31T23:59:59+23:59", "fair", "a", "0" * 20, "x" * 11_000,
         "13800001234", "１２３", "%00", "'; --", "{", "\u202e", "Asia/Shanghai", str(uuid.UUID(int=7)), "entries", "confirmed", "scan"]  # fmt: skip
atoms = some.one_of(
    some.none(), some.booleans(), some.integers(-3, 12), some.sampled_from([2**31, 2**63, 10**30, -(10**30), 1e308, 0.5]), some.sampled_from(TEXTS),
    some.text(max_size=8),
)
values = some.recursive(
    atoms, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.sampled_from(NAMES) | some.sampled_from(TEXTS), inner, max_size=6), max_leaves=12
)
bodies = some.dictionaries(some.sampled_from(NAMES), values, max_size=8)
records = some.fixed_dictionaries(
    {"id": some.uuids().map(str), "type": some.sampled_from(["checkin", "tally", "walkin", "undo"]), "at": some.just(AT)},
    optional={name: values for name in ("checkpoint", "counter", "ticket", "ref", "count", "quantity", "direction", "answers", "decided", "note", "undoes", "basis", "topic", "name", "phone")},
)
good_bases: dict[str, dict[str, Any]] = {
    "events.create": FAIR,
    "registrations.create": {"name": "王", "phone": "13800001234", "consent": True},
    "devices.join": {"join_code": "X" * 20, "operator": "甲", "nonce": "12345678"},
    "records.submit": {"records": []},
}


@pytest.mark.parametrize("name", WRITING)
def test_no_body_is_a_fault_of_ours(api: Api, name: str) -> None:
    made = OPERATIONS[name]
    path = made.path.replace("{registration_id}", api.register()["id"])

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(body=bodies, batch=some.lists(records | values, max_size=4))
    def send(body: dict[str, Any], batch: list[Any]) -> None:
        whole = {**good_bases.get(name, {}), **body}
        if name == "records.submit" and batch:
            whole = {"records": batch}
        answer = api(made.method, path, api.owner, data=json.dumps(whole), content_type="application/json")
        assert answer.status_code < 500, (answer.status_code, whole)
        shown = answer.get_json()
        assert answer.status_code < 400 or (answer.content_type == "application/problem+json" and shown["code"])
        if name == "records.submit" and answer.status_code == 200:
            assert len(shown["results"]) == len(batch)

    send()


@pytest.mark.parametrize("name", WRITING)
def test_no_bytes_are_a_fault_of_ours(api: Api, name: str) -> None:
    made = OPERATIONS[name]
    path = made.path.replace("{registration_id}", api.register()["id"])

    @settings(max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(data=some.binary(max_size=40) | some.text(alphabet='{}[]",:\\u0d8-+eE.ntf ', max_size=40).map(str.encode))
    def send(data: bytes) -> None:
        assert api(made.method, path, api.owner, data=data).status_code < 500

    send()
