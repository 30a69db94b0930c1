"""The decision at the door obeys the shared cases, the same ones that its JavaScript mirror obeys."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


DAY = datetime(2026, 8, 14, 10, tzinfo=UTC)
times = st.integers(-12, 12).map(lambda hours: DAY + timedelta(hours=hours))
at_times = st.none() | times
seldom = st.sampled_from([False, False, False, True])
doors = st.builds(
    Door, zone=st.sampled_from(["Asia/Shanghai", "UTC"]), status=st.sampled_from(["published", "published", "closed", "draft"]),
    rule=st.sampled_from(["once", "daily", "each_time", "stamp"]), starts_at=at_times, ends_at=at_times, closed_at=at_times, opens_at=at_times,
    closes_at=at_times, rehearsal=seldom,
)  # fmt: skip
shown = st.builds(Ticket, party_size=st.integers(1, 3), valid_from=at_times, valid_until=at_times)


@settings(max_examples=400, deadline=None)
@given(doors, shown, st.integers(1, 2))
def test_whoever_is_let_in_at_two_times_is_let_in_between(door: Door, ticket: Ticket, count: int) -> None:
    said = [decide(door, ticket, (), count=count, direction="entry", now=DAY + timedelta(hours=hour)) for hour in range(-30, 60)]
    open_at = [place for place, verdict in enumerate(said) if verdict.outcome == "admitted"]
    if open_at:
        assert {said[open_at[0]]} == set(said[open_at[0] : open_at[-1] + 1])


def test_a_door_opens_once_and_closes_once_but_in_rehearsals() -> None:
    door = Door("UTC", "published", "once", opens_at=DAY, closes_at=DAY + timedelta(hours=2))
    said = [decide(door, Ticket(), (), count=1, direction="entry", now=DAY + timedelta(hours=hour)).outcome for hour in (-1, 0, 1, 2, 3)]
    assert said == ["not_yet_open", "admitted", "admitted", "admitted", "closed"]
    assert decide(replace(door, rehearsal=True), Ticket(), (), count=1, direction="entry", now=DAY - timedelta(days=9)).outcome == "admitted"
