"""In a real server the threads that keep records share one core; every other thread runs where there is room."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import LiveServer
from tests.server.crowd import Town, batch, tally

CORES = len(getattr(os, "sched_getaffinity", lambda _process: {0})(0))  # Linux only


def threads(pid: int) -> list[int]:
    """How many cores each thread of a process and of its children may use."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        mask = status.split("Cpus_allowed:")[1].split()[0].replace(",", "")
        found.append(int(mask, 16).bit_count())
        found += [cores for child in (task / "children").read_text().split() for cores in threads(int(child))]
    return found


@pytest.mark.skipif(CORES < 2, reason="this machine has one core")
def test_only_threads_that_keep_records_share_a_core(new_server: Callable[..., LiveServer]) -> None:
    server = new_server()
    town = Town([server])
    assert server.process
    assert 1 not in threads(server.process.pid)
    phones = [town.phone() for _ in range(8)]
    answers = town.together("/events/{slug}/records", [batch(tally()) for _ in phones], phones)
    assert {status for status, _ in answers} == {200}
    moved = threads(server.process.pid)
    assert 1 <= moved.count(1) <= len(phones) + 1 < len(moved)  # and the one that writes the access lines, which they started
