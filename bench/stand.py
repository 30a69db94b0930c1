"""Where the benchmark runs: one database filled to a size, our server on it, and the floor on a copy of it."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from flask import Flask, current_app

from bench import filling
from bench.supply import Supply
from eventsvc.db import db
from eventsvc.models import Device, User
from eventsvc.ports import clock
from eventsvc.services import organizations
from tests import postgres
from tests.live import DIRECT, PROJECT, LiveServer
from tests.server.crowd import Town

PHONES = 32
EVENT = {
    "title": "政务公开惠民夜市", "venue": "商都遗址城墙下", "starts_at": None, "date_text": "近日", "timezone": "Asia/Shanghai",
    "registration": {"capacity": None, "max_party": 5},
    "checkpoints": [
        {"key": "gate", "name": "东门", "entrance": True},
        *({"key": f"booth-{number}", "name": f"展位{number}", "rule": "stamp"} for number in (1, 2, 3)),
    ],
}  # fmt: skip


@dataclass
class Stand:
    """A filled database with both servers on it."""

    database: str
    records: int
    ours: LiveServer
    floor: subprocess.Popen[bytes]
    floor_url: str
    owner: str
    tokens: list[str]
    fresh: Supply
    seeds: Iterator[int]  # a run's own: its ids, telephones and addresses
    organizer: str  # the cookie of somebody who is signed in
    ticket: str  # a registration that was scanned


@contextmanager
def sqlite_only(folder: Path) -> Iterator[str]:
    """No server is needed for SQLite; gives the prefix of a database's address."""
    yield f"sqlite:///{folder}/"


@contextmanager
def a_cluster(_folder: Path) -> Iterator[str]:
    """A throw-away PostgreSQL, durable as it comes; gives the address of its maintenance database."""
    cluster = postgres.Cluster()
    cluster.start()
    try:
        yield cluster.url
    finally:
        cluster.stop()


@contextmanager
def stand(database: str, home: str, folder: Path, records: int, fresh: int) -> Iterator[Stand]:
    """Fill a database with ``records`` and start both servers; both are gone afterwards, and the databases too."""
    name, on_sqlite = f"bench_{records}", database == "sqlite"
    url = f"{home}{name}.sqlite3" if on_sqlite else postgres.create_database(home, name)
    ours = LiveServer(folder / name, url, environ={"TRUSTED_PROXIES": "1", "WORKER": "inside"})
    floor = None
    try:
        ours.start()
        town = Town([ours], slug="bench", changes=EVENT)
        tokens = [token for _ in range(PHONES) if (token := town.phone().token)]
        with ours.app().app_context():
            device = db.session.execute(db.select(Device.id, Device.event_id)).first()
            organizer = _sign_in(current_app._get_current_object())  # type: ignore[attr-defined]
            db.session.remove()
            db.engine.dispose()
        assert device
        ours.stop()
        ground = filling.fill(url, device.event_id, device.id, records, fresh)
        copy = _copy(url, home, f"{name}_floor", name)
        ours.start()
        floor, floor_url = _start_floor(copy, folder)
        yield Stand(database, records, ours, floor, floor_url, town.owner, tokens, Supply(ground.fresh), itertools.count(1), organizer, ground.scanned)
    finally:
        ours.close()
        if floor:
            floor.terminate()
            floor.wait(20)
        for made in (name, f"{name}_floor"):
            if on_sqlite:
                Path(f"{home}{made}.sqlite3".removeprefix("sqlite:///")).unlink(missing_ok=True)
            else:
                postgres.drop_database(home, made)


def _sign_in(app: Flask) -> str:
    """The cookie of an organizer's session, as after signing in."""
    organizations.add_user("bench@example.test", "demo", "owner", "王主任")
    user = db.session.scalars(db.select(User).where(User.email == "bench@example.test")).one()
    now = int(clock.now().timestamp())
    serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    return f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps({'user_id': user.id, 'stamp': user.stamp, 'since': now, 'seen': now})}"


def _copy(url: str, home: str, name: str, of: str) -> str:
    """A copy of a filled database as the floor addresses it."""
    if url.startswith("sqlite:///"):
        path = f"{home}{name}.sqlite3".removeprefix("sqlite:///")
        shutil.copyfile(url.removeprefix("sqlite:///"), path)
        return path
    made = postgres.plain(postgres.create_database(home, name, of))
    with psycopg.connect(made, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return made


def _start_floor(database: str, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The floor on granian: 2 workers of 8 blocking threads."""
    port = postgres.free_port()
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--workers", "2", "--blocking-threads", "8", "--port", str(port)]
    with (folder / "floor.log").open("ab") as out:
        process = subprocess.Popen(
            [*command, "--log-level", "error", "bench.floor:app"], cwd=PROJECT, env={**os.environ, "FLOOR_DATABASE": database},
            stdout=out, stderr=out, stdin=subprocess.DEVNULL,
        )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with DIRECT.open(urllib.request.Request(f"{url}/healthz"), timeout=2):
                return process, url
        except OSError:
            time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the floor did not start: {(folder / 'floor.log').read_text()[-2000:]}")
