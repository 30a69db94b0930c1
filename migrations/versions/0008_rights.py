"""Names in whole pinyin, and in the journal whose registration an entry concerned and in which role its author acted."""

import sqlalchemy as sa
from alembic import op

from eventsvc.services.persons import spelt

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_persons = sa.table("persons", sa.column("registration_id", sa.String), sa.column("name", sa.String), sa.column("spelt", sa.String))
_SET = 1000


def upgrade() -> None:
    """Add the columns; the names that are there already are spelt set by set."""
    op.add_column("persons", sa.Column("spelt", sa.String(length=400), server_default="", nullable=False))
    connection, last = op.get_bind(), ""
    while True:
        some = sa.select(_persons.c.registration_id, _persons.c.name).where(_persons.c.registration_id > last).order_by(_persons.c.registration_id)
        rows = connection.execute(some.limit(_SET)).all()
        if not rows:
            break
        change = sa.update(_persons).where(_persons.c.registration_id == sa.bindparam("key")).values(spelt=sa.bindparam("way"))
        connection.execute(change, [{"key": row.registration_id, "way": spelt(row.name)} for row in rows])
        last = rows[-1].registration_id
    op.create_index("ix_persons_event_id_spelt_registration_id", "persons", ["event_id", "spelt", "registration_id"])
    op.add_column("audit_entries", sa.Column("registration_id", sa.String(length=36), nullable=True))
    op.add_column("audit_entries", sa.Column("role", sa.String(length=8), nullable=True))
    op.create_index("ix_audit_entries_registration_id_id", "audit_entries", ["registration_id", "id"])
    op.create_index("ix_audit_entries_event_id_action", "audit_entries", ["event_id", "action"])
    op.drop_index("ix_audit_entries_event_id", table_name="audit_entries")


def downgrade() -> None:
    """Take them away again."""
    op.create_index("ix_audit_entries_event_id", "audit_entries", ["event_id"])
    op.drop_index("ix_audit_entries_event_id_action", table_name="audit_entries")
    op.drop_index("ix_audit_entries_registration_id_id", table_name="audit_entries")
    op.drop_column("audit_entries", "role")
    op.drop_column("audit_entries", "registration_id")
    op.drop_index("ix_persons_event_id_spelt_registration_id", table_name="persons")
    op.drop_column("persons", "spelt")
