"""Dates, times and telephone numbers as the pages show them: in the event's zone, in Chinese or English, never ambiguous."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale, gettext
from markupsafe import Markup, escape

from eventsvc.services.reports import EventFacts
from eventsvc.services.wording import MONTHS

_WEEKDAYS = ("一", "二", "三", "四", "五", "六", "日")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WORDS = ("上午", "下午", "晚上", "近日")  # as organizers write them, for the catalog
_DATE_TEXT = re.compile(rf"(?:(?P<year>\d{{4}})年)?(?P<month>\d{{1,2}})月(?P<day>\d{{1,2}})日(?P<part>{'|'.join(_WORDS[:3])})?")


def _english() -> bool:
    locale = get_locale()
    return locale is not None and locale.language == "en"


def local(at: datetime, zone: str) -> datetime:
    """The moment on the wall clock of the zone."""
    return at.astimezone(ZoneInfo(zone))


def clock(at: datetime, zone: str) -> str:
    """The time of day: 14:00."""
    return f"{local(at, zone):%H:%M}"


def day(at: datetime, zone: str, year: bool = True) -> str:
    """The date with its weekday: 2026年11月28日（周六） · Sat 28 Nov 2026."""
    here = local(at, zone)
    if _english():
        return f"{_DAYS[here.weekday()]} {here.day} {MONTHS[here.month - 1]}" + (f" {here.year}" if year else "")
    return (f"{here.year}年" if year else "") + f"{here.month}月{here.day}日（周{_WEEKDAYS[here.weekday()]}）"


def month_day(at: datetime, zone: str) -> tuple[str, str]:
    """Month and day apart, for the date on a card: ("11月", "28") · ("Nov", "28")."""
    here = local(at, zone)
    return (MONTHS[here.month - 1] if _english() else f"{here.month}月", str(here.day))


def short_day(at: datetime, zone: str) -> str:
    """The date in a table: 11月28日 · 28 Nov."""
    here = local(at, zone)
    return f"{here.day} {MONTHS[here.month - 1]}" if _english() else f"{here.month}月{here.day}日"


def weekday(at: datetime, zone: str) -> str:
    """The weekday alone: 周六 · Sat."""
    here = local(at, zone)
    return _DAYS[here.weekday()] if _english() else f"周{_WEEKDAYS[here.weekday()]}"


def times(starts_at: datetime | None, ends_at: datetime | None, zone: str) -> str:
    """From–to on one day: 14:00–16:30; 14:00 where the end is not known; empty without a start."""
    if starts_at is None:
        return ""
    if ends_at is None:
        return clock(starts_at, zone)
    if local(starts_at, zone).date() == local(ends_at, zone).date():
        return f"{clock(starts_at, zone)}–{clock(ends_at, zone)}"
    return f"{clock(starts_at, zone)} – {day(ends_at, zone, year=False)}{' ' if _english() else ''}{clock(ends_at, zone)}"


def when(event: EventFacts, year: bool = True) -> Markup:
    """When the event is: 2026年11月28日（周六）14:00–16:30, weekday and times each kept on one line.

    A ``date_text`` goes before the hours, which it was written for not knowing: 2020年8月14日下午, 近日. A start at midnight
    without an end is a day without a time.
    """
    if event.starts_at is None:
        return escape(_in_words(event.date_text or ""))
    if event.date_text and not _english():
        here = local(event.starts_at, event.zone)
        known = year and event.date_text.startswith(f"{here.month}月")
        return escape(f"{here.year}年{event.date_text}" if known else event.date_text)
    date, _, dayname = day(event.starts_at, event.zone, year).partition("（")
    shown = escape(date) + (_together(f"（{dayname}") if dayname else "")
    if event.ends_at is None and clock(event.starts_at, event.zone) == "00:00":
        return shown
    hours = times(event.starts_at, event.ends_at, event.zone)
    return shown + (", " if _english() else "") + (_together(hours) if len(hours) <= len("14:00–16:30") else escape(hours))


def _in_words(date_text: str) -> str:
    """A date as somebody wrote it; in English where it is plain enough to be read: 14 Aug 2020, afternoon."""
    if not _english() or not date_text:
        return date_text
    found = _DATE_TEXT.fullmatch(date_text)
    if not found or not 1 <= int(found["month"]) <= 12:
        return gettext(date_text)
    day_and_month = f"{int(found['day'])} {MONTHS[int(found['month']) - 1]}"
    return f"{day_and_month}{' ' + found['year'] if found['year'] else ''}{', ' + gettext(found['part']) if found['part'] else ''}"


def _together(text: str) -> Markup:
    return Markup('<span class="nowrap">{}</span>').format(text)


def stamp(at: datetime, zone: str) -> str:
    """Date and time of something that happened: 2026年11月28日（周六）14:03."""
    return f"{day(at, zone)}{', ' if _english() else ''}{clock(at, zone)}"


def init_app(app: Flask) -> None:
    """Make the functions filters of the templates."""
    app.jinja_env.filters.update(clock=clock, day=day, month_day=month_day, weekday=weekday, short_day=short_day, times=times, when=when, stamp=stamp)
