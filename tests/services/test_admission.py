"""The decision at the door obeys the shared cases, the same ones that its JavaScript mirror obeys."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from eventsvc.services.admission import OUTCOMES, Door, Entry, Ticket, decide
from eventsvc.services.wording import scan

CASES = json.loads((Path(__file__).parent.parent / "cases" / "admission.json").read_text("utf-8"))
TIMES = {"starts_at", "ends_at", "closed_at", "opens_at", "closes_at", "valid_from", "valid_until"}
SETS = {"sessions", "required", "answered"}


def typed(values: dict[str, Any]) -> dict[str, Any]:
    """JSON members as the dataclasses want them."""
    return {
        key: datetime.fromisoformat(value) if key in TIMES and value else frozenset(value) if key in SETS else value
        for key, value in values.items()
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_decision(case: dict[str, Any]) -> None:
    scan_ = case["scan"]
    verdict = decide(
        Door(**typed(case["door"])),
        None if case["ticket"] is None else Ticket(**typed(case["ticket"])),
        [Entry(entry["count"], datetime.fromisoformat(entry["at"]), entry["id"]) for entry in case["entries"]],
        count=scan_["count"],
        direction=scan_["direction"],
        now=datetime.fromisoformat(scan_["now"]),
        answers=frozenset(scan_["answers"]),
    )
    for name, wanted in case["expect"].items():
        found = getattr(verdict, name)
        if name == "first":
            found = found.id if found else None
        if name == "opens_at":
            wanted = datetime.fromisoformat(wanted) if wanted else None
        if name == "questions":
            found = list(found)
        assert found == wanted, name


def test_every_outcome_has_a_case_and_a_sentence() -> None:
    assert {case["expect"]["outcome"] for case in CASES} == set(OUTCOMES)
    for outcome in OUTCOMES:
        assert scan(outcome, admitted=1, remaining=1, questions=1)


def test_names_are_unique() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names))
