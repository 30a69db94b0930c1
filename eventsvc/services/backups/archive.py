"""The backup file: one tar with a manifest, the database and the secret key; mode 0600; every part has its checksum.

Only files with the names that are expected are ever read out of it, so a tar from elsewhere can write nowhere.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from eventsvc.errors import Conflict, Unreadable

FORMAT = 1
MANIFEST = "manifest.json"
KEY = "secret_key"
DATABASE = {"sqlite": "database.sqlite3", "postgresql": "database.pgdump"}
_BLOCK = 1024 * 1024


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself: when, of which kind of database, at which revision of its tables, how much there was."""

    made_at: str
    database: str
    revision: str
    counts: dict[str, int] = field(default_factory=dict)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)  # name -> {bytes, sha256}
    format: int = FORMAT


def checksum(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write(target: Path, manifest: Manifest, parts: dict[str, Path]) -> Manifest:
    """Write the archive beside its place and move it there when it is whole and on disk; an older file gives way only then."""
    files = {name: {"bytes": part.stat().st_size, "sha256": checksum(part)} for name, part in parts.items()}
    whole = Manifest(**{**asdict(manifest), "files": files})
    fresh = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=6) as tar:
                text = json.dumps(asdict(whole), ensure_ascii=False, indent=2).encode()
                tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
                for name, part in parts.items():
                    with part.open("rb") as content:
                        tar.addfile(_entry(name, part.stat().st_size), content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return whole


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def extract(source: Path, folder: Path) -> Manifest:
    """Take a backup apart into ``folder`` and check it whole. Raises Unreadable for what is no backup, Conflict for a damaged one."""
    try:
        with tarfile.open(source, "r:*") as tar:
            manifest = _manifest(tar)
            for name in (DATABASE[manifest.database], KEY):
                _copy(tar, name, folder / name)
    except (tarfile.TarError, EOFError, KeyError, TypeError, ValueError) as error:
        raise Unreadable("not_a_backup", "这不是本系统的备份文件，或文件不完整 (not a backup, or not whole)") from error
    except OSError as error:
        if error.strerror is None:  # gzip's own way of saying that the file is no archive
            raise Unreadable("not_a_backup", "这不是本系统的备份文件，或文件不完整 (not a backup, or not whole)") from error
        raise
    for name in (DATABASE[manifest.database], KEY):
        told = manifest.files.get(name, {})
        if told.get("bytes") != (folder / name).stat().st_size or told.get("sha256") != checksum(folder / name):
            raise Conflict("damaged", "备份文件已损坏：{name} 的校验和不对，请换一份备份 (damaged: checksum)", name=name)
    return manifest


def _manifest(tar: tarfile.TarFile) -> Manifest:
    entry = tar.getmember(MANIFEST)
    file = tar.extractfile(entry) if entry.isreg() and entry.size < _BLOCK else None
    if file is None:
        raise ValueError(MANIFEST)
    said = json.loads(file.read().decode())
    if said["format"] != FORMAT:
        raise Conflict("newer_format", "这份备份是更新的版本做的，请先升级程序 (made by a newer version)")
    known = {name: said[name] for name in ("made_at", "database", "revision", "counts", "files", "format")}
    return Manifest(**known)


def _copy(tar: tarfile.TarFile, name: str, target: Path) -> None:
    entry = tar.getmember(name)
    file = tar.extractfile(entry) if entry.isreg() else None
    if file is None:
        raise ValueError(name)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while block := file.read(_BLOCK):
            out.write(block)
