"""The driver: closed loop, as many requests under way as there are connections.

wrk for what is small; a process of our own for batches, whose bodies are made before the time begins (wrk's script would make them within it),
and where wrk is missing.
"""

from __future__ import annotations

import json
import multiprocessing
import selectors
import shutil
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.plans import Plan

SCRIPT = Path(__file__).with_name("load.lua")
WRK = shutil.which("wrk")
PROCESSES = 2  # of ours, where wrk is missing
LONGEST = 120  # seconds that a given number of requests may take


@dataclass(frozen=True)
class Sample:
    """One run: requests that were answered, in how many seconds, and how long they took (milliseconds)."""

    requests: int
    seconds: float
    p50: float
    p95: float
    p99: float
    worst: float
    refused: int  # answered, but not with 2xx or 3xx
    broken: int  # not answered

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def name() -> str:
    """Which driver runs."""
    return "wrk" if WRK else f"Python, {PROCESSES} processes (wrk is missing: apt-get install wrk)"


def first(url: str, plan: Plan) -> float:
    """How long a single request takes, in milliseconds: before anything is warm, if it is the first one."""
    host, _, port = url.split("//")[1].partition(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=600) as connection:
        connection.sendall(plan.requests(0)().replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        while connection.recv(1 << 16):
            pass
    return round((time.monotonic() - began) * 1000, 1)


def run(url: str, plan: Plan, connections: int, seconds: float, seed: int) -> Sample:
    """Ask for ``seconds`` over ``connections``; RuntimeError where the driver itself fails."""
    if not WRK:
        return _run_without_wrk(url, plan, connections, seconds, seed)
    with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as file:
        file.write(plan.as_lua(seed))
        file.flush()
        command = [WRK, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "20s", "-s", str(SCRIPT), url, "--", file.name]
        said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60, check=False)
    results = [line.removeprefix("RESULT ") for line in said.stdout.splitlines() if line.startswith("RESULT ")]
    if not results:
        raise RuntimeError(f"wrk said nothing: {said.stdout[-500:]} {said.stderr[-500:]}")
    return Sample(**json.loads(results[0]))


def _run_without_wrk(url: str, plan: Plan, connections: int, seconds: float, seed: int) -> Sample:
    shares = [connections // PROCESSES + (n < connections % PROCESSES) for n in range(PROCESSES)]
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        asked = [
            (url, plan.with_tickets(plan.tickets[n::PROCESSES]), share, seconds, seed * PROCESSES + n) for n, share in enumerate(shares) if share
        ]
        parts = pool.starmap(_ask, asked)
    return _sample(parts)


def run_made(url: str, plan: Plan, connections: int, count: int, seed: int) -> Sample:
    """Send exactly ``count`` requests that were made before, over ``connections``."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return _sample([pool.apply(_ask, (url, plan, connections, LONGEST, seed, count))])


def _sample(parts: Sequence[tuple[list[float], int, int, float]]) -> Sample:
    took = sorted(took for times, _refused, _broken, _span in parts for took in times)
    if not took:
        raise RuntimeError("nobody answered")
    p50, p95, p99 = (took[min(len(took) - 1, int(len(took) * share))] * 1000 for share in (0.5, 0.95, 0.99))
    refused, broken = (sum(part[column] for part in parts) for column in (1, 2))
    return Sample(len(took), max(part[3] for part in parts), p50, p95, p99, took[-1] * 1000, refused, broken)


def _ask(url: str, plan: Plan, connections: int, seconds: float, seed: int, count: int = 0) -> tuple[list[float], int, int, float]:
    """One process of the driver: the seconds that each answer took, refusals, broken connections, the whole time.

    ``count``: so many requests, made before the time begins, instead of as many as the time holds.
    """
    address = (url.split("//")[1].split(":")[0], int(url.rsplit(":", 1)[1]))
    make, took, refused, broken = plan.requests(seed), [], 0, 0
    made = deque(make() for _ in range(count))
    if count:
        make = made.popleft
    chosen = selectors.DefaultSelector()
    for _ in range(connections):
        client = socket.create_connection(address, timeout=20)
        chosen.register(client, selectors.EVENT_READ, _Talk(client, make))
    began = time.monotonic()
    for key in list(chosen.get_map().values())[: count or None]:
        key.data.send()
    while chosen.get_map() and ((left := began + seconds - time.monotonic()) > 0 or (not took and left > -20)):
        for key, _events in chosen.select(min(max(left, 0.01), 1)):
            talk: _Talk = key.data
            status = talk.receive()
            if status is None:
                continue
            if status:
                took.append(time.perf_counter() - talk.sent)
                refused += status >= 400
                if made or not count:
                    talk.send()
                else:
                    chosen.unregister(talk.client)
            else:
                broken += 1
                chosen.unregister(talk.client)
    return took, refused, broken, time.monotonic() - began


class _Talk:
    """One keep-alive connection of the driver without wrk."""

    def __init__(self, client: socket.socket, make: Callable[[], bytes]) -> None:
        self.client, self.make, self.answer, self.sent = client, make, b"", 0.0

    def send(self) -> None:
        """Send the next request."""
        request = self.make()
        self.answer, self.sent = b"", time.perf_counter()
        self.client.sendall(request)

    def receive(self) -> int | None:
        """Read what has come: the status once the answer is whole, None before, 0 where the connection has ended."""
        block = self.client.recv(262144)
        self.answer += block
        head, found, body = self.answer.partition(b"\r\n\r\n")
        if not block or not found:
            return None if block else 0
        lengths = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        whole = len(body) >= lengths[0] if lengths else body.endswith(b"0\r\n\r\n")
        return int(head[9:12]) if whole else None
