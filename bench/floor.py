"""The floor: a bare Flask route that does by hand the least that keeps one record, with no rights, no rules and no figures.

Served by granian, 2 workers of 8 blocking threads each; raw sqlite3 (WAL, synchronous=FULL) or psycopg, one connection a thread.
``FLOOR_DATABASE`` is a file's path or a postgresql:// address: a copy of our own database with two small tables more.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from typing import Any

import psycopg
from flask import Flask, request

from bench import registering

DATABASE = os.environ.get("FLOOR_DATABASE", "")
POSTGRESQL = DATABASE.startswith("postgresql://")
TABLES = (
    "CREATE TABLE floor_tickets (id text PRIMARY KEY, code text NOT NULL UNIQUE, party_size integer NOT NULL)",
    "CREATE TABLE floor_records (id text PRIMARY KEY, ticket_id text NOT NULL, at text NOT NULL, received_at bigint NOT NULL, content text NOT NULL)",
    "CREATE INDEX ix_floor_records_ticket ON floor_records (ticket_id)",
)
_LOOK_UP = "SELECT id, party_size FROM floor_tickets WHERE code = ?"
_KEEP = "INSERT INTO floor_records (id, ticket_id, at, received_at, content) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
_local = threading.local()

app = Flask(__name__)


def connect() -> Any:
    """This thread's connection; it begins nothing by itself."""
    if not hasattr(_local, "connection"):
        if POSTGRESQL:
            _local.connection = psycopg.connect(DATABASE, autocommit=True)
        else:
            _local.connection = sqlite3.connect(DATABASE, isolation_level=None, timeout=20)
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
                _local.connection.execute(f"PRAGMA {pragma}")
    return _local.connection


def run(sql: str, *values: Any) -> Any:
    """One statement by hand."""
    return connect().execute(sql.replace("?", "%s") if POSTGRESQL else sql, values)


@app.get("/healthz")
def health() -> str:
    """Whether it is up."""
    return "ok"


@app.post("/checkin")
def check_in() -> dict[str, Any]:
    """One look-up, one conditional insert, one durable commit."""
    record = request.get_json()["records"][0]
    run("BEGIN" if POSTGRESQL else "BEGIN IMMEDIATE")
    try:
        ticket = run(_LOOK_UP, record["ticket"]).fetchone()
        kept = ticket and run(_KEEP, record["id"], ticket[0], record["at"], time.time_ns() // 1000, "admitted").rowcount
        run("COMMIT")
    except Exception:
        run("ROLLBACK")
        raise
    return {"results": [{"id": record["id"], "status": "recorded" if kept else "replayed"}]}


@app.post("/register")
def register() -> tuple[dict[str, Any], int]:
    """The statements of one registration, one after the other."""
    return registering.register(run, request.get_json(), POSTGRESQL), 201
