"""A throw-away PostgreSQL cluster for one test run: started in a temporary folder, gone when it stops."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql


class NoPostgres(Exception):
    """PostgreSQL's server programs are not installed; the message says what to install."""


def binaries() -> Path:
    """The folder with initdb and postgres, newest version first; NoPostgres if there is none."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True):
        if (folder / "initdb").exists():
            return folder
    raise NoPostgres("PostgreSQL is not installed: apt-get install postgresql")


def free_port() -> int:
    """A loopback port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """One running PostgreSQL on a loopback port; durable (fsync on), so that kill -9 tests mean something."""

    def __init__(self) -> None:
        self.bin = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="eventsvc-pg-"))
        self.port = free_port()
        self.owner = self._unprivileged()
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy address of the cluster's maintenance database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Make the cluster and wait until it answers; RuntimeError with its log if it never does."""
        os.chmod(self.folder, 0o755)
        data, log = self.folder / "data", self.folder / "log"
        data.mkdir(mode=0o700)
        if self.owner:
            shutil.chown(data, self.owner.pw_name)
        made = subprocess.run(
            [self.bin / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            capture_output=True, text=True, check=False, **self._as_owner(),
        )
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
                 "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=64MB"],
                stdout=out, stderr=out, start_new_session=True, **self._as_owner(),
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                psycopg.connect(plain(self.url), connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.1)
        text = log.read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"PostgreSQL did not start: {text[-2000:]}")

    def stop(self) -> None:
        """Stop the server (fast shutdown, then by force) and remove its folder."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(2)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def _unprivileged() -> pwd.struct_passwd | None:
        """Whom to run as: PostgreSQL refuses root, so root lends it to `postgres` or `nobody`."""
        if os.geteuid() != 0:
            return None
        for name in ("postgres", "nobody"):
            try:
                return pwd.getpwnam(name)
            except KeyError:
                continue
        raise NoPostgres("PostgreSQL refuses to run as root and there is neither a user postgres nor nobody")

    def _as_owner(self) -> dict[str, object]:
        return {"cwd": "/", **({"user": self.owner.pw_uid, "group": self.owner.pw_gid, "extra_groups": []} if self.owner else {})}


def plain(url: str) -> str:
    """A SQLAlchemy address as libpq knows it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def sibling(url: str, name: str) -> str:
    """The address of database ``name`` in the same cluster as ``url``."""
    return f"{url.rsplit('/', 1)[0]}/{name}"


def create_database(cluster_url: str, name: str, template: str = "template1") -> str:
    """Make database ``name`` as a copy of ``template`` (an older one of that name goes first); returns its address."""
    drop_database(cluster_url, name)
    with psycopg.connect(plain(cluster_url), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template)))
    return sibling(cluster_url, name)


def drop_database(cluster_url: str, name: str) -> None:
    """Remove database ``name`` if it is there, throwing out whoever is connected."""
    with psycopg.connect(plain(cluster_url), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def empty_tables(url: str) -> None:
    """Delete every row but Alembic's; triggers and foreign keys look away meanwhile, and counters begin again."""
    with psycopg.connect(plain(url)) as connection:
        tables = connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        connection.execute("SET session_replication_role = replica; SET synchronous_commit = off; " + "".join(f"DELETE FROM {table};" for (table,) in tables))
        # ALTER SEQUENCE … RESTART would make a new file for each
        connection.execute("SELECT setval(format('%I', sequencename)::regclass, start_value, false) FROM pg_sequences WHERE schemaname = 'public'")
