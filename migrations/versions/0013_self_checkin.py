"""Self check-in at a checkpoint.

Revision: 0013, after 0012, 2026-11-28 03:40:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('checkpoints', sa.Column('by_oneself', sa.String(length=8), nullable=False, server_default='no'))
    op.add_column('events', sa.Column('venue_round', sa.Integer(), nullable=False, server_default='0'))


def downgrade() -> None:
    op.drop_column('events', 'venue_round')
    op.drop_column('checkpoints', 'by_oneself')
