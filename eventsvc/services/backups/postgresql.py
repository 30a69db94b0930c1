"""PostgreSQL through its own pg_dump and pg_restore: consistent while the server goes on; passwords never on a command line."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy.engine import make_url

from eventsvc.errors import Conflict

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = current_schema()"
_FUNCTIONS = (
    "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace "
    "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
)


def program(name: str) -> Path | None:
    """Where one of PostgreSQL's client programs is: the newest one of Debian's, else the one on the path."""
    places = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: (p.parts[-3].zfill(4)), reverse=True)
    found = shutil.which(name)
    return places[0] if places else Path(found) if found else None


def dump(url: str, target: Path) -> None:
    """Write the database into ``target`` in pg_dump's custom format. Raises Conflict with pg_dump's own words."""
    target.touch(mode=0o600)
    with _connection(url) as conninfo:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", f"--dbname={conninfo}")


def load(url: str, source: Path) -> None:
    """Empty the database and fill it from ``source``; the filling is one transaction. Raises Conflict."""
    with _connection(url) as conninfo:
        try:
            with psycopg.connect(conninfo) as connection:  # ends its own transaction when the block ends
                connection.execute("SET lock_timeout = '10s'")
                _clear(connection)
        except psycopg.errors.LockNotAvailable as error:
            raise Conflict("in_use", "数据库正在使用：请先停止服务，再恢复 (stop the server first)") from error
        _run(
            "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", f"--dbname={conninfo}", str(source)
        )


def _clear(connection: psycopg.Connection[Any]) -> None:
    for query, drop in ((_TABLES, "DROP TABLE {} CASCADE"), (_SEQUENCES, "DROP SEQUENCE {} CASCADE"), (_FUNCTIONS, "DROP FUNCTION {} CASCADE")):
        for (name,) in connection.execute(query).fetchall():
            connection.execute(sql.SQL(drop).format(sql.Identifier(name)))


@contextmanager
def _connection(url: str) -> Iterator[str]:
    """The database's address for libpq; its password stands in a file that only we can read, and that goes at once."""
    parts = make_url(url)
    options: dict[str, Any] = {**parts.query, **parts.translate_connect_args(username="user", database="dbname")}
    password = options.pop("password", None)
    with tempfile.TemporaryDirectory(prefix="eventsvc-") as folder:
        if password is not None:
            passfile = Path(folder) / "pgpass"
            passfile.touch(mode=0o600)
            escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
            passfile.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
            options["passfile"] = str(passfile)
        yield make_conninfo(**options)


def _run(name: str, *arguments: str) -> None:
    found = program(name)
    if found is None:
        raise Conflict("program_missing", "缺少程序 {name}：apt-get install postgresql-client (missing program)", name=name)
    command: Sequence[str] = [str(found), "--no-password", *arguments]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if ended.returncode:
        said = [line for line in ended.stderr.splitlines() if line.strip()]
        raise Conflict("database_refused", "{name}：{said}", name=name, said=said[0] if said else f"exit {ended.returncode}")
