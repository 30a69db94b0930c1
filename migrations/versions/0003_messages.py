"""The outbox of messages, and an optional e-mail address of a person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the column."""
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("template", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("must_reach", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("channel", sa.String(length=4), nullable=True),
        sa.Column("reason", sa.String(length=60), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("call_outcome", sa.String(length=12), nullable=True),
        sa.Column("called_at", sa.BigInteger(), nullable=True),
        sa.Column("called_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'call', 'dropped')", name=op.f("ck_messages_state")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_messages_event_id_events")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_messages_registration_id_registrations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("registration_id", "cause", name=op.f("uq_messages_registration_id_cause")),
    )
    op.create_index("ix_messages_state_rank_next_at", "messages", ["state", "rank", "next_at"])
    op.create_index("ix_messages_event_id_state", "messages", ["event_id", "state"])
    op.add_column("persons", sa.Column("email", sa.String(length=254), nullable=True))


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("persons", "email")
    op.drop_table("messages")
