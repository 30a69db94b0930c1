"""Counts of this process for /metrics: requests and seconds by route and status; never an address, a code or a name."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

from flask import Flask, Response, g, request

_lock = threading.Lock()
_requests: Counter[tuple[str, str, int]] = Counter()  # method, route, status
_seconds: Counter[tuple[str, str]] = Counter()  # method, route


def init_app(app: Flask) -> None:
    """Measure every request from here to its answer."""
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    g.began = time.perf_counter()


def _end(response: Response) -> Response:
    route = request.url_rule.rule if request.url_rule else "unmatched"
    method = request.method if request.url_rule else "any"
    count(method, route, response.status_code, time.perf_counter() - g.get("began", time.perf_counter()))
    return response


def count(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answer."""
    with _lock:
        _requests[method, route, status] += 1
        _seconds[method, route] += seconds  # type: ignore[assignment]


def lines() -> Iterator[str]:
    """The counts as Prometheus text."""
    with _lock:
        requests, seconds = sorted(_requests.items()), sorted(_seconds.items())
    yield "# TYPE eventsvc_http_requests_total counter"
    for (method, route, status), count in requests:
        yield f'eventsvc_http_requests_total{{method="{method}",route="{route}",status="{status}"}} {count}'
    yield "# TYPE eventsvc_http_request_seconds summary"
    answered: Counter[tuple[str, str]] = Counter()
    for (method, route, _status), count in requests:
        answered[method, route] += count
    for (method, route), total in seconds:
        yield f'eventsvc_http_request_seconds_sum{{method="{method}",route="{route}"}} {total:.6f}'
        yield f'eventsvc_http_request_seconds_count{{method="{method}",route="{route}"}} {answered[method, route]}'
