"""Shapes of field records and of the answers to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from eventsvc.api.schemas.shape import Shape


class CheckinRecord(Shape):
    """A scan; ``ref`` from a look-up may stand in place of ``ticket``."""

    id: str
    type: Literal["checkin"]
    checkpoint: str
    ticket: Annotated[str | None, Field(description="QR text, code or 签到码")] = None
    ref: str | None = None
    count: Annotated[int, Field(ge=1, le=99)] = 1
    direction: Literal["entry", "exit"] = "entry"
    answers: dict[str, Any] | None = None
    basis: Annotated[Literal["paper"] | None, Field(description="`paper`: entered afterwards from a list")] = None
    at: datetime
    operator: str | None = None
    decided: Literal["admitted", "refused"] | None = None
    reason: str | None = None


class TallyRecord(Shape):
    """A tap on a counter, or a stocktake."""

    id: str
    type: Literal["tally"]
    counter: str
    quantity: Annotated[int, Field(ge=1, le=9999)] = 1
    direction: Literal["in", "out"] = "in"
    topic: str | None = None
    basis: Literal["tapped", "stocktake", "paper"] = "tapped"
    note: str | None = None
    at: datetime
    operator: str | None = None


class WalkinRecord(Shape):
    """A party without a ticket, registered and admitted in one step."""

    id: str
    type: Literal["walkin"]
    checkpoint: str
    count: Annotated[int, Field(ge=1, le=99)] = 1
    name: str | None = None
    phone: str | None = None
    consent: bool | None = None
    basis: Annotated[Literal["paper"] | None, Field(description="`paper`: entered afterwards from a list")] = None
    at: datetime
    operator: str | None = None
    decided: Literal["admitted", "refused"] | None = None


class UndoRecord(Shape):
    """Takes a whole record back; organizers say why."""

    id: str
    type: Literal["undo"]
    undoes: str
    reason: str | None = None
    at: datetime
    operator: str | None = None


class RecordsBody(Shape):
    """At most 500 records; ``queued``: what the phone still holds after this batch; ``roster_at``: when it last knew its roster current;
    ``operator``: who is on duty."""

    sent_at: datetime | None = None
    queued: Annotated[int, Field(ge=0)] | None = None
    roster_at: datetime | None = None
    version: Annotated[str, Field(max_length=40)] | None = None
    operator: str | None = None
    records: list[CheckinRecord | TallyRecord | WalkinRecord | UndoRecord]


class RecordResult(Shape):
    """The answer to one record."""

    id: str | None
    status: Literal["recorded", "replayed", "rejected"]
    outcome: str | None
    code: str | None
    message: str | None
    ref: str | None
    name: str | None
    party_size: int | None
    admitted: int | None
    used: int | None
    remaining: int | None
    questions: list[dict[str, Any]] | None
    first_at: datetime | None
    first_checkpoint: str | None
    first_device: str | None
    note: str | None
    flags: list[str]


class RecordsAnswer(Shape):
    """One result a record, in order."""

    results: list[RecordResult]
    server_time: datetime


class SalvageResult(Shape):
    """The answer to one record that a revoked phone handed in."""

    id: str | None
    status: Literal["quarantined", "rejected"]
    code: str | None
    message: str | None


class SalvageAnswer(Shape):
    """One result a record, in order; nothing of anybody in it."""

    results: list[SalvageResult]
    server_time: datetime


class QuarantineRow(Shape):
    """What one revoked phone handed in; ``faults``: why the door would not have some of it, with how many."""

    device: str
    name: str
    operator: str
    revoked_at: datetime | None
    received_at: datetime
    first_at: datetime
    last_at: datetime
    count: int
    types: dict[str, int]
    faults: dict[str, int]


class QuarantineAnswer(Shape):
    """The phones whose records wait."""

    items: list[QuarantineRow]


class Accepted(Shape):
    """How many records the ledger has now, and how many wait on because the door would not have them."""

    accepted: int
    left: int


class Refused(Shape):
    """How many records were dropped."""

    refused: int
