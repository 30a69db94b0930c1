"""Clients that are slow, idle or too talkative don't stop the others (docs/decisions/0003-server.md)."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import LiveServer
from tests.server.raw import READS_A_BODY, IdleConnections, SlowBodies, ask, send_without_end


@pytest.fixture(scope="module")
def server(new_server: Callable[..., LiveServer]) -> LiveServer:
    """One server for all of these: whatever the clients do, it has to go on."""
    return new_server()


def test_slow_and_idle_clients_do_not_stop_the_others(server: LiveServer) -> None:
    alone = ask(server.port)
    with SlowBodies(server.port, 40), IdleConnections(server.port, 40):
        beside = ask(server.port, seconds=4)
    assert beside[int(len(beside) * 0.95)] < 2, "19 of 20 answers come within two seconds, on a slow machine too"
    assert len(beside) / 4 > len(alone) / 2 / 5, "and there are at least a fifth as many a second"


def test_a_body_that_is_too_long_is_refused(server: LiveServer) -> None:
    sent, answer = send_without_end(server.port, chunked=False)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:80]
    assert sent < 16 << 20
    assert server.answers()


def test_a_chunked_body_without_end_eats_no_memory(server: LiveServer) -> None:
    before = memory(server)
    sent, answer = send_without_end(server.port, chunked=True)
    assert answer.startswith(b"HTTP/1.1 413"), answer[:80]
    assert sent < 16 << 20
    assert memory(server) - before < 24 << 20
    assert server.answers()


def test_after_a_refused_body_the_connection_serves_on(server: LiveServer) -> None:
    """Also where the body has been sent whole before the answer is read: the next request is not the one that fails."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for size in ((1 << 20) + 1, 3 << 20):
        connection.request("POST", READS_A_BODY, b"x" * size, {"Content-Type": "application/json"})
        refused = connection.getresponse()
        assert (refused.status, refused.getheader("Connection")) == (413, None), refused.read()
        refused.read()
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"ok\n"
    connection.request("POST", READS_A_BODY, b"", {"Content-Length": str(9 << 20)})
    connection.sock.sendall(b"x" * (9 << 20))
    assert connection.getresponse().getheader("Connection") == "close", "an endless one is told that it ends here"


def memory(server: LiveServer) -> int:
    """The greatest number of bytes that the server and its workers have held."""
    assert server.process
    group = [server.process.pid]
    for pid in group:
        group += [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    peaks = [line.split()[1] for pid in group for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return sum(int(peak) for peak in peaks) * 1024
