"""The ledger: field records, which only grow; beside it the erasable notes and the decisions that phones added later."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Sequence, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import AppendOnly, Instant, db

records_seq = Sequence("records_seq", metadata=db.metadata)  # PostgreSQL only; SQLite has a single writer and counts on

RARE = "type IN ('walkin', 'undo')"
EXCEPTIONAL = "type = 'checkin' AND (outcome <> 'admitted' OR decided = 'refused')"  # scans that were, or may have been, refused


def _where(condition: str) -> dict[str, Any]:
    """The condition of an index over some rows only, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


class Record(AppendOnly, db.Model):
    """One thing that happened on the spot, under the id that the phone minted. Ids, keys, numbers and times only."""

    __tablename__ = "records"
    __table_args__ = (
        CheckConstraint("type IN ('checkin', 'tally', 'walkin', 'undo')", name="type"),
        Index("ix_records_event_id_epoch_seq", "event_id", "epoch", "seq"),
        Index("ix_records_registration_id", "registration_id", **_where("registration_id IS NOT NULL")),
        Index("ix_records_undoes", "undoes", **_where("undoes IS NOT NULL")),
        # each row is in one of these two: the page of a figure takes its rows from them, newest first
        Index("ix_records_counter", "event_id", "counter", "epoch", "seq", **_where("counter IS NOT NULL")),
        Index("ix_records_checkpoint", "event_id", "checkpoint", "epoch", "seq", **_where("checkpoint IS NOT NULL")),
        Index("ix_records_rare", "event_id", "epoch", "type", "seq", **_where(RARE)),
        Index("ix_records_exceptional", "event_id", "epoch", "seq", **_where(EXCEPTIONAL)),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, unique=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    epoch: Mapped[int]
    type: Mapped[str] = mapped_column(String(8))
    device_id: Mapped[str | None] = mapped_column(String(36))  # none: an organizer or a program of theirs
    checkpoint: Mapped[str | None] = mapped_column(String(64))
    counter: Mapped[str | None] = mapped_column(String(64))
    registration_id: Mapped[str | None] = mapped_column(String(36))
    quantity: Mapped[int]  # count of a check-in or walk-in, quantity of a tally, 0 of an undo
    direction: Mapped[str | None] = mapped_column(String(5))
    topic: Mapped[str | None] = mapped_column(String(60))
    basis: Mapped[str | None] = mapped_column(String(10))
    undoes: Mapped[str | None] = mapped_column(String(36))
    content: Mapped[str] = mapped_column(String(32))  # fingerprint of what counts as content, for `id_reused`
    at: Mapped[datetime] = mapped_column(Instant)  # the phone's clock, as sent
    corrected_at: Mapped[datetime] = mapped_column(Instant)  # the same, put right by the skew
    received_at: Mapped[datetime] = mapped_column(Instant)
    decided: Mapped[str | None] = mapped_column(String(8))  # what the phone had decided: admitted | refused
    outcome: Mapped[str] = mapped_column(String(20))  # what the server found
    admitted: Mapped[int] = mapped_column(default=0)
    used: Mapped[int | None]
    remaining: Mapped[int | None]
    first_record: Mapped[str | None] = mapped_column(String(36))  # the earlier admission that an `already_used` names
    flags: Mapped[list[str]] = mapped_column(JSON, default=list)
    scanned: Mapped[str | None] = mapped_column(String(60))  # of an unknown text: hash, length, four characters


class RecordDecision(AppendOnly, db.Model):
    """A decision that a phone sent after the record was already kept: beside it, never over it."""

    __tablename__ = "record_decisions"
    __table_args__ = (Index("ix_record_decisions_event_id_id", "event_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), index=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    decided: Mapped[str] = mapped_column(String(8))
    conflict: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime] = mapped_column(Instant)


class RecordNote(db.Model):
    """What a record says of persons: the volunteer, a walk-in's name, reasons and notes; erasable."""

    __tablename__ = "record_notes"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    operator: Mapped[str | None] = mapped_column(String(40))
    reason: Mapped[str | None] = mapped_column(String(200))
    note: Mapped[str | None] = mapped_column(String(300))
    name: Mapped[str | None] = mapped_column(String(50))
    phone: Mapped[str | None] = mapped_column(String(24))
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class SeenConflict(db.Model):
    """An organizer has looked at a record that does not fit the rules; taking the mark back deletes it."""

    __tablename__ = "seen_conflicts"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    actor: Mapped[str] = mapped_column(String(80))  # kind:id of whoever looked, never a name
    at: Mapped[datetime] = mapped_column(Instant)


class QuarantinedRecord(db.Model):
    """What a revoked phone handed in, word for word; it waits outside of the ledger until an organizer decides."""

    __tablename__ = "quarantined_records"
    __table_args__ = (Index("ix_quarantined_records_event_id_device_id", "event_id", "device_id"),)

    device_id: Mapped[str] = mapped_column(ForeignKey("devices.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    type: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(Text)  # the record as JSON, as it was sent
    at: Mapped[datetime] = mapped_column(Instant)  # the phone's clock
    sent_at: Mapped[datetime | None] = mapped_column(Instant)  # likewise, when it was handed in
    received_at: Mapped[datetime] = mapped_column(Instant)
    fault: Mapped[str | None] = mapped_column(String(200))  # why the records door would not have it
