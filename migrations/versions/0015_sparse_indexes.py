"""Indexes over what few records have hold those records only: each of the others is written for less.

Revision: 0015, after 0014, 2026-11-28 10:50:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None

COLUMNS = ('registration_id', 'undoes')


def upgrade() -> None:
    for column in COLUMNS:
        given = sa.text(f'{column} IS NOT NULL')
        op.drop_index(f'ix_records_{column}', table_name='records')
        op.create_index(f'ix_records_{column}', 'records', [column], sqlite_where=given, postgresql_where=given)


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_index(f'ix_records_{column}', table_name='records')
        op.create_index(f'ix_records_{column}', 'records', [column])
