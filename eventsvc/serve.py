"""`make run`: checks the settings, migrates the database, loads the demo once, starts the server, prints the links.

Whatever is wrong before the server runs ends in one line that says what to do and exit status 2; a second run resets
nothing. The server is granian with many blocking threads (docs/decisions/0003-server.md says why).
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import ipaddress
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from eventsvc import config as settings
from eventsvc import ROOT, create_app, logs
from eventsvc.config import BadSetting, Config
from eventsvc.errors import CannotStart

if TYPE_CHECKING:  # this process watches over others for months and knows nothing that takes memory
    from flask import Flask

PROGRAM = [sys.executable, "-m", "eventsvc.serve"]
STOP_SECONDS = 10  # how long a request under way may still take after SIGTERM
WORKER_NICE = 5  # of a million records it reads the figures for a minute and a half, once
WORKER_PAUSE = 5  # before a worker that ended is started again
HEADER_MILLISECONDS = 15_000  # how long a client may take over its header, or stay idle between two requests


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server until it is told to stop; returns the exit status (2: could not start)."""
    parser = argparse.ArgumentParser(prog="python -m eventsvc.serve", description="Start the server (knobs: environment).")
    parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)  # the worker that the server starts
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)  # the process that makes the database ready
    chosen = parser.parse_args(arguments)
    try:
        config = settings.load()
        if chosen.worker:
            _end_with_parent()
            return run_worker(create_app(config))
        if chosen.prepare:
            return prepare(config, demo=not chosen.no_demo)
        address = claim_port(config)
    except (BadSetting, CannotStart) as stop:
        print(f"eventsvc cannot start: {stop}", file=sys.stderr)
        return 2
    made = subprocess.run([*PROGRAM, "--prepare", *(["--no-demo"] if chosen.no_demo else [])], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
    if made.returncode != 0:
        return made.returncode if made.returncode > 0 else 1  # it has said why
    lines = made.stdout.decode().splitlines()
    threading.Thread(target=announce, args=(address, config.port, [*lines, *network_lines(config)]), daemon=True).start()
    with attended(config):
        return serve(config, address)


def prepare(config: Config, *, demo: bool) -> int:
    """Make the database ready and print what the person at the keyboard is told; in a process of its own, whose memory is given back."""
    from eventsvc import preparing

    _end_with_parent()
    app = create_app(config)
    preparing.migrate(app)
    print("\n".join(preparing.demo_lines(app, config) if demo else ["The demo is left out (--no-demo)."]))
    return 0


def run_worker(app: Flask) -> int:
    """`flask worker` in this process, until SIGTERM; the door goes first where both have work."""
    os.nice(WORKER_NICE)
    from flask.cli import ScriptInfo

    app.cli.main(["worker"], obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
    return 0


@contextlib.contextmanager
def attended(config: Config) -> Iterator[None]:
    """Keep a worker beside the server (unless WORKER=apart): a process of its own, started again if it ends, stopped at the end."""
    over = threading.Event()
    running: list[subprocess.Popen[bytes]] = []

    def keep() -> None:
        while not over.is_set():
            worker = subprocess.Popen([*PROGRAM, "--worker"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            running[:] = [worker]
            worker.wait()
            over.wait(WORKER_PAUSE)

    keeper = threading.Thread(target=keep, daemon=True)  # it outlives its workers: they end with the thread that started them
    if config.worker_inside:
        keeper.start()
    try:
        yield
    finally:
        over.set()
        for worker in running:
            worker.terminate()
            try:
                worker.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                worker.kill()


def claim_port(config: Config) -> str:
    """Make sure that HOST:PORT can be listened on; returns HOST's numeric address. CannotStart says which knob to turn."""
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
        family, kind, proto, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)  # localhost: IPv4 first
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)  # granian shares its port between workers, so that binding alone may succeed twice
        return str(address[0])
    except socket.gaierror as error:
        raise CannotStart(f"HOST={config.host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all.") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotStart(
                f"PORT={config.port} is in use: stop the other program, or take another port, as in PORT={_other(config.port)} make run."
            ) from error
        if error.errno == errno.EACCES:
            raise CannotStart(f"PORT={config.port} is reserved for the administrator: take one above 1023.") from error
        raise CannotStart(f"HOST={config.host} is no address of this machine: use 127.0.0.1, or 0.0.0.0 for all.") from error


def _other(port: int) -> int:
    return port + 1 if port < 65535 else 8000


def network_lines(config: Config) -> list[str]:
    """What somebody must know who lets other machines in: why the camera needs HTTPS, in Chinese and English."""
    if _local_only(config.host):
        return []
    lines = [
        "手机上的摄像头只在 HTTPS 网页里可用：经局域网 http 地址打开时，请用微信扫一扫、手工输码或拍照；正式使用请配 HTTPS（docs/deploy.md）。",
        "Phones open the camera only on HTTPS pages: over plain http in a local network use WeChat's scanner, typed codes or photos; "
        "docs/deploy.md sets up HTTPS.",
    ] if not config.is_https else []
    if config.is_loopback:
        lines.append(f"Other machines need BASE_URL, the address that phones open, as in BASE_URL=http://{_lan_address()}:{config.port} make run.")
    return lines


def _local_only(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _lan_address() -> str:
    """This machine's address in its network (no packet is sent), or a word where there is none."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
    except OSError:
        return "ADDRESS"


def announce(address: str, port: int, lines: Sequence[str], patience: float = 60) -> None:
    """Print the lines once the server answers, so that every link works when it is shown."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)
    url = f"http://{_bracketed(here)}:{port}/healthz"
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through the proxy of the environment
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            with direct.open(url, timeout=2):
                break
        except OSError:
            time.sleep(0.1)
    else:
        return
    print("\n".join(["", *lines, "", f"Serving on {_bracketed(address)}:{port}. Ctrl+C stops it.", ""]), flush=True)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def serve(config: Config, address: str) -> int:
    """Serve until SIGTERM or SIGINT; requests under way get STOP_SECONDS to end. Returns the exit status."""
    import multiprocessing

    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.errors import ConfigurationError
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    settings.for_libraries(MALLOC_ARENA_MAX="2")  # of glibc in the workers: else their many threads hold on to memory that others could use
    multiprocessing.set_start_method("spawn", force=True)  # workers inherit no lock and no connection of this process
    server = Granian(
        "app:app",
        address=address,
        port=config.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=config.server_workers,
        blocking_threads=config.server_threads,
        backlog=2048,
        backpressure=2048,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS),
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,  # its warnings are about the number of threads, which is meant
        log_dictconfig=logs.SERVER_LOGGING,
    )
    try:
        server.serve(target_loader=load_worker, wrap_loader=False)
    except ConfigurationError as error:
        print(f"eventsvc cannot start: {error}", file=sys.stderr)
        return 2
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 1
    return 0


def load_worker() -> Callable[..., Any]:
    """Runs in each worker process: ends with its parent, then builds the application."""
    import gc

    _end_with_parent()
    from app import app
    from eventsvc.ports import cores

    cores.use()
    gc.collect()
    gc.freeze()  # what the program itself is made of is never garbage: not looked at again
    gc.set_threshold(50_000, 20, 100)
    return app


def _end_with_parent() -> None:
    """On Linux a worker gets SIGTERM when the main process is killed, so that it never keeps the port for itself."""
    if sys.platform != "linux":
        return
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(1, 15, 0, 0, 0)  # PR_SET_PDEATHSIG, SIGTERM
    if os.getppid() == 1:  # it was killed before we could ask
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
