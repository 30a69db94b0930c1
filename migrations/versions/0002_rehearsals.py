"""When a rehearsal was reset, what the organizer ticked off by hand, and who cancelled a registration.

Revision: 0002, after 0001, 2026-11-24 02:25:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('events', sa.Column('epoch_began_at', sa.BigInteger(), nullable=True))
    op.add_column('events', sa.Column('ticked', sa.JSON(), nullable=False, server_default='[]'))
    op.add_column('registrations', sa.Column('cancelled_by', sa.String(length=10), nullable=True))


def downgrade() -> None:
    op.drop_column('registrations', 'cancelled_by')
    op.drop_column('events', 'ticked')
    op.drop_column('events', 'epoch_began_at')
