"""On SQLite every acknowledgement comes after the disk's own: strace sees an fdatasync between request and answer."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import on_postgresql
from tests.live import LiveServer
from tests.server.crowd import Town, batch, tally

REQUESTS = 25
SYNCED = re.compile(r"(?:fdatasync|fsync)\(\d+\) += 0|(?:fdatasync|fsync) resumed>.*= 0")
ANSWERED = re.compile(r'(?:write|writev|sendto|sendmsg)\(\d+, .{0,12}"HTTP/1\.1 200')
ASKED = re.compile(r'(?:read|recvfrom|recv)\(\d+, .{0,4}"POST /api|resumed>.{0,4}"POST /api')


def family(server: LiveServer) -> list[int]:
    """The server's process and its children."""
    assert server.process
    group = [server.process.pid]
    for pid in group:
        group += [int(child) for task in Path(f"/proc/{pid}/task").glob("*/children") for child in task.read_text().split()]
    return group


@pytest.mark.skipif(on_postgresql(), reason="PostgreSQL has its own write-ahead log")
def test_an_answer_follows_its_fdatasync(live_server: LiveServer, tmp_path: Path) -> None:
    if not shutil.which("strace"):
        pytest.skip("NOT CHECKED: strace is missing (apt-get install strace)")
    town = Town([live_server])
    phone = town.phone()
    trace = tmp_path / "trace"
    attached = [word for pid in family(live_server) for word in ("-p", str(pid))]
    calls = "trace=fdatasync,fsync,write,writev,sendto,sendmsg,read,recvfrom"
    watcher = subprocess.Popen(["strace", "-f", "-s", "40", "-e", calls, "-o", str(trace), *attached], stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(1.5)
        if watcher.poll() is not None:
            pytest.skip(f"NOT CHECKED: strace may not look into processes here ({(watcher.stderr.read() if watcher.stderr else '').strip()[:120]})")
        for number in range(REQUESTS):
            status, body = phone("POST", f"/events/{town.slug}/records", batch(tally(1 + number)))
            assert (status, body["results"][0]["status"]) == (200, "recorded")
        time.sleep(0.5)
    finally:
        watcher.terminate()
        watcher.wait(20)
    story = [what for line in trace.read_text(errors="replace").splitlines() if (what := read(line))]
    assert story.count("answer") == REQUESTS, story[:40]
    synced = False
    for what in story:
        if what == "answer":
            assert synced, f"an acknowledgement without an fdatasync before it: {story}"
        synced = what == "sync" or (synced and what != "request" and what != "answer")


def read(line: str) -> str:
    """What a line of strace tells of the story: ``request`` · ``sync`` · ``answer``, or nothing."""
    if ASKED.search(line):
        return "request"
    if ANSWERED.search(line):
        return "answer"
    return "sync" if SYNCED.search(line) else ""


def test_the_story_is_read_right() -> None:
    assert read('123 fdatasync(14) = 0') == read("123 <... fdatasync resumed>) = 0") == "sync"
    assert read("123 fdatasync(14 <unfinished ...>") == read("123 fdatasync(14) = -1 EIO (Input/output error)") == ""
    assert read('123 writev(12, [{iov_base="HTTP/1.1 200 OK\\r\\n"..., iov_len=99}], 1) = 99') == "answer"
    assert read('123 recvfrom(12, "POST /api/v1/events/x/records HT"..., 8192, 0, NULL, NULL) = 300') == "request"
