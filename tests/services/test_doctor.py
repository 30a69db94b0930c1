"""The doctor: a sound installation has no error, and each planted fault is found on a line of its own."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from eventsvc import create_app
from eventsvc.cli import doctor
from eventsvc.config import BadSetting
from eventsvc.db import db
from eventsvc.ports import clock as ports_clock
from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock, SystemClock
from eventsvc.services import organizations, schema
from tests.conftest import on_postgresql, settings_for
from tests.postgres import free_port
from tests.services.world import World, tally

Examine = Callable[..., dict[str, str]]


@pytest.fixture
def examine(database_url: str, tmp_path: Path) -> Examine:
    """Findings by what was looked at, of an installation whose settings may be changed: ``examine(base_url=...)``."""
    apps: list[Flask] = []

    def run(**changes: Any) -> dict[str, str]:
        config = settings_for(tmp_path / "data", database_url, **{"trusted_proxies": 1, **changes})
        app = create_app(config, SystemClock())
        apps.append(app)
        with app.app_context():
            return {finding.what: finding.level for finding in doctor.examine(config)}

    yield run
    for app in apps:
        with app.app_context():
            schema.disconnect()
    limits.use("")


def test_a_sound_installation(app: Flask, examine: Examine, tmp_path: Path) -> None:
    (tmp_path / "data").chmod(0o700)
    with app.app_context():
        organizations.add_user("a@b.cn", "jiedao")
    if not on_postgresql():
        (tmp_path / "test.sqlite3").chmod(0o600)
    found = examine()
    assert {what: level for what, level in found.items() if level != "OK"} in ({}, {"中文字体 Chinese fonts": "注意"})
    ended = app.test_cli_runner().invoke(args=["doctor"])
    assert "Traceback" not in ended.output and ended.stdout.splitlines()[-1].endswith("warnings")


def test_errors_end_with_status_1(app: Flask, clock: FakeClock) -> None:
    ended = app.test_cli_runner().invoke(args=["doctor"])  # the tests' clock stands still, which is a fault
    assert ended.exit_code == 1
    line = next(line for line in ended.stdout.splitlines() if "Clock" in line)
    assert line.startswith("错误") and "timedatectl" in line


def test_a_folder_that_others_can_look_into_or_write_to(examine: Examine, tmp_path: Path) -> None:
    examine()
    (tmp_path / "data").chmod(0o755)
    assert examine()["数据目录 DATA_DIR"] == ("OK" if on_postgresql() else "注意")
    (tmp_path / "data").chmod(0o777)
    assert examine()["数据目录 DATA_DIR"] == "错误"


def test_a_folder_that_cannot_be_written(examine: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "NamedTemporaryFile", fail)
    found = examine()
    assert found["数据目录 DATA_DIR"] == "错误" and "时钟 Clock" not in found


def test_a_key_that_others_can_read(examine: Examine, tmp_path: Path) -> None:
    assert examine()["密钥 SECRET_KEY"] == "OK"  # from the environment
    place = tmp_path / "data/secret_key"
    place.write_text("a-key-that-only-tests-use")
    place.chmod(0o644)
    assert examine()["密钥 SECRET_KEY"] == "错误"
    place.chmod(0o600)
    assert examine()["密钥 SECRET_KEY"] == "OK"


@pytest.mark.parametrize(("free", "level"), [(10, "错误"), (500 * 1024**2, "注意"), (2 * 1024**3, "OK")])
def test_a_full_disk(examine: Examine, monkeypatch: pytest.MonkeyPatch, free: int, level: str) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**12, 0, free))
    assert examine()["磁盘 Disk"] == level


def test_a_clock_that_went_back(app: Flask, examine: Examine) -> None:
    with app.app_context():
        ports_clock.use(FakeClock(SystemClock().now() + timedelta(hours=2)))
        world = World({"starts_at": None, "ends_at": None})
        world.send(world.phone(), tally("leaflets"))
    assert examine()["时钟 Clock"] == "错误"


@pytest.mark.parametrize(
    ("base_url", "proxies", "levels"),
    [
        ("http://127.0.0.1:8000", 0, {"对外地址 BASE_URL": "注意"}),
        ("http://192.168.1.5:8000", 0, {"对外地址 BASE_URL": "注意"}),
        ("https://huodong.example.cn", 0, {"对外地址 BASE_URL": "OK", "反向代理 TRUSTED_PROXIES": "注意"}),
        ("https://huodong.example.cn", 1, {"对外地址 BASE_URL": "OK"}),
    ],
)
def test_an_address_that_phones_cannot_use(examine: Examine, base_url: str, proxies: int, levels: dict[str, str]) -> None:
    found = examine(base_url=base_url, trusted_proxies=proxies)
    assert {what: level for what, level in found.items() if what.endswith(("BASE_URL", "PROXIES"))} == levels


def test_a_redis_that_does_not_answer(examine: Examine) -> None:
    assert "REDIS_URL" not in examine()
    assert examine(redis_url="memory://")["REDIS_URL"] == "OK"
    assert examine(redis_url=f"redis://127.0.0.1:{free_port()}/0")["REDIS_URL"] == "错误"


@pytest.mark.parametrize("url", ["redis", "carrier-pigeon://127.0.0.1"])
def test_a_redis_address_that_is_none(examine: Examine, url: str) -> None:
    with pytest.raises(BadSetting, match="REDIS_URL"):
        examine(redis_url=url)


def test_no_chinese_font(examine: Examine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "FONT_FOLDERS", (tmp_path / "fonts",))
    assert examine()["中文字体 Chinese fonts"] == "注意"
    (tmp_path / "fonts/noto").mkdir(parents=True)
    (tmp_path / "fonts/noto/NotoSansCJK-Regular.ttc").touch()
    assert examine()["中文字体 Chinese fonts"] == "OK"


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    config = settings_for(tmp_path / "data", f"postgresql+psycopg://me:hunter22@127.0.0.1:{free_port()}/x")
    with create_app(config, SystemClock()).app_context():
        found = list(doctor.examine(config))
    assert [finding.what for finding in found if finding.level == "错误"] == ["数据库 Database"]
    assert "hunter22" not in "\n".join(str(finding) for finding in found)


@pytest.mark.skipif(on_postgresql(), reason="SQLite's own file")
def test_a_file_that_is_no_database(examine: Examine, database_url: str, tmp_path: Path) -> None:
    (tmp_path / "test.sqlite3").write_text("a letter\n" * 1000)
    assert examine()["数据库 Database"] == "错误"


@pytest.mark.skipif(on_postgresql(), reason="SQLite's own settings")
def test_unsafe_sqlite_settings(database_url: str, tmp_path: Path) -> None:
    config = settings_for(tmp_path / "data", database_url)
    app = create_app(config, SystemClock())
    with app.app_context():

        @event.listens_for(db.engine, "connect")
        def _careless(connection: Any, _record: Any) -> None:
            for setting in ("synchronous=OFF", "foreign_keys=OFF", "journal_mode=DELETE"):
                connection.execute(f"PRAGMA {setting}")

        found = {finding.what: finding.level for finding in doctor.database(config)}
    assert [found[f"SQLite {name}"] for name in ("journal_mode", "synchronous", "foreign_keys")] == ["错误"] * 3


@pytest.mark.skipif(on_postgresql(), reason="SQLite's own file")
def test_a_database_file_that_others_can_read(examine: Examine, tmp_path: Path) -> None:
    os.chmod(tmp_path, 0o755)
    (tmp_path / "test.sqlite3").chmod(0o644)
    assert examine()["SQLite 文件 file"] == "注意"
    (tmp_path / "test.sqlite3").chmod(0o600)
    assert "SQLite 文件 file" not in examine()


@pytest.mark.skipif(not on_postgresql(), reason="PostgreSQL's own settings")
def test_unsafe_postgresql_settings(examine: Examine, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {examine()[f"PostgreSQL {name}"] for name in ("fsync", "full_page_writes", "server_encoding")} == {"OK"}
    careless = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "server_encoding": "SQL_ASCII", "server_version": "15"}
    monkeypatch.setattr(doctor.checkup, "settings", lambda: careless)
    monkeypatch.setattr(doctor.backups.postgresql, "program", lambda _name: None)
    found = examine()
    assert [found[f"PostgreSQL {name}"] for name in ("fsync", "full_page_writes", "server_encoding", "synchronous_commit")] == ["错误"] * 4
    assert found["pg_dump"] == "注意"


@pytest.mark.parametrize(("revision", "advice"), [(None, "db upgrade"), ("from-the-future", "newer version")])
def test_tables_of_another_version(app: Flask, monkeypatch: pytest.MonkeyPatch, revision: str | None, advice: str) -> None:
    monkeypatch.setattr(schema, "current", lambda: revision)
    with app.app_context():
        found = [finding for finding in doctor.database(app.config["EVENTSVC"]) if finding.level == "错误"]
    assert [finding.what for finding in found] == ["数据表 Tables"] and advice in found[0].said
    ended = app.test_cli_runner().invoke(args=["purge"])
    if revision is not None:
        assert ended.exit_code == 1 and "db upgrade" in ended.stderr


def test_nobody_who_could_sign_in(examine: Examine) -> None:
    assert examine()["负责人 Organizers"] == "注意"
