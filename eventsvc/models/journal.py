"""What the organizer's side leaves behind: the audit journal, frozen figures, remembered answers to retried POSTs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import AppendOnly, Instant, db


class AuditEntry(AppendOnly, db.Model):
    """Who did what to which thing, and when: publishing, freezing, exporting, undoing, revoking."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_organization_id_id", "organization_id", "id"),
        Index("ix_audit_entries_registration_id_id", "registration_id", "id"),
        Index("ix_audit_entries_event_id_action", "event_id", "action"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[str | None] = mapped_column(ForeignKey("organizations.id"))
    event_id: Mapped[str | None] = mapped_column(String(36))
    registration_id: Mapped[str | None] = mapped_column(String(36))  # whose it was, where it concerned one party
    actor: Mapped[str] = mapped_column(String(80))  # kind:id of the caller, never a name
    role: Mapped[str | None] = mapped_column(String(8))  # that a member had at the time: what the person concerned is told
    action: Mapped[str] = mapped_column(String(40))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    at: Mapped[datetime] = mapped_column(Instant)


class FrozenFigures(AppendOnly, db.Model):
    """定稿: an event's figures as they were when somebody froze them, up to a number of the ledger."""

    __tablename__ = "frozen_figures"

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    epoch: Mapped[int]
    seq: Mapped[int] = mapped_column(BigInteger)
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(Instant)


class RememberedAnswer(db.Model):
    """The answer to a POST with an Idempotency-Key, kept for 24 hours (draft-ietf-httpapi-idempotency-key-header)."""

    __tablename__ = "remembered_answers"

    scope: Mapped[str] = mapped_column(String(200), primary_key=True)  # caller + route
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    body: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)


class FigureRollup(db.Model):
    """An event's sums up to a point, so that nobody folds the whole ledger again; made by readers, and can be made anew at any time."""

    __tablename__ = "figure_rollups"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger)  # the last record in it
    sums: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Instant)
