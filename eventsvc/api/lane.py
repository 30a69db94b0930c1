"""The short way: what comes most, phones' records and residents' registrations, goes past the framework's routing, hooks and sessions.

It calls the same verbs and is answered the same. Whatever is unusual (another token, a retry's key, no length, a body that is no object)
goes on to the endpoints; `tests/api/test_lane.py` holds both to one answer. Measured: docs/decisions/0010-speed.md.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from flask import Flask

from eventsvc.api import answers, bodies, problems
from eventsvc.api.operations import JSON, blueprint
from eventsvc.errors import Refusal, Unavailable
from eventsvc.ports import cores
from eventsvc.services import actors, records, registrations

Environ = dict[str, Any]
Headers = Sequence[tuple[str, str]]
Work = Callable[[], Any]  # the verb, and its answer as plain values
_PATH = re.compile(rf"{blueprint.url_prefix}/events/([a-z0-9](?:[a-z0-9-]{{0,62}}[a-z0-9])?)/(records|registrations)")
_AS_JSON = [("Content-Type", JSON)]
LARGE = 32 << 10  # bytes of a body: some hundred records
UNPACKED = 6  # large bodies that are worked on at the same time: three are written, three decided
MOST_LARGE = 48  # of them in line: whoever comes after is told at once to come again, so that threads are left for single scans
PATIENCE = 6.0  # seconds that a large body waits for its turn: less than a phone waits for its answer
PACKED_FROM = 2048  # bytes: a single answer is not worth the time


class Way(NamedTuple):
    """One short way: the status of its answer, what is usual by its headers, and the work for a slug and an object within a context; None: unusual after all."""

    status: str
    usual: Callable[[Environ], bool]
    work: Callable[[Environ, str, dict[str, Any], records.Scope], Work | None]


def _from_a_phone(environ: Environ) -> bool:
    return str(environ.get("HTTP_AUTHORIZATION", "")).startswith("Bearer ")


def _keep(environ: Environ, slug: str, data: dict[str, Any], within: records.Scope) -> Work | None:
    """Records of a device that calls by its own token."""
    try:
        caller = actors.claim_device(environ["HTTP_AUTHORIZATION"][7:])
    except Refusal:
        return None
    return None if caller is None else lambda: records.submit(caller, slug, data, within)


def _from_a_resident(environ: Environ) -> bool:
    return "HTTP_AUTHORIZATION" not in environ and "HTTP_IDEMPOTENCY_KEY" not in environ


def _register(environ: Environ, slug: str, data: dict[str, Any], within: records.Scope) -> Work:
    """A resident's registration."""
    address = environ.get("REMOTE_ADDR") or ""

    def work() -> Any:
        with within():
            return answers.registered(registrations.register(actors.PUBLIC, slug, data, address=address))

    return work


_WAYS = {"records": Way("200 OK", _from_a_phone, _keep), "registrations": Way("201 CREATED", _from_a_resident, _register)}


class Lane:
    """WSGI middleware before the framework: ``headers`` go with every answer, ``counted(method, route, status, seconds)`` hears of it."""

    def __init__(self, app: Flask, headers: Headers, counted: Callable[[str, str, int, float], None]) -> None:
        self.app, self.application = app, app.wsgi_app
        self.headers, self.counted = headers, counted
        self.limit = app.config["MAX_CONTENT_LENGTH"]
        self._counting, self._large, self._unpacking = threading.Lock(), 0, threading.Semaphore(UNPACKED)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer what is usual here; hand everything else on."""
        found = _PATH.fullmatch(environ["PATH_INFO"]) if environ["REQUEST_METHOD"] == "POST" else None
        way = _WAYS[found[2]] if found else None
        raw = self._body(environ) if way and way.usual(environ) else None
        if found is None or way is None or raw is None:
            cores.spread()
            return self.application(environ, start_response)
        cores.gather()
        began = time.perf_counter()
        with self._turn(len(raw)) as comes:
            work = self._read(way, environ, found[1], raw) if comes else None
            if comes and work is None:
                cores.spread()
                return self.application(environ, start_response)
            status, body, more = self._answer(way, work) if work else self._refusal(Unavailable())
        headers = [("Cache-Control", "no-store"), ("Vary", "Accept-Encoding"), *self.headers, *more]
        if len(body) > PACKED_FROM and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
            body = gzip.compress(body, 1, mtime=0)
            headers.append(("Content-Encoding", "gzip"))
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        self.counted("POST", f"{blueprint.url_prefix}/events/<slug:slug>/{found[2]}", int(status[:3]), time.perf_counter() - began)
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

    def _body(self, environ: Environ) -> bytes | None:
        """The whole body, which can be read again; None for whatever is unusual."""
        length = environ.get("CONTENT_LENGTH") or ""
        if not (length.isascii() and length.isdigit() and int(length) <= self.limit):
            return None
        raw = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(raw)
        return raw

    def _read(self, way: Way, environ: Environ, slug: str, raw: bytes) -> Work | None:
        """What is to be done, or None for whatever is unusual."""
        try:
            data = bodies.loads(raw)
        except Refusal:
            return None
        return way.work(environ, slug, data, self.app.app_context) if isinstance(data, dict) else None

    def _answer(self, way: Way, work: Work) -> tuple[str, bytes, Headers]:
        """Status, body and further headers."""
        try:
            return way.status, bodies.dumps(work()), _AS_JSON
        except Exception as error:
            return self._refusal(error)

    def _refusal(self, error: Exception) -> tuple[str, bytes, Headers]:
        """What is answered where nothing was taken."""
        with self.app.app_context():
            said = problems.answer_to(error)
        return said.status, said.get_data(), [(name, value) for name, value in said.headers if name not in {"Content-Length", "Cache-Control"}]
