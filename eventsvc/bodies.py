"""Gives every chunked request body a length, so that the size limit holds for it as for any other.

Werkzeug cuts a chunked body silently at the limit instead of refusing it. Here it is read up to one byte past the
limit (so its memory is bounded) and handed on with its length, at which Flask's own MAX_CONTENT_LENGTH answers 413.
What is left of a refused body is read too: otherwise the server closes the connection without a word, and the client's next
request on it fails. Of an endless one only so much; then the answer says that the connection closes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

BLOCK = 65536
DRAIN = 8 << 20  # bytes: so much of a refused body is read and thrown away


class WholeBodies:
    """WSGI middleware: a chunked body becomes an ordinary one of at most ``limit`` + 1 bytes."""

    def __init__(self, application: Callable[..., Iterable[bytes]], limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Serve the request, its body measured first if nobody said how long it is."""
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = self._read(environ["wsgi.input"])
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            del environ["HTTP_TRANSFER_ENCODING"]

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            if status.startswith("413") and not drained(environ["wsgi.input"]):
                headers = [*headers, ("Connection", "close")]
            return start_response(status, headers, *rest)

        return self.application(environ, start)

    def _read(self, stream: Any) -> bytes:
        body = bytearray()
        while len(body) <= self.limit:
            block = stream.read(min(BLOCK, self.limit + 1 - len(body)))
            if not block:
                break
            body += block
        return bytes(body)


def drained(stream: Any) -> bool:
    """Read what is left of a body; False where it does not end soon."""
    left = DRAIN
    while left > 0:
        block = stream.read(min(BLOCK, left))
        if not block:
            return True
        left -= len(block)
    return False
