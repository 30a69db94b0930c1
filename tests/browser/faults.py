"""A bad network between one phone and the server: a small proxy whose faults a test sets and lifts while the browser runs.

    with Network() as network:
        gate = network.gate(server.port)          # gate.url is the only origin that this phone ever sees
        gate.fail("gateway", path="/records", times=2)
        ...
        gate.lift()
Each request is one connection to the server. Kinds of faults (``KINDS``), by what becomes of the request:

    never reaches the server    dead · hang (until lifted) · portal (200 with a page) · busy (503 with Retry-After)
    reaches it, answer lost     gateway (504) · drop (no byte) · reset (RST in mid-answer) · cut (half of the JSON) · short (half of the announced bytes)
    reaches it, and is answered slow (asked late) · tardy (answered late) · twice (delivered twice)
    reaches it when the phone has given it up: late
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import NamedTuple

PORTAL = b"<!doctype html><title>Wi-Fi</title><h1>Welcome! Please log in.</h1>"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER that turns close into RST


class Request(NamedTuple):
    """What the browser sent."""

    method: str
    path: str
    head: bytes
    body: bytes


@dataclass
class Seen:
    """One request that came through, and what was done to it; ``status`` is the server's, 0 where it was not reached (yet)."""

    kind: str
    method: str
    path: str
    status: int = 0


@dataclass
class Fault:
    """What happens to requests whose path holds ``path``; ``times`` None = until lifted."""

    kind: str
    path: str = ""
    times: int | None = None
    seconds: float = 2.5


class Network:
    """The thread in which all gates of a test work; leaving the block closes them."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True, name="bad-network")
        self.gates: list[Gate] = []

    def __enter__(self) -> Network:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for gate in self.gates:
            gate.close()
        asyncio.run_coroutine_threadsafe(self._finish(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.loop.close()

    async def _finish(self) -> None:
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def gate(self, upstream: int) -> Gate:
        """One phone's way to the server on this loopback port."""
        made = Gate(self.loop, upstream)
        made.open()
        self.gates.append(made)
        return made


