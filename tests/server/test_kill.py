"""kill -9 under load loses nothing that was acknowledged, and what was not may be sent again under its id."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.live import LiveServer
from tests.server.crowd import Client, Town, batch, checkin, person, tally

CLIENTS = 8


@pytest.mark.parametrize("many", [1, 300], ids=["one by one", "in batches"])
def test_no_acknowledged_record_is_lost(new_server: Callable[..., LiveServer], many: int) -> None:
    """``many``: records of a request; large batches have tickets of their own, so that one is decided while another is written."""
    live_server = new_server()
    town = Town([live_server])
    tickets = [town.ticket(party_size=5)["code"] for _ in range(CLIENTS)]
    acknowledged: dict[str, dict[str, Any]] = {}
    sent: dict[str, dict[str, Any]] = {}
    phones = [town.phone() for _ in range(CLIENTS)]
    faults: list[object] = []
    full = threading.Event()

    def load(phone: Client, number: int) -> None:
        step = 0
        while True:
            step += 1
            ticket = tickets[step % CLIENTS if many == 1 else number]
            records = [checkin(ticket) if (step + number + place) % 3 == 0 else tally(1 + step % 7) for place in range(many)]
            sent.update((record["id"], record) for record in records)
            try:
                status, body = phone("POST", f"/events/{town.slug}/records", batch(*records))
            except (OSError, http.client.HTTPException):
                return  # the server is dead: nobody knows whether it was kept
            if status != 200:
                faults.append((status, body))
                return
            acknowledged.update((result["id"], result) for result in body["results"])
            if len(acknowledged) > 400 * (1 if many == 1 else 60):
                full.set()

    threads = [threading.Thread(target=load, args=(phone, number)) for number, phone in enumerate(phones)]
    for thread in threads:
        thread.start()
    full.wait(40)
    time.sleep(0.2)
    live_server.kill()
    for thread in threads:
        thread.join(60)
    assert not faults, faults[:3]
    assert len(acknowledged) > 50, "there was load"

    live_server.start()
    for phone in phones:
        phone.connection.close()
    found: dict[str, dict[str, Any]] = {}
    everything = list(sent.values())
    for start in range(0, len(everything), 500):
        status, body = phones[0]("POST", f"/events/{town.slug}/records", batch(*everything[start : start + 500]))
        assert status == 200
        found |= {result["id"]: result for result in body["results"]}
    lost = [record_id for record_id in acknowledged if found[record_id]["status"] != "replayed"]
    assert lost == [], f"{len(lost)} of {len(acknowledged)} acknowledged records were lost"
    changed = [record_id for record_id, answer in acknowledged.items() if {**found[record_id], "status": answer["status"]} != answer]
    assert changed == [], (acknowledged[changed[0]], found[changed[0]])
    stats = town.get()
    assert stats["counters"][0]["total"] == sum(record["quantity"] for record in sent.values() if record["type"] == "tally")
    assert stats["entries"] == 5 * CLIENTS or stats["scans"] < 5 * CLIENTS


def test_no_acknowledged_registration_is_lost(new_server: Callable[..., LiveServer]) -> None:
    """Those that share a transaction are kept together or not at all; places, numbers and tickets still agree afterwards."""
    server = new_server()
    town = Town([server], changes={"registration": {"capacity": 1000, "max_party": 3}})
    acknowledged: dict[str, dict[str, Any]] = {}
    faults: list[object] = []
    enough = threading.Event()

    def load(call: Client, number: int) -> None:
        while True:
            try:
                status, body = call("POST", f"/events/{town.slug}/registrations", person(1 + number % 3))
            except (OSError, http.client.HTTPException):
                return  # the server is dead: nobody knows whether it was kept
            if status != 201:
                faults.append((status, body))
                return
            acknowledged[body["id"]] = body
            if len(acknowledged) > 120:
                enough.set()

    threads = [threading.Thread(target=load, args=(town.client(), number)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    enough.wait(40)
    server.kill()
    for thread in threads:
        thread.join(60)
    assert not faults, faults[:3]
    assert len(acknowledged) > 50, "there was load"

    server.start()
    kept, cursor = [], None
    while cursor or not kept:
        status, page = town.client(token=town.owner)("POST", f"/events/{town.slug}/registrations/search", {"limit": 200, **({"cursor": cursor} if cursor else {})})
        assert status == 200
        kept += page["items"]
        cursor = page["next_cursor"]
    codes = {row["id"]: row["code"] for row in kept}
    lost = [made["id"] for made in acknowledged.values() if codes.get(made["id"]) != made["code"]]
    assert lost == [], f"{len(lost)} of {len(acknowledged)} acknowledged registrations were lost"
    assert len({row["pickup_code"] for row in kept}) == len(kept)
    people = sum(row["party_size"] for row in kept)
    assert town.get()["people_registered"] == people == 1000 - town.get("")["places_left"]
