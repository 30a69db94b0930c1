"""Many registrations at once: named before it is done, each answered for, done once, taken back; by whoever may, on one's own event."""

from __future__ import annotations

import re
import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from eventsvc.db import db
from eventsvc.errors import Invalid, Missing
from eventsvc.models import AuditEntry, Event, Message, Registration
from eventsvc.services import organizations, registrations
from eventsvc.services.actors import authenticate
from eventsvc.services.registrations import Sieve, bulk
from tests.services.world import World, checkin
from tests.web.console import BASE, Console, fields_of, text_of

LIST = "/manage/e/ye-shi/registrations"


@pytest.fixture
def world(app: Flask) -> World:
    """The fair with ten places."""
    with app.app_context():
        return World({"registration": {"capacity": 10}})


@pytest.fixture
def console(app: Flask) -> Console:
    """The owner's browser."""
    return Console(app)


def ask(console: Console, deed: str, ids: list[str], **more: str) -> TestResponse:
    """Tick these on the list and go on to the next step."""
    token = fields_of(console.get(LIST), f"{LIST}/bulk")["csrf_token"]
    return console.client.post(f"{LIST}/bulk", data={"csrf_token": token, "deed": deed, "id": ids, **more}, base_url=BASE)


def do(console: Console, asked: TestResponse) -> TestResponse:
    """Go through with what the page asks."""
    return console.client.post(f"{LIST}/bulk/do", data=fields_of(asked.text, f"{LIST}/bulk/do"), base_url=BASE)


def states(app: Flask) -> list[str]:
    """The statuses in order of arrival."""
    with app.app_context():
        return list(db.session.scalars(select(Registration.status).order_by(Registration.seq)))


def test_cancelled_together_and_taken_back(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        first, _second, third = [world.ticket(3, name).id for name in ("王桂芳", "李明", "赵敏")]
        world.ticket(4)  # waits: one place is left
    asked = ask(console, "cancel", [first, third])
    assert states(app) == ["confirmed"] * 3 + ["waitlisted"], "asking does nothing"
    said = text_of(asked.text)
    assert "2份报名，一共6位" in said and "王*芳、赵*" in said and "王桂芳" not in asked.text and "名额马上让给候补" in said
    done = do(console, asked)
    assert "已取消2份" in done.text and states(app) == ["cancelled", "confirmed", "cancelled", "confirmed"]
    again = do(console, asked)
    assert "已取消2份" in again.text, "the same page sent twice tells the same"
    with app.app_context():
        entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action.in_(("registration.bulk", "registration.cancel")))).all()
        assert sorted(entry.action for entry in entries) == ["registration.bulk", "registration.cancel", "registration.cancel"]
        [whole] = [entry for entry in entries if entry.action == "registration.bulk"]
        assert whole.detail == {"deed": "cancel", "rows": 2, "skipped": 0}
    back = console.client.post(f"{LIST}/bulk/do", data=fields_of(done.text, f"{LIST}/bulk/do"), base_url=BASE)
    said = text_of(back.text)
    assert "已恢复1份" in said and "有1份没有做成" in said and "名额已经让给别人了" in said and "赵*" in said
    assert states(app) == ["confirmed", "confirmed", "cancelled", "confirmed"]
    with app.app_context():
        assert db.session.scalars(select(Event.places_taken)).one() == 10


