"""What ran where: the machine and the versions; what a server's processes use of it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    group = [pid]
    for member in group:
        try:
            tasks = list(Path(f"/proc/{member}/task").glob("*/children"))
            group += [int(child) for task in tasks for child in task.read_text().split()]
        except OSError:
            continue
    return group


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and all that it started."""
    used = 0
    for member in family(pid):
        try:
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return used / TICKS


def memory(pid: int) -> int:
    """Bytes that a process and all that it started hold, what they share counted once (PSS)."""
    total = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


class Watch:
    """The most memory that a process and all that it started held while this was open, looked at every second."""

    def __init__(self, pid: int) -> None:
        self.most, self._pid, self._over = 0, pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.most = max(self.most, memory(self._pid))
            if self._over.wait(1):
                break
        self.most = max(self.most, memory(self._pid))


def syncs_a_second(folder: Path, seconds: float = 0.5) -> int:
    """How many small durable writes the disk under a folder makes a second."""
    path, count = folder / "syncs", 0
    with path.open("wb", buffering=0) as file:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            file.write(b"x" * 4096)
            os.fdatasync(file.fileno())
            count += 1
    path.unlink()
    return round(count / seconds)


def describe(folder: Path) -> dict[str, Any]:
    """The machine and the versions of what ran."""
    names = [line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    memory_kb = int(Path("/proc/meminfo").read_text().split()[1])
    packages = ("Flask", "granian", "SQLAlchemy", "psycopg", "orjson", "pydantic")
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "cpu": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(memory_kb / 2**20, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "fdatasync_a_second": syncs_a_second(folder),
        "load_before": os.getloadavg()[0],
        "packages": {name: importlib.metadata.version(name) for name in packages},
    }

