"""Structured logs: one JSON object a line on stderr, with a request id, and never a code, token or phone number in it."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import orjson
from pythonjsonlogger.json import JsonFormatter

if TYPE_CHECKING:  # the process that watches over the server logs too, and has no use for the framework
    from flask import Flask

access = logging.getLogger("eventsvc.access")
request_id: ContextVar[str] = ContextVar("request_id", default="")

SANE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
CONSONANTS = "bcdfghjkmnpqrstvwxz"  # a minted id of letters alone is never taken for a number and never spells a word
_CONSONANT_OF = bytes(ord(CONSONANTS[byte % len(CONSONANTS)]) for byte in range(256))

SHORTEST_SECRET = 6  # characters

# Order matters: what an address says about its parts comes before what a bare run of characters looks like.
REDACTIONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)/(t|m|join|screen)/[^/?#\s\"'<>]+"), r"/\1/[redacted]"),
    (re.compile(r"(?i)\b(bearer)\s+[^\s\"',;]+"), r"\1 [redacted]"),
    (re.compile(r"(?i)\b(token|manage_token|join_code|pickup_code|password|secret_key)"
                r"([\"']?\s*[:=]\s*[\"']?|\s+(?=[\w.~+/-]{16}))[^\s\"',;&}]+"), r"\1\2[redacted]"),
    (re.compile(r"\[parameters: .*?\]\s*(?=\n|$|\(Background)", re.DOTALL), "[parameters: redacted]\n"),  # SQLAlchemy's errors
    (re.compile(r"://([^\s:/@]+):[^\s/@]+@"), r"://\1:[redacted]@"),
    (re.compile(r"(?<![0-9A-Za-z_])(?:[0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{20}|(?=[A-Za-z]*\d)[0-9A-Za-z]{20})(?![0-9A-Za-z_])"), "[code]"),
    (re.compile(r"(?<![0-9A-Za-z_-])(?:[0-9A-Za-z]{5}-){3}[0-9A-Za-z]{5}(?![0-9A-Za-z_-])"), "[code]"),
    (re.compile(r"(?<![0-9A-Za-z_-])(?:[0-9A-Za-z]{4}-){4}[0-9A-Za-z]{4}(?![0-9A-Za-z_-])"), "[code]"),
    (re.compile(r"(?<![0-9A-Za-z_-])(?=[A-Za-z_-]*\d)[0-9A-Za-z_-]{40,}(?![0-9A-Za-z_-])"), "[token]"),
    (re.compile(r"(?:\+?86[- ]?)?(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)"), "[phone]"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?0?\d{2,3}[- ]\d{7,8}(?![\d-])"), "[phone]"),
    (re.compile(r"(?<![\d.])0\d{9,11}(?!\d)"), "[phone]"),
    (re.compile(r"(?<![0-9A-Za-z.])\d{6}(?![0-9A-Za-z.])"), "[six digits]"),
)


def redact(text: str) -> str:
    """The text without ticket codes, 签到码, manage and bearer tokens, join codes, passwords and phone numbers."""
    if len(text) < SHORTEST_SECRET:
        return text
    return _redact(text) if len(text) > 100 else _redact_again(text)


def _redact(text: str) -> str:
    for pattern, instead in REDACTIONS:
        text = pattern.sub(instead, text)
    return text


_redact_again = lru_cache(maxsize=1024)(_redact)  # the same few paths and words come with every request


def _clean(value: Any) -> Any:
    """The value with every string in it redacted; numbers, None and booleans stay."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean(item) for item in value]
    return value if isinstance(value, int | float | None) else redact(str(value))


class RedactingFormatter(JsonFormatter):
    """One JSON object a line: time, level, logger, message, request_id and what the call added, all redacted."""

    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s %(message)s", rename_fields={"levelname": "level", "name": "logger"}, json_ensure_ascii=False)

    def format(self, record: logging.LogRecord) -> str:
        """The line; one that was written already stays as it is."""
        return record.__dict__.get(WRITTEN) or super().format(record)

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the request's id and redact every string, tracebacks included."""
        ours = {"request_id": request_id.get()} if request_id.get() else {}
        return {"time": _stamp(), **_clean({**log_data, **ours})}


WRITTEN = "written_line"  # of a log record: its line, redacted


def _stamp() -> str:
    now = time.time()
    return f"{_second(int(now))}.{int(now % 1 * 1000):03d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


