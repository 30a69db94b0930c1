"""`doctor`: checks the installation and says, line by line, what is wrong and what to do; exit status 1 for an error."""

from __future__ import annotations

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask.cli import with_appcontext
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from eventsvc.cli.stops import first_line, settings
from eventsvc.config import Config
from eventsvc.ports import clock, limits
from eventsvc.services import backups, checkup, schema
from eventsvc.services.messages import overview

OK, LOOK, WRONG = "OK", "注意", "错误"
LEAST, LITTLE = 200 * 1024 * 1024, 1024 * 1024 * 1024  # bytes free: error below the first, warning below the second
CLOCKS_APART = timedelta(seconds=10)
FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/Library/Fonts"), Path("/System/Library/Fonts"))
CHINESE_FONTS = ("cjk", "sourcehan", "wqy", "simsun", "simhei", "fandol", "arphic", "uming", "ukai", "droidsansfallback", "pingfang", "heiti", "songti")


@dataclass(frozen=True)
class Finding:
    """One line: how bad it is, what was looked at, what was found and what to do."""

    level: str
    what: str
    said: str

    def __str__(self) -> str:
        return f"{self.level:<4}{self.what}: {self.said}"


Check = Callable[[Config], Iterator[Finding]]


@click.command()
@with_appcontext
def doctor() -> None:
    """Check the installation; each line says OK, 注意 (look) or 错误 (error) and what to do."""
    found = list(examine(settings()))
    for finding in found:
        click.echo(str(finding))
    errors = sum(finding.level == WRONG for finding in found)
    looks = sum(finding.level == LOOK for finding in found)
    click.echo(f"{errors}个错误 errors, {looks}处注意 warnings")
    if errors:
        raise click.exceptions.Exit(1)


def examine(config: Config) -> Iterator[Finding]:
    """Every check in order."""
    yield Finding(OK, "设置 Settings", f"已读取并检查 read and checked ({_shown(config)})")
    for check in (folder, key, disk, times, address, shared_limits, fonts):
        yield from check(config)
    yield from database(config)


def _shown(config: Config) -> str:
    return f"DATA_DIR={config.data_dir}, {make_url(config.database_url).render_as_string(hide_password=True)}"


def folder(config: Config) -> Iterator[Finding]:
    """DATA_DIR can be written to, and nobody else can look into it."""
    what = "数据目录 DATA_DIR"
    try:
        with tempfile.NamedTemporaryFile(dir=config.data_dir, prefix=".doctor-") as file:
            file.write(b"x")
            file.flush()
    except OSError as error:
        yield Finding(WRONG, what, f"不能写入 cannot be written ({error.strerror}): chown 给运行服务的用户 to the user of the service")
        return
    mode = stat.S_IMODE(config.data_dir.stat().st_mode)
    if mode & stat.S_IWOTH:
        yield Finding(WRONG, what, f"任何人都能写 anybody can write ({mode:04o}): chmod 700 {config.data_dir}")
    elif mode & 0o077 and config.is_sqlite:
        yield Finding(LOOK, what, f"别的用户能看到 others can look into it ({mode:04o}): chmod 700 {config.data_dir}")
    else:
        yield Finding(OK, what, f"可写 writable ({mode:04o})")


def key(config: Config) -> Iterator[Finding]:
    """The secret key is for its owner alone."""
    what = "密钥 SECRET_KEY"
    place = config.data_dir / backups.KEY_FILE
    kept = place.read_text(encoding="utf-8").strip() if place.exists() else None
    if kept != config.secret_key:
        yield Finding(OK, what, "来自环境变量 from the environment")
        return
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        yield Finding(WRONG, what, f"别的用户能读 others can read it ({mode:04o}): chmod 600 {place}")
    else:
        yield Finding(OK, what, f"{place} ({mode:04o})")


def disk(config: Config) -> Iterator[Finding]:
    """There is room for what is still to come."""
    free = shutil.disk_usage(config.data_dir).free
    level = WRONG if free < LEAST else LOOK if free < LITTLE else OK
    told = f"剩余 free {free / 1024**3:.1f} GiB"
    yield Finding(level, "磁盘 Disk", told if level == OK else f"{told}: 清理或扩容 make room in {config.data_dir}")


def times(config: Config) -> Iterator[Finding]:
    """The clock agrees with the file system's, and does not stand before what was already recorded."""
    what, now = "时钟 Clock", clock.now()
    try:
        with tempfile.NamedTemporaryFile(dir=config.data_dir, prefix=".doctor-") as file:
            written = datetime.fromtimestamp(Path(file.name).stat().st_mtime, UTC)
    except OSError:
        return  # `folder` has said so
    apart = abs(now - written)
    if apart > CLOCKS_APART:
        yield Finding(
            WRONG, what, f"系统时间与文件系统相差 clock and file system differ by {int(apart.total_seconds())} s: 打开对时 timedatectl set-ntp true"
        )
        return
    try:
        last = checkup.last_received()
    except SQLAlchemyError:
        last = None  # `database` says so
    if last is not None and last > now + CLOCKS_APART:
        yield Finding(WRONG, what, f"早于已有记录 earlier than records that are there ({last:%Y-%m-%d %H:%M} UTC): timedatectl set-ntp true")
    else:
        yield Finding(OK, what, f"{now:%Y-%m-%d %H:%M:%S} UTC")


