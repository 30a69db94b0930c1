"""Places: holds, on-site reserve, the no-show rule, lines of their own for sessions, queue numbers, paused telephone numbers."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables; all that was holds: no hold, no reserve, the first in line stops it."""
    op.add_column("events", sa.Column("hold_hours", sa.Integer(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("reserve", sa.Integer(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("waitlist_rule", sa.String(length=8), server_default="strict", nullable=False))
    op.add_column("events", sa.Column("no_show_rule", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("events", sa.Column("desk_taken", sa.Integer(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("offers_due_at", sa.BigInteger(), nullable=True))
    op.add_column("areas", sa.Column("queue", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("sessions", sa.Column("waitlist", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("registrations", sa.Column("session_sizes", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("registrations", sa.Column("offered_until", sa.BigInteger(), nullable=True))
    op.add_column("registrations", sa.Column("passed_over", sa.Integer(), server_default="0", nullable=False))
    op.add_column("registrations", sa.Column("yields", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE events SET desk_taken = COALESCE((SELECT SUM(party_size) FROM registrations WHERE registrations.event_id = events.id"
        " AND status IN ('confirmed', 'pending') AND channel IN ('desk', 'phone')), 0)"
    )
    op.create_table(
        "session_waits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("offered_until", sa.BigInteger(), nullable=True),
        sa.Column("lapsed_at", sa.BigInteger(), nullable=True),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_session_waits_event_id_events")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_session_waits_registration_id_registrations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_waits")),
        sa.UniqueConstraint("registration_id", "session", name=op.f("uq_session_waits_registration_id_session")),
    )
    op.create_index("ix_session_waits_event_id_session", "session_waits", ["event_id", "session"])
    op.create_table(
        "queue_numbers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("area", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'called', 'done', 'gone')", name=op.f("ck_queue_numbers_state")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_queue_numbers_event_id_events")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_queue_numbers_registration_id_registrations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_numbers")),
        sa.UniqueConstraint("event_id", "area", "epoch", "number", name=op.f("uq_queue_numbers_event_id_area_epoch_number")),
    )
    op.create_index("ix_queue_numbers_registration_id", "queue_numbers", ["registration_id"])
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organization_id", sa.String(length=36), nullable=False),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("kind IN ('paused', 'excused')", name=op.f("ck_pauses_kind")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_pauses_organization_id_organizations")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_pauses_registration_id_registrations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
        sa.UniqueConstraint("organization_id", "phone_hash", name=op.f("uq_pauses_organization_id_phone_hash")),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("pauses")
    op.drop_table("queue_numbers")
    op.drop_table("session_waits")
    for table, columns in (
        ("registrations", ("session_sizes", "offered_until", "passed_over", "yields")), ("sessions", ("waitlist",)), ("areas", ("queue",)),
        ("events", ("hold_hours", "reserve", "waitlist_rule", "no_show_rule", "desk_taken", "offers_due_at")),
    ):  # fmt: skip
        for column in columns:
            op.drop_column(table, column)
