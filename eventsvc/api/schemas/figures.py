"""Shapes of figures and reports."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from eventsvc.api.schemas.events import EventAnswer
from eventsvc.api.schemas.shape import Shape


class CheckpointFigureShape(Shape):
    """People, entries and people inside at one checkpoint; never added up over checkpoints."""

    key: str
    name: str
    rule: str
    entrance: bool
    people: int
    entries: int
    inside: int
    self_reported: int


class HourShape(Shape):
    """Entries within the hour that begins then."""

    hour: datetime
    entries: int


class ReportedShape(Shape):
    """A figure typed by a person: number, qualifier, where it comes from."""

    value: int
    qualifier: Literal["exact", "over_yu", "over_duo"]
    source: str


class CounterFigureShape(Shape):
    """One counter; ``total`` is by ``basis``."""

    key: str
    name: str
    kind: str
    unit: str
    verb: str
    total: int
    tapped: int
    stocktake: int | None
    taken_in: int
    taken_out: int
    stock: int | None
    stock_left: int | None
    by_topic: dict[str, int]
    reported: ReportedShape | None
    basis: Literal["tapped", "stocktake"]
    parent: str | None


class FiguresAnswer(Shape):
    """Every figure of an event at one moment (docs/figures.md)."""

    as_of: datetime
    unsynced: int
    registrations: int
    people_registered: int
    waitlisted: int
    people_admitted: int
    entries: int
    inside: int
    walkins: int
    scans: int
    refused: int
    conflicts: int
    conflicts_unseen: int
    unidentified: int
    self_reported: int
    quarantined: int
    by_checkpoint: list[CheckpointFigureShape]
    by_hour: list[HourShape]
    counters: list[CounterFigureShape]


class FrozenAnswer(Shape):
    """定稿: the figures as they were frozen."""

    at: datetime
    by: str
    figures: FiguresAnswer


class ReportAnswer(Shape):
    """The brief's parts, the figures behind them, and 定稿后 by figure."""

    event: EventAnswer
    title: str
    lead: str
    sentence: str
    oneliner: str
    participation: str
    figures: FiguresAnswer
    frozen: FrozenAnswer | None
    late: dict[str, int]
