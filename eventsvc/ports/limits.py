"""Rate limits: one verb, `hit`; counts in memory, or in Redis where several servers share them."""

from __future__ import annotations

import functools
import hashlib
import logging
import math
import time
from collections.abc import Callable

from limits import RateLimitItem, parse
from limits.errors import ConfigurationError, StorageError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from eventsvc.config import BadSetting
from eventsvc.errors import TooMany
from eventsvc.ports.counting import Counts

PATIENCE = 0.5  # seconds that the shared counts may take: nobody waits at a door for them
PAUSE = 5.0  # seconds for which they are not asked after they failed

_memory = FixedWindowRateLimiter(Counts())
_limiter = _memory
_ask_again = 0.0  # monotonic
_secret = b""
_log = logging.getLogger("eventsvc.limits")


@functools.cache
def _read(rate: str) -> RateLimitItem:
    """A rate as the library has it; there are a dozen."""
    return parse(rate)


def use(uri: str, secret: str = "") -> None:
    """Count in this storage from now on: ``memory://`` or ``redis://host``. Raises BadSetting for what cannot be used.

    What is counted (addresses, telephone numbers) is kept under ``secret`` only: nobody is found in the store.
    """
    global _limiter, _memory, _ask_again, _secret
    _secret = hashlib.sha256(b"limits\0" + secret.encode()).digest()
    waits = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE} if uri.startswith("redis") else {}
    try:
        _memory = FixedWindowRateLimiter(Counts())
        _limiter = FixedWindowRateLimiter(storage_from_string(uri, wrap_exceptions=True, **waits)) if uri else _memory
        _ask_again = 0.0
    except (ConfigurationError, ValueError) as error:
        raise BadSetting(
            "REDIS_URL cannot be used: it must look like redis://127.0.0.1:6379/0."
        ) from error


def hit(rate: str, *key: str) -> None:
    """Count one use of ``key`` against ``rate`` ("5/hour"); raises TooMany with the seconds to wait when it is used up."""
    _ask(lambda limiter, name: limiter.hit(_read(rate), *name), rate, key)


def check(rate: str, *key: str) -> None:
    """Raise TooMany if ``key`` is used up, without counting."""
    _ask(lambda limiter, name: limiter.test(_read(rate), *name), rate, key)


def answer() -> bool:
    """Whether the shared counts can be asked; without any, this process can."""
    return bool(_limiter.storage.check())


def reset() -> None:
    """Forget every count (tests)."""
    _limiter.storage.reset()


def _hidden(key: tuple[str, ...]) -> tuple[str, str]:
    """The key as it is kept: what is limited, and a seal over whom."""
    return key[0], hashlib.blake2b("\0".join(key).encode("utf-8", "surrogatepass"), key=_secret, digest_size=16).hexdigest()


def _ask(question: Callable[[FixedWindowRateLimiter, tuple[str, str]], bool], rate: str, key: tuple[str, ...]) -> None:
    """Ask the shared counts; while they are out of reach this process counts for itself: nobody is turned away for that."""
    global _ask_again
    limiter, name = _memory if time.monotonic() < _ask_again else _limiter, _hidden(key)
    try:
        allowed = question(limiter, name)
    except StorageError:
        _log.warning("shared rate limits are out of reach: counting in this process")
        _ask_again = time.monotonic() + PAUSE
        limiter = _memory
        allowed = question(limiter, name)
    if not allowed:
        resets_at = limiter.get_window_stats(_read(rate), *name)[0]
        raise TooMany(math.ceil(resets_at - time.time()))
