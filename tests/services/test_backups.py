"""Backup and restore: what was there is there again, keys included; what is no sound backup touches nothing."""

from __future__ import annotations

import io
import json
import os
import sqlite3
import stat
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from eventsvc import config as settings
from eventsvc import create_app
from eventsvc.db import db
from eventsvc.errors import Refusal
from eventsvc.models import Record
from eventsvc.ports.clock import FakeClock
from eventsvc.services import backups, devices, events, figures, finalizing, organizations, registrations, schema
from eventsvc.services.actors import SYSTEM, authenticate, device_token
from eventsvc.services.backups import archive, postgresql
from tests.conftest import on_postgresql
from tests.services.world import World, checkin, tally


@pytest.fixture
def install(new_database: Callable[[], str], tmp_path: Path, clock: FakeClock) -> Callable[[str], Flask]:
    """One more installation, empty: its own folder, database and key."""
    made: list[Flask] = []

    def make(name: str) -> Flask:
        folder = tmp_path / name
        config = settings.load({"DATA_DIR": str(folder), "DATABASE_URL": new_database(), "LOG_LEVEL": "WARNING"})
        app = create_app(config, clock)
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            schema.disconnect()


def again(app: Flask, clock: FakeClock) -> Flask:
    """The application as it starts after a restore: it reads the key anew."""
    config = app.config["EVENTSVC"]
    return create_app(
        settings.load({"DATA_DIR": str(config.data_dir), "DATABASE_URL": config.database_url, "LOG_LEVEL": "WARNING"}), clock
    )


def life(app: Flask) -> dict[str, Any]:
    """Something to lose: a token, a phone, a ticket, records, a freeze."""
    with app.app_context():
        token = organizations.create_token("jiedao")
        world = World()
        phone = world.phone()
        ticket = world.ticket(3)
        world.send(phone, checkin(ticket, count=2), tally("leaflets", 10), tally("consult", topic="政务公开"))
        finalizing.finalize(SYSTEM, world.slug)
        return {
            "token": token,
            "phone": device_token(phone.id),
            "manage": registrations.manage_token(ticket.id),
            "ticket": ticket.id,
            "code": ticket.code,
            "before": picture(world.slug),
        }


def picture(slug: str) -> dict[str, Any]:
    """Ledger, figures and document of an event."""
    ledger = [row._asdict() for row in db.session.execute(select(*Record.__table__.columns).order_by(Record.seq))]
    return {
        "ledger": ledger,
        "figures": finalizing.pack(figures.stats(SYSTEM, slug)),
        "frozen": finalizing.pack(finalizing.report(SYSTEM, slug).frozen.figures),
        "document": events.event_document.dump(events.read(SYSTEM, slug)),
    }


def invoke(app: Flask, *arguments: str) -> Any:
    """Run a command of an installation."""
    return app.test_cli_runner().invoke(args=list(arguments))


