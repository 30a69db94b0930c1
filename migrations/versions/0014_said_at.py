"""When a phone said how many records it holds.

Revision: 0014, after 0013, 2026-11-28 06:55:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('devices', sa.Column('said_at', sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column('devices', 'said_at')
