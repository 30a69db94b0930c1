"""A paper list entered afterwards: records with basis paper, all or nothing, and twice is once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask

from eventsvc.errors import Invalid
from eventsvc.models import Record
from eventsvc.ports import clock
from eventsvc.services import audit, figures, paper_list
from tests.services.world import World, checkin, count_of, record


@pytest.fixture
def at(app_context: Flask) -> datetime:
    return clock.now().replace(microsecond=0)


def day() -> World:
    now = clock.now()
    return World({"starts_at": (now - timedelta(hours=2)).isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat(), "checkpoints": [
        {"key": "gate", "name": "东门", "rule": "once", "entrance": True}, {"key": "stage", "name": "舞台", "rule": "each_time"},
    ]})  # fmt: skip


def enter(world: World, text: str, at: datetime, place: str = "gate", nonce: str = "n1") -> paper_list.Entered:
    return paper_list.enter(world.owner, world.slug, place, paper_list.read(text, at, "Asia/Shanghai"), nonce)


def test_a_list_becomes_records_of_paper(at: datetime) -> None:
    world = day()
    one, two = world.ticket(3), world.ticket(2)
    done = enter(world, f"{one.pickup_code} 2\n\n{two.code}  # 全到\n现场 4", at)
    assert done == paper_list.Entered(3, 0, 0)
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.entries, found.walkins, found.conflicts) == (8, 8, 4, 0)
    assert {(row.basis, row.decided, row.outcome) for row in Record.query.all()} == {("paper", "admitted", "admitted")}


def test_twice_is_once_and_an_undone_line_can_be_entered_again(at: datetime) -> None:
    world = day()
    one = world.ticket(3)
    enter(world, f"{one.pickup_code} 2\n现场 1", at)
    assert enter(world, f"{one.code}  2\n现场 1", at) == paper_list.Entered(0, 2, 0)
    assert enter(world, f"{one.pickup_code} 3", at + timedelta(seconds=1), nonce="n2") == paper_list.Entered(0, 1, 0), "another number is no second record"
    assert count_of(world) == 2
    kept = Record.query.filter_by(type="checkin").one()
    audit.take_back(world.owner, world.slug, {**record("undo", undoes=kept.id, reason="记错"), "operator": None})
    assert enter(world, f"{one.pickup_code} 3", at, nonce="n3").kept == 1
    assert figures.stats(world.owner, world.slug).people_admitted == 4


def test_who_was_scanned_is_not_entered_again(at: datetime) -> None:
    world = day()
    one, part = world.ticket(2), world.ticket(3)
    world.send(world.phone("scan"), checkin(one, count=2), checkin(part, count=1))
    assert enter(world, f"{one.pickup_code}\n{part.pickup_code} 2", at) == paper_list.Entered(1, 0, 1)
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.conflicts) == (5, 0)


def test_every_wrong_line_is_named_and_nothing_is_kept(at: datetime) -> None:
    world = day()
    one = world.ticket(1)
    wrong = "abc\n123456 0\n现场\n654321 1 25:00"
    with pytest.raises(Invalid) as refused:
        enter(world, f"{one.pickup_code}\n{wrong}", at)
    assert [fault.sentence()[:4] for fault in refused.value.faults] == ["第2行：", "第3行：", "第4行：", "第5行："]
    free = next(f"{n:06d}" for n in range(10) if f"{n:06d}" != one.pickup_code)
    with pytest.raises(Invalid) as refused:
        enter(world, f"{one.pickup_code}\n{free}\n{one.code}", at + timedelta(days=1), place="no")
    said = "".join(fault.sentence() for fault in refused.value.faults)
    assert "请选择签到点" in said and "第2行：没有" in said and "时间还没到" in said
    with pytest.raises(Invalid) as refused:
        enter(world, f"{one.pickup_code}\n{one.code}", at)
    assert "第2行和第1行是同一份凭证" in refused.value.faults[0].sentence()
    assert count_of(world) == 0
    with pytest.raises(Invalid):
        paper_list.read("\n".join(["现场 1"] * 301), at, "Asia/Shanghai")
    with pytest.raises(Invalid):
        paper_list.read(" \n# nothing", at, "Asia/Shanghai")


def test_another_events_ticket_is_not_here(at: datetime) -> None:
    world, other = day(), World({"slug": "other"})
    with pytest.raises(Invalid):
        enter(world, other.ticket(1).code, at)


def test_a_line_says_its_own_time(at: datetime) -> None:
    [line] = paper_list.read("３８２９１５，2人、7:05", datetime.fromisoformat("2026-08-14T20:00:00+08:00"), "Asia/Shanghai")
    assert (line.text.value, line.count, line.at.isoformat()) == ("382915", 2, "2026-08-14T07:05:00+08:00")
