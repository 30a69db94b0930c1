"""What residents use without registering on a phone: printed slips."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import Instant, db


class Slip(db.Model):
    """A printed ticket of the desk: an ordinary registration from the moment it is made, named later or never."""

    __tablename__ = "slips"
    __table_args__ = (UniqueConstraint("event_id", "number"), Index("ix_slips_event_id_batch", "event_id", "batch"))

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    batch: Mapped[int]  # printed together; counted from 1 in the event
    number: Mapped[int]  # printed on it, counted likewise
    made_at: Mapped[datetime] = mapped_column(Instant)
