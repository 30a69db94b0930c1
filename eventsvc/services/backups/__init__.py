"""Backup and restore: the whole installation in one file, the keys that the data need included."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from eventsvc.config import Config
from eventsvc.errors import Conflict
from eventsvc.ports import clock
from eventsvc.services import health, live, schema
from eventsvc.services.backups import archive, postgresql, sqlite
from eventsvc.services.backups.archive import Manifest

KEY_FILE = "secret_key"  # in DATA_DIR, as config.py keeps it


@dataclass(frozen=True)
class Restored:
    """What was put back; ``before`` holds what was there, ``key_in_the_way`` says that SECRET_KEY is set to another key."""

    manifest: Manifest
    before: Path | None
    key_in_the_way: bool


def make(config: Config, target: Path) -> Manifest:
    """Write a backup of the running installation to ``target`` (mode 0600). Raises Conflict, or OSError for the file."""
    revision = schema.current()
    if revision is None:
        raise Conflict("nothing_there", "数据库里还没有表，没有可备份的内容 (the database has no tables yet)")
    manifest = Manifest(made_at=clock.now().isoformat(), database=_kind(config), revision=revision, counts=health.counts())
    schema.disconnect()
    target = target.resolve()
    with tempfile.TemporaryDirectory(prefix=".eventsvc-backup-", dir=target.parent) as folder:
        parts = {archive.DATABASE[manifest.database]: Path(folder) / "database", archive.KEY: Path(folder) / "key"}
        _engine(manifest.database).dump(config.database_url, parts[archive.DATABASE[manifest.database]])
        parts[archive.KEY].touch(mode=0o600)
        parts[archive.KEY].write_text(config.secret_key, encoding="utf-8")
        return archive.write(target, manifest, parts)


def restore(config: Config, source: Path, force: bool = False) -> Restored:
    """Put a backup in place of an empty installation, or with ``force`` of any, which is saved to DATA_DIR first.

    The tables are as old as the backup; the caller migrates them. Raises Unreadable, Conflict, or OSError for the files.
    """
    with tempfile.TemporaryDirectory(prefix=".eventsvc-restore-", dir=config.data_dir) as folder:
        manifest = archive.extract(source, Path(folder))
        if manifest.database != _kind(config):
            raise Conflict("other_database", "这份备份来自 {kind}，请把 DATABASE_URL 设为同一种数据库 (another kind of database)", kind=manifest.database)
        if not schema.knows(manifest.revision):
            raise Conflict("newer_tables", "这份备份是更新的版本做的，请先升级程序 (made by a newer version)")
        before = None
        if not schema.is_empty():
            if not force:
                raise Conflict("not_empty", "数据库里已有数据，没有恢复；确要覆盖请加 --force (the database is not empty)")
            before = config.data_dir / f"before-restore-{clock.now():%Y%m%dT%H%M%SZ}.tar.gz"
            make(config, before)
        schema.disconnect()
        live.forget()
        _engine(manifest.database).load(config.database_url, Path(folder) / archive.DATABASE[manifest.database])
        in_the_way = _put_key(config, (Path(folder) / archive.KEY).read_text(encoding="utf-8"))
    return Restored(manifest, before, in_the_way)


def _kind(config: Config) -> str:
    return "sqlite" if config.is_sqlite else "postgresql"


def _engine(kind: str) -> ModuleType:
    return sqlite if kind == "sqlite" else postgresql


def _put_key(config: Config, key: str) -> bool:
    """Keep the key in DATA_DIR; whether another one from the environment goes before it."""
    place = config.data_dir / KEY_FILE
    from_file = place.exists() and place.read_text(encoding="utf-8").strip() == config.secret_key
    fresh = place.with_name(f".{KEY_FILE}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(key, encoding="utf-8")
    os.replace(fresh, place)
    return not from_file and config.secret_key != key
