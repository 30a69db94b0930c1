"""Offline: spare codes, quarantine, marks of seen conflicts, codes that go on opening a ticket, what phones say of their roster."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables and columns; every code that was replaced so far was reissued."""
    op.create_table(
        "spare_codes",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_spare_codes_event_id_events")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_spare_codes")),
    )
    op.create_index("ix_spare_codes_event_id_revision", "spare_codes", ["event_id", "revision"])
    op.create_table(
        "seen_conflicts",
        sa.Column("record_id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_seen_conflicts_event_id_events")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_seen_conflicts_record_id_records")),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_seen_conflicts")),
    )
    op.create_index(op.f("ix_seen_conflicts_event_id"), "seen_conflicts", ["event_id"])
    op.create_table(
        "quarantined_records",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("type", sa.String(length=8), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("fault", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_quarantined_records_device_id_devices")),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_quarantined_records_event_id_events")),
        sa.PrimaryKeyConstraint("device_id", "id", name=op.f("pk_quarantined_records")),
    )
    op.create_index("ix_quarantined_records_event_id_device_id", "quarantined_records", ["event_id", "device_id"])
    op.add_column("retired_codes", sa.Column("kind", sa.String(length=8), server_default="reissued", nullable=False))
    op.add_column("devices", sa.Column("roster_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Take them away again; codes that went on opening a ticket are then told to be reissued."""
    op.drop_column("devices", "roster_at")
    op.drop_column("retired_codes", "kind")
    op.drop_index("ix_quarantined_records_event_id_device_id", table_name="quarantined_records")
    op.drop_table("quarantined_records")
    op.drop_index(op.f("ix_seen_conflicts_event_id"), table_name="seen_conflicts")
    op.drop_table("seen_conflicts")
    op.drop_index("ix_spare_codes_event_id_revision", table_name="spare_codes")
    op.drop_table("spare_codes")
