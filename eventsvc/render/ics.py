"""The event as an iCalendar file (RFC 5545): times with their zone, a reminder, and the news when it is called off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from eventsvc.render import words
from eventsvc.services.reports import EventFacts

REMINDER = timedelta(hours=-2)
_STATUS = {"cancelled": "CANCELLED", "postponed": "TENTATIVE", "draft": "TENTATIVE"}


def calendar(event: EventFacts, url: str, uid_host: str, stamp: datetime, sequence: int = 0) -> bytes | None:
    """One VEVENT with its VTIMEZONE; None for an event without ``starts_at``.

    ``uid_host`` makes the UID lasting (slug@host); ``stamp`` is when the event was last changed (aware); ``sequence``
    must grow with each change of time or state, or calendars keep the old one.
    """
    if event.starts_at is None:
        return None
    zone = ZoneInfo(event.zone)
    entry = Event()
    entry.add("uid", f"{event.slug}@{uid_host}")
    entry.add("dtstamp", stamp.astimezone(UTC))
    entry.add("last-modified", stamp.astimezone(UTC))
    entry.add("sequence", sequence)
    entry.add("dtstart", event.starts_at.astimezone(zone))
    if event.ends_at is not None and event.ends_at > event.starts_at:
        entry.add("dtend", event.ends_at.astimezone(zone))
    sign = (words.SIGNS["demo"] if event.demo else "") + words.SIGNS.get(event.status, "")
    entry.add("summary", sign + event.title)
    if event.venue:
        entry.add("location", event.venue)
    entry.add("description", description(event, url))
    entry.add("url", url)
    if event.contact_phone:
        entry.add("contact", event.contact_phone)
    entry.add("status", _STATUS.get(event.status, "CONFIRMED"))
    if event.status != "cancelled":
        reminder = Alarm()
        reminder.add("action", "DISPLAY")
        reminder.add("description", event.title)
        reminder.add("trigger", REMINDER)
        entry.add_component(reminder)
    file = Calendar()
    file.add("prodid", "-//eventsvc//eventsvc//ZH")
    file.add("version", "2.0")
    file.add("calscale", "GREGORIAN")
    file.add("method", "PUBLISH")
    file.add_component(entry)
    file.add_missing_timezones()
    return file.to_ical()


def description(event: EventFacts, url: str) -> str:
    """What the calendar says below the title: who holds it, the telephone number, the address of its page."""
    lines = ["已取消，详情请见活动页。" if event.status == "cancelled" else ""]
    lines += [f"主办：{event.host}" if event.host else ""]
    lines += [f"电话：{event.contact_phone}" if event.contact_phone else ""]
    lines += [f"活动页：{url}"]
    lines += ["年份为推断" if event.year_inferred else ""]
    return "\n".join(line for line in lines if line)