def test_all_that_is_found_not_only_the_page(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        for _ in range(6):
            world.ticket(2)  # the last waits
        world.ticket(1, "李明")
    asked = ask(console, "block", [], all="1", status="confirmed", q="wangguifang")
    assert "5份报名，一共10位" in text_of(asked.text)
    assert "已暂停5份" in do(console, asked).text
    page = console.get(f"{LIST}?status=blocked")
    assert page.count('name="id"') == 5 and "（已选1项）" in text_of(page)
    asked = ask(console, "unblock", [], all="1")
    assert "5份报名" in text_of(asked.text) and "另有2份不在这种状态" in text_of(asked.text)
    assert "已解除暂停5份" in do(console, asked).text
    assert "没有可以这样处理的" in ask(console, "restore", [], all="1").text


def test_messages_and_new_codes(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        tickets = [world.ticket(1), world.ticket(2)]
        before = [ticket.code for ticket in tickets]
        told = len(db.session.scalars(select(Message.id)).all())
    ids = [ticket.id for ticket in tickets]
    for _ in range(2):
        asked = ask(console, "reissue", ids)
    assert "已换新码2份" in do(console, asked).text
    do(console, asked)
    with app.app_context():
        after = list(db.session.scalars(select(Registration.code).order_by(Registration.seq)))
        assert not set(before) & set(after)
        retired = [registrations.by_code(code)[3] for code in before]
        assert retired == [True, True], "sent twice it is done once: the first new code is not replaced again"
    asked = ask(console, "message", ids)
    assert "已安排通知2份" in do(console, asked).text
    do(console, asked)
    with app.app_context():
        assert len(db.session.scalars(select(Message.id)).all()) == told + 2


def test_whoever_is_in_stays(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        part, whole = world.ticket(3), world.ticket(2)
        ids = [part.id, whole.id]
        world.send(world.phone(), checkin(part, count=1), checkin(whole, count=2))
    said = text_of(do(console, ask(console, "cancel", ids)).text)
    assert "已取消1份" in said and "已经入场，不能取消" in said
    with app.app_context():
        assert [(one.status, one.party_size) for one in db.session.scalars(select(Registration).order_by(Registration.seq))] == [("confirmed", 1), ("confirmed", 2)]


def test_nothing_ticked_nothing_known_nothing_allowed(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        ticket, theirs = world.ticket(2).id, World({"slug": "other"}).ticket(1).id
        stranger = authenticate(organizations.create_token("strangers"))
        with pytest.raises(Missing):
            bulk.run(stranger, "ye-shi", "cancel", [ticket], "k" * 16)
        with pytest.raises(Invalid):
            bulk.run(world.owner, "ye-shi", "cancel", ["x"] * (bulk.MOST + 1), "k" * 16)
        with pytest.raises(Invalid):
            bulk.choose(world.owner, "ye-shi", "drop", sieve=Sieve())
        mixed = bulk.run(world.owner, "ye-shi", "cancel", [theirs, "nobody", "' OR 1=1 --"], "k" * 16)
        assert (mixed.ids, mixed.skipped) == ((), ())
        assert db.session.get_one(Registration, theirs).status == "confirmed"
    empty = ask(console, "cancel", [])
    assert empty.status_code == 303 and "请先勾选要处理的报名" in console.get(LIST)
    assert ask(console, "nonsense", [ticket]).status_code == 303 and "请选要做什么" in console.get(LIST)
    assert "没有可以这样处理的" in ask(console, "cancel", [theirs, "x" * 400, "\x00"]).text
    assert ask(console, "cancel", ["\x00", "x" * 36]).status_code == 303
    for ids in ("", "x " * 1200):
        token = fields_of(console.get(LIST), f"{LIST}/bulk")["csrf_token"]
        sent = {"csrf_token": token, "deed": "cancel", "ids": ids, "nonce": "a" * 32}
        assert console.client.post(f"{LIST}/bulk/do", data=sent, base_url=BASE).status_code == 303
    viewer = Console(app, "viewer")
    page = viewer.get(LIST)
    assert 'name="id"' not in page and "批量处理" not in page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    for path in ("bulk", "bulk/do"):
        sent = {"csrf_token": token[1] if token else "", "deed": "cancel", "id": ticket, "ids": ticket, "nonce": "a" * 32}
        assert viewer.client.post(f"{LIST}/{path}", data=sent, base_url=BASE).status_code == 403
    assert states(app) == ["confirmed", "confirmed"]


def test_filters_that_are_none(app: Flask, world: World, console: Console) -> None:
    with app.app_context():
        world.ticket(1)
    for wrong in ("status=%00", "session=%00&answered=%ED%A0%80", "channel=%27--", "order=sideways", "double=2", f"session={'x' * 5000}", "arrived=%EF%BC%91"):
        console.get(f"{LIST}?{wrong}")
    assert "没有符合这些条件的报名" in console.get(f"{LIST}?session=nope")
    for cursor in ("x", "%00", "9" * 30):
        console.get(f"{LIST}?cursor={cursor}", status=422)


def test_stopped_half_way_it_is_carried_on(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        ids = [world.ticket(1).id for _ in range(7)]
        monkeypatch.setattr(bulk, "SET", 3)
        reissue, left = bulk._DEEDS["reissue"], [1]

        def failing(*said: Any) -> Any:
            answer = reissue(*said)
            left[0] -= 1
            if left[0] < 0:
                raise RuntimeError("the server stops")
            return answer

        monkeypatch.setitem(bulk._DEEDS, "reissue", failing)
        with pytest.raises(RuntimeError):
            bulk.run(world.owner, "ye-shi", "reissue", ids, "k" * 16)
        half = [one.code for one in db.session.scalars(select(Registration).order_by(Registration.seq))]
        left[0] = 100
        assert bulk.run(world.owner, "ye-shi", "reissue", ids, "k" * 16).ids == tuple(ids)
        db.session.expire_all()
        after = [one.code for one in db.session.scalars(select(Registration).order_by(Registration.seq))]
        assert after[:3] == half[:3] and not set(after[3:]) & set(half), "the first set stands, the others are done now"


def test_two_taps_at_once_do_it_once(app: Flask, world: World) -> None:
    with app.app_context():
        ids = [world.ticket(1).id for _ in range(4)]
        owner = world.owner
    told: list[tuple[str, ...]] = []

    def tap() -> None:
        with app.app_context():
            told.append(bulk.run(owner, "ye-shi", "reissue", ids, "k" * 16).ids)

    taps = [threading.Thread(target=tap) for _ in range(4)]
    for one in taps:
        one.start()
    for one in taps:
        one.join()
    assert told == [tuple(ids)] * 4
    with app.app_context():
        assert len(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "registration.reissue")).all()) == 4
