"""The time that an event was postponed from while its new one is open, so that everything moves by the difference later.

Revision: 0006, after 0005, 2026-11-24 02:50:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('events', sa.Column('postponed_from', sa.BigInteger(), nullable=True))
    op.add_column('events', sa.Column('postponed_until', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('events', 'postponed_until')
    op.drop_column('events', 'postponed_from')
