"""Rate limits: counted, told how long to wait, and never in the way when the shared counts are out of reach."""

from __future__ import annotations

import pytest

from eventsvc.config import BadSetting
from eventsvc.errors import TooMany
from eventsvc.ports import limits
from tests.postgres import free_port


def test_used_up_says_how_long_to_wait() -> None:
    limits.use("")
    limits.hit("2/minute", "a", "b")
    limits.check("2/minute", "a", "b")
    limits.hit("2/minute", "a", "b")
    for ask in (limits.hit, limits.check):
        with pytest.raises(TooMany) as raised:
            ask("2/minute", "a", "b")
        assert 1 <= raised.value.retry_after <= 60
    limits.hit("2/minute", "a", "c")


def test_without_its_redis_a_server_counts_for_itself() -> None:
    limits.use(f"redis://127.0.0.1:{free_port()}/0")
    try:
        limits.hit("1/minute", "a")
        with pytest.raises(TooMany):
            limits.hit("1/minute", "a")
    finally:
        limits.use("")


def test_a_bad_address_is_said_in_one_line() -> None:
    with pytest.raises(BadSetting):
        limits.use("memcached-or-so://x")
    limits.use("")
