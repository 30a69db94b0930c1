"""Figures that stay flat: rollups, what registrations were before each change, indexes by place and for what is rare."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

EXCEPTIONAL = "type = 'checkin' AND (outcome <> 'admitted' OR decided = 'refused')"
LEDGER = "registration_changes"


def upgrade() -> None:
    """Add them; the database itself notes what a registration was, and that note is never changed."""
    op.create_table(
        "figure_rollups",
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_figure_rollups_event_id_events")),
        sa.PrimaryKeyConstraint("event_id", "epoch", name=op.f("pk_figure_rollups")),
    )
    op.create_table(
        LEDGER,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=36), nullable=False),
        sa.Column("registration_id", sa.String(length=36), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("party_size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["events.id"], name=op.f("fk_registration_changes_event_id_events")),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], name=op.f("fk_registration_changes_registration_id_registrations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration_changes")),
    )
    op.create_index("ix_registration_changes_event_id_id", LEDGER, ["event_id", "id"])
    op.create_index("ix_registration_changes_registration_id_id", LEDGER, ["registration_id", "id"])
    op.drop_index("ix_record_decisions_event_id", table_name="record_decisions")
    op.create_index("ix_record_decisions_event_id_id", "record_decisions", ["event_id", "id"])
    op.drop_index("ix_records_counter", table_name="records")
    for name, column in (("ix_records_counter", "counter"), ("ix_records_checkpoint", "checkpoint")):
        _index(name, ["event_id", column, "epoch", "seq"], f"{column} IS NOT NULL")
    _index("ix_records_rare", ["event_id", "epoch", "type", "seq"], "type IN ('walkin', 'undo')")
    _index("ix_records_exceptional", ["event_id", "epoch", "seq"], EXCEPTIONAL)
    _note_changes()


def _index(name: str, columns: list[str], condition: str) -> None:
    op.create_index(name, "records", columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def _note_changes() -> None:
    note = f"INSERT INTO {LEDGER} (event_id, registration_id, status, party_size) VALUES (OLD.event_id, OLD.id, OLD.status, OLD.party_size)"
    differs = "OLD.status <> NEW.status OR OLD.party_size <> NEW.party_size"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE FUNCTION note_registration_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {note}; RETURN NULL; END $$")
        op.execute(
            "CREATE TRIGGER registrations_note_change AFTER UPDATE OF status, party_size ON registrations "
            f"FOR EACH ROW WHEN ({differs}) EXECUTE FUNCTION note_registration_change()"
        )
        op.execute(
            f"CREATE TRIGGER {LEDGER}_only_grow BEFORE UPDATE OR DELETE ON {LEDGER} FOR EACH ROW EXECUTE FUNCTION ledger_only_grows()"
        )
        return
    op.execute(
        "CREATE TRIGGER registrations_note_change AFTER UPDATE OF status, party_size ON registrations "
        f"WHEN {differs} BEGIN {note}; END"
    )
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {LEDGER}_no_{deed.lower()} BEFORE {deed} ON {LEDGER} BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END"
        )


def downgrade() -> None:
    """Take them away again."""
    op.execute("DROP TRIGGER registrations_note_change" + (" ON registrations" if op.get_bind().dialect.name == "postgresql" else ""))
    op.drop_table(LEDGER)
    op.drop_table("figure_rollups")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION note_registration_change()")
    for name in ("ix_records_exceptional", "ix_records_rare", "ix_records_checkpoint", "ix_records_counter"):
        op.drop_index(name, table_name="records")
    op.create_index("ix_records_counter", "records", ["event_id", "counter"])
    op.drop_index("ix_record_decisions_event_id_id", table_name="record_decisions")
    op.create_index("ix_record_decisions_event_id", "record_decisions", ["event_id"])
