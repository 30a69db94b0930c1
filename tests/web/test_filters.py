"""Dates and times on the pages: in the event's zone, and nothing claimed that nobody said."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from flask_babel import Babel, force_locale
from markupsafe import Markup

from eventsvc.web import filters

ZONE = "Asia/Shanghai"
START = datetime(2026, 11, 28, 6, 0, tzinfo=UTC)
END = datetime(2026, 11, 28, 8, 30, tzinfo=UTC)


@pytest.fixture
def page() -> Flask:
    app = Flask(__name__)
    Babel(app, default_locale="zh")
    filters.init_app(app)
    return app


def event(**given: object) -> SimpleNamespace:
    return SimpleNamespace(**({"starts_at": START, "ends_at": END, "date_text": None, "zone": ZONE} | given))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, "2026年11月28日（周六）14:00–16:30"),
        ({"ends_at": None}, "2026年11月28日（周六）14:00"),
        ({"ends_at": datetime(2026, 11, 29, 4, tzinfo=UTC)}, "2026年11月28日（周六）14:00 – 11月29日（周日）12:00"),
        ({"starts_at": None, "ends_at": None, "date_text": "近日"}, "近日"),
        ({"starts_at": None, "ends_at": None}, ""),
        ({"date_text": "11月28日下午"}, "2026年11月28日下午"),
        ({"starts_at": datetime(2026, 11, 27, 16, tzinfo=UTC), "ends_at": None}, "2026年11月28日（周六）"),
        ({"starts_at": None, "ends_at": None, "date_text": "<b>"}, "<b>"),
    ],
)
def test_when(page: Flask, given: dict[str, object], shown: str) -> None:
    with page.test_request_context():
        said = filters.when(event(**given))
    assert isinstance(said, Markup)
    assert said.striptags() == shown if "<" not in shown else said == "&lt;b&gt;"


def test_english(page: Flask) -> None:
    with page.test_request_context(), force_locale("en"):
        assert filters.when(event()).striptags() == "Sat 28 Nov 2026, 14:00–16:30"
        assert filters.month_day(START, ZONE) == ("Nov", "28")
        assert filters.weekday(START, ZONE) == "Sat"
        assert filters.stamp(START, ZONE) == "Sat 28 Nov 2026, 14:00"


def test_parts(page: Flask) -> None:
    with page.test_request_context():
        assert filters.month_day(START, ZONE) == ("11月", "28")
        assert filters.weekday(START, ZONE) == "周六"
        assert filters.times(START, END, ZONE) == "14:00–16:30"
        assert filters.times(None, None, ZONE) == ""
