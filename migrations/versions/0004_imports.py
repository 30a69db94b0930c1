"""Lists that organizers bring in: the imports and their rows, erased after a day.

Revision: 0004, after 0003, 2026-11-24 02:41:00
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'imports',
        sa.Column('id', sa.String(length=36), nullable=False),
        sa.Column('event_id', sa.String(length=36), nullable=False),
        sa.Column('actor', sa.String(length=80), nullable=False),
        sa.Column('source', sa.String(length=8), nullable=False),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('header', sa.Integer(), nullable=False),
        sa.Column('headings', sa.JSON(), nullable=False),
        sa.Column('targets', sa.JSON(), nullable=False),
        sa.Column('channel', sa.String(length=16), nullable=False),
        sa.Column('doubles', sa.Boolean(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('created_at', sa.BigInteger(), nullable=False),
        sa.Column('expires_at', sa.BigInteger(), nullable=False),
        sa.Column('consent_at', sa.BigInteger(), nullable=True),
        sa.Column('touched_at', sa.BigInteger(), nullable=False),
        sa.Column('emptied_at', sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('draft', 'running', 'done', 'undone')", name='ck_imports_state'),
        sa.ForeignKeyConstraint(['event_id'], ['events.id'], name='fk_imports_event_id_events'),
        sa.PrimaryKeyConstraint('id', name='pk_imports'),
    )
    op.create_index('ix_imports_event_id', 'imports', ['event_id'])
    op.create_index('ix_imports_expires_at', 'imports', ['expires_at'])
    op.create_table(
        'import_rows',
        sa.Column('import_id', sa.String(length=36), nullable=False),
        sa.Column('number', sa.Integer(), nullable=False),
        sa.Column('cells', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('state', sa.String(length=8), nullable=False),
        sa.Column('faults', sa.JSON(none_as_null=True), nullable=True),
        sa.Column('registration_id', sa.String(length=36), nullable=True),
        sa.Column('revision', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['import_id'], ['imports.id'], name='fk_import_rows_import_id_imports'),
        sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name='fk_import_rows_registration_id_registrations'),
        sa.PrimaryKeyConstraint('import_id', 'number', name='pk_import_rows'),
    )
    op.create_index('ix_import_rows_import_id_state_number', 'import_rows', ['import_id', 'state', 'number'])
    op.create_index('ix_import_rows_registration_id', 'import_rows', ['registration_id'])


def downgrade() -> None:
    op.drop_table('import_rows')
    op.drop_table('imports')
