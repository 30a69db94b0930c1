"""Whoever is deleted is found nowhere: in no table, not in the database's file, not in the log; and every figure is what it was."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from flask import Flask
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import Person, Registration
from eventsvc.ports.carrier import Letter, Never
from eventsvc.services import devices, events, figures, imports, messages, organizations, quarantine, registrations, rights
from eventsvc.services.actors import SYSTEM, Actor, device_token, stopped
from eventsvc.services.messages import overview, sending
from tests.live import LiveServer
from tests.services.world import World, checkin, record

NAME, PHONE, MAIL, ANSWER = "龘靐齉", "13987654321", "natureza.42@mail.example", "想学鎏金掐丝珐琅"
# The number as it may be written, the pinyin, the name, what was said. The tail alone stands in no list: four digits are everywhere.
TRACES = (NAME, PHONE, "+861398", "139 8765 4321", "139-8765-4321", "139****4321", MAIL, "natureza", ANSWER, "dabingnang", "dabinnang", "1３98765", "龘", "鼪鼯小宝", "表舅公", "敻弇")
QUESTIONS = [
    {"key": "craft", "label": "想学什么", "type": "text"},
    {"key": "real", "label": "真实姓名", "type": "real_name", "reason": "演示：入园要核对"},
]
FAMILY = {"members": [{"name": "鼪鼯小宝", "age_band": "6岁以下"}], "guardian": "表舅公", "guardian_consent": True}


class Broken:
    """A mail server that refuses for good, and quotes the address as real ones do."""

    def send(self, letter: Letter) -> None:
        raise Never(f"550 <{letter.to}> unknown"[:60]) if letter.subject.startswith("报名成功") else Never("refused")


def dump(url: str) -> str:
    """Every row of every table as text."""
    text = []
    with db.engine.connect() as connection:
        for table in db.metadata.sorted_tables:
            for row in connection.execute(select(table)):
                text.append(f"{table.name}: " + " | ".join(json.dumps(value, ensure_ascii=False, default=str) if not isinstance(value, str) else value for value in row))
    return "\n".join(text)


def found(text: str) -> list[str]:
    """The traces in a text, each with where it stands."""
    return [f"{trace}: {line[:160]}" for line in text.splitlines() for trace in TRACES if trace in line]


def in_files(url: str) -> list[str]:
    """The traces in the bytes of the database's files."""
    path = Path(url.removeprefix("sqlite:///"))
    there = [one for one in path.parent.glob(f"{path.name}*") if one.suffix != ".sqlite3-shm"]
    return [f"{trace} in {one.name}" for one in there for trace in TRACES for form in (trace, json.dumps(trace)[1:-1]) if form.encode() in one.read_bytes()]


