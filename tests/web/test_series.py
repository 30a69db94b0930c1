"""An event copied over dates: the copies, what stays behind, the same days twice, wrong days, and who may."""

from __future__ import annotations

import pytest
from flask import Flask

from eventsvc.db import db
from eventsvc.models import Event
from eventsvc.services import event_document, registrations
from tests.web.conftest import NewWorld
from tests.web.console import Console

SERIES = "/manage/e/ye-shi/series"


@pytest.fixture
def organizer(app: Flask, new_world: NewWorld) -> Console:
    """An evening on 14 August with a session, gates with times and somebody registered."""
    world = new_world(
        sessions=[{"key": "a", "name": "剪纸", "starts_at": "2026-08-14T19:00:00+08:00", "ends_at": "2026-08-14T19:40:00+08:00", "capacity": 3}],
        checkpoints=[{"key": "gate", "name": "东门", "sessions": ["a"], "opens_at": "2026-08-14T18:30:00+08:00"}],
        registration={"capacity": 9, "opens_at": "2026-08-01T08:00:00+08:00", "closes_at": "2026-08-14T20:00:00+08:00", "reserve": 2},
    )
    with app.app_context():
        world.ticket(2, sessions=["a"])
    return Console(app)


def slugs(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {event.slug: event.status for event in db.session.scalars(db.select(Event).order_by(Event.slug))}


def test_every_week(app: Flask, organizer: Console) -> None:
    assert "按日期再办几场" in organizer.get("/manage/e/ye-shi/")
    assert organizer.send(SERIES, times="2").status_code == 303
    assert slugs(app) == {"ye-shi": "published", "ye-shi-20260821": "draft", "ye-shi-20260828": "draft"}
    with app.app_context():
        copy = event_document.dump(db.session.scalars(db.select(Event).where(Event.slug == "ye-shi-20260828")).one())
        own = event_document.dump(db.session.scalars(db.select(Event).where(Event.slug == "ye-shi")).one())
    assert (copy["starts_at"], copy["ends_at"]) == ("2026-08-28T18:00:00+08:00", "2026-08-28T21:30:00+08:00")
    assert copy["sessions"][0]["starts_at"] == "2026-08-28T19:00:00+08:00" and copy["checkpoints"][0]["opens_at"] == "2026-08-28T18:30:00+08:00"
    assert copy["registration"]["closes_at"] == "2026-08-28T20:00:00+08:00" and copy["registration"]["reserve"] == 2
    assert copy["counters"] == own["counters"] and copy["title"] == own["title"]
    with app.app_context():
        assert db.session.scalars(db.select(Event.places_taken).order_by(Event.slug)).all() == [2, 0, 0]
    assert organizer.send(SERIES, times="3").status_code == 303, "the same days again make only what is new"
    assert len(slugs(app)) == 4 and "有2场本来就有" in organizer.get("/manage/")


def test_on_days_written_down_and_published(app: Flask, organizer: Console) -> None:
    assert organizer.send(SERIES, dates="2026年9月1日\n2026-9-5、2026/09/05", publish="1").status_code == 303
    assert slugs(app) == {"ye-shi": "published", "ye-shi-20260901": "published", "ye-shi-20260905": "published"}
    with app.app_context():
        assert registrations.places_left(db.session.scalars(db.select(Event).where(Event.slug == "ye-shi-20260901")).one()) == 7


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"times": "0"}, "请填1到60"), ({"times": "many"}, "请填1到60"), ({"times": "9" * 30}, "请填1到60"), ({"every": "x"}, "请选多久一场"),
        ({"dates": "下周五"}, "看不懂“下周五”"), ({"dates": "2026-02-30"}, "看不懂“2026-02-30”"), ({"dates": "2020-01-01"}, "不在今天到两年之内"),
        ({"dates": "2026-08-14"}, "请写上至少一个别的日期"), ({"dates": "2039-01-01"}, "不在今天到两年之内"),
    ],
)  # fmt: skip
def test_wrong_days_are_said_and_kept(app: Flask, organizer: Console, typed: dict[str, str], said: str) -> None:
    answer = organizer.send(SERIES, **typed)
    assert answer.status_code == 422 and said in answer.text and list(typed.values())[0] in answer.text
    assert list(slugs(app)) == ["ye-shi"], "all copies or none"


def test_who_may(app: Flask, organizer: Console) -> None:
    Console(app, "viewer").get(SERIES, 403)
    Console(app, organization="else", email="else@example.test").get(SERIES, 404)
