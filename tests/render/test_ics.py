"""The calendar file is read back by a parser with the same times, and a cancelled event says so."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar, Event

from eventsvc.render.ics import calendar

from .cast import FAIR, OUTREACH

URL = "https://example.org/e/feiyi"
STAMP = datetime(2020, 8, 1, 1, 2, 3, tzinfo=UTC)


def made(sequence: int = 0, **more: object) -> bytes:
    file = calendar(replace(FAIR, **more), URL, "example.org", STAMP, sequence)
    assert file is not None
    return file


def entry(file: bytes) -> Event:
    events = Calendar.from_ical(file).walk("VEVENT")
    assert len(events) == 1
    return events[0]


def test_read_back() -> None:
    event = entry(made(ends_at=FAIR.starts_at + timedelta(hours=3)))
    assert event["DTSTART"].dt == FAIR.starts_at
    assert event["DTSTART"].params["TZID"] == "Asia/Shanghai"
    assert f"{event['DTSTART'].dt:%H:%M}" == "15:00"  # the wall clock of the place, not UTC
    assert event["DTEND"].dt - event["DTSTART"].dt == timedelta(hours=3)
    assert event["DTSTAMP"].dt == STAMP
    assert event["UID"] == "feiyi@example.org"
    assert event["SUMMARY"] == FAIR.title
    assert event["LOCATION"] == FAIR.venue
    assert event["STATUS"] == "CONFIRMED" and event["SEQUENCE"] == 0
    assert "电话：0371-60000000" in event["DESCRIPTION"] and URL in event["DESCRIPTION"]
    assert "年份为推断" in event["DESCRIPTION"]
    [alarm] = event.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(hours=-2)


def test_the_time_zone_comes_along() -> None:
    [zone] = Calendar.from_ical(made()).walk("VTIMEZONE")
    assert zone["TZID"] == "Asia/Shanghai"
    assert zone.to_tz().utcoffset(datetime(2020, 8, 14, 15)) == timedelta(hours=8)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Urumqi", "Europe/Berlin"])
def test_other_zones_name_the_same_moment(zone: str) -> None:
    assert entry(made(zone=zone))["DTSTART"].dt == FAIR.starts_at


def test_lines_are_folded_within_characters() -> None:
    file = made()
    assert all(len(line) <= 75 for line in file.split(b"\r\n"))
    assert all(line.decode("utf-8") is not None for line in file.split(b"\r\n"))


def test_cancelled() -> None:
    event = entry(made(sequence=2, status="cancelled"))
    assert event["STATUS"] == "CANCELLED" and event["SEQUENCE"] == 2
    assert event["SUMMARY"].startswith("【已取消】")
    assert not event.walk("VALARM")
    assert event["UID"] == entry(made())["UID"]


def test_what_is_missing_leaves_no_line() -> None:
    file = made(venue=None, contact_phone=None, host=None, year_inferred=False)
    assert b"LOCATION" not in file and b"CONTACT" not in file and b"None" not in file
    assert "DTEND" not in entry(file) and "DTEND" not in entry(made(ends_at=FAIR.starts_at))


def test_a_title_cannot_break_out_of_its_line() -> None:
    event = entry(made(title="夜市\r\nATTENDEE:mailto:x@example.org;,\\"))
    assert "ATTENDEE" not in event
    assert event["SUMMARY"].startswith("夜市")


def test_an_event_without_a_time_has_no_calendar() -> None:
    assert calendar(OUTREACH, URL, "example.org", STAMP) is None


def test_demo_is_said() -> None:
    assert entry(made(demo=True))["SUMMARY"].startswith("【演示】")
