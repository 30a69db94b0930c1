"""The server ends when told to, lets requests under way finish, and leaves no worker behind when it is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import time

from tests.live import LiveServer
from tests.server.raw import READS_A_BODY, SlowBodies


def test_sigterm_stops_it(live_server: LiveServer) -> None:
    assert live_server.stop() == 0
    assert not live_server.answers(timeout=1)
    assert live_server.start() == live_server.url


def test_a_request_under_way_is_answered(live_server: LiveServer) -> None:
    body = json.dumps({"join_code": "none", "operator": "甲", "nonce": "n"}).encode()
    head = f"POST {READS_A_BODY} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", live_server.port), timeout=10) as client:
        client.sendall(head.encode() + body[:5])
        time.sleep(0.5)
        assert live_server.process
        live_server.process.terminate()
        time.sleep(0.5)
        client.sendall(body[5:])
        assert client.recv(4096).startswith(b"HTTP/1.1 ")
    assert live_server.process.wait(20) == 0


def test_a_client_that_never_ends_does_not_hold_it(live_server: LiveServer) -> None:
    with SlowBodies(live_server.port, 2):
        time.sleep(0.5)
        began = time.monotonic()
        live_server.stop(timeout=30)
        assert time.monotonic() - began < 20


def test_workers_end_with_a_killed_parent(live_server: LiveServer) -> None:
    assert live_server.process
    os.kill(live_server.process.pid, signal.SIGKILL)  # the parent alone, not its group
    live_server.process.wait(10)
    deadline = time.monotonic() + 10
    while live_server.answers(timeout=1) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not live_server.answers(timeout=1)
    assert live_server.start() == live_server.url
