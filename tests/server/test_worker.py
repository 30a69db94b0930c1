"""The worker killed at any point loses no message and sends at most the one in hand twice; two workers send each once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask
from sqlalchemy import func, select

from eventsvc.config import SETTINGS
from eventsvc.db import db, transaction
from eventsvc.models import Message
from eventsvc.ports import clock, smtp
from eventsvc.services import events, messages
from tests.postgres import free_port
from tests.services.world import World

PROJECT = Path(__file__).resolve().parents[2]
PEOPLE, KILLS = 60, 6
# Where a worker dies by its own hand with the second message that it takes up, and whether that message has reached the mail
# server by then: only such a one can go out twice, since nobody but the server knows.
POINTS = {
    "before the claim": False, "before the claim is committed": False, "claimed": False, "before the mail server is asked": False,
    "the mail server has it and has not answered": True, "the mail server has answered": True, "before the success is committed": True,
    "the success is committed": False,
}  # fmt: skip
# One process imports everything and forks a worker for each line that it reads: its lease in seconds (short, so that the test
# need not wait minutes for what a dead worker had in hand) and where it dies. It answers with the worker's process id.
NURSERY = """
import os, signal, sys, threading
from sqlalchemy import event
from sqlalchemy.engine import Engine
from eventsvc.ports import smtp
from datetime import timedelta
from eventsvc import create_app
from eventsvc.cli.running import attend
from eventsvc.services.messages import sending
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
seen, here = {}, []
def reached(name, point):
    seen[name] = seen.get(name, 0) + 1
    if name == point and seen[name] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
def watch(point):
    claim, settle, send = sending.claim, sending.settle, smtp.SmtpMail.send
    def claiming(*args):
        reached("before the claim", point)
        here[:] = ["before the claim is committed"]
        found = claim(*args)
        here.clear()
        reached("claimed", point)
        return found
    def sending_it(self, letter):
        reached("before the mail server is asked", point)
        send(self, letter)
        reached("the mail server has answered", point)
    def settling(*args):
        here[:] = ["before the success is committed"]
        settle(*args)
        here.clear()
        reached("the success is committed", point)
    sending.claim, sending.settle, smtp.SmtpMail.send = claiming, settling, sending_it
    event.listen(Engine, "commit", lambda connection: here and reached(here[0], point))
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        lease, _, point = line.strip().partition(" ")
        sending.LEASE = timedelta(seconds=float(lease))
        watch(point)
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: ended.set())
        with create_app().app_context():
            attend(ended, 3600)
        os._exit(0)
    print(child, flush=True)
"""


class Sink:
    """A mail server that takes a moment over each mail, and remembers every Message-ID."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.kills: int | None = None  # the worker that dies before it hears the answer to its second mail
        self.since = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Take it; the moment after taking is when a worker may die without knowing."""
        self.taken.append(str(message_from_bytes(envelope.content)["Message-ID"]))
        if self.kills is not None and len(self.taken) == self.since + 2:
            os.kill(self.kills, signal.SIGKILL)
        await asyncio.sleep(0.03)
        return "250 OK"


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    """The mail server and its MAIL_URL."""
    handler, port = Sink(), free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    yield handler, f"smtp://127.0.0.1:{port}?from=events@example.org"
    server.stop()


Start = Callable[..., int]


@pytest.fixture
def start(database_url: str, tmp_path: Path, sink: tuple[Sink, str]) -> Iterator[Start]:
    """A function that starts a worker with a lease of so many seconds (and where it dies) and returns its process id; all end with the test."""
    clean = {name: value for name, value in os.environ.items() if name not in {s.name for s in SETTINGS}}
    environ = {
        **clean, "DATABASE_URL": database_url, "DATA_DIR": str(tmp_path / "data"), "SECRET_KEY": "a-key-that-only-tests-use",
        "BASE_URL": "https://example.test", "MAIL_URL": sink[1], "LOG_LEVEL": "WARNING",
    }  # fmt: skip
    running: list[int] = []
    with subprocess.Popen([sys.executable, "-c", NURSERY], cwd=PROJECT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as nursery:
        assert nursery.stdin is not None and nursery.stdout is not None and nursery.stdout.readline() == "ready\n"

        def run(lease: float, point: str = "") -> int:
            print(lease, point, file=nursery.stdin, flush=True)
            assert nursery.stdout is not None
            running.append(int(nursery.stdout.readline()))
            return running[-1]

        yield run
        for worker in running:
            if alive(worker):
                os.kill(worker, signal.SIGKILL)
        nursery.stdin.close()


def alive(process: int) -> bool:
    """Whether a process is still there."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def waiting(app: Flask, sink: tuple[Sink, str]) -> int:
    """How many messages wait: everybody's confirmation, and that the day has moved."""
    with app.app_context():
        clock.use(clock.SystemClock())
        messages.use(smtp.from_url(sink[1]), None)
        day = clock.now().strftime("%Y-%m-%d")
        world = World({"starts_at": f"{day}T00:00:00+08:00", "ends_at": None, "date_text": None, "registration": {"capacity": None}})
        enter(world)
        events.postpone(world.owner, world.slug, {"date_text": "另行通知"})
        count = db.session.scalar(select(func.count()).select_from(Message).where(Message.state == "waiting")) or 0
        db.session.rollback()
        db.engine.dispose()
        messages.use(None, None)
    return count


