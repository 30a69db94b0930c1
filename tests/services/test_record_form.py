"""The short way of reading a record finds what the long one finds, and leaves to it whatever is unusual."""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest

from eventsvc.services import record_form
from eventsvc.services.record_form import Malformed, read

CODE = "0123456789ABCDEFGHJK"
MISSING = object()
VALUES: dict[str, tuple[Any, ...]] = {
    "checkpoint": ("gate", "booth-1", "a" * 64, "a" * 65, "东门", "ga'te", "", None, 5, MISSING),
    "ticket": (CODE, CODE.lower(), f" {CODE}", "O" * 20, f"HTTPS://A.EXAMPLE/T/{CODE}", "123456", "x", "", None, 7, MISSING),
    "count": (1, 99, 0, 100, -1, True, 1.0, "1", None, MISSING),
    "at": ("2026-08-14T18:00:00+08:00", "2026-08-14T10:00:00Z", "2026-08-14t10:00:00.123456789z", "2026-08-14", "1999-01-01T00:00:00Z", 5, None, MISSING),
    "decided": (MISSING, None, "admitted", "refused", "", "maybe", 1, []),
}
USUAL = {"type": "checkin", **{name: values[0] for name, values in VALUES.items() if values[0] is not MISSING}}


def _either(raw: Any) -> Any:
    try:
        return read(raw)
    except Malformed as fault:
        return (str(fault), fault.id)


def _records() -> list[dict[str, Any]]:
    """Every value of every two members, the others as usual; other types and further members too."""
    found = []
    for first, second in itertools.combinations(VALUES, 2):
        for one, other in itertools.product(VALUES[first], VALUES[second]):
            found.append({name: value for name, value in {**USUAL, first: one, second: other}.items() if value is not MISSING})
    found += [{**USUAL, "type": kind} for kind in ("tally", "walkin", "undo", "x", None, 1)]
    more = {"direction": "exit", "basis": "paper", "ref": "abc", "operator": "甲", "note": "x", "answers": {"q": "a"}, "counter": "c", "topic": "t"}
    found += [{**USUAL, name: value} for name, value in more.items()]
    return [{"id": str(uuid.UUID(int=number)).upper(), **raw} for number, raw in enumerate(found)]


def test_both_ways_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    records = _records()
    short = [_either(raw) for raw in records]
    monkeypatch.setattr(record_form, "_USUAL", frozenset())
    assert short == [_either(raw) for raw in records]


def test_the_short_way_is_taken_for_what_a_scanner_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_form, "_read", lambda *_: pytest.fail("the long way"))
    assert read({"id": str(uuid.UUID(int=1)), **USUAL}).ticket == ("code", CODE)
