"""Reading a scanned or typed text obeys the shared cases, the same ones that the phone's mirror obeys."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

import pytest

from eventsvc.services import codes

CASES = json.loads((Path(__file__).parent.parent / "cases" / "ticket-text.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_reading(case: dict[str, Any]) -> None:
    found = codes.parse(case["text"])
    assert {"kind": found.kind, **({"code": found.value} if found.value else {})} == case["expect"]


def test_codes_are_crockford_and_never_the_same() -> None:
    minted = {codes.mint() for _ in range(2000)}
    assert len(minted) == 2000
    assert all(len(code) == 20 and set(code) <= set(codes.ALPHABET) for code in minted)
    assert all(len(codes.mint_pickup()) == 6 for _ in range(100))


def test_ids_are_uuids_that_begin_with_the_time() -> None:
    at = datetime(2026, 8, 14, 11, 2, 11, 42_000, UTC)
    ids = [codes.mint_id(at + timedelta(milliseconds=number // 100)) for number in range(500)]
    assert len(set(ids)) == 500 and [one[:13] for one in ids] == sorted(one[:13] for one in ids)
    for one in map(UUID, ids):
        assert (one.version, one.variant) == (7, RFC_4122)
    assert UUID(ids[0]).int >> 80 == 1_786_705_331_042  # milliseconds since 1970


def test_what_is_kept_of_a_foreign_text_says_nothing() -> None:
    said = codes.describe("weixin://pay/13800001234\ud800")
    assert "13800001234" not in said and len(said) <= 60 and said.endswith(":weix")