@dataclass
class Gate:
    """One phone's way to the server, on a port of its own."""

    loop: asyncio.AbstractEventLoop
    upstream: int
    port: int = 0
    seen: list[Seen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    server: asyncio.Server | None = None
    underway: int = 0
    held: set[asyncio.StreamWriter] = field(default_factory=set)  # connections that hang

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    def fail(self, kind: str, path: str = "", times: int | None = None, seconds: float = 2.5) -> None:
        """From now on requests to ``path`` fail; faults that were set before come first."""
        if kind not in KINDS:
            raise ValueError(kind)
        fault = Fault(kind, path, times, seconds)
        self._run(self._change, [*self.faults, fault])

    def lift(self) -> None:
        """The network is good again; what hung is cut off, as when a phone changes its network."""
        self._run(self._change, [])

    def open(self) -> None:
        """Listen; after `shut` on the same port."""
        self._wait(self._listen())

    def shut(self) -> None:
        """Nobody listens any more: connections are refused."""
        self._wait(self._stop())

    def close(self) -> None:
        """End it for good."""
        self.shut()
        self.lift()

    def idle(self, seconds: float = 10) -> None:
        """Wait until no request is under way any more, late ones included."""
        end = time.monotonic() + seconds
        while self.underway and time.monotonic() < end:
            time.sleep(0.02)

    def count(self, path: str, method: str = "") -> int:
        """How many requests to this path came through so far."""
        return sum(path in seen.path and method in seen.method for seen in list(self.seen))

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        async def call() -> None:
            work(*arguments)

        self._wait(call())

    def _wait(self, work: Awaitable[None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)  # type: ignore[arg-type]

    def _change(self, faults: list[Fault]) -> None:
        self.faults = faults
        if not any(fault.kind == "hang" for fault in faults):
            for writer in list(self.held):
                _hang_up(writer)

    async def _listen(self) -> None:
        if self.server is None:
            self.server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=1 << 24, backlog=200)
            self.port = self.server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self.server is not None:
            self.server.close()
            self.server = None

    def _fault_for(self, request: Request) -> Fault:
        for fault in self.faults:
            if fault.path in request.path:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.faults.remove(fault)
                return fault
        return Fault("pass")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            try:
                request = await _read(reader)
                fault = self._fault_for(request)
                seen = Seen(fault.kind, request.method, request.path)
                self.seen.append(seen)
                self.underway += 1
                try:
                    seen.status = await HANDLERS.get(fault.kind, _pass)(self, request, writer, fault)
                    await writer.drain()
                finally:
                    self.underway -= 1
            finally:
                writer.close()

    async def ask(self, request: Request) -> bytes:
        """The server's whole answer; OSError where it is not there."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream, limit=1 << 24)
        try:
            writer.write(request.head + request.body)
            await writer.drain()
            answer = await reader.read()
        finally:
            writer.close()
        if not answer:
            raise ConnectionError("no answer")
        return answer


async def _read(reader: asyncio.StreamReader) -> Request:
    """One request, its connection made to end with it."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    method, path, _version = lines[0].decode("latin-1").split(" ", 2)
    kept = [line for line in lines[1:] if line and not line.lower().startswith((b"connection:", b"proxy-connection:"))]
    length = next((int(line.split(b":", 1)[1]) for line in kept if line.lower().startswith(b"content-length:")), 0)
    body = await reader.readexactly(length) if length else b""
    return Request(method, path, b"\r\n".join([lines[0], *kept, b"Connection: close", b"", b""]), body)


def _status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def _hang_up(writer: asyncio.StreamWriter) -> None:
    """RST instead of a polite end."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def _say(status: str, kind: str, body: bytes, *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(head).encode() + body


async def _pass(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    writer.write(answer)
    return _status(answer)


async def _dead(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    _hang_up(writer)
    return 0


async def _hang(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    gate.held.add(writer)
    try:
        await writer.wait_closed()
    finally:
        gate.held.discard(writer)
    return 0


async def _portal(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    writer.write(_say("200 OK", "text/html; charset=utf-8", PORTAL))
    return 0


async def _busy(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    writer.write(_say("503 Service Unavailable", "application/problem+json", b'{"code": "busy"}', f"Retry-After: {max(1, round(fault.seconds))}"))
    return 0


async def _gateway(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    writer.write(_say("504 Gateway Timeout", "text/html", b"<h1>504 Gateway Timeout</h1>"))
    return _status(answer)


async def _drop(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    _hang_up(writer)
    return _status(answer)


async def _reset(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    writer.write(answer[: _head_end(answer) + 1])
    await writer.drain()
    await asyncio.sleep(0.02)  # so that the browser has the head before the RST throws it away
    _hang_up(writer)
    return _status(answer)


async def _short(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    end = _head_end(answer)
    writer.write(answer[: end + (len(answer) - end) // 2])
    return _status(answer)


async def _cut(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    body = answer[_head_end(answer) :]
    writer.write(_say(f"{_status(answer)} OK", "application/json", body[: len(body) // 2]))
    return _status(answer)


async def _slow(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    await asyncio.sleep(fault.seconds)
    return await _pass(gate, request, writer, fault)


async def _tardy(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    answer = await gate.ask(request)
    await asyncio.sleep(fault.seconds)
    writer.write(answer)
    return _status(answer)


async def _twice(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    first, second = await asyncio.gather(gate.ask(request), gate.ask(request))
    writer.write(second)
    return _status(first)


async def _late(gate: Gate, request: Request, writer: asyncio.StreamWriter, fault: Fault) -> int:
    _hang_up(writer)
    await asyncio.sleep(fault.seconds)
    return _status(await gate.ask(request))


def _head_end(answer: bytes) -> int:
    return answer.index(b"\r\n\r\n") + 4


HANDLERS: dict[str, Callable[[Gate, Request, asyncio.StreamWriter, Fault], Awaitable[int]]] = {
    "dead": _dead, "hang": _hang, "portal": _portal, "busy": _busy,
    "gateway": _gateway, "drop": _drop, "reset": _reset, "cut": _cut, "short": _short,
    "slow": _slow, "tardy": _tardy, "twice": _twice, "late": _late,
}  # fmt: skip
KINDS = tuple(HANDLERS)