def address(config: Config) -> Iterator[Finding]:
    """Links and QR codes lead where phones can follow, over HTTPS."""
    what = "对外地址 BASE_URL"
    if config.is_loopback:
        yield Finding(
            LOOK, what, f"{config.base_url} 只有本机能打开，凭证和海报上的二维码扫不开 only this machine can open it: BASE_URL=https://…"
        )
    elif not config.is_https:
        yield Finding(LOOK, what, f"{config.base_url} 不是 HTTPS，手机打不开摄像头 phones open no camera without HTTPS: docs/deploy.md")
    else:
        yield Finding(OK, what, config.base_url)
    if config.is_https and config.trusted_proxies == 0 and not config.is_loopback:
        yield Finding(
            LOOK, "反向代理 TRUSTED_PROXIES", f"为0，{urlsplit(config.base_url).hostname} 的访客会算成同一个地址 all visitors count as one address: 1"
        )


def shared_limits(config: Config) -> Iterator[Finding]:
    """Redis answers, where it is set."""
    if not config.redis_url:
        return
    what = "REDIS_URL"
    try:
        there = limits.answer()
    except Exception:  # noqa: BLE001  (each client library has its own)
        there = False
    if not there:
        yield Finding(WRONG, what, "不能连接 does not answer: 启动 Redis 或取消设置 start Redis, or unset it")
    else:
        yield Finding(OK, what, "可连接 answers")


def fonts(_config: Config) -> Iterator[Finding]:
    """There is a Chinese font for what is printed on this machine."""
    what = "中文字体 Chinese fonts"
    for place in FONT_FOLDERS:
        for file in place.rglob("*.[tToO][tT][cCfF]") if place.is_dir() else ():
            if any(name in file.name.lower().replace("-", "").replace("_", "") for name in CHINESE_FONTS):
                yield Finding(OK, what, file.name)
                return
    yield Finding(LOOK, what, "没有找到，本机打印会缺字 none found, prints of this machine lack characters: apt-get install fonts-noto-cjk")


def database(config: Config) -> Iterator[Finding]:
    """The database answers, has this version's tables, and keeps what it is given."""
    what = "数据库 Database"
    try:
        found = schema.current()
        safety = checkup.settings()
    except DBAPIError as error:
        remedy = "检查文件权限或恢复备份 mend the file's rights, or restore a backup" if config.is_sqlite else "启动 PostgreSQL 或改 DATABASE_URL start it, or mend DATABASE_URL"
        yield Finding(WRONG, what, f"不能使用 cannot be used ({first_line(error)}): {remedy}")
        return
    finally:
        schema.disconnect()
    yield Finding(OK, what, "SQLite" if config.is_sqlite else f"PostgreSQL {safety['server_version']}")
    yield from (sqlite if config.is_sqlite else postgresql)(config, safety)
    if found == schema.head():
        yield Finding(OK, "数据表 Tables", f"最新 newest ({found})")
        yield from people()
        yield from waiting()
    elif found is None or schema.knows(found):
        yield Finding(WRONG, "数据表 Tables", f"{found or '没有 none'}，应为 should be {schema.head()}: flask --app app db upgrade")
    else:
        yield Finding(WRONG, "数据表 Tables", f"{found} 来自更新的版本 is of a newer version: 升级程序 install that version")


def sqlite(config: Config, safety: dict[str, str]) -> Iterator[Finding]:
    """WAL, FULL and foreign keys are in force, the file is sound and its owner's alone."""
    for name, wanted, shown in (("journal_mode", "wal", "WAL"), ("synchronous", "2", "FULL"), ("foreign_keys", "1", "ON")):
        good = safety[name] == wanted
        advice = "" if good else ": 把 DATA_DIR 放在本机磁盘，重启服务 keep DATA_DIR on a local disk, start the server again"
        yield Finding(OK if good else WRONG, f"SQLite {name}", f"{shown if good else safety[name]}{advice}")
    if safety["quick_check"] != "ok":
        yield Finding(WRONG, "SQLite quick_check", f"{safety['quick_check'].splitlines()[0]}: 恢复备份 restore a backup (docs/operations.md)")
    file = backups.sqlite.file_of(config.database_url)
    mode = stat.S_IMODE(file.stat().st_mode)
    closed = not stat.S_IMODE(file.parent.stat().st_mode) & 0o011
    if mode & 0o077 and not closed:
        yield Finding(LOOK, "SQLite 文件 file", f"别的用户能读 others can read it ({mode:04o}): chmod 600 {file}")


def postgresql(_config: Config, safety: dict[str, str]) -> Iterator[Finding]:
    """What is answered is on disk, texts are UTF-8, and backups can be made."""
    for name, wanted in (("fsync", "on"), ("full_page_writes", "on"), ("server_encoding", "UTF8")):
        good = safety[name] == wanted
        yield Finding(OK if good else WRONG, f"PostgreSQL {name}", safety[name] if good else f"{safety[name]}，应为 should be {wanted}: postgresql.conf")
    if safety["synchronous_commit"] == "off":
        yield Finding(WRONG, "PostgreSQL synchronous_commit", "off，断电会丢记录 a power cut loses records: on")
    if not all(backups.postgresql.program(name) for name in ("pg_dump", "pg_restore")):
        yield Finding(LOOK, "pg_dump", "没有，不能备份 missing, no backups: apt-get install postgresql-client")


def waiting() -> Iterator[Finding]:
    """Messages are sent as they come."""
    since = overview.overdue()
    if since is None:
        yield Finding(OK, "通知 Messages", "没有积压 none waits for long")
    else:
        yield Finding(LOOK, "通知 Messages", f"从 {since:%Y-%m-%d %H:%M} UTC 积压至今 wait since then: flask --app app worker")
    schema.disconnect()


def people() -> Iterator[Finding]:
    """Somebody can sign in."""
    if checkup.owners():
        yield Finding(OK, "负责人 Organizers", "有 there are some")
    else:
        yield Finding(LOOK, "负责人 Organizers", "还没有 none yet: flask --app app user add EMAIL --org ORG")
    schema.disconnect()
