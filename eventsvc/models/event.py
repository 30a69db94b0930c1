"""Events and what they are made of: areas, sessions, checkpoints, counters."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from eventsvc.db import Instant, db

KINDS = ("fair", "outreach", "tour", "meeting", "course")
STATUSES = ("draft", "published", "closed", "cancelled")
RULES = ("once", "daily", "each_time", "stamp")
BY_ONESELF = ("no", "screen", "word")
AREA_KINDS = ("module", "zone", "stage", "stall", "point")
COUNTER_KINDS = ("headcount", "handout", "consultation", "application", "material", "custom")
ATTENDANCE = ("present", "stand_in", "leave", "absent")
QUALIFIERS = ("exact", "over_yu", "over_duo")


def _one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Event(db.Model):
    """One activity. ``epoch`` grows when a rehearsal is reset; figures fold the current epoch only."""

    __tablename__ = "events"
    __table_args__ = (_one_of("kind", KINDS), _one_of("status", STATUSES))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), index=True)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    short_title: Mapped[str | None] = mapped_column(String(60))
    kind: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16), default="draft")
    host: Mapped[str | None] = mapped_column(String(200))
    undertaker: Mapped[str | None] = mapped_column(String(200))
    co_host: Mapped[str | None] = mapped_column(String(200))
    venue: Mapped[str | None] = mapped_column(String(200))
    contact_phone: Mapped[str | None] = mapped_column(String(32))
    description: Mapped[str | None] = mapped_column(Text)
    timezone: Mapped[str] = mapped_column(String(40), default="Asia/Shanghai")
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    date_text: Mapped[str | None] = mapped_column(String(60))
    postponed_from: Mapped[datetime | None] = mapped_column(Instant)  # the beginning and the end that were given up
    postponed_until: Mapped[datetime | None] = mapped_column(Instant)  # when it was postponed without a new time

    registration_open: Mapped[bool] = mapped_column(default=True)
    registration_opens_at: Mapped[datetime | None] = mapped_column(Instant)
    registration_closes_at: Mapped[datetime | None] = mapped_column(Instant)
    capacity: Mapped[int | None]
    max_party: Mapped[int] = mapped_column(default=5)
    waitlist: Mapped[bool] = mapped_column(default=True)
    approval: Mapped[bool] = mapped_column(default=False)
    hold_hours: Mapped[int] = mapped_column(default=0)  # how long an offered place is held; 0: whoever waits is promoted at once
    reserve: Mapped[int] = mapped_column(default=0)  # places (现场名额) that only the desk and the telephone give out
    waitlist_rule: Mapped[str] = mapped_column(String(8), default="strict")  # strict: the first that does not fit stops the line; fit: others go round it
    no_show_rule: Mapped[bool] = mapped_column(default=False)  # who was twice 报名未到 may only wait for a while
    retention_days: Mapped[int] = mapped_column(default=180)
    members: Mapped[str] = mapped_column(String(8), default="number", server_default="number")  # companions by number or by names
    per_phone: Mapped[int | None]  # registrations that one number may hold; none: as many as it likes
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)

    places_taken: Mapped[int] = mapped_column(default=0)  # people confirmed, pending or offered a place; kept under the event's row lock
    desk_taken: Mapped[int] = mapped_column(default=0)  # those of them that came by the desk, the telephone or a printed slip, kept likewise
    offers_due_at: Mapped[datetime | None] = mapped_column(Instant)  # no offer of a place ends before; none: there is no offer
    next_seq: Mapped[int] = mapped_column(default=1)  # order of registration, kept likewise
    roster_revision: Mapped[int] = mapped_column(default=0)  # grows with every change of a registration, kept likewise
    epoch: Mapped[int] = mapped_column(default=1)
    epoch_began_at: Mapped[datetime | None] = mapped_column(Instant)  # when the last rehearsal was reset; none: never
    rehearsal: Mapped[bool] = mapped_column(default=False)  # doors are open whatever the clock says
    demo: Mapped[bool] = mapped_column(default=False)  # shown as 演示
    year_inferred: Mapped[bool] = mapped_column(default=False)  # shown as 年份为推断
    participation: Mapped[str] = mapped_column(String(64), default="entries")  # what the brief calls 参加人次
    ticked: Mapped[list[str]] = mapped_column(JSON, default=list)  # lines of the checklist that the organizer ticks by hand
    venue_round: Mapped[int] = mapped_column(default=0, server_default="0")  # grows when the codes shown at the venue are exchanged
    revision: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    published_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)

    areas: Mapped[list[Area]] = relationship(order_by="Area.position", cascade="all, delete-orphan")
    sessions: Mapped[list[EventSession]] = relationship(order_by="EventSession.position", cascade="all, delete-orphan")
    checkpoints: Mapped[list[Checkpoint]] = relationship(order_by="Checkpoint.position", cascade="all, delete-orphan")
    counters: Mapped[list[Counter]] = relationship(order_by="Counter.position", cascade="all, delete-orphan")
    units: Mapped[list[Unit]] = relationship(order_by="Unit.position", cascade="all, delete-orphan")


class _Part:
    """What areas, sessions, checkpoints and counters share: a key that is unique in the event, a name, an order."""

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    key: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]


class Area(_Part, db.Model):
    """A module, zone, stage, stall or point of an event."""

    __tablename__ = "areas"
    __table_args__ = (UniqueConstraint("event_id", "key"), _one_of("kind", AREA_KINDS))

    kind: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(String(300))
    queue: Mapped[bool] = mapped_column(default=False)  # 体验排号: one takes a number here


class EventSession(_Part, db.Model):
    """A session (场次) of an event with its own time and places."""

    __tablename__ = "sessions"
    __table_args__ = (UniqueConstraint("event_id", "key"),)

    area: Mapped[str | None] = mapped_column(String(64))
    starts_at: Mapped[datetime | None] = mapped_column(Instant)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    capacity: Mapped[int | None]
    waitlist: Mapped[bool] = mapped_column(default=True)  # whether a party may wait for it
    places_taken: Mapped[int] = mapped_column(default=0)  # people who have it or were offered it; kept under the event's row lock


class Checkpoint(_Part, db.Model):
    """A place where tickets are scanned, with its rule of admission."""

    __tablename__ = "checkpoints"
    __table_args__ = (UniqueConstraint("event_id", "key"), _one_of("rule", RULES))

    area: Mapped[str | None] = mapped_column(String(64))
    rule: Mapped[str] = mapped_column(String(16), default="once")
    entrance: Mapped[bool] = mapped_column(default=False)
    sessions: Mapped[list[str]] = mapped_column(JSON, default=list)
    opens_at: Mapped[datetime | None] = mapped_column(Instant)
    closes_at: Mapped[datetime | None] = mapped_column(Instant)
    by_oneself: Mapped[str] = mapped_column(String(8), default="no", server_default="no")  # 自助签到: by the code on a screen, or a poster and the day's word


class Counter(_Part, db.Model):
    """Something that is counted by tapping, or typed by the organizer (``material``, ``reported_*``)."""

    __tablename__ = "counters"
    __table_args__ = (UniqueConstraint("event_id", "key"), _one_of("kind", COUNTER_KINDS))

    kind: Mapped[str] = mapped_column(String(16))
    unit: Mapped[str] = mapped_column(String(16), default="")
    verb: Mapped[str] = mapped_column(String(16), default="")
    steps: Mapped[list[int]] = mapped_column(JSON, default=lambda: [1])
    stock: Mapped[int | None]
    topics: Mapped[list[str]] = mapped_column(JSON, default=list)
    parent: Mapped[str | None] = mapped_column(String(64))
    area: Mapped[str | None] = mapped_column(String(64))
    basis: Mapped[str] = mapped_column(String(16), default="tapped")  # which one the brief uses: tapped | stocktake
    qualifier: Mapped[str] = mapped_column(String(16), default="exact")  # how the brief rounds a computed total
    reported_value: Mapped[int | None]
    reported_qualifier: Mapped[str | None] = mapped_column(String(16))
    reported_source: Mapped[str | None] = mapped_column(String(60))


class Unit(_Part, db.Model):
    """A unit (街道、园区、部门) that takes part in a meeting or a tour: how many of it are expected, and what its roll call said."""

    __tablename__ = "units"
    __table_args__ = (UniqueConstraint("event_id", "key"), _one_of("attendance", ATTENDANCE))

    expected: Mapped[int] = mapped_column(default=1)
    attendance: Mapped[str | None] = mapped_column(String(8))  # as an organizer called it; none: as its tickets were scanned
    people: Mapped[int | None]  # of a present one or a stand-in
    called_epoch: Mapped[int | None]  # a roll call of a rehearsal ends with it
