"""The outbox: what is still to be told to whom, what was told, and who has to be telephoned."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import Instant, db

STATES = ("waiting", "sent", "failed", "call", "dropped")


class Message(db.Model):
    """One message to one party for one cause. It holds no name, number or address: those are read when it is sent."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sent', 'failed', 'call', 'dropped')", name="state"),
        UniqueConstraint("registration_id", "cause"),
        Index("ix_messages_state_rank_next_at", "state", "rank", "next_at"),
        Index("ix_messages_event_id_state", "event_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    template: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(60))  # what made it due; once a registration
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # numbers and times of the cause, nobody's name
    must_reach: Mapped[bool] = mapped_column(default=False)  # who cannot be written to is telephoned
    rank: Mapped[int] = mapped_column(default=1)  # 0 goes first
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    channel: Mapped[str | None] = mapped_column(String(4))  # mail or sms, once it is known
    reason: Mapped[str | None] = mapped_column(String(60))  # why it is not sent: a stable code
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(Instant)  # not before; of a claimed one: when the claim ends
    lease: Mapped[str | None] = mapped_column(String(32))  # of the worker that has it in hand
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    call_outcome: Mapped[str | None] = mapped_column(String(12))  # reached or not_reached
    called_at: Mapped[datetime | None] = mapped_column(Instant)
    called_by: Mapped[str | None] = mapped_column(String(80))  # kind:id of the caller, never a name
