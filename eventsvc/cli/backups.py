"""`backup` and `restore`: the whole installation in one file, with the keys that the data need."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from eventsvc.cli.stops import migrate, settings, stops
from eventsvc.services import backups, schema

FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@FILE
@with_appcontext
@stops
def backup(file: Path) -> None:
    """Write everything into FILE (a tar, mode 0600) while the server goes on; it holds the secret key: keep it like the data."""
    manifest = backups.make(settings(), file)
    counts = ", ".join(f"{name} {count}" for name, count in manifest.counts.items())
    click.echo(f"已备份 Backed up to {file} ({file.stat().st_size} bytes; {counts})")


@click.command()
@FILE
@click.option("--force", is_flag=True, help="Replace what is there; it is saved to DATA_DIR first.")
@with_appcontext
@stops
def restore(file: Path, force: bool) -> None:
    """Put the backup FILE into an empty installation and migrate it. Stop the server first."""
    restored = backups.restore(settings(), file, force)
    if restored.manifest.revision != schema.head():
        migrate()
    schema.disconnect()
    click.echo(f"已恢复 Restored the backup of {restored.manifest.made_at}.")
    if restored.before is not None:
        click.echo(f"原有数据已另存 What was there before is in {restored.before}")
    if restored.key_in_the_way:
        click.echo(
            "注意 SECRET_KEY is set to another key than the backup's: 请改成 DATA_DIR/secret_key 的内容或取消设置，"
            "否则手机和凭证链接失效 (unset it, or phones and ticket links stop working).",
            err=True,
        )
    click.echo("请重启服务 Now start the server again.")
