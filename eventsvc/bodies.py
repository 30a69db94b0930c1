"""Gives every chunked request body a length, so that the size limit holds for it as for any other.

Werkzeug cuts a chunked body silently at the limit instead of refusing it. Here it is read up to one byte past the
limit (so its memory is bounded) and handed on with its length, at which Flask's own MAX_CONTENT_LENGTH answers 413.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

BLOCK = 65536


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
        return self.application(environ, start_response)

    def _read(self, stream: Any) -> bytes:
        body = bytearray()
        while len(body) <= self.limit:
            block = stream.read(min(BLOCK, self.limit + 1 - len(body)))
            if not block:
                break
            body += block
        return bytes(body)
