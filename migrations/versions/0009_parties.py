"""Companions and guardians of a party, and how many registrations a number may hold.

Revision: 0009, after 0008, 2026-11-25 04:10:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('events', sa.Column('members', sa.String(length=8), nullable=False, server_default='number'))
    op.add_column('events', sa.Column('per_phone', sa.Integer(), nullable=True))
    op.add_column('registrations', sa.Column('guardian_version', sa.String(length=32), nullable=True))
    op.add_column('registrations', sa.Column('guardian_at', sa.BigInteger(), nullable=True))
    op.add_column('persons', sa.Column('members', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('persons', sa.Column('guardian', sa.String(length=20), nullable=True))


def downgrade() -> None:
    op.drop_column('persons', 'guardian')
    op.drop_column('persons', 'members')
    op.drop_column('registrations', 'guardian_at')
    op.drop_column('registrations', 'guardian_version')
    op.drop_column('events', 'per_phone')
    op.drop_column('events', 'members')
