"""Slugs and keys made from Chinese names, so that an organizer never has to think of one: pinyin initials and the date."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import Event
from eventsvc.services import pinyin

LONGEST = 24  # letters of a made name: enough to tell events apart, short enough for a poster


def spelt(text: str) -> str:
    """The pinyin initials of a text, Latin letters and digits as they are: 南关街非遗夜市 gives ``ngjfyys``; may be empty."""
    return re.sub(r"[^a-z0-9]", "", pinyin.initials(text).lower())[:LONGEST]


def slug(title: str, starts_at: datetime | None, zone: str) -> str:
    """A slug that no event has yet: initials, the local date, a number if need be."""
    day = f"-{starts_at.astimezone(ZoneInfo(zone)):%Y%m%d}" if starts_at else ""
    base = f"{spelt(title) or 'event'}{day}"
    like = set(db.session.scalars(select(Event.slug).where(Event.slug.startswith(base))))
    return _free(base, like)


def key(name: str, taken: Collection[str]) -> str:
    """A key for a checkpoint, counter, area or session that none of ``taken`` has."""
    return _free(spelt(name) or "item", taken)


def _free(base: str, taken: Collection[str]) -> str:
    if base not in taken:
        return base
    return next(f"{base}-{number}" for number in range(2, len(taken) + 3) if f"{base}-{number}" not in taken)