def everywhere(app: Flask, server: LiveServer, world: World) -> Registration:
    """Put one person through everything that there is; their registration."""
    client = httpx.Client(base_url=f"{server.url}/api/v1", trust_env=False, timeout=20)
    owner = organizations.create_token("demo")
    bearer = {"Authorization": f"Bearer {owner}"}
    data = {"name": NAME, "phone": PHONE, "email": MAIL, "party_size": 2, "answers": {"craft": ANSWER, "real": "敻弇"}, "consent": True, **FAMILY}
    made = client.post(f"/events/{world.slug}/registrations", json=data, headers={"Idempotency-Key": f"{uuid.uuid4()}"}).raise_for_status().json()
    again = client.post(f"/events/{world.slug}/registrations", json=data | {"party_size": 1, "members": []}, headers=bearer).raise_for_status().json()
    client.post(f"/events/{world.slug}/registrations/{again['id']}/cancel", headers=bearer).raise_for_status()
    beside = {"name": "赵敏", "phone": "13900001119", "party_size": 2, "consent": True, "answers": {"craft": f"和{NAME}一起学剪纸"}, "members": [{"name": NAME, "age_band": "adult"}]}
    client.post(f"/events/{world.slug}/registrations", json=beside).raise_for_status()
    address = f"/events/{world.slug}/registrations/{made['id']}"
    client.patch(address, json={"note": f"{NAME}，{PHONE}，坐轮椅"}, headers=bearer).raise_for_status()
    for said in (NAME, PHONE, "139 8765 4321", "dbn"):
        client.post(f"/events/{world.slug}/lookup", json={"q": said}, headers=bearer).raise_for_status()
        client.post(f"/events/{world.slug}/registrations/search", json={"q": said}, headers=bearer).raise_for_status()
    httpx.get(f"{server.url}/t/{made['code']}?phone={PHONE}&name={NAME}", trust_env=False)
    with httpx.Client(base_url=server.url, trust_env=False) as browser:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/my").text)
        said = {"phone": PHONE, "pickup_code": "000000", "csrf_token": token[1] if token else ""}
        assert browser.post("/my", data=said, headers={"Referer": server.url}).status_code == 422
    phone = world.phone()
    walk_in = record("walkin", checkpoint="gate", count=1, name=NAME, phone=PHONE, consent=True, note=f"{NAME}说稍后补填")
    scans = [checkin(made["code"], count=1), checkin(made["code"], count=2), checkin(PHONE), checkin(made["code"], decided="admitted", reason=f"{NAME}忘带手机")]
    world.send(phone, walk_in, *scans, operator=None)
    undo = record("undo", undoes=walk_in["id"], reason=f"{NAME}点错了")
    world.send(world.owner, undo)
    lost = world.phone(name="丢了的手机")
    devices.revoke(world.owner, world.slug, lost.id)
    held = [record("walkin", checkpoint="gate", count=1, name=NAME, phone="139 8765 4321", consent=True), checkin(made["code"], count=1, decided="admitted", reason=NAME)]
    quarantine.salvage(stopped(device_token(lost.id)), world.slug, {"records": held})
    head = "姓名,手机号,人数,备注\n"
    drafted = imports.stage_file(world.owner, world.slug, f"{head}{NAME},1３987654321,1,{NAME}\n王桂芳,13900001111,x,替{NAME}报名\n李强,13900001112,1,\n".encode())
    assert drafted
    ran = imports.stage_file(world.owner, world.slug, f"{head}{NAME},139-8765-4321,1,{ANSWER}\n赵敏,13900001113,1,和{NAME}一起\n".encode())
    imports.start(world.owner, world.slug, ran, channel="desk", consent=True, doubles=True, whole=False)
    registrations.export(world.owner, world.slug, plain=True, reason="给门口打印", kind="csv")
    rights.look(world.owner, world.slug, made["id"])
    messages.use(Broken(), None)  # type: ignore[arg-type]
    sending.deliver()
    messages.use(None, None)
    return db.session.get_one(Registration, made["id"])


def of_the_person() -> list[Registration]:
    """Every registration under the number: what /my shows to who knows each 签到码, and an organizer who is called."""
    query = select(Registration).join(Person, Person.registration_id == Registration.id).where(Person.phone == f"+86{PHONE}")
    return list(db.session.scalars(query.order_by(Registration.seq)))


@pytest.mark.parametrize("over", [True, False], ids=["after the event", "before it"])
def test_deleting_a_person_leaves_no_trace_and_every_figure_as_it_was(new_server: Callable[..., LiveServer], over: bool) -> None:
    server = new_server(MAIL_URL="smtp://127.0.0.1:9?from=events@example.test")
    app = server.app()
    with app.app_context():
        world = World({"registration": {"questions": QUESTIONS, "members": "names"}, "starts_at": None, "ends_at": None, "date_text": "近日"})
        everywhere(app, server, world)
        before_text = dump(server.database_url)
        assert {trace for trace in TRACES if trace in before_text} >= {NAME, PHONE, MAIL, ANSWER, "139 8765 4321", "鼪鼯小宝", "表舅公"}, "the test puts somebody there"
        assert "敻弇" not in before_text and '"sealed"' in before_text, "what is sealed stands nowhere in plain, even before"
        if over:
            events.close(world.owner, world.slug)
        before, told = asdict(figures.stats(SYSTEM, world.slug)), overview.of_event(world.owner, world.slug).counts
        first, *others = people = [one.id for one in of_the_person()]
        assert len(people) == 3
        rights.erase(Actor("public", holds=frozenset({first})), world.slug, first, proof=rights.proof_of(first))
        for one in (*others, *others):
            rights.erase(world.owner, world.slug, one, asked="phone")
        after = asdict(figures.stats(SYSTEM, world.slug))
        same = set(before) - {"as_of", "seq"} - (set() if over else {"registrations", "people_registered"})
        assert {key: after[key] for key in same} == {key: before[key] for key in same}
        if over:
            assert overview.of_event(world.owner, world.slug).counts == told
        assert found(dump(server.database_url)) == []
        assert of_the_person() == []
        for row in db.session.scalars(select(Registration).where(Registration.id.in_(people))):
            assert row.erased_at is not None
    server.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    assert found(server.printed()) == []
    if server.database_url.startswith("sqlite"):
        assert in_files(server.database_url) == []
