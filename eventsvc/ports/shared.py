"""A text that may be a moment old, made once for all who ask meanwhile: in Redis where several servers share it, else in this process."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

import redis

from eventsvc.config import BadSetting

PATIENCE = 0.5  # seconds for Redis: making the text anew is not much slower
KEPT = 256  # texts that a process remembers

_server: redis.Redis | None = None
_own: OrderedDict[str, tuple[float, str]] = OrderedDict()
_mutex = threading.Lock()


def use(uri: str) -> None:
    """Share through this Redis from now on, or not at all. Raises BadSetting for what cannot be used."""
    global _server
    try:
        waits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
        _server = redis.Redis.from_url(uri, decode_responses=True, **waits) if uri.startswith(("redis", "unix")) else None
    except ValueError as error:
        raise BadSetting("REDIS_URL cannot be used: it must look like redis://127.0.0.1:6379/0.") from error
    reset()


def for_a_moment(key: str, seconds: float, make: Callable[[], str]) -> str:
    """What ``make`` gives, or gave anybody less than ``seconds`` ago; whoever cannot reach Redis makes it themselves."""
    if _server is None:
        return _in_this_process(key, seconds, make)
    try:
        known = _server.get(f"eventsvc:{key}")
    except redis.RedisError:
        return _in_this_process(key, seconds, make)
    if isinstance(known, str):
        return known
    made = make()
    try:
        _server.set(f"eventsvc:{key}", made, px=round(seconds * 1000))
    except redis.RedisError:
        pass  # the next one makes it again
    return made


def reset() -> None:
    """Forget what this process remembers."""
    with _mutex:
        _own.clear()


def _in_this_process(key: str, seconds: float, make: Callable[[], str]) -> str:
    with _mutex:
        until, known = _own.get(key, (0.0, ""))
        if time.monotonic() < until:
            return known
    made = make()
    with _mutex:
        _own[key] = time.monotonic() + seconds, made
        _own.move_to_end(key)
        while len(_own) > KEPT:
            _own.popitem(last=False)
    return made
