"""A chunked body is measured before it is used: refused past the limit, whole below it, and never read without end."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from flask import Flask, request
from werkzeug.test import EnvironBuilder, run_wsgi_app

from eventsvc.bodies import WholeBodies

LIMIT = 200_000


class Endless(io.RawIOBase):
    """A stream that never ends, and counts what was taken from it."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        """As much as is wanted, in pieces of at most 1000 bytes, as a network gives it."""
        assert size > 0, "an unbounded read of an endless body"
        piece = min(size, 1000)
        self.taken += piece
        return b"x" * piece


@pytest.fixture
def small() -> Flask:
    """An application that says how long its body was."""
    app = Flask("small")
    app.config["MAX_CONTENT_LENGTH"] = LIMIT
    app.wsgi_app = WholeBodies(app.wsgi_app, LIMIT)  # type: ignore[method-assign]

    @app.post("/length")
    def length() -> str:
        return str(len(request.get_data()))

    return app


def post(app: Flask, stream: object, chunked: bool) -> tuple[int, bytes]:
    """POST a stream the way granian hands it over."""
    environ = EnvironBuilder("/length", method="POST").get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": stream, "wsgi.input_terminated": True}
    if chunked:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    body: Iterable[bytes]
    body, status, _ = run_wsgi_app(app, environ)
    return int(status[:3]), b"".join(body)


@pytest.mark.parametrize("size", [0, 1, 65_536, LIMIT])
def test_a_chunked_body_within_the_limit_is_whole(small: Flask, size: int) -> None:
    assert post(small, io.BytesIO(b"y" * size), chunked=True) == (200, str(size).encode())


def test_a_chunked_body_past_the_limit_is_refused(small: Flask) -> None:
    assert post(small, io.BytesIO(b"y" * (LIMIT + 1)), chunked=True)[0] == 413


def test_an_endless_body_is_left_alone_after_the_limit(small: Flask) -> None:
    stream = Endless()
    assert post(small, stream, chunked=True)[0] == 413
    assert stream.taken == LIMIT + 1


def test_without_it_the_body_would_be_cut_silently(small: Flask) -> None:
    """Shows why it is there; when Werkzeug changes this, eventsvc/bodies.py may go."""
    assert post(small, io.BytesIO(b"y" * (LIMIT + 5)), chunked=False) == (200, str(LIMIT).encode())
