"""kill -9 under load loses nothing that was acknowledged, and what was not may be sent again under its id."""

from __future__ import annotations

import http.client
import threading
import time
from typing import Any

from tests.live import LiveServer
from tests.server.crowd import Client, Town, batch, checkin, tally

CLIENTS = 8


def test_no_acknowledged_record_is_lost(live_server: LiveServer) -> None:
    town = Town([live_server])
    tickets = [town.ticket(party_size=5)["code"] for _ in range(5)]
    acknowledged: dict[str, dict[str, Any]] = {}
    sent: dict[str, dict[str, Any]] = {}
    phones = [town.phone() for _ in range(CLIENTS)]
    faults: list[object] = []
    full = threading.Event()

    def load(phone: Client, number: int) -> None:
        step = 0
        while True:
            step += 1
            record = checkin(tickets[step % 5]) if (step + number) % 3 == 0 else tally(1 + step % 7)
            sent[record["id"]] = record
            try:
                status, body = phone("POST", f"/events/{town.slug}/records", batch(record))
            except (OSError, http.client.HTTPException):
                return  # the server is dead: nobody knows whether it was kept
            if status != 200:
                faults.append((status, body))
                return
            acknowledged[record["id"]] = body["results"][0]
            if len(acknowledged) > 400:
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
    for start in range(0, len(everything), 100):
        status, body = phones[0]("POST", f"/events/{town.slug}/records", batch(*everything[start : start + 100]))
        assert status == 200
        found |= {result["id"]: result for result in body["results"]}
    lost = [record_id for record_id in acknowledged if found[record_id]["status"] != "replayed"]
    assert lost == [], f"{len(lost)} of {len(acknowledged)} acknowledged records were lost"
    changed = [record_id for record_id, answer in acknowledged.items() if {**found[record_id], "status": answer["status"]} != answer]
    assert changed == [], (acknowledged[changed[0]], found[changed[0]])
    stats = town.get()
    assert stats["counters"][0]["total"] == sum(record["quantity"] for record in sent.values() if record["type"] == "tally")
    assert stats["entries"] == 25 or stats["scans"] < 25