@transaction
def enter(world: World) -> None:
    """Many registrations in one go."""
    for number in range(PEOPLE // 2):
        world.ticket(email=f"person{number}@example.com")


def unsent(app: Flask) -> int:
    """How many messages are not marked as sent."""
    with app.app_context():
        left = db.session.scalar(select(func.count()).select_from(Message).where(Message.state != "sent"))
        db.session.rollback()
    return left or 0


def until(done: Callable[[], bool], seconds: float) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if done():
            return True
        time.sleep(0.05)
    return done()


@pytest.mark.timeout(400)
def test_a_killed_worker_loses_nothing_and_sends_at_most_one_twice(app: Flask, waiting: int, sink: tuple[Sink, str], start: Start) -> None:
    taken, kills = sink[0].taken, 0
    chance = random.Random(20261124)
    assert waiting == PEOPLE
    for _kill in range(KILLS):
        before = len(taken)
        worker = start(1)
        assert until(lambda: len(taken) > before or unsent(app) == 0, 60)
        time.sleep(chance.uniform(0, 0.35))
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: not alive(worker), 10)
        kills += 1
    start(1)
    assert until(lambda: unsent(app) == 0, 90), f"{unsent(app)} of {waiting} messages were not sent"
    counted = Counter(taken)
    assert len(counted) == waiting, "nothing is lost"
    twice = sum(count - 1 for count in counted.values())
    assert twice <= kills, f"{twice} sent again after {kills} kills"


@pytest.mark.timeout(400)
def test_killed_at_each_point_it_loses_nothing_and_only_what_the_mail_server_had_goes_out_again(app: Flask, waiting: int, sink: tuple[Sink, str], start: Start) -> None:
    """Why twice at all: between a mail server's taking a mail and our writing that down no two computers can agree; the Message-ID stays."""
    handler, again = sink[0], 0
    for point, had_it in POINTS.items():
        handler.since = len(handler.taken)
        worker = start(1, point)
        handler.kills = worker if point == "the mail server has it and has not answered" else None
        assert until(lambda: not alive(worker), 60), f"it did not come to: {point}"
        assert len(handler.taken) - handler.since <= 2 + again, point
        again = int(had_it)  # the next worker waits for the lease and sends it once more
    handler.kills = None
    start(1)
    assert until(lambda: unsent(app) == 0, 90), f"{unsent(app)} of {waiting} messages were not sent"
    counted = Counter(handler.taken)
    assert len(counted) == waiting, "nothing is lost"
    assert sorted(counted.values())[-4:] == [1, 2, 2, 2], "of eight deaths those three, each its own message, once more"


def test_two_workers_send_each_message_once(app: Flask, waiting: int, sink: tuple[Sink, str], start: Start) -> None:
    start(180), start(180)
    assert until(lambda: unsent(app) == 0, 90)
    counted = Counter(sink[0].taken)
    assert len(counted) == waiting and set(counted.values()) == {1}


def test_a_worker_told_to_stop_finishes_the_message_in_hand(app: Flask, waiting: int, sink: tuple[Sink, str], start: Start) -> None:
    worker = start(180)
    assert until(lambda: len(sink[0].taken) > 3, 60)
    os.kill(worker, signal.SIGTERM)
    assert until(lambda: not alive(worker), 30)
    assert len(sink[0].taken) == waiting - unsent(app), "what went out is marked as sent"
