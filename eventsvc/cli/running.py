"""`demo`, `worker` and `purge`: loading the demo, and what has to be done again and again."""

from __future__ import annotations

import logging
import signal
import threading
import time
from dataclasses import asdict
from types import FrameType

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from eventsvc import demo
from eventsvc.cli.stops import needs_tables, stops
from eventsvc.errors import Refusal
from eventsvc.services import checkpoints, idempotency, retention, schema, upkeep
from eventsvc.services.messages import sending
from eventsvc.services.messages.sending import Delivered

log = logging.getLogger("eventsvc.worker")

LOOK = 2.0  # seconds between two looks into the outbox


@click.command("demo")
@click.option("--year", type=click.IntRange(2000, 2099), default=demo.YEAR, show_default=True, help="Year of the real activities (inferred).")
@with_appcontext
@stops
@needs_tables
def demo_command(year: int) -> None:
    """Load the real activities and a live rehearsal copy of the fair (演示) into a database without events."""
    links = demo.load(year)
    if links is None:
        click.echo("数据库里已有活动，没有载入演示 The database holds events already: nothing was loaded, nothing was reset.")
        return
    click.echo("演示已载入 The demo is loaded:")
    click.echo(f"  居民 Resident     {links.resident_url}")
    click.echo(f"  志愿者 Volunteer  {links.volunteer_url}")
    click.echo(f"  负责人 Organizer  {links.organizer_url}")
    click.echo(f"    {links.organizer_email}  一次性密码 one-time password: {links.password}")


@click.command()
@click.option("--once", is_flag=True, help="One pass, then end.")
@click.option("--every", type=click.FloatRange(1, 3600), default=60, show_default=True, help="Seconds between two passes.")
@with_appcontext
@stops
@needs_tables
def worker(once: bool, every: float) -> None:
    """Send messages as they come; forget old answers, move waiting parties up, erase what is past its days; until SIGTERM."""
    if once:
        click.echo(_told(upkeep.work(), sending.deliver()))
        return
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    click.echo("已启动 The worker is running. Ctrl+C stops it.")
    attend(ended, every)


def attend(ended: threading.Event, every: float = 60) -> None:
    """Work until ``ended``: look for messages every LOOK seconds, do the rest every ``every``; a message in hand is finished first."""
    due = 0.0
    checkpoints.keep_up(ended)
    while not ended.is_set():
        try:
            if time.monotonic() >= due:
                due = time.monotonic() + every
                log.info("pass", extra=asdict(upkeep.work()))
            done = sending.deliver(ended.is_set)
            if done != Delivered():
                log.info("messages", extra=asdict(done))
        except (SQLAlchemyError, Refusal):
            log.exception("pass failed; it is tried again")  # the database may come back
            schema.disconnect()
        ended.wait(min(LOOK, every))


def _told(done: upkeep.Done, delivered: Delivered) -> str:
    return " ".join(f"{name}={count}" for name, count in {**asdict(done), **asdict(delivered)}.items())


@click.command()
@with_appcontext
@stops
@needs_tables
def purge() -> None:
    """Erase persons of events that are past their retention days, and old answers; every figure stays what it was."""
    forgotten = idempotency.forget_old()
    purged = retention.purge()
    click.echo(
        f"已清除 Erased: {purged.events}个活动 events, {purged.persons}份个人信息 persons, {purged.notes}条备注 notes; "
        f"过期应答 old answers: {forgotten}"
    )