def test_the_round_trip(install: Callable[[str], Flask], tmp_path: Path, clock: FakeClock) -> None:
    old = install("old")
    kept = life(old)
    file = tmp_path / "backup.tar.gz"
    assert invoke(old, "backup", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    new = install("new")
    said = invoke(new, "restore", str(file))
    assert said.exit_code == 0, said.stderr
    assert stat.S_IMODE((tmp_path / "new/secret_key").stat().st_mode) == 0o600
    started = again(new, clock)
    with started.app_context():
        assert picture("ye-shi") == kept["before"]
        assert authenticate(kept["token"]).organizations
        phone = authenticate(kept["phone"])
        assert devices.myself(phone)[0].operator == "志愿者甲"
        assert registrations.read_manage_token(kept["manage"]) == kept["ticket"]
        world = object.__new__(World)
        world.slug = "ye-shi"
        assert world.send(phone, checkin(kept["code"]))[0]["outcome"] == "admitted"  # the third of the party
        assert figures.stats(SYSTEM, "ye-shi").entries == 3
        with pytest.raises(Exception, match="(?i)ledger|only|grow"):
            db.session.execute(Record.__table__.delete())
        db.session.remove()
        assert schema.current() == schema.head()
        schema.disconnect()
    assert list(tmp_path.glob(".eventsvc*")) == [] and list((tmp_path / "new").glob(".*")) == []


def test_it_is_made_while_others_write(install: Callable[[str], Flask], tmp_path: Path, clock: FakeClock) -> None:
    app = install("busy")
    with app.app_context():
        world = World()
        phone = world.phone()
    stop = threading.Event()
    sent: list[int] = []

    def tap() -> None:
        with app.app_context():
            while not stop.is_set():
                sent.append(len(world.send(phone, tally("leaflets", 1))))

    writer = threading.Thread(target=tap)
    writer.start()
    try:
        done = [app.test_cli_runner().invoke(args=["backup", str(tmp_path / f"{n}.tar.gz")]).exit_code for n in range(3)]
    finally:
        stop.set()
        writer.join(20)
    assert done == [0, 0, 0] and sent
    other = install("other")
    with other.app_context():
        backups.restore(other.config["EVENTSVC"], tmp_path / "2.tar.gz")
        assert 0 <= figures.stats(SYSTEM, "ye-shi").counters[1].total <= len(sent)


def test_a_full_installation_is_not_overwritten(install: Callable[[str], Flask], tmp_path: Path, clock: FakeClock) -> None:
    old, other = install("old"), install("other")
    life(old)
    file = tmp_path / "backup.tar.gz"
    invoke(old, "backup", str(file))
    create_app(other.config["EVENTSVC"], clock)  # the keys of the process are this installation's
    with other.app_context():
        World({"slug": "another"})
    said = invoke(other, "restore", str(file))
    assert said.exit_code == 1 and "not_empty" in said.stderr and len(said.stderr.splitlines()) == 1
    with other.app_context():
        assert [event.slug for event in events.listed(SYSTEM)[0]] == ["another"]
    said = invoke(other, "restore", str(file), "--force")
    assert said.exit_code == 0, said.stderr
    with again(other, clock).app_context():
        assert [event.slug for event in events.listed(SYSTEM)[0]] == ["ye-shi"]
        schema.disconnect()
    (before,) = (tmp_path / "other").glob("before-restore-*")
    third = install("third")
    assert invoke(third, "restore", str(before)).exit_code == 0
    with again(third, clock).app_context():
        assert [event.slug for event in events.listed(SYSTEM)[0]] == ["another"]
        schema.disconnect()


def test_a_database_without_tables_is_filled_and_migrated(install: Callable[[str], Flask], tmp_path: Path, clock: FakeClock) -> None:
    old, bare = install("old"), install("bare")
    life(old)
    invoke(old, "backup", str(tmp_path / "backup.tar.gz"))
    config = bare.config["EVENTSVC"]
    with bare.app_context():
        schema.disconnect()
    if on_postgresql():
        with postgresql._connection(config.database_url) as address, postgresql.psycopg.connect(address) as connection:
            postgresql._clear(connection)
    else:
        backups.sqlite.file_of(config.database_url).unlink()
    assert "nothing_there" in invoke(bare, "backup", str(tmp_path / "x")).stderr
    said = invoke(bare, "restore", str(tmp_path / "backup.tar.gz"))
    assert said.exit_code == 0, said.stderr
    with again(bare, clock).app_context():
        assert figures.stats(SYSTEM, "ye-shi").entries == 2
        schema.disconnect()


def test_another_key_in_the_environment_is_said(install: Callable[[str], Flask], tmp_path: Path, clock: FakeClock) -> None:
    old, new = install("old"), install("new")
    invoke(old, "backup", str(tmp_path / "backup.tar.gz"))
    config = replace(new.config["EVENTSVC"], secret_key="another-key-from-the-environment")
    said = invoke(create_app(config, clock), "restore", str(tmp_path / "backup.tar.gz"))
    assert said.exit_code == 0 and "SECRET_KEY" in said.stderr
    assert "SECRET_KEY" not in invoke(again(new, clock), "restore", str(tmp_path / "backup.tar.gz")).stderr


def changed(file: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A backup with its members changed (None leaves one out)."""
    with tarfile.open(file) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            part = old.extractfile(member)
            assert part is not None
            content = change(member.name, part.read())
            if content is not None:
                entry = tarfile.TarInfo(member.name)
                entry.size = len(content)
                new.addfile(entry, io.BytesIO(content))
    return target


def manifest(**changes: Any) -> Callable[[str, bytes], bytes]:
    """Change members of the manifest."""
    return lambda name, content: json.dumps({**json.loads(content), **changes}).encode() if name == "manifest.json" else content


UNSOUND: list[tuple[Callable[[str, bytes], bytes | None], str]] = [
    (lambda name, content: content[:-1] + b"x" if name.startswith("database") else content, "damaged"),
    (lambda name, content: b"short" if name == "secret_key" else content, "damaged"),
    (lambda name, content: None if name == "manifest.json" else content, "not_a_backup"),
    (lambda name, content: None if name == "secret_key" else content, "not_a_backup"),
    (lambda name, content: b"{" if name == "manifest.json" else content, "not_a_backup"),
    (lambda name, content: b"[]" if name == "manifest.json" else content, "not_a_backup"),
    (manifest(database="mysql"), "not_a_backup"),
    (manifest(database="sqlite" if on_postgresql() else "postgresql"), "not_a_backup"),
    (manifest(revision="9999"), "newer_tables"),
    (manifest(format=2), "newer_format"),
]


def test_what_is_no_sound_backup_touches_nothing(install: Callable[[str], Flask], tmp_path: Path) -> None:
    app = install("only")
    life(app)
    invoke(app, "backup", str(tmp_path / "good"))
    key = (tmp_path / "only/secret_key").read_text()
    for number, (change, code) in enumerate(UNSOUND):
        bad = changed(tmp_path / "good", tmp_path / f"bad-{number}", change)
        said = invoke(app, "restore", str(bad), "--force")
        assert said.exit_code == 1 and code in said.stderr, (number, said.output)
    for content in (b"", b"a letter", b"\x1f\x8b broken", b"x" * 20_000):
        (tmp_path / "file").write_bytes(content)
        said = invoke(app, "restore", str(tmp_path / "file"), "--force")
        assert said.exit_code == 1 and "not_a_backup" in said.stderr, content
    with app.app_context():
        assert figures.stats(SYSTEM, "ye-shi").entries == 2
    assert (tmp_path / "only/secret_key").read_text() == key
    assert list((tmp_path / "only").glob("before-restore-*")) == []


def test_half_a_backup(install: Callable[[str], Flask], tmp_path: Path) -> None:
    app = install("only")
    invoke(app, "backup", str(tmp_path / "good"))
    whole = (tmp_path / "good").read_bytes()
    (tmp_path / "half").write_bytes(whole[: len(whole) // 2])
    assert "not_a_backup" in invoke(app, "restore", str(tmp_path / "half")).stderr


def test_a_backup_of_the_other_database(install: Callable[[str], Flask], tmp_path: Path) -> None:
    app = install("only")
    kind = "sqlite" if on_postgresql() else "postgresql"
    (tmp_path / "part").write_bytes(b"x")
    told = archive.Manifest(made_at="2026-11-23T00:00:00+00:00", database=kind, revision="0001")
    archive.write(tmp_path / "file", told, {archive.DATABASE[kind]: tmp_path / "part", archive.KEY: tmp_path / "part"})
    with app.app_context(), pytest.raises(Refusal) as refusal:
        backups.restore(app.config["EVENTSVC"], tmp_path / "file")
    assert refusal.value.code == "other_database"


def test_an_older_file_stays_until_the_new_one_is_whole(install: Callable[[str], Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = install("only")
    file = tmp_path / "backup"
    invoke(app, "backup", str(file))
    before = file.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", str(file))

    monkeypatch.setattr(os, "fsync", fail)
    said = invoke(app, "backup", str(file))
    assert said.exit_code == 1 and "No space left" in said.stderr
    assert file.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"backup", "only"}


@pytest.mark.skipif(on_postgresql(), reason="SQLite's own file")
def test_a_damaged_database_is_not_backed_up(install: Callable[[str], Flask], tmp_path: Path) -> None:
    app = install("only")
    life(app)
    file = backups.sqlite.file_of(app.config["EVENTSVC"].database_url)
    with app.app_context():
        schema.disconnect()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_records_event_id_epoch_seq'").fetchone()[0]
    connection.close()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * 4096)
        raw.write(b"\xff" * 4096)
    said = invoke(app, "backup", str(tmp_path / "backup"))
    assert said.exit_code == 1 and not (tmp_path / "backup").exists()


@pytest.mark.skipif(not on_postgresql(), reason="PostgreSQL's own programs")
def test_a_password_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(postgresql, "_run", lambda *arguments: seen.append((arguments, Path(_passfile(arguments)).read_text())))
    postgresql.dump("postgresql+psycopg://me:hunter%3A2@127.0.0.1:5/x?sslmode=disable", tmp_path / "x")
    ((arguments, passfile),) = seen
    assert "hunter" not in " ".join(arguments) and "sslmode=disable" in " ".join(arguments)
    assert passfile == "*:*:*:*:hunter\\:2\n"
    assert not Path(_passfile(arguments)).exists()


def _passfile(arguments: tuple[str, ...]) -> str:
    conninfo = next(argument for argument in arguments if argument.startswith("--dbname="))
    return next(part.removeprefix("passfile=") for part in conninfo.removeprefix("--dbname=").split() if part.startswith("passfile="))


def test_older_tables_are_migrated(install: Callable[[str], Flask], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = install("only")
    invoke(app, "backup", str(tmp_path / "older"))
    newest = schema.head()
    monkeypatch.setattr(schema, "_known", lambda: ("next", frozenset({newest, "next"})))
    called: list[bool] = []
    monkeypatch.setattr("eventsvc.cli.backups.migrate", lambda: called.append(True))
    assert invoke(app, "restore", str(tmp_path / "older")).exit_code == 0
    assert called == [True]
