"""The commands: what they print, what they refuse in one line, and that nothing happened when they did."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from eventsvc.config import SETTINGS
from eventsvc.db import db, transaction
from eventsvc.models import Device, Person, RecordNote
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, figures, finalizing, organizations, registrations, upkeep
from eventsvc.services.actors import SYSTEM, authenticate
from tests.services.world import FAIR, World, checkin, record

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command: ``run("user", "add", ...)``."""

    def invoke(*arguments: str, data: str | None = None) -> Result:
        return app.test_cli_runner().invoke(args=list(arguments), input=data)

    return invoke


def refused(result: Result) -> str:
    """The one line of a command that refused."""
    assert result.exit_code == 1, result.output
    assert result.stdout == "" and "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1, result.stderr
    return result.stderr


def test_a_user_gets_a_one_time_password_on_the_last_line(app: Flask, run: Run) -> None:
    said = run("user", "add", "Bangong@Example.cn", "--org", "jiedao", "--role", "editor")
    assert said.exit_code == 0, said.stderr
    password = said.stdout.splitlines()[-1]
    with app.app_context():
        user = organizations.sign_in("bangong@example.cn", password)
        assert user.must_change
    again = run("user", "add", "bangong@example.cn", "--org", "jiedao").stdout.splitlines()[-1]
    assert again != password


def test_the_organizations_name_is_kept_once_and_its_key_is_no_name(app: Flask, run: Run) -> None:
    run("user", "add", "a@example.cn", "--org", "jiedao")
    with app.app_context():
        assert organizations.name_of(organizations.ensure("jiedao")) == ""
    run("user", "add", "b@example.cn", "--org", "jiedao", "--org-name", " 南关街街道办事处 ")
    run("user", "add", "c@example.cn", "--org", "jiedao", "--org-name", "别的名称")
    with app.app_context():
        assert organizations.name_of(organizations.ensure("jiedao")) == "南关街街道办事处"
    assert "name:" in refused(run("user", "add", "d@example.cn", "--org", "other", "--org-name", "长" * 61))


def test_a_token_stands_alone(app: Flask, run: Run) -> None:
    said = run("token", "create", "--org", "jiedao")
    assert said.exit_code == 0 and len(said.stdout.splitlines()) == 1
    with app.app_context():
        actor = authenticate(said.stdout.strip())
        assert actor.organizations[0][1] == "owner"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("user", "add", "nobody", "--org", "jiedao"), "email:"),
        (("user", "add", "a@b.cn", "--org", "街道"), "key:"),
        (("token", "create", "--org", "-"), "key:"),
        (("event", "export", "nothing-there"), "not_found"),
        (("restore", "no-such-file.tar"), "no-such-file.tar"),
        (("backup", "no-such-folder/x.tar"), "no-such-folder"),
    ],
)
def test_refusals_are_one_line(run: Run, arguments: tuple[str, ...], word: str) -> None:
    assert word in refused(run(*arguments))


