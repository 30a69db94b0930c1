"""Where people may be named: every column that can hold text is in a table that goes with the person, or is listed here with its reason."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import sqlalchemy as sa

import eventsvc.models  # noqa: F401  (fills the metadata)
from eventsvc.db import Erasable, db
from eventsvc.services import notices, retention
from tests.guards.sources import PROJECT

# Tables without anything of residents: ids, keys, numbers, times, and what organizers write about their own event.
IMPERSONAL = {
    "access_tokens", "areas", "audit_entries", "checkpoints", "counters", "events", "frozen_figures", "imports", "invitations", "memberships", "messages",
    "organizations", "record_decisions", "records", "registrations", "retired_codes", "seen_conflicts", "sessions", "spare_codes", "users",
    "figure_rollups", "registration_changes", "slips", "session_waits", "queue_numbers", "pauses",
    "units",
}  # fmt: skip
# Tables that services/rights/erasing.py and services/retention.py empty by hand, as they belong to a record, a list or a phone.
BY_HAND = {"record_notes", "import_rows", "quarantined_records", "devices", "remembered_answers"}
ADVICE = (
    "Does the table hold anything of a resident (a name, a number, an answer, a note)? Then give it registration_id and event_id and make the model Erasable "
    "(eventsvc/db.py): it is deleted with the person and with the event. Else add it to IMPERSONAL. tests/server/test_erased.py searches every table for a person."
)


def undeclared(metadata: sa.MetaData, erasable: set[str]) -> list[str]:
    """The tables that nobody has declared."""
    return sorted(set(metadata.tables) - IMPERSONAL - BY_HAND - erasable)


def test_every_table_is_declared() -> None:
    erasable = {table.__tablename__ for table in retention.erasable()}
    assert undeclared(db.metadata, erasable) == [], ADVICE
    assert not erasable & (IMPERSONAL | BY_HAND)


def test_what_goes_with_the_person_can_be_found_by_person_and_event() -> None:
    for model in retention.erasable():
        assert issubclass(model, Erasable) and {"registration_id", "event_id"} <= set(model.__table__.c.keys()), model


def test_the_guard_sees_a_new_table() -> None:
    more = sa.MetaData()
    sa.Table("party_guests", more, sa.Column("name", sa.Text))
    assert undeclared(more, set()) == ["party_guests"]


@pytest.mark.parametrize("version", notices.VERSIONS)
def test_a_notice_that_people_agreed_to_is_never_changed(version: str) -> None:
    text = Path(PROJECT / f"templates/privacy/versions/{version}.html").read_bytes()
    assert hashlib.sha256(text).hexdigest() == notices.VERSIONS[version], "write a new version instead (eventsvc/services/notices.py says how)"


def test_every_text_of_a_notice_is_known() -> None:
    assert {path.stem for path in (PROJECT / "templates/privacy/versions").glob("*.html")} == set(notices.VERSIONS)
