"""The benchmark runs from end to end on a small scale, and loses nothing of what it was told."""

from __future__ import annotations

import shutil

import pytest

from bench import __main__ as bench
from bench import driver, plans, report
from bench.cases import Effort
from bench.supply import Supply, UsedUp
from tests.conftest import on_postgresql
from tests.live import LiveServer

SMALL = Effort(
    sizes=(200,), databases=("postgresql" if on_postgresql() else "sqlite",), connections=(4,), pairs=1, least=1, shortest=0.4, longest=0.4,
    warm_up=0.2, batches=2, fresh=12_000,
)  # fmt: skip


def test_it_runs_from_end_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the driver that needs nothing installed."""
    monkeypatch.setattr(driver, "WRK", None)
    result = bench.run(SMALL)
    rows = {row["case"]: row for row in result["rows"]}
    assert {"stats", "event page", "check-in", "tally", "batch of 500", "registration"} <= set(rows)
    for row in rows.values():
        assert row["ours"]["requests"] > 0 and row["ours"]["p50"] > 0
        assert (row["ours"]["refused"], row["ours"]["broken"], row.get("lost", 0), row.get("other", 0)) == (0, 0, 0, 0), row
    assert rows["check-in"]["ratio"] > 0 < rows["registration"]["floor"]["requests"]
    assert rows["check-in"]["floor"]["refused"] == rows["registration"]["floor"]["refused"] == 0
    shown = report.table(result)
    assert shown.index("Ratios") < shown.index("200 records (milliseconds") < shown.index("fdatasync/s")


@pytest.mark.skipif(not shutil.which("wrk"), reason="NOT CHECKED: wrk is missing (apt-get install wrk)")
def test_wrk_fills_the_plans_in(live_server: LiveServer) -> None:
    plan = plans.checkins("/api/v1/events/none/records", ["ed_1", "ed_2"], ["A" * 20], count=3)
    found = driver.run(live_server.url, plan, 2, 1, 7)
    assert found.requests == found.refused > 0 == found.broken


def test_a_plan_is_filled_in() -> None:
    plan = plans.checkins("/x", ["one", "two"], ["A" * 20, "B" * 20], count=2)
    made = plan.requests(1)()
    assert made.startswith(b"POST /x HTTP/1.1\r\n") and b"Bearer two" in made and made.count(b'"type":"checkin"') == 2
    assert b"@" not in made and b"A" * 20 in made and b"B" * 20 in made



def test_no_ticket_is_shown_twice() -> None:
    fresh = Supply(["a", "b", "c", "d"])
    assert list(fresh.ahead(2)) == list(fresh.ahead(2)) == ["a", "b"]
    fresh.shown(3)
    assert list(fresh.ahead(1)) == ["d"]
    with pytest.raises(UsedUp, match="2 fresh tickets were needed and 1 are left"):
        fresh.ahead(2)
