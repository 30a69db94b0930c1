"""The bulk loader: tickets with their persons and a ledger of so many records, straight into the tables, with the floor's beside them."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

from bench import floor, plans
from eventsvc.models import Person, Record, Registration
from eventsvc.services.codes import ALPHABET
from tests.postgres import plain

TABLES = (Registration.__tablename__, Person.__tablename__, Record.__tablename__)
FRESH = 480_000  # tickets that nobody has shown yet: what the check-ins of the run take
PLACES = ("gate", "booth-1", "booth-2", "booth-3")  # where a used ticket was scanned once each
SCANNED = 0.6  # of the records are scans, the rest are taps
EVENING = 5_000  # tickets of one crowd
ALREADY = 1_000_000  # seconds before now at which the ledger begins


@dataclass(frozen=True)
class Ground:
    """What the plans need to know of a filled database."""

    event_id: str
    device_id: str
    fresh: list[str]
    scanned: str  # the id of a ticket that was


def fill(url: str, event_id: str, device_id: str, records: int, fresh: int = FRESH) -> Ground:
    """Fill the event's tables up to ``records`` ledger rows and ``fresh`` unused tickets; the codes of these."""
    chance = random.Random(records)
    used = round(records * SCANNED / len(PLACES))
    codes = ["".join(chance.choices(ALPHABET, k=20)) for _ in range(used + fresh)]
    now = time.time_ns() // 1000
    ids = [plans.minted(chance, now // 1000 - number) for number in range(len(codes), 0, -1)]
    with _Database(url) as database:
        database.prepare()
        database.copy(Registration.__tablename__, _registrations(event_id, ids, codes, now))
        database.copy(Person.__tablename__, _persons(event_id, ids))
        database.copy(Record.__tablename__, _ledger(event_id, device_id, ids[:used], records, chance, now))
        for table in floor.TABLES[:-1]:
            database.run(table)
        database.copy("floor_tickets", ({"id": key, "code": code, "party_size": 2} for key, code in zip(ids, codes, strict=True)))
        database.copy("floor_records", _floor_records(ids[:used] or ids, records, chance, now))
        database.run(floor.TABLES[-1])
        places = f"places_taken = {2 * len(codes)}, next_seq = {len(codes) + 1}, roster_revision = {len(codes)}"
        database.run(f"UPDATE events SET {places} WHERE id = '{event_id}'")
        database.finish(records)
    return Ground(event_id, device_id, _as_they_come(codes[used:], chance), ids[0])


def _as_they_come(codes: list[str], chance: random.Random) -> list[str]:
    """Tickets as they are shown: those of an evening, who registered about the same time, in no order."""
    evenings = [codes[first : first + EVENING] for first in range(0, len(codes), EVENING)]
    return [code for evening in evenings for code in chance.sample(evening, len(evening))]


def _registrations(event_id: str, ids: list[str], codes: list[str], now: int) -> Iterator[dict[str, Any]]:
    for number, (key, code) in enumerate(zip(ids, codes, strict=True), 1):
        pickup = f"{number:06d}" if number < 1_000_000 else f"x{number % 10**5:05d}"
        yield {
            "id": key, "event_id": event_id, "seq": number, "roster_revision": number, "status": "confirmed", "blocked": False,
            "party_size": 2, "sessions": "[]", "code": code, "pickup_code": pickup, "channel": "web", "answered": "[]",
            "created_at": now, "updated_at": now,
        }  # fmt: skip


def _persons(event_id: str, ids: list[str]) -> Iterator[dict[str, Any]]:
    for number, key in enumerate(ids):
        yield {
            "registration_id": key, "event_id": event_id, "name": "王桂芳", "initials": " wgf ", "spelt": " wangguifang wgf ", "phone": f"+86139{number:08d}",
            "phone_tail": f"{number % 10000:04d}", "answers": "{}",
        }  # fmt: skip


def _ledger(event_id: str, device_id: str, used: list[str], records: int, chance: random.Random, now: int) -> Iterator[dict[str, Any]]:
    """Scans of every used ticket at each place and taps between them, spread over four hours some days ago."""
    began, apart = now - ALREADY * 1_000_000, 4 * 3600 * 1_000_000 // max(1, records)
    scans = ((ticket, place) for place in PLACES for ticket in used)
    for number in range(1, records + 1):
        scan = next(scans, None) if number % 5 < 3 else None
        at = began + number * apart
        row = {
            "id": plans.minted(chance, at // 1000), "seq": number, "event_id": event_id, "epoch": 1,
            "device_id": device_id, "quantity": 2 if scan else 1, "content": "0" * 32, "at": at, "corrected_at": at, "received_at": at,
            "flags": "[]",
        }  # fmt: skip
        if scan:
            yield row | {
                "type": "checkin", "checkpoint": scan[1], "counter": None, "registration_id": scan[0], "direction": "entry", "basis": None,
                "outcome": "admitted", "admitted": 2, "used": 2, "remaining": 0,
            }  # fmt: skip
        else:
            yield row | {
                "type": "tally", "checkpoint": None, "counter": "leaflets", "registration_id": None, "direction": "in", "basis": "tapped",
                "outcome": "counted", "admitted": 0, "used": None, "remaining": None,
            }  # fmt: skip


def _floor_records(ids: list[str], records: int, chance: random.Random, now: int) -> Iterator[dict[str, Any]]:
    for number in range(records):
        yield {"id": plans.minted(chance, now // 1000 - records + number), "ticket_id": ids[number % len(ids)], "at": "2026-11-24T00:00:00Z", "received_at": now, "content": "admitted"}


class _Database:
    """Either database, for loading in bulk in one transaction."""

    def __init__(self, url: str) -> None:
        self.postgresql = not url.startswith("sqlite:///")
        self.connection: Any = psycopg.connect(plain(url)) if self.postgresql else sqlite3.connect(url.removeprefix("sqlite:///"))
        self._indexes: list[tuple[str, str]] = []

    def __enter__(self) -> _Database:
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self.connection.close()

    def prepare(self) -> None:
        """Make loading fast: no index is kept in order meanwhile, no foreign key looked up for rows that are right as they are made."""
        if self.postgresql:
            self.run("SET session_replication_role = replica")
            return
        for pragma in ("synchronous = OFF", "cache_size = -1000000"):
            self.run(f"PRAGMA {pragma}")
        tables = ", ".join(f"'{table}'" for table in TABLES)
        self._indexes = self.connection.execute(f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name IN ({tables}) AND sql <> ''").fetchall()
        for name, _sql in self._indexes:
            self.run(f"DROP INDEX {name}")

    def run(self, sql: str) -> None:
        """One statement."""
        self.connection.execute(sql)

    def copy(self, table: str, rows: Iterable[dict[str, Any]]) -> None:
        """Many rows into a table, all with the same columns."""
        rows = iter(rows)
        first = next(rows, None)
        if first is None:
            return
        names = ", ".join(first)
        every = (tuple(row.values()) for rows in ([first], rows) for row in rows)
        if self.postgresql:
            with self.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as into:
                for row in every:
                    into.write_row(row)
        else:
            self.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(first))})", every)

    def finish(self, records: int) -> None:
        """Commit, and let the database count what it has, as it would have over the weeks that this took."""
        if self.postgresql:
            self.run(f"SELECT setval('records_seq', {max(1, records)})")
            self.connection.commit()
            self.connection.autocommit = True
            self.run("VACUUM ANALYZE")
        else:
            for _name, sql in self._indexes:
                self.run(sql)
            self.connection.commit()
            self.run("ANALYZE")
            self.connection.commit()
            self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def kept(url: str) -> tuple[int, int]:
    """How many records the ledger holds, and how many of them were neither let in nor counted."""
    other = "sum(CASE WHEN outcome IN ('admitted', 'counted') THEN 0 ELSE 1 END)"
    with _Database(url) as database:
        found = database.connection.execute(f"SELECT count(*), {other} FROM {Record.__tablename__}").fetchone()
    return int(found[0]), int(found[1] or 0)


