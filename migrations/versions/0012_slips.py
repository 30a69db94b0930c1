"""Printed slips.

Revision: 0012, after 0011, 2026-11-25 03:45:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'slips',
        sa.Column('registration_id', sa.String(length=36), nullable=False),
        sa.Column('event_id', sa.String(length=36), nullable=False),
        sa.Column('batch', sa.Integer(), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('made_at', sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(['event_id'], ['events.id'], name='fk_slips_event_id_events'),
        sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name='fk_slips_registration_id_registrations'),
        sa.PrimaryKeyConstraint('registration_id', name='pk_slips'),
        sa.UniqueConstraint('event_id', 'number', name='uq_slips_event_id_number'),
    )
    op.create_index('ix_slips_event_id_batch', 'slips', ['event_id', 'batch'])


def downgrade() -> None:
    op.drop_table('slips')
