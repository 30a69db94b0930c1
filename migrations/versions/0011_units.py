"""Units that take part in a meeting or a tour (街道、园区), and whose representative a party is.

Revision: 0011, after 0010, 2026-11-25 10:00:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('units',
    sa.Column('expected', sa.Integer(), nullable=False),
    sa.Column('attendance', sa.String(length=8), nullable=True),
    sa.Column('people', sa.Integer(), nullable=True),
    sa.Column('called_epoch', sa.Integer(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("attendance IN ('present', 'stand_in', 'leave', 'absent')", name=op.f('ck_units_attendance')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_units_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_units')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_units_event_id_key'))
    )
    op.add_column('registrations', sa.Column('unit', sa.String(length=64), nullable=True))


def downgrade() -> None:
    op.drop_column('registrations', 'unit')
    op.drop_table('units')
