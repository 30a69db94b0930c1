"""Checking the rows of a list against its event: every fault with its column, and who seems to be there twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from eventsvc.db import db
from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event, Person, Registration
from eventsvc.services.imports import rows
from eventsvc.services.persons import phone_tail
from eventsvc.services.registrations import Wanted, read_form

_SET = 500  # values of one IN list


@dataclass
class Checked:
    """A row as it was understood. ``state``: good · faulty · double; ``wanted`` is missing where it is faulty."""

    number: int
    wanted: Wanted | None = None
    faults: list[Fault] = field(default_factory=list)
    state: str = "good"

    def complain(self, state: str, *faults: Fault) -> None:
        """Say what is wrong with the row."""
        self.state = state
        self.faults += faults


def check_cells(number: int, cells: Sequence[str], targets: Sequence[str | None], event: Event, channel: str = "desk") -> Checked:
    """One row of cells by its columns' targets."""
    document, unread = rows.document(cells, targets, event)
    checked = check_document(number, document, event, channel)
    told = {fault.field for fault in unread}
    if unread:
        checked.faults = [*unread, *(fault for fault in checked.faults if fault.field not in told)]
        checked.state, checked.wanted = "faulty", None
    return checked


def check_document(number: int, document: Any, event: Event, channel: str = "desk") -> Checked:
    """One row that is a document already."""
    try:
        given = {**document, "channel": channel} if isinstance(document, dict) else document
        return Checked(number, read_form(given, event, public=False))
    except Invalid as refusal:
        return Checked(number, faults=list(refusal.faults), state="faulty")


def find_doubles(event: Event, checked: Sequence[Checked], *, inside: bool = True) -> None:
    """Mark the good rows whose phone, or whose name with the same tail or without one, is registered or (``inside``) stands above."""
    good = [row for row in checked if row.state == "good" and row.wanted is not None]
    known = _registered(event, good)
    for row in good:
        wanted = row.wanted
        assert wanted is not None
        same = known.match(wanted.name, wanted.phone)
        if same is None:
            if inside:
                known.add(wanted.name, wanted.phone, -row.number)
        elif same > 0:
            row.complain("double", Fault("phone" if known.by_phone(wanted.phone) else "name", "double_registered", "名单里已有第{seq}号", {"seq": same}))
        else:
            row.complain("double", Fault("phone" if known.by_phone(wanted.phone) else "name", "double_row", "与第{row}行重复", {"row": -same}))


class _Known:
    """People by phone and by name; what is kept is a number: of a registration above zero, of a row below."""

    def __init__(self) -> None:
        self.phones: dict[str, int] = {}
        self.names: dict[str, list[tuple[str | None, int]]] = {}

    def add(self, name: str, phone: str | None, number: int) -> None:
        if phone:
            self.phones.setdefault(phone, number)
        self.names.setdefault(name, []).append((phone_tail(phone), number))

    def by_phone(self, phone: str | None) -> bool:
        return phone is not None and phone in self.phones

    def match(self, name: str, phone: str | None) -> int | None:
        if phone is not None and phone in self.phones:
            return self.phones[phone]
        tail = phone_tail(phone)
        return next((number for other, number in self.names.get(name, ()) if not tail or not other or tail == other), None)


def _registered(event: Event, good: Sequence[Checked]) -> _Known:
    known = _Known()
    base = (
        select(Registration.seq, Person.name, Person.phone)
        .join(Person, Person.registration_id == Registration.id)
        .where(Person.event_id == event.id, Registration.status != "cancelled")
    )
    found: dict[int, tuple[str, str | None]] = {}
    columns = ((Person.phone, {row.wanted.phone for row in good if row.wanted and row.wanted.phone}), (Person.name, {row.wanted.name for row in good if row.wanted}))
    for column, values in columns:
        for part in _sets(sorted(values)):
            found.update((seq, (name, phone)) for seq, name, phone in db.session.execute(base.where(column.in_(part))))
    for seq, (name, phone) in sorted(found.items()):
        known.add(name, phone, seq)
    return known


def _sets(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _SET):
        yield values[start : start + _SET]
