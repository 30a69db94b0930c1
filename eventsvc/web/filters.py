"""Dates, times and telephone numbers as the pages show them: in the event's zone, in Chinese or English, never ambiguous."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup, escape

from eventsvc.services.reports import EventFacts

_WEEKDAYS = "一二三四五六日"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
        return f"{_DAYS[here.weekday()]} {here.day} {_MONTHS[here.month - 1]}" + (f" {here.year}" if year else "")
    return (f"{here.year}年" if year else "") + f"{here.month}月{here.day}日（周{_WEEKDAYS[here.weekday()]}）"


def month_day(at: datetime, zone: str) -> tuple[str, str]:
    """Month and day apart, for the date on a card: ("11月", "28") · ("Nov", "28")."""
    here = local(at, zone)
    return (_MONTHS[here.month - 1] if _english() else f"{here.month}月", str(here.day))


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
    """When the event is: 2026年11月28日（周六）14:00–16:30, the times kept on one line; else its ``date_text`` (近日), else empty."""
    if event.starts_at is None:
        return escape(event.date_text or "")
    gap = ", " if _english() else ""
    hours = times(event.starts_at, event.ends_at, event.zone)
    one_day = len(hours) <= len("14:00–16:30")
    shape = Markup('{}{}<span class="nowrap">{}</span>') if one_day else Markup("{}{}{}")
    return shape.format(day(event.starts_at, event.zone, year), gap, hours)


def stamp(at: datetime, zone: str) -> str:
    """Date and time of something that happened: 2026年11月28日（周六）14:03."""
    return f"{day(at, zone)}{', ' if _english() else ''}{clock(at, zone)}"


def init_app(app: Flask) -> None:
    """Make the functions filters of the templates."""
    app.jinja_env.filters.update(clock=clock, day=day, month_day=month_day, weekday=weekday, times=times, when=when, stamp=stamp)
