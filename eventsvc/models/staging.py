"""What an import left behind: its rows wait here for at most a day, and what it made can be found and taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import Instant, db

SOURCES = ("csv", "xlsx", "text", "api")
IMPORT_STATES = ("draft", "running", "done", "undone")
ROW_STATES = ("good", "faulty", "double", "created", "refused", "skipped", "undone", "left")


class Import(db.Model):
    """One list that somebody brought in: how it is read, how far it is, who said that the people agreed."""

    __tablename__ = "imports"
    __table_args__ = (CheckConstraint("state IN ('draft', 'running', 'done', 'undone')", name="state"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"), index=True)
    actor: Mapped[str] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(8), default="draft")
    header: Mapped[int] = mapped_column(default=0)  # number of the heading row; 0: none
    headings: Mapped[list[str]] = mapped_column(JSON, default=list)
    targets: Mapped[list[str | None]] = mapped_column(JSON, default=list)
    channel: Mapped[str] = mapped_column(String(16), default="desk")
    doubles: Mapped[bool] = mapped_column(default=False)  # import what looks registered already, too
    position: Mapped[int] = mapped_column(default=0)  # the last row that was dealt with
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    consent_at: Mapped[datetime | None] = mapped_column(Instant)
    touched_at: Mapped[datetime] = mapped_column(Instant)  # when it last went on
    emptied_at: Mapped[datetime | None] = mapped_column(Instant)  # when what was left of its cells was erased


class ImportRow(db.Model):
    """One row: its cells until it is registered or a day is over, what is wrong with it, and the registration it became."""

    __tablename__ = "import_rows"
    __table_args__ = (Index("ix_import_rows_import_id_state_number", "import_id", "state", "number"),)

    import_id: Mapped[str] = mapped_column(ForeignKey("imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    cells: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    state: Mapped[str] = mapped_column(String(8))
    faults: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))  # [column or null, code, sentence, its places]
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registrations.id"), index=True)
    revision: Mapped[int | None]  # the registration's, as the import left it
