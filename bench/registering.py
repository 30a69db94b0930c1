"""The statements of one registration by hand, on a copy of our own tables: what the floor of registrations runs.

Those that ours cannot do without for such an event: is the number paused, a spare code drawn and another one minted, a 签到码 that is free.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from eventsvc.ports import clock
from eventsvc.services import codes

SLUG = "bench"
_EVENT = "SELECT * FROM events WHERE slug = ?"
_SESSIONS = "SELECT * FROM sessions WHERE event_id = ? ORDER BY position"
_PAUSE = "SELECT kind FROM pauses WHERE organization_id = ? AND phone_hash = ? AND until > ?"
_DRAW = (
    "DELETE FROM spare_codes WHERE code IN (SELECT code FROM spare_codes WHERE event_id = ? ORDER BY revision, code LIMIT 1) RETURNING code"
)
_MINT = "INSERT INTO spare_codes (code, event_id, revision) VALUES (?, ?, ?)"
_PICKUP = "SELECT id FROM registrations WHERE event_id = ? AND pickup_code = ?"
_PLACES = "UPDATE events SET places_taken = places_taken + ?, next_seq = next_seq + 1, roster_revision = roster_revision + 2 WHERE id = ?"
_REGISTRATION = (
    "INSERT INTO registrations (id, event_id, seq, roster_revision, status, blocked, party_size, sessions, code, pickup_code, channel,"
    " consent_version, consent_at, answered, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_PERSON = (
    "INSERT INTO persons (registration_id, event_id, name, initials, spelt, phone, phone_tail, answers) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

Run = Callable[..., Any]


def register(run: Run, person: dict[str, Any], postgresql: bool) -> dict[str, Any]:
    """Read the event and its sessions, then in one durable transaction lock it and write the party. ``run(sql, *values)`` gives a cursor."""
    event = run(_EVENT, SLUG).fetchone()
    run(_SESSIONS, event[0]).fetchall()
    run("BEGIN" if postgresql else "BEGIN IMMEDIATE")
    try:
        answer = _write(run, person, postgresql)
        run("COMMIT")
    except Exception:
        run("ROLLBACK")
        raise
    return answer


def _write(run: Run, person: dict[str, Any], postgresql: bool) -> dict[str, Any]:
    locked = run(_EVENT + (" FOR NO KEY UPDATE" if postgresql else ""), SLUG)
    columns = [column[0] for column in locked.description]
    event = dict(zip(columns, locked.fetchone(), strict=True))
    phone, now = "+86" + person["phone"], time.time_ns() // 1000
    run(_PAUSE, event["organization_id"], hashlib.sha256(phone.encode()).hexdigest()[:32], now).fetchone()
    code = run(_DRAW, event["id"]).fetchone()[0]
    run(_MINT, secrets.token_hex(10).upper(), event["id"], event["roster_revision"] + 2)
    pickup = f"{secrets.randbelow(1_000_000):06d}"
    while run(_PICKUP, event["id"], pickup).fetchone():
        pickup = f"{secrets.randbelow(1_000_000):06d}"
    made = codes.mint_id(clock.now())
    run(_PLACES, person["party_size"], event["id"])
    run(
        _REGISTRATION, made, event["id"], event["next_seq"], event["roster_revision"] + 1, "confirmed", False, person["party_size"], "[]",
        code, pickup, "web", "2026-11", now, "[]", now, now,
    )  # fmt: skip
    run(_PERSON, made, event["id"], person["name"], " wgf ", " wangguifang wgf ", phone, person["phone"][-4:], json.dumps({}))
    return {"id": made, "status": "confirmed", "code": code, "pickup_code": pickup}
