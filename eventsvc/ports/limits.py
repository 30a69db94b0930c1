"""Rate limits: one verb, `hit`; counts in memory, or in Redis where several servers share them."""

from __future__ import annotations

import math
import time

from limits import parse
from limits.errors import ConfigurationError
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from eventsvc.config import BadSetting
from eventsvc.errors import TooMany

_limiter = FixedWindowRateLimiter(storage_from_string("memory://"))


def use(uri: str) -> None:
    """Count in this storage from now on: ``memory://`` or ``redis://host``. Raises BadSetting for what cannot be used."""
    global _limiter
    try:
        _limiter = FixedWindowRateLimiter(storage_from_string(uri or "memory://"))
    except (ConfigurationError, ValueError) as error:
        raise BadSetting(
            "REDIS_URL cannot be used: it must look like redis://127.0.0.1:6379/0, and Redis' client must be installed (pip install redis)."
        ) from error


def hit(rate: str, *key: str) -> None:
    """Count one use of ``key`` against ``rate`` ("5/hour"); raises TooMany with the seconds to wait when it is used up."""
    limit = parse(rate)
    if not _limiter.hit(limit, *key):
        raise _too_many(rate, key)


def check(rate: str, *key: str) -> None:
    """Raise TooMany if ``key`` is used up, without counting."""
    if not _limiter.test(parse(rate), *key):
        raise _too_many(rate, key)


def reset() -> None:
    """Forget every count (tests)."""
    _limiter.storage.reset()


def _too_many(rate: str, key: tuple[str, ...]) -> TooMany:
    resets_at = _limiter.get_window_stats(parse(rate), *key)[0]
    return TooMany(math.ceil(resets_at - time.time()))
