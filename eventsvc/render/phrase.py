"""Numbers and dates as a Chinese brief writes them: never more than there was, never a word that does not fit."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from eventsvc.services.reports import EventFacts, Reported

QUALIFIER = {"exact": "", "over_yu": "余", "over_duo": "多"}
ONE_OCCASION = timedelta(hours=18)  # an evening that ends after midnight is still one day's event
PARTS_OF_DAY = (  # the word, the earliest start, the latest end (hours on the wall clock; past 24 is the next day)
    ("凌晨", timedelta(0), timedelta(hours=6)),
    ("上午", timedelta(hours=5), timedelta(hours=12, minutes=30)),
    ("中午", timedelta(hours=11), timedelta(hours=13, minutes=30)),
    ("下午", timedelta(hours=12), timedelta(hours=18, minutes=30)),
    ("晚上", timedelta(hours=17), timedelta(hours=30)),
)


def floor(n: int) -> int:
    """Down to the ten below 100, else down to two significant digits: 23 → 20, 1823 → 1800, 1005 → 1000."""
    step = 10 ** max(1, len(str(n)) - 2)
    return n // step * step


def phrase(n: int, unit: str, mode: str = "exact") -> str:
    """A computed number with its unit: ``exact`` 1823册, ``over_yu`` 1800余册, ``over_duo`` 1800多册.

    余 and 多 stand only where something was rounded off: 1800 stays 1800册, and below 10 the number is written
    exactly. 1800余 therefore means 1801 to 1899, and 20多 means 21 to 29 (domain.md 6.2). Raises ValueError for a
    negative number or an unknown mode.
    """
    if n < 0:
        raise ValueError(f"a figure cannot be negative: {n}")
    if mode not in QUALIFIER:
        raise ValueError(f"mode must be exact, over_yu or over_duo, not {mode!r}")
    if mode == "exact" or n < 10 or floor(n) == n:
        return f"{n}{unit}"
    return f"{floor(n)}{QUALIFIER[mode]}{unit}"


def as_typed(reported: Reported, unit: str) -> str:
    """A reported number exactly as the person typed it: value, qualifier, unit: 20多份, 1800余册, 560人次."""
    return f"{reported.value}{QUALIFIER[reported.qualifier]}{unit}"


def signed(n: int) -> str:
    """A difference with its sign, with a real minus: +3, −2."""
    return f"+{n}" if n >= 0 else f"−{-n}"


def local(at: datetime, zone: str) -> datetime:
    """The moment on the wall clock of the event's zone."""
    return at.astimezone(ZoneInfo(zone))


def stamp(at: datetime, zone: str) -> str:
    """Date and time in the event's zone, with the year: 2020年8月14日20:15."""
    here = local(at, zone)
    return f"{here.year}年{here.month}月{here.day}日{here:%H:%M}"


def clock(at: datetime, zone: str, beside: datetime | None = None) -> str:
    """The time of day in the event's zone, with the date where ``beside`` is on another day: 20:15, 8月15日09:00."""
    here = local(at, zone)
    if beside is None or local(beside, zone).date() == here.date():
        return f"{here:%H:%M}"
    return f"{here.month}月{here.day}日{here:%H:%M}"


def when(event: EventFacts) -> str:
    """The event's date for its first mention: 2020年8月14日下午, 2020年8月14日至16日, 近日, or nothing.

    A worded ``date_text`` (近日) is the organizer's choice and is used; one with digits gives way to ``starts_at``,
    which knows the year.
    """
    text = (event.date_text or "").strip()
    if event.starts_at is None or (text and not any(char.isdigit() for char in text)):
        return text
    start = local(event.starts_at, event.zone)
    first = f"{start.year}年{start.month}月{start.day}日"
    if event.ends_at is None or event.ends_at - event.starts_at <= ONE_OCCASION:
        return first + _part_of_day(start, local(event.ends_at, event.zone) if event.ends_at else None)
    end = local(event.ends_at, event.zone)
    if end.date() == start.date():
        return first
    if end.year != start.year:
        return f"{first}至{end.year}年{end.month}月{end.day}日"
    if end.month != start.month:
        return f"{first}至{end.month}月{end.day}日"
    return f"{first}至{end.day}日"


def _part_of_day(start: datetime, end: datetime | None) -> str:
    """The word that the whole event fits into, or nothing: 11:30 to 20:30 is neither 上午 nor 下午.

    Of an event without an end one hour is looked at; a whole day, typed without a time, begins at midnight and has no word.
    """
    last = end or start + timedelta(hours=1)
    if (start.hour, start.minute) == (0, 0):
        return ""
    day = start.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    begins, ends = start.replace(tzinfo=None) - day, last.replace(tzinfo=None) - day
    return next((word for word, since, until in PARTS_OF_DAY if since <= begins and ends <= until), "")
