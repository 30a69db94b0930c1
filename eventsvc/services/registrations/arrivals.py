"""How many of a party have come in: the fold of its own records."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import Event, Record, RecordDecision, Registration
from eventsvc.services import folds


def people_in(event: Event, registration: Registration) -> int:
    """How many of the party have come in, at the checkpoint where most of them did."""
    return _fold_of(event, registration).people_admitted


def used_at(event: Event, registration: Registration) -> dict[str, int]:
    """Entries of a ticket by checkpoint, where there are any."""
    sums = _fold_of(event, registration)
    return {key: place.entries for key, place in sums.places.items() if place.entries}


def parties_in(event: Event, registrations: Sequence[Registration]) -> dict[str, int]:
    """How many of each party have come in, by registration; read for all of them together."""
    return {key: sums.people_admitted for key, sums in _folds_of(event, registrations).items()}


def _fold_of(event: Event, registration: Registration) -> folds.Sums:
    """The fold of one ticket's own records: read without the rest of the ledger."""
    return _folds_of(event, [registration])[registration.id]


def _folds_of(event: Event, registrations: Sequence[Registration]) -> dict[str, folds.Sums]:
    """The fold of each ticket's own records, with what took them back and what was decided later."""
    fields = tuple(getattr(Record, name) for name in folds.Row._fields)
    sizes = {registration.id: registration.party_size for registration in registrations}
    own = select(*fields).where(Record.registration_id.in_(list(sizes)), Record.epoch == event.epoch)
    rows: dict[str, list[folds.Row]] = {key: [] for key in sizes}
    owner: dict[str, str] = {}
    for found in db.session.execute(own):
        row = folds.Row(*found)
        owner[row.id] = str(row.registration_id)
        rows[owner[row.id]].append(row)
    later: dict[str, set[str]] = {}
    if owner:
        ids = list(owner)
        for found in db.session.execute(select(*fields).where(Record.undoes.in_(ids), Record.type == "undo")):
            undo = folds.Row(*found)
            rows[owner[str(undo.undoes)]].append(undo)
        for decision in db.session.execute(select(RecordDecision.record_id, RecordDecision.decided).where(RecordDecision.record_id.in_(ids))):
            later.setdefault(decision.record_id, set()).add(decision.decided)
    places = [folds.Place(c.key, c.rule, c.entrance) for c in event.checkpoints]
    return {key: folds.fold(rows[key], later=later, parties={key: size}, places=places, zone=event.timezone) for key, size in sizes.items()}
