"""Registrations, the erasable persons behind them, and the codes on their tickets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eventsvc.db import AppendOnly, Erasable, Instant, db

STATUSES = ("confirmed", "waitlisted", "pending", "cancelled")
CHANNELS = ("web", "phone", "desk", "proxy")
EVERY_CHANNEL = (*CHANNELS, "paper")  # a printed slip is nobody's choice in a form


class Registration(db.Model):
    """One party under one name and one code. Nothing in this table names a person: it may outlive them."""

    __tablename__ = "registrations"
    __table_args__ = (
        CheckConstraint("status IN ('confirmed', 'waitlisted', 'pending', 'cancelled')", name="status"),
        CheckConstraint("party_size BETWEEN 1 AND 99", name="party_size"),
        UniqueConstraint("event_id", "pickup_code"),
        UniqueConstraint("event_id", "seq"),
        Index("ix_registrations_event_id_status_seq", "event_id", "status", "seq"),
        Index("ix_registrations_event_id_roster_revision", "event_id", "roster_revision"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    seq: Mapped[int]  # order of arrival in the event: the waitlist's order
    roster_revision: Mapped[int] = mapped_column(default=0)  # the event's, when this row last changed
    status: Mapped[str] = mapped_column(String(16))
    blocked: Mapped[bool] = mapped_column(default=False)
    party_size: Mapped[int]
    sessions: Mapped[list[str]] = mapped_column(JSON, default=list)  # in which it has places; of a waiting party: which it would like
    session_sizes: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)  # how many go there, where it is not the whole party
    offered_until: Mapped[datetime | None] = mapped_column(Instant)  # of a waiting party: its places are held until then
    passed_over: Mapped[int] = mapped_column(default=0)  # how often a smaller party behind it moved up
    yields: Mapped[bool] = mapped_column(default=False)  # waits behind all others until the event is near (no-show rule)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    pickup_code: Mapped[str] = mapped_column(String(6))
    channel: Mapped[str] = mapped_column(String(16), default="web")
    unit: Mapped[str | None] = mapped_column(String(64))  # key of the unit that the party stands for
    valid_from: Mapped[datetime | None] = mapped_column(Instant)
    valid_until: Mapped[datetime | None] = mapped_column(Instant)
    consent_version: Mapped[str | None] = mapped_column(String(32))
    consent_at: Mapped[datetime | None] = mapped_column(Instant)
    guardian_version: Mapped[str | None] = mapped_column(String(32))  # of what a guardian agreed to for a child under 14
    guardian_at: Mapped[datetime | None] = mapped_column(Instant)
    answered: Mapped[list[str]] = mapped_column(JSON, default=list)  # keys of the questions that are answered
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
    cancelled_by: Mapped[str | None] = mapped_column(String(10))  # holder | organizer | lapsed (an offer not taken up): the holder takes back what is not the organizer's
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class RegistrationChange(AppendOnly, db.Model):
    """What a registration's status and size were until this change; written by the database itself, whatever changed them.

    The figures' rollup takes out with these what it once put in (services/rollup.py).
    """

    __tablename__ = "registration_changes"
    __table_args__ = (
        Index("ix_registration_changes_event_id_id", "event_id", "id"),
        Index("ix_registration_changes_registration_id_id", "registration_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    status: Mapped[str] = mapped_column(String(16))
    party_size: Mapped[int]


class SessionWait(db.Model):
    """A party that waits for places in a session (in the order of ``id``), or to which they are offered until ``offered_until``."""

    __tablename__ = "session_waits"
    __table_args__ = (UniqueConstraint("registration_id", "session"), Index("ix_session_waits_event_id_session", "event_id", "session"))

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"))
    session: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    offered_until: Mapped[datetime | None] = mapped_column(Instant)
    lapsed_at: Mapped[datetime | None] = mapped_column(Instant)  # it was not taken up: no longer in line
    passed_over: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)


class QueueNumber(db.Model):
    """A number taken at a stall (体验排号), in its order; by a ticket, or on paper by nobody in particular."""

    __tablename__ = "queue_numbers"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'called', 'done', 'gone')", name="state"),
        UniqueConstraint("event_id", "area", "epoch", "number"),
        Index("ix_queue_numbers_registration_id", "registration_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    area: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[int] = mapped_column(default=1)  # the event's: numbers of a rehearsal are put aside with it
    number: Mapped[int]
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registrations.id"))
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    taken_at: Mapped[datetime] = mapped_column(Instant)
    called_at: Mapped[datetime | None] = mapped_column(Instant)


class Pause(db.Model):
    """A telephone number that may not register for a while (暂停报名), or is excused from the no-show rule; the number itself is not kept."""

    __tablename__ = "pauses"
    __table_args__ = (
        CheckConstraint("kind IN ('paused', 'excused')", name="kind"),
        UniqueConstraint("organization_id", "phone_hash"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"))
    phone_hash: Mapped[str] = mapped_column(String(64))  # keyed: nobody reads the number out of it
    registration_id: Mapped[str | None] = mapped_column(ForeignKey("registrations.id"))  # from which it was paused: whose name is shown, while there is one
    kind: Mapped[str] = mapped_column(String(8), default="paused")
    until: Mapped[datetime] = mapped_column(Instant)
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by: Mapped[str] = mapped_column(String(80))  # kind:id of whoever did it


class Person(Erasable, db.Model):
    """Who stands behind a registration; emptied by deleting the row, the counts stay."""

    __tablename__ = "persons"
    __table_args__ = (
        Index("ix_persons_event_id_phone", "event_id", "phone"),
        Index("ix_persons_event_id_phone_tail", "event_id", "phone_tail"),
        Index("ix_persons_event_id_name", "event_id", "name"),
        Index("ix_persons_phone", "phone"),
        Index("ix_persons_event_id_spelt_registration_id", "event_id", "spelt", "registration_id"),
    )

    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    name: Mapped[str] = mapped_column(String(50))
    initials: Mapped[str] = mapped_column(String(120), default="")  # every pinyin reading, between spaces: " wgf "
    spelt: Mapped[str] = mapped_column(String(400), default="", server_default="")  # whole pinyin likewise, then the initials again: " wangguifang wgf "
    phone: Mapped[str | None] = mapped_column(String(24))  # E.164
    phone_tail: Mapped[str | None] = mapped_column(String(4))
    email: Mapped[str | None] = mapped_column(String(254))  # only where mails are sent
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # sealed ones as {"sealed": token}: services/questions.py
    members: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list, server_default="[]")  # companions: {name, age_band}
    guardian: Mapped[str | None] = mapped_column(String(20))  # what the registrant is to the children: 奶奶
    note: Mapped[str | None] = mapped_column(String(300))


class RetiredCode(db.Model):
    """A code that its ticket had before: ``reissued``, whoever shows it is told so; ``alias``, it goes on opening the ticket."""

    __tablename__ = "retired_codes"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id"), index=True)
    kind: Mapped[str] = mapped_column(String(8), default="reissued", server_default="reissued")
    retired_at: Mapped[datetime] = mapped_column(Instant)


class SpareCode(db.Model):
    """A code that was minted and not yet handed out; phones hold its hash, so that a fresh ticket is known without a network."""

    __tablename__ = "spare_codes"
    __table_args__ = (Index("ix_spare_codes_event_id_revision", "event_id", "revision"),)

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(ForeignKey("events.id"))
    revision: Mapped[int]  # the event's roster_revision when it was minted
