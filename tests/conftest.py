"""What every test can use: the application on a fresh database, on SQLite or (TEST_DATABASE=postgresql) on PostgreSQL.

    TEST_DATABASE=sqlite pytest tests/services        (the default)
    TEST_DATABASE=postgresql pytest -n 2 tests/api    (starts a throw-away cluster by itself)
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from werkzeug.routing import Rule

from eventsvc import config as settings
from eventsvc import create_app
from eventsvc.db import db
from eventsvc.ports.clock import FakeClock
from tests import postgres
from tests.live import LiveServer

CLUSTER_URL = "TEST_POSTGRES_URL"
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
SERVICES = Path(__file__).parent / "services"
OPENING = datetime(2026, 8, 14, 18, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

_cluster: postgres.Cluster | None = None


class Remembered(Rule):
    """A URL rule that is read and compiled once a run: that was more than half the time of most tests, since each has an application of its own."""

    read: ClassVar[dict[tuple[str, str | None], tuple[Any, ...]]] = {}
    compiled: ClassVar[dict[tuple[str, str, bool], Callable[..., tuple[str, str]]]] = {}

    def compile(self) -> None:
        key = self.rule, self.subdomain
        if key not in self.read:
            super().compile()
            self.read[key] = self._parts, self._trace, self._converters, self.arguments - set(self.defaults or ())
            return
        self._parts, self._trace, self._converters, arguments = self.read[key]
        self.arguments |= arguments
        self._build = self._compile_builder(False).__get__(self, None)
        self._build_unknown = self._compile_builder(True).__get__(self, None)

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = self.rule, repr(self.defaults), append_unknown
        if key not in self.compiled:
            self.compiled[key] = super()._compile_builder(append_unknown)
        return self.compiled[key]


Flask.url_rule_class = Remembered


def on_postgresql() -> bool:
    """Whether this run is on PostgreSQL."""
    return os.environ.get("TEST_DATABASE", "sqlite") == "postgresql"


def pytest_configure(config: pytest.Config) -> None:
    """Start one PostgreSQL cluster for the run; the workers of xdist inherit its address."""
    global _cluster
    if on_postgresql() and not hasattr(config, "workerinput") and CLUSTER_URL not in os.environ:
        _cluster = postgres.Cluster()
        _cluster.start()
        os.environ[CLUSTER_URL] = _cluster.url


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the cluster that this process started."""
    global _cluster
    if _cluster:
        _cluster.stop()
        _cluster = None
        os.environ.pop(CLUSTER_URL, None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on PostgreSQL what opens no database: it ran on SQLite already."""
    if on_postgresql():
        dull = {item for item in items if item.path.is_relative_to(SERVICES) and "template" not in getattr(item, "fixturenames", ())}
        config.hook.pytest_deselected(items=list(dull))
        items[:] = [item for item in items if item not in dull]


def pytest_report_header(config: pytest.Config) -> str:
    """Say which database the run is on."""
    return f"database: {'postgresql' if on_postgresql() else 'sqlite'}"


def settings_for(data_dir: Path, database_url: str, **changes: object) -> settings.Config:
    """A Config for tests: its own folder and database, a fixed key, a public https address."""
    environ = {
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url,
        "SECRET_KEY": "a-key-that-only-tests-use",
        "BASE_URL": "https://example.test",
        "LOG_LEVEL": "WARNING",
    }
    return replace(settings.load(environ), **changes)


def migrate(config: settings.Config) -> None:
    """Bring the database of ``config`` to the newest revision, as `make run` does."""
    from eventsvc.preparing import migrate as run

    run(create_app(config))


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """A folder of this worker that lasts for the run."""
    folder = Path(tempfile.mkdtemp(prefix="eventsvc-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def template(scratch: Path) -> Iterator[str]:
    """A migrated, empty database to copy: a SQLite file's path, or a PostgreSQL database's name."""
    if not on_postgresql():
        path = scratch / "template.sqlite3"
        migrate(settings_for(scratch / "template", f"sqlite:///{path}"))
        yield str(path)
        return
    name = f"template_{WORKER}"
    url = postgres.create_database(os.environ[CLUSTER_URL], name)
    migrate(settings_for(scratch / "template", url))
    yield name
    postgres.drop_database(os.environ[CLUSTER_URL], name)


@pytest.fixture(scope="session")
def new_database(template: str, scratch: Path) -> Iterator[Callable[[], str]]:
    """A function that makes one more empty, migrated database and returns its address; they go at the end of the run."""
    made: list[str] = []

    def make() -> str:
        name = f"eventsvc_{WORKER}_{len(made)}"
        made.append(name)
        if on_postgresql():
            return postgres.create_database(os.environ[CLUSTER_URL], name, template)
        path = scratch / f"{name}.sqlite3"
        shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    yield make
    for name in made:
        if on_postgresql():
            postgres.drop_database(os.environ[CLUSTER_URL], name)


@pytest.fixture(scope="session")
def kept_database(new_database: Callable[[], str]) -> str:
    """The one PostgreSQL database that this worker's tests use one after the other."""
    return new_database()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, template: str, tmp_path: Path) -> Iterator[str]:
    """The address of an empty, migrated database for one test."""
    if not on_postgresql():
        path = tmp_path / "test.sqlite3"
        shutil.copyfile(template, path)
        yield f"sqlite:///{path}"
        return
    url = request.getfixturevalue("kept_database")
    postgres.empty_tables(url)
    yield url


@pytest.fixture
def clock() -> FakeClock:
    """A clock at the opening of the fair, 2026-08-14 18:00 in Shanghai; it moves only by ``clock.advance(minutes=5)``."""
    return FakeClock(OPENING)


@pytest.fixture(scope="session")
def bytecode(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once a run: two fifths of the web tests' time went into compiling them for each application anew."""
    folder = tmp_path_factory.getbasetemp() / "templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: FakeClock, bytecode: FileSystemBytecodeCache) -> Iterator[Flask]:
    """The application on its own database and DATA_DIR, with the settable clock; no context is pushed."""
    made = create_app(settings_for(tmp_path / "data", database_url), clock)
    made.jinja_env.bytecode_cache = bytecode
    made.testing = True
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app_context(app: Flask) -> Iterator[Flask]:
    """An application context for tests of services; don't combine it with ``client`` (requests would share it)."""
    with app.app_context():
        yield app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript: ``client.get("/")``; for https cookies use ``base_url="https://example.test"``."""
    return app.test_client()


@pytest.fixture(scope="session")
def new_server(new_database: Callable[[], str], scratch: Path) -> Iterator[Callable[..., LiveServer]]:
    """A function that starts a real server process on its own database and folder; all stop at the end of the run.

    ``new_server()`` is empty; ``new_server(demo=True)`` holds the demo; ``new_server(SERVER_THREADS="16")`` sets a knob.
    """
    servers: list[LiveServer] = []

    def make(demo: bool = False, **environ: str) -> LiveServer:
        server = LiveServer(scratch / f"server-{len(servers)}", new_database(), demo=demo, environ=environ)
        servers.append(server)
        server.start()
        return server

    yield make
    for server in servers:
        server.close()


@pytest.fixture
def live_server(new_server: Callable[..., LiveServer]) -> Iterator[LiveServer]:
    """One real, empty server for one test; ``str(live_server)`` and ``.url`` are its address (see tests/live.py)."""
    server = new_server()
    yield server
    server.close()
