"""The frozen figures and facts that every surface shows: one shape for API, pages, brief, .xlsx and screens.

``render/`` knows nothing of the house but these classes. All times are aware; ``zone`` is the event's IANA zone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class Reported:
    """A figure typed by a person (人工填报), kept as number + qualifier: ``exact`` · ``over_yu`` (余) · ``over_duo`` (多)."""

    value: int
    qualifier: str = "exact"
    source: str = "人工填报"


@dataclass(frozen=True)
class CounterFigure:
    """One counter. ``total`` is by the chosen ``basis`` (``tapped`` | ``stocktake``); headcounts: total = ``taken_in``."""

    key: str
    name: str
    kind: str  # headcount handout consultation application material custom
    unit: str
    verb: str
    total: int
    tapped: int = 0
    stocktake: int | None = None
    taken_in: int = 0
    taken_out: int = 0
    stock: int | None = None
    stock_left: int | None = None
    by_topic: dict[str, int] = field(default_factory=dict)
    reported: Reported | None = None
    basis: str = "tapped"
    qualifier: str = "exact"  # how the brief rounds the computed total: exact | over_yu | over_duo
    parent: str | None = None
    records: int | None = None  # how many ledger rows make ``total`` (undone ones left out); None where not told


@dataclass(frozen=True)
class CheckpointFigure:
    """One checkpoint: ``people`` (到场人数), ``entries`` (入场人次), ``inside`` (在场) there; never added up over checkpoints."""

    key: str
    name: str
    rule: str
    entrance: bool
    people: int
    entries: int
    inside: int
    records: int | None = None  # how many ledger rows make ``entries``; None where not told
    self_reported: int = 0  # of the entries: by 自助签到


@dataclass(frozen=True)
class Figures:
    """Every figure of an event at one moment, folded from its records (definitions: docs/figures.md)."""

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
    unidentified: int
    by_checkpoint: tuple[CheckpointFigure, ...]
    by_hour: tuple[tuple[datetime, int], ...]  # start of the local hour, entries in it
    by_quarter: tuple[tuple[datetime, int], ...]  # the same by quarter of an hour
    counters: tuple[CounterFigure, ...]
    seq: int = 0  # the last ledger row that is in
    conflicts_unseen: int = 0  # those of the conflicts that no organizer has marked as seen
    self_reported: int = 0  # of ``entries``: by 自助签到, so that no volunteer saw them
    quarantined: int = 0  # records of revoked phones that wait for a decision; part of ``unsynced``


@dataclass(frozen=True)
class EventFacts:
    """What the brief, the calendar and the pages say of an event."""

    slug: str
    title: str
    short_title: str | None
    kind: str
    status: str
    host: str | None
    undertaker: str | None
    co_host: str | None
    venue: str | None
    contact_phone: str | None
    zone: str
    starts_at: datetime | None
    ends_at: datetime | None
    date_text: str | None
    demo: bool = False
    year_inferred: bool = False
    rehearsal: bool = False  # what is scanned now is only tried out


@dataclass(frozen=True)
class Frozen:
    """定稿: the figures as they were frozen, when, and by which post."""

    at: datetime
    by: str
    figures: Figures


@dataclass(frozen=True)
class RecordLine:
    """One ledger row as the .xlsx and the figure's page show it: no full names, no phone numbers."""

    seq: int
    id: str
    type: str
    at: datetime
    received_at: datetime
    place: str | None
    ticket: str | None
    person: str | None
    quantity: int
    direction: str | None
    topic: str | None
    basis: str | None
    outcome: str
    decided: str | None
    undone: bool
    flags: tuple[str, ...]
    device: str | None
    operator: str | None
    reason: str | None
    note: str | None
    place_key: str | None = None  # key of the checkpoint or counter; ``place`` is its name
    counts: int | None = None  # what this row adds to the entries of its checkpoint or to its counter; None where not told
    corrected_at: datetime | None = None  # ``at`` put right by the phone's skew: what the folds order by


@dataclass(frozen=True)
class Report:
    """An event's facts and figures; ``participation`` says which number the brief calls 参加人次: ``entries`` | ``headcount`` | ``none``."""

    event: EventFacts
    figures: Figures
    participation: str = "entries"
    frozen: Frozen | None = None
    late: dict[str, Any] = field(default_factory=dict)  # 定稿后 +n, by figure name
