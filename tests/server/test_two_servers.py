"""Two servers on one database, one of them killed under load: nothing acknowledged is lost, nothing counted twice, the other carries on."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import on_postgresql
from tests.live import LiveServer
from tests.postgres import free_port, plain
from tests.server.crowd import Client, Town, batch, checkin, tally

PHONES = 12


@dataclass
class Evening:
    """Phones that send one record after the other, each to its server, and to the other one when theirs is gone."""

    town: Town
    other: LiveServer
    tickets: list[str]
    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[object] = field(default_factory=list)
    moved: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def phone(self, number: int, client: Client) -> None:
        """One phone's evening: a record without an answer is sent again under its id."""
        step = 0
        while not self.over.is_set():
            step += 1
            record = checkin(self.tickets[step % len(self.tickets)]) if (step + number) % 3 == 0 else tally(1 + step % 7)
            self.sent[record["id"]] = record
            while True:
                try:
                    status, body = client("POST", f"/events/{self.town.slug}/records", batch(record))
                    break
                except (OSError, http.client.HTTPException):
                    self.moved += client.server is not self.other
                    client = Client(self.other, client.token)
            if status != 200:
                self.faults.append((status, body))
                return
            self.acknowledged[record["id"]] = body["results"][0]


def spend(town: Town, victim: LiveServer, other: LiveServer) -> Evening:
    """An evening in the middle of which one of the servers is killed."""
    evening = Evening(town, other, [town.ticket(party_size=5)["code"] for _ in range(5)])
    threads = [threading.Thread(target=evening.phone, args=(number, town.phone(number))) for number in range(PHONES)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(evening.acknowledged) > 150)
    victim.kill()
    before = len(evening.acknowledged)
    wait_for(lambda: len(evening.acknowledged) > before + 150)
    evening.over.set()
    for thread in threads:
        thread.join(60)
    return evening


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true() and time.monotonic() < end:
        time.sleep(0.02)


def check(evening: Evening) -> None:
    """What the ledger holds against what the phones know."""
    assert not evening.faults, evening.faults[:3]
    assert evening.moved > 0 and len(evening.acknowledged) > 200, "it was killed under load, and the other carried on"
    assert set(evening.acknowledged) == set(evening.sent), "every record was answered in the end"
    call = Client(evening.other, evening.town.phone(1).token)
    everything = list(evening.sent.values())
    for start in range(0, len(everything), 100):
        status, body = call("POST", f"/events/{evening.town.slug}/records", batch(*everything[start : start + 100]))
        assert status == 200
        for result in body["results"]:
            answer = evening.acknowledged[result["id"]]
            assert {**result, "status": answer["status"]} == answer and result["status"] == "replayed"
    stats = evening.town.get()
    assert stats["counters"][0]["total"] == sum(record["quantity"] for record in evening.sent.values() if record["type"] == "tally")
    assert stats["scans"] == sum(record["type"] == "checkin" for record in evening.sent.values())
    assert stats["entries"] == 25


def test_one_of_two_servers_is_killed(new_database: Callable[[], str], tmp_path: Path) -> None:
    url = new_database()
    servers = [LiveServer(tmp_path / f"server-{number}", url) for number in range(2)]
    try:
        for server in servers:
            server.start()
        town = Town(servers)
        evening = spend(town, servers[0], servers[1])
        town.servers = servers[1:]
        check(evening)
    finally:
        for server in servers:
            server.close()


@pytest.fixture
def pooled(new_database: Callable[[], str], tmp_path: Path) -> Iterator[str]:
    """The address of an empty database behind PgBouncer, which lends a connection for one transaction at a time."""
    if not on_postgresql():
        pytest.skip("PgBouncer pools PostgreSQL only")
    program = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    if not Path(program).exists():
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("CI needs PgBouncer (apt-get install pgbouncer)")
        pytest.skip("NOT CHECKED: PgBouncer is missing (apt-get install pgbouncer)")
    url = new_database()
    behind = psycopg.conninfo.conninfo_to_dict(plain(url))
    port, folder = free_port(), tmp_path / "pgbouncer"
    folder.mkdir()
    (folder / "users").write_text('"postgres" ""\n')
    (folder / "ini").write_text(
        f"[databases]\n* = host={behind['host']} port={behind['port']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = trust\nauth_file = {folder / 'users'}\npool_mode = transaction\ndefault_pool_size = 5\n"
        f"max_client_conn = 200\nlogfile = {folder / 'log'}\nignore_startup_parameters = extra_float_digits\n"
    )
    as_owner: dict[str, Any] = {"user": "nobody", "extra_groups": []} if os.geteuid() == 0 else {}
    if as_owner:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, "nobody")
        for parent in folder.parents:
            if parent.is_relative_to("/tmp") and parent != Path("/tmp"):
                parent.chmod(parent.stat().st_mode | 0o011)
    process = subprocess.Popen([program, folder / "ini"], **as_owner, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield url.replace(f":{behind['port']}/", f":{port}/")
    finally:
        process.terminate()
        process.wait(20)


def test_the_same_through_pgbouncer(pooled: str, tmp_path: Path) -> None:
    """Transaction mode: fewer connections to PostgreSQL than either server believes to have."""
    servers = [LiveServer(tmp_path / f"server-{number}", pooled, environ={"DATABASE_POOLER": "1"}) for number in range(2)]
    try:
        for server in servers:
            server.start()
        town = Town(servers)
        evening = spend(town, servers[0], servers[1])
        town.servers = servers[1:]
        check(evening)
    finally:
        for server in servers:
            server.close()
