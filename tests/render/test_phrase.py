"""phrase() never claims more than there was, and every rounded number tells between which bounds it lies."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsvc.render.phrase import as_typed, clock, phrase, stamp, when
from eventsvc.services.reports import EventFacts, Reported

from .cast import FAIR, OUTREACH

COUNTS = st.integers(0, 10_000_000)
MODES = st.sampled_from(["exact", "over_yu", "over_duo"])


def read(text: str) -> tuple[int, bool]:
    """The number in a phrase and whether it is rounded."""
    match = re.fullmatch(r"(\d+)(余|多)?册", text)
    assert match, text
    return int(match.group(1)), match.group(2) is not None


@pytest.mark.parametrize(
    ("n", "unit", "mode", "text"),
    [
        (1823, "册", "exact", "1823册"),
        (1823, "册", "over_yu", "1800余册"),
        (1823, "册", "over_duo", "1800多册"),
        (1800, "册", "over_yu", "1800册"),
        (1899, "册", "over_yu", "1800余册"),
        (1850, "册", "over_yu", "1800余册"),
        (23, "份", "over_duo", "20多份"),
        (21, "份", "over_duo", "20多份"),
        (29, "份", "over_duo", "20多份"),
        (20, "份", "over_duo", "20份"),
        (9, "份", "over_duo", "9份"),
        (10, "份", "over_yu", "10份"),
        (101, "人次", "over_yu", "100余人次"),
        (560, "人次", "over_yu", "560人次"),
        (567, "人次", "over_yu", "560余人次"),
        (0, "人次", "over_yu", "0人次"),
    ],
)
def test_phrase(n: int, unit: str, mode: str, text: str) -> None:
    assert phrase(n, unit, mode) == text


@given(COUNTS, MODES)
def test_it_never_rounds_up_and_says_when_it_rounded(n: int, mode: str) -> None:
    value, rounded = read(phrase(n, "册", mode))
    assert value <= n
    assert rounded == (value < n)
    assert not (rounded and mode == "exact")


@given(COUNTS, COUNTS, MODES)
def test_more_never_reads_as_less(n: int, m: int, mode: str) -> None:
    low, high = sorted((n, m))
    assert read(phrase(low, "册", mode))[0] <= read(phrase(high, "册", mode))[0]


@given(COUNTS, MODES)
def test_the_original_lies_within_known_bounds(n: int, mode: str) -> None:
    value, rounded = read(phrase(n, "册", mode))
    step = 10 if n < 100 else 10 ** (len(str(n)) - 2)
    assert value <= n < value + (step if rounded else 1)


@given(COUNTS, MODES)
def test_over_stands_only_behind_round_numbers_from_ten_on(n: int, mode: str) -> None:
    value, rounded = read(phrase(n, "册", mode))
    if rounded:
        assert value >= 10 and value % 10 == 0
        assert read(phrase(value, "册", mode)) == (value, False)  # the round number itself takes no 余


@pytest.mark.parametrize("bad", [(-1, "exact"), (5, "roughly")])
def test_what_it_refuses(bad: tuple[int, str]) -> None:
    with pytest.raises(ValueError):
        phrase(bad[0], "册", bad[1])


def test_reported_figures_stay_as_typed() -> None:
    assert as_typed(Reported(20, "over_duo"), "份") == "20多份"
    assert as_typed(Reported(1800, "over_yu"), "册") == "1800余册"
    assert as_typed(Reported(560), "人次") == "560人次"


def changed(**more: Any) -> EventFacts:
    return replace(FAIR, **more)


def test_dates_at_first_mention_have_the_year() -> None:
    assert when(FAIR) == "2020年8月14日下午"  # though date_text says 8月14日下午
    assert when(OUTREACH) == "近日"
    assert when(changed(date_text="近日")) == "近日"
    assert when(changed(starts_at=None)) == "8月14日下午"
    assert when(changed(starts_at=None, date_text=None)) == ""


@pytest.mark.parametrize(
    ("hour", "word"), [(0, ""), (1, "凌晨"), (8, "上午"), (12, "中午"), (13, "下午"), (17, "下午"), (19, "晚上")]
)
def test_parts_of_the_day_are_those_of_the_events_zone(hour: int, word: str) -> None:
    start = datetime(2020, 8, 13, 16, tzinfo=UTC) + timedelta(hours=hour)
    assert when(changed(starts_at=start)) == f"2020年8月14日{word}"


@pytest.mark.parametrize(
    ("begins", "ends", "word"),
    [
        ("09:00", "12:00", "上午"),
        ("09:00", "12:30", "上午"),
        ("09:00", "12:31", ""),
        ("11:30", "20:30", ""),  # a night fair that is set up at noon is no 上午
        ("11:30", "13:30", "中午"),
        ("12:00", "13:00", "中午"),
        ("11:59", "16:00", ""),
        ("12:00", "16:00", "下午"),
        ("14:00", "18:30", "下午"),
        ("14:00", "18:31", ""),
        ("16:59", "21:00", ""),
        ("17:00", "21:00", "晚上"),
        ("19:00", "01:00", "晚上"),  # of the next day
        ("19:00", "06:01", ""),
        ("00:00", "08:00", ""),
        ("08:00", "18:00", ""),
    ],
)
def test_a_part_of_the_day_is_said_only_where_the_whole_event_fits(begins: str, ends: str, word: str) -> None:
    start, end = (datetime.fromisoformat(f"2020-08-14T{at}+08:00") for at in (begins, ends))
    end += timedelta(days=end <= start)
    assert when(changed(starts_at=start, ends_at=end)) == f"2020年8月14日{word}"


@given(st.integers(0, 24 * 60 - 1), st.integers(1, 18 * 60))
def test_no_part_of_the_day_is_untrue_at_start_or_end(minute: int, lasts: int) -> None:
    start = datetime.fromisoformat("2020-08-14T00:00+08:00") + timedelta(minutes=minute)
    said = when(changed(starts_at=start, ends_at=start + timedelta(minutes=lasts))).removeprefix("2020年8月14日")
    ends = minute + lasts
    assert {
        "": True,
        "凌晨": ends <= 6 * 60,
        "上午": minute >= 5 * 60 and ends <= 12 * 60 + 30,
        "中午": minute >= 11 * 60 and ends <= 13 * 60 + 30,
        "下午": minute >= 12 * 60 and ends <= 18 * 60 + 30,
        "晚上": minute >= 17 * 60 and ends <= 30 * 60,
    }[said]


@pytest.mark.parametrize(
    ("days", "text"),
    [(2, "2020年8月14日至16日"), (20, "2020年8月14日至9月3日"), (200, "2020年8月14日至2021年3月2日")],
)
def test_several_days(days: int, text: str) -> None:
    assert when(changed(ends_at=FAIR.starts_at + timedelta(days=days))) == text


def test_an_evening_that_ends_after_midnight_is_one_day() -> None:
    start = datetime(2020, 8, 14, 11, tzinfo=UTC)
    assert when(changed(starts_at=start, ends_at=start + timedelta(hours=6))) == "2020年8月14日晚上"


def test_clock_names_the_day_where_it_is_another() -> None:
    at = datetime(2020, 8, 14, 12, 15, tzinfo=UTC)
    assert clock(at, "Asia/Shanghai") == "20:15"
    assert clock(at, "Asia/Shanghai", at - timedelta(hours=3)) == "20:15"
    assert clock(at, "Asia/Shanghai", at - timedelta(days=1)) == "8月14日20:15"
    assert stamp(at, "Asia/Urumqi") == "2020年8月14日18:15"
