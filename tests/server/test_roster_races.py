"""Two writers, each with its own application and connections, while a phone polls: what it keeps from differences is what a fresh download gives."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask

from eventsvc.services import actors, devices, registrations, roster
from tests.live import LiveServer
from tests.services.world import World, checkin, record

TICKETS, TAPS = 60, 12


def take(phone: dict[str, Any], page: dict[str, Any]) -> None:
    """Keep a page as a phone does."""
    if page.get("reset"):
        phone["tickets"] = {}
    for ref in page["removed"]:
        phone["tickets"].pop(ref, None)
    phone["tickets"].update({ticket["ref"]: ticket for ticket in page["tickets"]})
    phone["cursor"] = page["cursor"]


def poll(app: Flask, token: str, slug: str, phone: dict[str, Any]) -> None:
    """Ask until there is no more."""
    with app.app_context():
        while True:
            page = roster.read(actors.authenticate(token), slug, phone["cursor"])
            take(phone, page)
            if not page["has_more"]:
                return


def test_differences_under_way_add_up_to_a_fresh_roster(new_server: Callable[..., LiveServer]) -> None:
    server = new_server()
    with server.app().app_context():
        world = World({"starts_at": None, "ends_at": None})
        tickets = [(made.id, made.code) for made in (world.ticket(4) for _ in range(TICKETS))]
        invited = devices.invite(world.owner, world.slug, {"name": "门", "max_uses": 3})
        tokens = [devices.join(invited.join_code, "甲", uuid.uuid4().hex).token for _ in range(3)]
    over = threading.Event()
    phone: dict[str, Any] = {"tickets": {}, "cursor": None}
    faults: list[BaseException] = []

    def write(number: int) -> None:
        """A writer with its own application and pool of connections."""
        try:
            with server.app().app_context():
                door, owner = actors.authenticate(tokens[number]), world.owner
                for tap in range(TAPS):
                    mine, code = tickets[(number * 7 + tap * 5) % TICKETS]
                    sent = checkin(code)
                    world.send(door, sent)
                    if tap % 3 == 0:
                        world.send(door, record("undo", undoes=sent["id"]))
                    if tap % 4 == 1:
                        registrations.block(owner, world.slug, mine, tap % 8 == 1)
                    if tap % 5 == 2:
                        registrations.reissue(owner, world.slug, tickets[(number + tap) % TICKETS][0])
        except BaseException as fault:
            faults.append(fault)

    def watch() -> None:
        app = server.app()
        while not over.is_set():
            poll(app, tokens[2], world.slug, phone)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    watcher = threading.Thread(target=watch)
    for thread in (watcher, *writers):
        thread.start()
    for thread in writers:
        thread.join(120)
    over.set()
    watcher.join(60)
    assert faults == []
    app = server.app()
    poll(app, tokens[2], world.slug, phone)
    fresh: dict[str, Any] = {"tickets": {}, "cursor": None}
    poll(app, tokens[2], world.slug, fresh)
    assert phone["tickets"] == fresh["tickets"] and len(fresh["tickets"]) == TICKETS
