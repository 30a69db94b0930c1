"""A real server process, as `make run` starts it, that a test can stop, kill -9 and start again on the same data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from flask import Flask

from eventsvc import config as settings
from eventsvc import create_app
from tests.postgres import free_port

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
PROJECT = Path(__file__).resolve().parent.parent


@dataclass
class LiveServer:
    """``python -m eventsvc.serve`` on a free loopback port; start, stop, kill, start again."""

    data_dir: Path
    database_url: str
    demo: bool = False
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    project: Path = PROJECT  # another folder with another version of the code

    def __str__(self) -> str:
        return self.url

    @property
    def url(self) -> str:
        """The address without a slash at its end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """The file with everything the process printed."""
        return self.data_dir / "server.log"

    @property
    def settings(self) -> dict[str, str]:
        """The server's environment knobs."""
        return {
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.database_url,
            "SECRET_KEY": "a-key-that-only-tests-use",
            "WORKER": "apart",
            **self.environ,
        }

    def app(self) -> Flask:
        """The application in this process on the server's own database: ``with server.app().app_context(): verb(...)``."""
        return create_app(settings.load(self.settings))

    def start(self, timeout: float = 90) -> str:
        """Start the process and return the address once it answers; RuntimeError with the log if it does not."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "eventsvc.serve", *([] if self.demo else ["--no-demo"])]
        clean = {k: v for k, v in os.environ.items() if k not in {s.name for s in settings.SETTINGS}}
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                command, cwd=self.project, env={**clean, **self.settings}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True,
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline and self.process.poll() is None:
            if self.answers():
                return self.url
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"the server did not start:\n{self.printed()[-3000:]}")

    def answers(self, timeout: float = 2) -> bool:
        """Whether /healthz answers 200."""
        try:
            with DIRECT.open(f"{self.url}/healthz", timeout=timeout) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False

    def printed(self) -> str:
        """What the process has printed so far, over all its starts."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def stop(self, timeout: float = 20) -> int:
        """SIGTERM, as systemd would; returns the exit status once the process has ended."""
        if not self.process:
            return 0
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout)

    def kill(self) -> None:
        """kill -9 of the server and its workers at once, as a power cut would."""
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait(10)

    def restart(self) -> str:
        """Kill it and start it again on the same data and port."""
        self.kill()
        return self.start()

    def close(self) -> None:
        """End it whatever its state."""
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            pass
        self.kill()