def test_an_event_goes_out_and_comes_back(app: Flask, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text("\ufeff" + json.dumps(FAIR, ensure_ascii=False), encoding="utf-8")
    assert run("event", "import", str(file), "--org", "jiedao").stdout == "ye-shi\n"
    first = run("event", "export", "ye-shi").stdout
    assert run("event", "import", "-", "--org", "jiedao", data=first).exit_code == 0
    assert run("event", "export", "ye-shi").stdout == first
    document = json.loads(first)
    assert document["status"] == "draft" and document["title"] == FAIR["title"]
    changed = {**document, "title": "演示夜市二"}
    run("event", "import", "-", "--org", "jiedao", data=json.dumps(changed))
    with app.app_context():
        assert events.read(SYSTEM, "ye-shi").title == "演示夜市二"
    assert "slug_taken" in refused(run("event", "import", str(file), "--org", "elsewhere"))


def test_faults_of_a_file_are_named_by_their_path(app: Flask, run: Run) -> None:
    data = {"slug": "Bad Slug", "title": "", "kind": "party", "counters": [{"key": "x", "name": "n", "stock": -1}]}
    said = run("event", "import", "-", "--org", "jiedao", data=json.dumps(data))
    assert said.exit_code == 1 and said.stdout == ""
    paths = {line.split(":")[0] for line in said.stderr.splitlines()}
    assert paths == {"slug", "title", "kind", "counters.0.stock"}
    with app.app_context():
        assert events.listed(SYSTEM)[0] == []


@pytest.mark.parametrize("data", ["", "{", "[1]", "null", "\ud800", '"' * 3, "[" * 100_000, '{"slug": "a\\u0000b"}', '{"slug": 5}'])
def test_what_is_no_event(run: Run, tmp_path: Path, data: str) -> None:
    file = tmp_path / "event.json"
    file.write_bytes(data.encode("utf-8", "surrogatepass"))
    said = run("event", "import", str(file), "--org", "jiedao")
    assert said.exit_code == 1 and said.stdout == "" and said.stderr.strip()
    assert "Traceback" not in said.stderr and not isinstance(said.exception, RecursionError)


def test_the_demo_is_loaded_once(run: Run) -> None:
    first = run("demo", "--year", "2021")
    assert first.exit_code == 0, first.stderr
    assert "one-time password" in first.stdout and "/join/" in first.stdout
    assert "2021年8月12日上午" in run("event", "export", "guanmo-2021").stdout
    second = run("demo")
    assert second.exit_code == 0 and "nothing was reset" in second.stdout and "/join/" not in second.stdout


def test_purge_erases_persons_and_keeps_every_figure(app: Flask, run: Run, clock: FakeClock) -> None:
    with app.app_context():
        world = World()
        phone = world.phone()
        ticket = world.ticket(3)
        world.send(phone, checkin(ticket, count=2, operator="志愿者甲"))
        world.send(phone, record("walkin", checkpoint="gate", count=2, name="演示来客", phone="13900000077", consent=True))
        world.send(phone, record("tally", counter="leaflets", quantity=10, note="给了演示来客"))
        finalizing.finalize(SYSTEM, world.slug)
        before = finalizing.pack(figures.stats(SYSTEM, world.slug))
    clock.advance(days=179)
    assert run("purge").stdout.count("0") >= 3
    assert people(app) == (1, 3, {"志愿者甲"})
    clock.advance(days=2)
    said = run("purge")
    assert "1份" in said.stdout and "3条" in said.stdout
    assert people(app) == (0, 0, {""})
    with app.app_context():
        after = finalizing.pack(figures.stats(SYSTEM, world.slug))
        assert {**after, "as_of": 0} == {**before, "as_of": 0}
        report = finalizing.report(SYSTEM, world.slug)
        assert report.frozen is not None and report.late == {}
        text = json.dumps([str(line) for line in figures.lines(SYSTEM, world.slug)], ensure_ascii=False)
        assert "王" not in text and "志愿者甲" not in text and "演示来客" not in text and "13900000077" not in text
        found = registrations.search(SYSTEM, world.slug)[0]
        assert [(r.party_size, r.erased_at is not None, person) for r, person in found] == [(3, True, None)]
    assert "0份" in run("purge").stdout


def people(app: Flask) -> tuple[int, int, set[str]]:
    """Rows of persons, rows of notes, names of volunteers."""
    with app.app_context():
        counts = [db.session.scalar(select(func.count()).select_from(model)) for model in (Person, RecordNote)]
        return counts[0], counts[1], set(db.session.scalars(select(Device.operator)))


@pytest.mark.parametrize(
    ("changes", "then", "days"),
    [
        ({"starts_at": None, "ends_at": None, "date_text": "近日"}, None, None),
        ({"starts_at": None, "ends_at": None, "date_text": "近日"}, events.close, 180),
        ({}, events.cancel, 180),
        ({"ends_at": None}, None, 180),
        ({"registration": {"retention_days": 30}}, None, 31),
    ],
)
def test_when_an_event_is_due(app: Flask, run: Run, clock: FakeClock, changes: dict, then: Callable | None, days: int | None) -> None:
    with app.app_context():
        world = World(changes)
        world.ticket()
        if then:
            then(SYSTEM, world.slug)
    if days is not None:
        clock.advance(days=days - 1)
        run("purge")
        assert people(app)[0] == 1
        clock.advance(days=1)
        run("purge")
        assert people(app)[0] == 0
    else:
        clock.advance(days=5000)
        run("purge")
        assert people(app)[0] == 1


def test_the_worker_does_what_there_is_to_do(app: Flask, run: Run, clock: FakeClock) -> None:
    with app.app_context():
        world = World({"registration": {"capacity": 2}})
        world.ticket(2)
        waiting = world.ticket(1)
        assert waiting.status == "waitlisted"
        assert upkeep.work().promoted == 0
        event = events.read(SYSTEM, world.slug)
        make_room(event)
    assert run("worker", "--once").stdout == "forgotten=0 promoted=1 erased=0 reminded=0 sent=0 later=0 failed=0\n"
    assert run("worker", "--once").stdout == "forgotten=0 promoted=0 erased=0 reminded=0 sent=0 later=0 failed=0\n"
    clock.advance(days=200)
    assert run("worker", "--once").stdout == "forgotten=0 promoted=0 erased=2 reminded=0 sent=0 later=0 failed=0\n"


def make_room(event: events.Event) -> None:
    """More places without anybody being told, as a hand in the database would."""
    @transaction
    def widen() -> None:
        event.capacity = 5

    widen()


def environment(database_url: str, data_dir: Path, **more: str) -> dict[str, str]:
    """The settings of a command that runs in a process of its own."""
    clean = {name: value for name, value in os.environ.items() if name not in {s.name for s in SETTINGS}}
    return {**clean, "DATABASE_URL": database_url, "DATA_DIR": str(data_dir), **more}


COMMAND = [sys.executable, "-m", "flask", "--app", "app"]


def test_the_worker_ends_on_sigterm(database_url: str, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*COMMAND, "worker", "--every", "600"], env=environment(database_url, tmp_path / "data"), cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None and "running" in process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_a_broken_setting_is_one_line(tmp_path: Path, database_url: str) -> None:
    ended = subprocess.run(
        [*COMMAND, "doctor"], env=environment(database_url, tmp_path, PORT="eighty"), cwd=Path(__file__).parents[2],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1 and ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1 and "PORT" in ended.stderr
