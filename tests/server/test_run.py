"""What `make run` says: links once, nothing reset the second time, one line for whatever is wrong."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from eventsvc.config import SETTINGS
from tests.conftest import on_postgresql
from tests.live import PROJECT, LiveServer
from tests.postgres import free_port

one_database_is_enough = pytest.mark.skipif(on_postgresql(), reason="the same on both databases")


def refused(**environ: str) -> str:
    """Start the server with these knobs, expect it to refuse, and return the one line it said."""
    clean = {k: v for k, v in os.environ.items() if k not in {s.name for s in SETTINGS}}
    run = subprocess.run(
        [sys.executable, "-m", "eventsvc.serve", "--no-demo"], cwd=PROJECT, env={**clean, "PORT": str(free_port()), **environ},
        capture_output=True, text=True, timeout=60, check=False,
    )
    assert run.returncode == 2, run.stderr
    assert run.stdout == ""
    assert len(run.stderr.splitlines()) == 1, run.stderr
    return run.stderr


@one_database_is_enough
def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        said = refused(DATA_DIR=str(tmp_path), PORT=port)
    assert f"PORT={port} is in use" in said and "make run" in said


@one_database_is_enough
@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "eighty"), ("HOST", "203.0.113.77"), ("DATABASE_URL", "mysql://x"), ("BASE_URL", "example.org"), ("DATA_DIR", "/proc/eventsvc")],
)
def test_a_broken_setting(tmp_path: Path, name: str, value: str) -> None:
    assert name in refused(**{"DATA_DIR": str(tmp_path), name: value})


@one_database_is_enough
def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "eventsvc.sqlite3").write_text("this is a letter, not a database\n" * 100)
    assert "DATA_DIR" in refused(DATA_DIR=str(tmp_path))


@one_database_is_enough
def test_a_database_of_another_version(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "eventsvc.sqlite3") as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
        connection.execute("INSERT INTO alembic_version VALUES ('from-the-future')")
    assert "another version" in refused(DATA_DIR=str(tmp_path))


@one_database_is_enough
def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    said = refused(DATA_DIR=str(tmp_path), DATABASE_URL=f"postgresql://me:hunter22@127.0.0.1:{free_port()}/x")
    assert "PostgreSQL" in said and "hunter22" not in said


def test_the_links_are_printed_once_and_work(new_server: Callable[..., LiveServer]) -> None:
    server = new_server(demo=True)
    first = settled(server)
    for who in ("Resident", "Volunteer", "Organizer"):
        assert re.search(rf"{who} +http://127\.0\.0\.1:{server.port}/", first), first
    password = re.search(r"one-time password: (\S+)", first)
    assert password
    server.stop()
    server.log.write_text("")
    server.start()
    second = settled(server)
    assert "nothing was reset" in second and f"{server.url}/" in second
    assert password.group(1) not in second
    server.close()


def settled(server: LiveServer) -> str:
    """What the server printed, once it has printed everything."""
    deadline = time.monotonic() + 20
    while "Ctrl+C" not in server.printed() and time.monotonic() < deadline:
        time.sleep(0.1)
    return server.printed()


def test_the_server_brings_its_worker_along(new_server: Callable[..., LiveServer]) -> None:
    server = new_server(WORKER="inside")
    deadline = time.monotonic() + 60
    while '"eventsvc.worker"' not in server.printed() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert '"eventsvc.worker"' in server.printed(), server.printed()[-2000:]
    workers = attending(server)
    assert len(workers) == 1
    os.kill(workers[0], signal.SIGKILL)
    while attending(server) in ([], workers) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(attending(server)) == 1, "it is started again"
    assert server.stop() == 0
    assert attending(server) == []


def attending(server: LiveServer) -> list[int]:
    """The process ids of the workers whose settings are this server's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command, environ = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
        except OSError:
            continue
        if b"eventsvc.serve\0--worker" in command and f"PORT={server.port}\0".encode() in environ:
            found.append(int(process.name))
    return found
