"""Clients that misbehave on purpose: raw sockets that send slowly, stay idle, or send without end."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from types import TracebackType

READS_A_BODY = "/api/v1/devices/join"  # public, and reads its body before it can say anything


class SlowBodies:
    """``count`` clients that announce a body and send a byte a second, until the block is left."""

    def __init__(self, port: int, count: int) -> None:
        self.sockets = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(count)]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._drip, daemon=True)

    def __enter__(self) -> SlowBodies:
        head = f"POST {READS_A_BODY} HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{{"
        for client in self.sockets:
            client.sendall(head.encode())
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self.thread.join(5)
        for client in self.sockets:
            client.close()

    def _drip(self) -> None:
        while not self.over.wait(1):
            for client in self.sockets:
                try:
                    client.send(b" ")
                except OSError:
                    continue


class IdleConnections:
    """``count`` keep-alive connections that asked once and now say nothing, until the block is left."""

    def __init__(self, port: int, count: int) -> None:
        self.clients = [http.client.HTTPConnection("127.0.0.1", port, timeout=10) for _ in range(count)]

    def __enter__(self) -> IdleConnections:
        for client in self.clients:
            client.request("GET", "/healthz")
            client.getresponse().read()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for client in self.clients:
            client.close()


def ask(port: int, path: str = "/healthz", seconds: float = 2, clients: int = 4, timeout: float = 5) -> list[float]:
    """Let ``clients`` ask for ``path`` one after the other for ``seconds``; the seconds that each answer took, sorted."""
    took: list[float] = []
    failures: list[BaseException] = []

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                began = time.perf_counter()
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200, answer.status
                took.append(time.perf_counter() - began)
        except BaseException as error:  # noqa: BLE001 - shown by the caller
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds + timeout + 5)
    if failures:
        raise AssertionError(f"{len(failures)} of {clients} clients were not served: {failures[0]!r}")
    return sorted(took)


def send_without_end(port: int, chunked: bool, limit: int = 64 << 20) -> tuple[int, bytes]:
    """POST up to ``limit`` bytes, until the server hangs up; how many were sent, and the beginning of its answer."""
    block = b"x" * 65536
    sent = 0
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {limit}"
        client.sendall(f"POST {READS_A_BODY} HTTP/1.1\r\nHost: big\r\nContent-Type: application/json\r\n{length}\r\n\r\n".encode())
        try:
            while sent < limit:
                client.sendall(b"10000\r\n" + block + b"\r\n" if chunked else block)
                sent += len(block)
        except OSError:
            pass
        try:
            return sent, client.recv(4096)
        except OSError:
            return sent, b""
