"""The first tables: organizations, events, registrations, devices, the ledger, journals.

Revision: 0001, after , 2026-11-23 20:59:29.187041
"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


LEDGERS = ("records", "record_decisions", "audit_entries", "frozen_figures")


def upgrade() -> None:
    _create_tables()
    _make_append_only()


def _make_append_only() -> None:
    """Ledgers only grow: a trigger refuses what the ORM's guard cannot see."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE records_seq")
        op.execute(
            "CREATE FUNCTION ledger_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the ledger only grows: %', TG_TABLE_NAME; END $$"
        )
        for table in LEDGERS:
            op.execute(
                f"CREATE TRIGGER {table}_only_grow BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION ledger_only_grows()"
            )
        return
    for table in LEDGERS:
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END"
            )


def _create_tables() -> None:

    op.create_table('organizations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organizations')),
    sa.UniqueConstraint('key', name=op.f('uq_organizations_key'))
    )
    op.create_table('remembered_answers',
    sa.Column('scope', sa.String(length=200), nullable=False),
    sa.Column('key', sa.String(length=255), nullable=False),
    sa.Column('body_hash', sa.String(length=64), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('body', sa.Text(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('scope', 'key', name=op.f('pk_remembered_answers'))
    )
    op.create_index(op.f('ix_remembered_answers_created_at'), 'remembered_answers', ['created_at'], unique=False)
    op.create_table('users',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('email', sa.String(length=200), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('must_change', sa.Boolean(), nullable=False),
    sa.Column('stamp', sa.Integer(), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('locked_until', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_users')),
    sa.UniqueConstraint('email', name=op.f('uq_users_email'))
    )
    op.create_table('access_tokens',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('organization_id', sa.String(length=36), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.Column('label', sa.String(length=80), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("role IN ('owner', 'editor', 'viewer')", name=op.f('ck_access_tokens_role')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_access_tokens_organization_id_organizations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_tokens')),
    sa.UniqueConstraint('hash', name=op.f('uq_access_tokens_hash'))
    )
    op.create_index(op.f('ix_access_tokens_organization_id'), 'access_tokens', ['organization_id'], unique=False)
    op.create_table('audit_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organization_id', sa.String(length=36), nullable=True),
    sa.Column('event_id', sa.String(length=36), nullable=True),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('detail', sa.JSON(), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_audit_entries_organization_id_organizations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    op.create_index(op.f('ix_audit_entries_event_id'), 'audit_entries', ['event_id'], unique=False)
    op.create_index('ix_audit_entries_organization_id_id', 'audit_entries', ['organization_id', 'id'], unique=False)
    op.create_table('events',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('organization_id', sa.String(length=36), nullable=False),
    sa.Column('slug', sa.String(length=64), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('short_title', sa.String(length=60), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('host', sa.String(length=200), nullable=True),
    sa.Column('undertaker', sa.String(length=200), nullable=True),
    sa.Column('co_host', sa.String(length=200), nullable=True),
    sa.Column('venue', sa.String(length=200), nullable=True),
    sa.Column('contact_phone', sa.String(length=32), nullable=True),
    sa.Column('description', sa.Text(), nullable=True),
    sa.Column('timezone', sa.String(length=40), nullable=False),
    sa.Column('starts_at', sa.BigInteger(), nullable=True),
    sa.Column('ends_at', sa.BigInteger(), nullable=True),
    sa.Column('date_text', sa.String(length=60), nullable=True),
    sa.Column('registration_open', sa.Boolean(), nullable=False),
    sa.Column('registration_opens_at', sa.BigInteger(), nullable=True),
    sa.Column('registration_closes_at', sa.BigInteger(), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('max_party', sa.Integer(), nullable=False),
    sa.Column('waitlist', sa.Boolean(), nullable=False),
    sa.Column('approval', sa.Boolean(), nullable=False),
    sa.Column('retention_days', sa.Integer(), nullable=False),
    sa.Column('questions', sa.JSON(), nullable=False),
    sa.Column('places_taken', sa.Integer(), nullable=False),
    sa.Column('next_seq', sa.Integer(), nullable=False),
    sa.Column('roster_revision', sa.Integer(), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('rehearsal', sa.Boolean(), nullable=False),
    sa.Column('demo', sa.Boolean(), nullable=False),
    sa.Column('year_inferred', sa.Boolean(), nullable=False),
    sa.Column('participation', sa.String(length=64), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('published_at', sa.BigInteger(), nullable=True),
    sa.Column('closed_at', sa.BigInteger(), nullable=True),
    sa.Column('cancelled_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("kind IN ('fair', 'outreach', 'tour', 'meeting', 'course')", name=op.f('ck_events_kind')),
    sa.CheckConstraint("status IN ('draft', 'published', 'closed', 'cancelled')", name=op.f('ck_events_status')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_events_organization_id_organizations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_events')),
    sa.UniqueConstraint('slug', name=op.f('uq_events_slug'))
    )
    op.create_index(op.f('ix_events_organization_id'), 'events', ['organization_id'], unique=False)
    op.create_table('memberships',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('user_id', sa.String(length=36), nullable=False),
    sa.Column('organization_id', sa.String(length=36), nullable=False),
    sa.Column('role', sa.String(length=10), nullable=False),
    sa.CheckConstraint("role IN ('owner', 'editor', 'viewer')", name=op.f('ck_memberships_role')),
    sa.ForeignKeyConstraint(['organization_id'], ['organizations.id'], name=op.f('fk_memberships_organization_id_organizations')),
    sa.ForeignKeyConstraint(['user_id'], ['users.id'], name=op.f('fk_memberships_user_id_users')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_memberships')),
    sa.UniqueConstraint('user_id', 'organization_id', name=op.f('uq_memberships_user_id_organization_id'))
    )
    op.create_index(op.f('ix_memberships_organization_id'), 'memberships', ['organization_id'], unique=False)
    op.create_table('areas',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('parent', sa.String(length=64), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('module', 'zone', 'stage', 'stall', 'point')", name=op.f('ck_areas_kind')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_areas_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_areas')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_areas_event_id_key'))
    )
    op.create_table('checkpoints',
    sa.Column('area', sa.String(length=64), nullable=True),
    sa.Column('rule', sa.String(length=16), nullable=False),
    sa.Column('entrance', sa.Boolean(), nullable=False),
    sa.Column('sessions', sa.JSON(), nullable=False),
    sa.Column('opens_at', sa.BigInteger(), nullable=True),
    sa.Column('closes_at', sa.BigInteger(), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("rule IN ('once', 'daily', 'each_time', 'stamp')", name=op.f('ck_checkpoints_rule')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_checkpoints_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_checkpoints')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_checkpoints_event_id_key'))
    )
    op.create_table('counters',
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('unit', sa.String(length=16), nullable=False),
    sa.Column('verb', sa.String(length=16), nullable=False),
    sa.Column('steps', sa.JSON(), nullable=False),
    sa.Column('stock', sa.Integer(), nullable=True),
    sa.Column('topics', sa.JSON(), nullable=False),
    sa.Column('parent', sa.String(length=64), nullable=True),
    sa.Column('area', sa.String(length=64), nullable=True),
    sa.Column('basis', sa.String(length=16), nullable=False),
    sa.Column('qualifier', sa.String(length=16), nullable=False),
    sa.Column('reported_value', sa.Integer(), nullable=True),
    sa.Column('reported_qualifier', sa.String(length=16), nullable=True),
    sa.Column('reported_source', sa.String(length=60), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.CheckConstraint("kind IN ('headcount', 'handout', 'consultation', 'application', 'material', 'custom')", name=op.f('ck_counters_kind')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_counters_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_counters')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_counters_event_id_key'))
    )
    op.create_table('frozen_figures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_frozen_figures_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_frozen_figures'))
    )
    op.create_index(op.f('ix_frozen_figures_event_id'), 'frozen_figures', ['event_id'], unique=False)
    op.create_table('invitations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('parent_id', sa.String(length=36), nullable=True),
    sa.Column('made_by', sa.String(length=36), nullable=True),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('checkpoints', sa.JSON(), nullable=False),
    sa.Column('code_hash', sa.String(length=64), nullable=False),
    sa.Column('max_uses', sa.Integer(), nullable=False),
    sa.Column('uses', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.BigInteger(), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_invitations_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitations')),
    sa.UniqueConstraint('code_hash', name=op.f('uq_invitations_code_hash'))
    )
    op.create_index(op.f('ix_invitations_event_id'), 'invitations', ['event_id'], unique=False)
    op.create_table('records',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.BigInteger(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('epoch', sa.Integer(), nullable=False),
    sa.Column('type', sa.String(length=8), nullable=False),
    sa.Column('device_id', sa.String(length=36), nullable=True),
    sa.Column('checkpoint', sa.String(length=64), nullable=True),
    sa.Column('counter', sa.String(length=64), nullable=True),
    sa.Column('registration_id', sa.String(length=36), nullable=True),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('direction', sa.String(length=5), nullable=True),
    sa.Column('topic', sa.String(length=60), nullable=True),
    sa.Column('basis', sa.String(length=10), nullable=True),
    sa.Column('undoes', sa.String(length=36), nullable=True),
    sa.Column('content', sa.String(length=32), nullable=False),
    sa.Column('at', sa.BigInteger(), nullable=False),
    sa.Column('corrected_at', sa.BigInteger(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.Column('decided', sa.String(length=8), nullable=True),
    sa.Column('outcome', sa.String(length=20), nullable=False),
    sa.Column('admitted', sa.Integer(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=True),
    sa.Column('remaining', sa.Integer(), nullable=True),
    sa.Column('first_record', sa.String(length=36), nullable=True),
    sa.Column('flags', sa.JSON(), nullable=False),
    sa.Column('scanned', sa.String(length=60), nullable=True),
    sa.CheckConstraint("type IN ('checkin', 'tally', 'walkin', 'undo')", name=op.f('ck_records_type')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_records_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_records')),
    sa.UniqueConstraint('seq', name=op.f('uq_records_seq'))
    )
    op.create_index('ix_records_counter', 'records', ['event_id', 'counter'], unique=False)
    op.create_index('ix_records_event_id_epoch_seq', 'records', ['event_id', 'epoch', 'seq'], unique=False)
    op.create_index('ix_records_registration_id', 'records', ['registration_id'], unique=False)
    op.create_index('ix_records_undoes', 'records', ['undoes'], unique=False)
    op.create_table('registrations',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('roster_revision', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('blocked', sa.Boolean(), nullable=False),
    sa.Column('party_size', sa.Integer(), nullable=False),
    sa.Column('sessions', sa.JSON(), nullable=False),
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('pickup_code', sa.String(length=6), nullable=False),
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('valid_from', sa.BigInteger(), nullable=True),
    sa.Column('valid_until', sa.BigInteger(), nullable=True),
    sa.Column('consent_version', sa.String(length=32), nullable=True),
    sa.Column('consent_at', sa.BigInteger(), nullable=True),
    sa.Column('answered', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.Column('updated_at', sa.BigInteger(), nullable=False),
    sa.Column('cancelled_at', sa.BigInteger(), nullable=True),
    sa.Column('erased_at', sa.BigInteger(), nullable=True),
    sa.CheckConstraint("status IN ('confirmed', 'waitlisted', 'pending', 'cancelled')", name=op.f('ck_registrations_status')),
    sa.CheckConstraint('party_size BETWEEN 1 AND 99', name=op.f('ck_registrations_party_size')),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_registrations_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registrations')),
    sa.UniqueConstraint('code', name=op.f('uq_registrations_code')),
    sa.UniqueConstraint('event_id', 'pickup_code', name=op.f('uq_registrations_event_id_pickup_code')),
    sa.UniqueConstraint('event_id', 'seq', name=op.f('uq_registrations_event_id_seq'))
    )
    op.create_index('ix_registrations_event_id_roster_revision', 'registrations', ['event_id', 'roster_revision'], unique=False)
    op.create_index('ix_registrations_event_id_status_seq', 'registrations', ['event_id', 'status', 'seq'], unique=False)
    op.create_table('sessions',
    sa.Column('area', sa.String(length=64), nullable=True),
    sa.Column('starts_at', sa.BigInteger(), nullable=True),
    sa.Column('ends_at', sa.BigInteger(), nullable=True),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('places_taken', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_sessions_event_id_events')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('event_id', 'key', name=op.f('uq_sessions_event_id_key'))
    )
    op.create_table('devices',
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('invitation_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('operator', sa.String(length=40), nullable=False),
    sa.Column('scopes', sa.JSON(), nullable=False),
    sa.Column('checkpoints', sa.JSON(), nullable=False),
    sa.Column('nonce_hash', sa.String(length=64), nullable=True),
    sa.Column('joined_at', sa.BigInteger(), nullable=False),
    sa.Column('last_seen_at', sa.BigInteger(), nullable=True),
    sa.Column('queued', sa.Integer(), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=True),
    sa.Column('revoked_at', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_devices_event_id_events')),
    sa.ForeignKeyConstraint(['invitation_id'], ['invitations.id'], name=op.f('fk_devices_invitation_id_invitations')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_devices'))
    )
    op.create_index(op.f('ix_devices_event_id'), 'devices', ['event_id'], unique=False)
    op.create_index('ix_devices_invitation_id_nonce_hash', 'devices', ['invitation_id', 'nonce_hash'], unique=False)
    op.create_table('persons',
    sa.Column('registration_id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('name', sa.String(length=50), nullable=False),
    sa.Column('initials', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=24), nullable=True),
    sa.Column('phone_tail', sa.String(length=4), nullable=True),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_persons_event_id_events')),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_persons_registration_id_registrations')),
    sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_persons'))
    )
    op.create_index('ix_persons_event_id_name', 'persons', ['event_id', 'name'], unique=False)
    op.create_index('ix_persons_event_id_phone', 'persons', ['event_id', 'phone'], unique=False)
    op.create_index('ix_persons_event_id_phone_tail', 'persons', ['event_id', 'phone_tail'], unique=False)
    op.create_index('ix_persons_phone', 'persons', ['phone'], unique=False)
    op.create_table('record_decisions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('decided', sa.String(length=8), nullable=False),
    sa.Column('conflict', sa.Boolean(), nullable=False),
    sa.Column('received_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_record_decisions_event_id_events')),
    sa.ForeignKeyConstraint(['record_id'], ['records.id'], name=op.f('fk_record_decisions_record_id_records')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_record_decisions'))
    )
    op.create_index(op.f('ix_record_decisions_event_id'), 'record_decisions', ['event_id'], unique=False)
    op.create_index(op.f('ix_record_decisions_record_id'), 'record_decisions', ['record_id'], unique=False)
    op.create_table('record_notes',
    sa.Column('record_id', sa.String(length=36), nullable=False),
    sa.Column('event_id', sa.String(length=36), nullable=False),
    sa.Column('operator', sa.String(length=40), nullable=True),
    sa.Column('reason', sa.String(length=200), nullable=True),
    sa.Column('note', sa.String(length=300), nullable=True),
    sa.Column('name', sa.String(length=50), nullable=True),
    sa.Column('phone', sa.String(length=24), nullable=True),
    sa.Column('answers', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['event_id'], ['events.id'], name=op.f('fk_record_notes_event_id_events')),
    sa.ForeignKeyConstraint(['record_id'], ['records.id'], name=op.f('fk_record_notes_record_id_records')),
    sa.PrimaryKeyConstraint('record_id', name=op.f('pk_record_notes'))
    )
    op.create_index(op.f('ix_record_notes_event_id'), 'record_notes', ['event_id'], unique=False)
    op.create_table('retired_codes',
    sa.Column('code', sa.String(length=20), nullable=False),
    sa.Column('registration_id', sa.String(length=36), nullable=False),
    sa.Column('retired_at', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registrations.id'], name=op.f('fk_retired_codes_registration_id_registrations')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_retired_codes'))
    )
    op.create_index(op.f('ix_retired_codes_registration_id'), 'retired_codes', ['registration_id'], unique=False)



def downgrade() -> None:
    """Drop everything; on PostgreSQL the sequence and the function too."""
    _drop_tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP SEQUENCE records_seq")
        op.execute("DROP FUNCTION ledger_only_grows")


def _drop_tables() -> None:

    op.drop_index(op.f('ix_retired_codes_registration_id'), table_name='retired_codes')
    op.drop_table('retired_codes')
    op.drop_index(op.f('ix_record_notes_event_id'), table_name='record_notes')
    op.drop_table('record_notes')
    op.drop_index(op.f('ix_record_decisions_record_id'), table_name='record_decisions')
    op.drop_index(op.f('ix_record_decisions_event_id'), table_name='record_decisions')
    op.drop_table('record_decisions')
    op.drop_index('ix_persons_phone', table_name='persons')
    op.drop_index('ix_persons_event_id_phone_tail', table_name='persons')
    op.drop_index('ix_persons_event_id_phone', table_name='persons')
    op.drop_index('ix_persons_event_id_name', table_name='persons')
    op.drop_table('persons')
    op.drop_index('ix_devices_invitation_id_nonce_hash', table_name='devices')
    op.drop_index(op.f('ix_devices_event_id'), table_name='devices')
    op.drop_table('devices')
    op.drop_table('sessions')
    op.drop_index('ix_registrations_event_id_status_seq', table_name='registrations')
    op.drop_index('ix_registrations_event_id_roster_revision', table_name='registrations')
    op.drop_table('registrations')
    op.drop_index('ix_records_undoes', table_name='records')
    op.drop_index('ix_records_registration_id', table_name='records')
    op.drop_index('ix_records_event_id_epoch_seq', table_name='records')
    op.drop_index('ix_records_counter', table_name='records')
    op.drop_table('records')
    op.drop_index(op.f('ix_invitations_event_id'), table_name='invitations')
    op.drop_table('invitations')
    op.drop_index(op.f('ix_frozen_figures_event_id'), table_name='frozen_figures')
    op.drop_table('frozen_figures')
    op.drop_table('counters')
    op.drop_table('checkpoints')
    op.drop_table('areas')
    op.drop_index(op.f('ix_memberships_organization_id'), table_name='memberships')
    op.drop_table('memberships')
    op.drop_index(op.f('ix_events_organization_id'), table_name='events')
    op.drop_table('events')
    op.drop_index('ix_audit_entries_organization_id_id', table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_event_id'), table_name='audit_entries')
    op.drop_table('audit_entries')
    op.drop_index(op.f('ix_access_tokens_organization_id'), table_name='access_tokens')
    op.drop_table('access_tokens')
    op.drop_table('users')
    op.drop_index(op.f('ix_remembered_answers_created_at'), table_name='remembered_answers')
    op.drop_table('remembered_answers')
    op.drop_table('organizations')

