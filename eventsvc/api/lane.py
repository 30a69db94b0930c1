"""The short way for field records: what phones send most goes past the framework's routing, hooks and sessions, and is answered the same.

Whatever is unusual (no device token, no length, a body that is no object) goes on to the endpoint in api/records.py; `tests/api/test_lane.py`
holds both to one answer. Measured: docs/decisions/0010-speed.md.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask import Flask

from eventsvc.api import bodies, problems
from eventsvc.api.operations import JSON, blueprint
from eventsvc.errors import Refusal, Unavailable
from eventsvc.services import actors, records
from eventsvc.services.actors import Claim

Headers = Sequence[tuple[str, str]]
_PATH = re.compile(rf"{blueprint.url_prefix}/events/([a-z0-9](?:[a-z0-9-]{{0,62}}[a-z0-9])?)/records")
ROUTE = f"{blueprint.url_prefix}/events/<slug:slug>/records"
_AS_JSON = [("Content-Type", JSON)]
LARGE = 32 << 10  # bytes of a body: some hundred records
UNPACKED = 3  # large bodies that are worked on at the same time
MOST_LARGE = 48  # of them in line: whoever comes after is told at once to come again, so that threads are left for single scans
PATIENCE = 6.0  # seconds that a large body waits for its turn: less than a phone waits for its answer
PACKED_FROM = 2048  # bytes: a single answer is not worth the time


class Lane:
    """WSGI middleware before the framework: ``headers`` go with every answer, ``counted(method, route, status, seconds)`` hears of it."""

    def __init__(self, app: Flask, headers: Headers, counted: Callable[[str, str, int, float], None]) -> None:
        self.app, self.application = app, app.wsgi_app
        self.headers, self.counted = headers, counted
        self.limit = app.config["MAX_CONTENT_LENGTH"]
        self._counting, self._large, self._unpacking = threading.Lock(), 0, threading.Semaphore(UNPACKED)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a phone's records here; hand everything else on."""
        found = _PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        raw = self._body(environ) if found else None
        if found is None or raw is None:
            return self.application(environ, start_response)
        began = time.perf_counter()
        with self._turn(len(raw)) as comes:
            asked = self._read(environ, raw) if comes else None
            if comes and asked is None:
                return self.application(environ, start_response)
            status, body, more = self._answer(found[1], *asked) if asked else self._refusal(Unavailable())
        headers = [("Cache-Control", "no-store"), ("Vary", "Accept-Encoding"), *self.headers, *more]
        if len(body) > PACKED_FROM and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            body = gzip.compress(body, 1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        self.counted("POST", ROUTE, int(status[:3]), time.perf_counter() - began)
        return [body]

    @contextlib.contextmanager
    def _turn(self, size: int) -> Iterator[bool]:
        """Only a few large batches are unpacked at a time, or a crowd that comes back online would take the memory; False: too many wait."""
        if size <= LARGE:
            yield True
            return
        with self._counting:
            waits = self._large < MOST_LARGE
            self._large += waits
        try:
            comes = waits and self._unpacking.acquire(timeout=PATIENCE)
            try:
                yield comes
            finally:
                if comes:
                    self._unpacking.release()
        finally:
            with self._counting:
                self._large -= waits

    def _body(self, environ: dict[str, Any]) -> bytes | None:
        """The whole body, which can be read again; None for whatever is unusual."""
        length, token = environ.get("CONTENT_LENGTH") or "", environ.get("HTTP_AUTHORIZATION", "")
        if not (length.isascii() and length.isdigit() and int(length) <= self.limit and token.startswith("Bearer ")):
            return None
        raw = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(raw)
        return raw

    def _read(self, environ: dict[str, Any], raw: bytes) -> tuple[Claim, dict[str, Any]] | None:
        """The device that calls and the object that it sends, or None for whatever is unusual."""
        try:
            caller, data = actors.claim_device(environ["HTTP_AUTHORIZATION"][7:]), bodies.loads(raw)
        except Refusal:
            return None
        return (caller, data) if caller is not None and isinstance(data, dict) else None

    def _answer(self, slug: str, caller: Claim, data: dict[str, Any]) -> tuple[str, bytes, Headers]:
        """Status, body and further headers."""
        with self.app.app_context():
            try:
                return "200 OK", bodies.dumps(records.submit(caller, slug, data)), _AS_JSON
            except Exception as error:
                return self._refusal(error)

    def _refusal(self, error: Exception) -> tuple[str, bytes, Headers]:
        """What is answered where nothing was taken."""
        with self.app.app_context():
            said = problems.answer_to(error)
        return said.status, said.get_data(), [(name, value) for name, value in said.headers if name not in {"Content-Length", "Cache-Control"}]
