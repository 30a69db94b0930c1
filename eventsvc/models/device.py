"""Invitations to a door, and the phones that joined by them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import Instant, db


class Invitation(db.Model):
    """A join link with its scopes and checkpoints; ``max_uses`` 30 serves a group chat."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    parent_id: Mapped[str | None] = mapped_column(String(36))  # the invitation of the phone that handed over
    made_by: Mapped[str | None] = mapped_column(String(36))  # that phone
    name: Mapped[str] = mapped_column(String(80))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    checkpoints: Mapped[list[str]] = mapped_column(JSON, default=list)  # none named = all of the event's
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    max_uses: Mapped[int] = mapped_column(default=1)
    uses: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)


class Device(db.Model):
    """One browser that joined. Its token is derived from its id and the secret key, and never stored."""

    __tablename__ = "devices"
    __table_args__ = (Index("ix_devices_invitation_id_nonce_hash", "invitation_id", "nonce_hash"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    invitation_id: Mapped[str] = mapped_column(ForeignKey("invitations.id"))
    name: Mapped[str] = mapped_column(String(80))
    operator: Mapped[str] = mapped_column(String(40), default="")
    scopes: Mapped[list[str]] = mapped_column(JSON)
    checkpoints: Mapped[list[str]] = mapped_column(JSON, default=list)
    nonce_hash: Mapped[str | None] = mapped_column(String(64))
    joined_at: Mapped[datetime] = mapped_column(Instant)
    last_seen_at: Mapped[datetime | None] = mapped_column(Instant)
    queued: Mapped[int] = mapped_column(default=0)  # records that it said it still holds
    said_at: Mapped[datetime | None] = mapped_column(Instant)  # when it said so, by its own clock
    roster_at: Mapped[datetime | None] = mapped_column(Instant)  # when it last knew its roster to be current, by its own word
    version: Mapped[str | None] = mapped_column(String(40))  # of its shell
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
