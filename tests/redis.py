"""A throw-away redis-server on a free loopback port for tests; skipped loudly where the program is missing."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.postgres import free_port


@dataclass
class Redis:
    """One server without persistence; start, stop, start again."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """As REDIS_URL takes it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> str:
        """Start it and return its address once it answers."""
        program = shutil.which("redis-server")
        if program is None:
            if os.environ.get("CI", "").lower() in {"1", "true"}:
                pytest.fail("CI needs Redis (apt-get install redis-server)")
            pytest.skip("NOT CHECKED: Redis is missing (apt-get install redis-server)")
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self.url
            except OSError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError("redis-server did not start")

    def stop(self) -> None:
        """End it."""
        if self.process:
            self.process.kill()
            self.process.wait(10)
            self.process = None