# Granian's own lines in the same shape (its main process and its workers configure logging from this).
SERVER_LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "eventsvc.logs.RedactingFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "json"}},
    "loggers": {"_granian": {"handlers": ["stderr"], "propagate": False}},
}


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]
    """Our one handler of the root logger; writes to whatever stderr is at the time."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(RedactingFormatter())

    @property
    def stream(self) -> Any:
        """The stderr of the moment (pytest exchanges it)."""
        return sys.stderr

    @stream.setter
    def stream(self, _value: Any) -> None:
        pass


def configure(level: str) -> None:
    """Send every log line of this process to stderr as JSON, from ``level`` on; calling it again changes only the level."""
    root = logging.getLogger()
    if not any(isinstance(handler, _Stderr) for handler in root.handlers):
        root.addHandler(_Stderr())
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(max(logging.WARNING, logging.getLevelName(level)))


def init_app(app: Flask, level: str = "INFO") -> None:
    """Log in JSON from ``level`` on; give each request an id (X-Request-ID) and one access line."""
    configure(level)
    app.wsgi_app = AccessLog(app.wsgi_app)  # type: ignore[method-assign]


class AccessLog:
    """WSGI middleware: the request's id in and out, and one line a request with method, path, status and milliseconds.

    The query string and the client's address are never written: the first may hold what people typed, the second the
    reverse proxy logs already.
    """

    served: ClassVar[Counter[str]] = Counter()  # first digit of the status -> requests of this process

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the request and log it; an exception that escapes is logged with its traceback as status 500."""
        began = time.perf_counter()
        name = sane_id(environ.get("HTTP_X_REQUEST_ID", ""))
        reset = request_id.set(name)
        status, mark = "500", _lines.enter()

        def start(given: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            nonlocal status
            status = given
            return start_response(given, [*headers, ("X-Request-ID", name)], *rest)

        try:
            return self.application(environ, start)
        except Exception:
            access.exception("unhandled")
            raise
        finally:
            self.served[status[:1]] += 1
            shown = access.isEnabledFor(logging.INFO)
            _lines.leave(mark, _line(environ, int(status[:3]), round((time.perf_counter() - began) * 1000, 1), name) if shown else None)
            request_id.reset(reset)


def _line(environ: dict[str, Any], status: int, milliseconds: float, name: str) -> str:
    """The access line, written by hand: the usual way costs as much as keeping a record."""
    return orjson.dumps({
        "time": _stamp(), "level": "INFO", "logger": access.name, "message": "request", "method": redact(environ.get("REQUEST_METHOD", "")),
        "path": redact(_readable(environ.get("PATH_INFO", ""))), "status": status, "ms": milliseconds,
        "request_id": redact(name) if name == environ.get("HTTP_X_REQUEST_ID") else name,
    }).decode()


class _Lines:
    """Access lines on their way out: the last request under way writes them, among others they are left to a thread that comes soon.

    Writing gives the interpreter away, and among many threads a request pays more to get it back than for its record.
    """

    SOON = 0.02  # seconds

    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._under_way: set[object] = set()
        self._writing, self._calling, self._call = threading.Lock(), threading.Lock(), threading.Lock()
        self._called = False
        self._call.acquire()
        self._writer: threading.Thread | None = None

    def enter(self) -> object:
        """A request begins; gives what `leave` takes."""
        mark = object()
        self._under_way.add(mark)
        return mark

    def leave(self, mark: object, line: str | None) -> None:
        """A request has ended; ``line`` is written now or soon."""
        if line is not None:
            self._waiting.append(line)
        self._under_way.discard(mark)
        if not self._under_way:
            self._write()
        elif self._waiting and not self._called:
            self._call_writer()

    def _write(self) -> None:
        while self._waiting and self._writing.acquire(blocking=False):  # else whoever writes looks again
            try:
                lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
                access.handle(
                    logging.makeLogRecord({"name": access.name, "levelno": logging.INFO, "levelname": "INFO", "msg": "request", WRITTEN: "\n".join(lines)})
                )
            finally:
                self._writing.release()

    def _call_writer(self) -> None:
        with self._calling:
            if self._called:
                return
            self._called = True
            if self._writer is None:
                self._writer = threading.Thread(target=self._come, daemon=True)
                self._writer.start()
            self._call.release()

    def _come(self) -> None:
        while True:
            self._call.acquire()
            time.sleep(self.SOON)
            self._called = False
            self._write()


_lines = _Lines()


def sane_id(offered: str) -> str:
    """The offered request id if it is 8 to 64 letters, digits, dots, dashes, underscores; else a fresh one."""
    if SANE_ID.fullmatch(offered):
        return offered
    return secrets.token_bytes(16).translate(_CONSONANT_OF).decode()


def _readable(path: str) -> str:
    """A WSGI path (bytes as latin-1) as text, cut at 200 characters."""
    return path.encode("latin-1", "replace").decode("utf-8", "replace")[:200]
