"""From real records through the fold to the documents: the workbook's formulas prove the figures, the brief says them."""

import uuid
from typing import Any

import pytest
from flask import Flask

from eventsvc.ports.clock import FakeClock
from eventsvc.render import brief
from eventsvc.render.text import txt
from eventsvc.render.xlsx import workbook
from eventsvc.services import actors, events, figures, finalizing, organizations, records, registrations

from .test_xlsx import calculated, every_formula, opened, table

EVENT: dict[str, Any] = {
    "slug": "yeshi",
    "title": "非遗夜市",
    "kind": "fair",
    "host": "管城区委宣传部",
    "venue": "新天地社区",
    "starts_at": "2026-08-14T18:00:00+08:00",
    "checkpoints": [{"key": "gate", "name": "入口", "rule": "once", "entrance": True}, {"key": "craft", "name": "剪纸", "rule": "each_time"}],
    "counters": [
        {"key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受", "topics": ["非遗"]},
        {"key": "books", "name": "宣传册", "kind": "handout", "unit": "册", "verb": "发放", "stock": 500},
        {"key": "heads", "name": "东门", "kind": "headcount", "unit": "人次", "verb": ""},
    ],
}


@pytest.fixture
def owner(app_context: Flask) -> actors.Actor:
    """The owner of a published fair."""
    actor = actors.authenticate(organizations.create_token("demo"))
    events.create(actor, EVENT)
    events.publish(actor, "yeshi")
    return actor


def sent(owner: actors.Actor, clock: FakeClock, **record: Any) -> str:
    """One record posted at the door of records; its id."""
    record = {"id": str(uuid.uuid4()), "at": clock.now().isoformat()} | record
    [answer] = records.submit(owner, "yeshi", {"records": [record]})["results"]
    assert answer["status"] == "recorded", answer
    return record["id"]


def evening(owner: actors.Actor, clock: FakeClock) -> None:
    """A party of three in parts, one too many by decision, a walk-in, taps, a stocktake, undos, refused scans."""
    who = {"name": "张小丰", "phone": "13800001234", "party_size": 3, "consent": True}
    code = registrations.register(owner, "yeshi", who).registration.code
    gate = {"type": "checkin", "checkpoint": "gate", "ticket": code}
    sent(owner, clock, **gate, count=1)
    sent(owner, clock, **gate, count=2)
    sent(owner, clock, **gate, count=2, decided="admitted", reason="孩子跟着")
    sent(owner, clock, **gate, count=1)
    sent(owner, clock, **(gate | {"checkpoint": "craft"}), count=2)
    sent(owner, clock, **(gate | {"ticket": "0123456789ABCDEFGHJK"}), count=1)
    sent(owner, clock, **(gate | {"ticket": "0123456789ABCDEFGHJK"}), count=1, decided="admitted", reason="认识")
    sent(owner, clock, type="walkin", checkpoint="gate", count=2, consent=True)
    taps = [sent(owner, clock, type="tally", counter="consult", quantity=n, topic="非遗") for n in (1, 5, 10)]
    sent(owner, clock, type="undo", undoes=taps[1], reason="误点")
    sent(owner, clock, type="tally", counter="books", quantity=100)
    sent(owner, clock, type="tally", counter="books", quantity=120, basis="stocktake")
    sent(owner, clock, type="tally", counter="heads", quantity=9, direction="in")
    sent(owner, clock, type="tally", counter="heads", quantity=4, direction="out")


def test_documents_of_a_real_evening(owner: actors.Actor, clock: FakeClock) -> None:
    evening(owner, clock)
    report = finalizing.report(owner, "yeshi")
    assert brief.sentence(report) == "此次文化活动共有6人次参加，接受群众咨询11人次，发放宣传册100册。"
    assert brief.paragraph(report).startswith("2026年8月14日晚上，由管城区委宣传部主办的非遗夜市在新天地社区举行。")
    assert "入场人次：6人次（入口签到记录4条）" in txt(report)
    content = workbook(report, figures.lines(owner, "yeshi"))
    live, stored = opened(content), opened(content, values=True)
    for sheet, cell, formula in every_formula(live):
        assert stored[sheet][cell].value == calculated(live, sheet, formula), (sheet, cell)
        assert stored[sheet][cell].value != "请核对", (sheet, cell, table(stored, sheet))


def test_frozen_figures_stay_while_records_still_come(owner: actors.Actor, clock: FakeClock) -> None:
    evening(owner, clock)
    finalizing.finalize(owner, "yeshi")
    said = brief.sentence(finalizing.report(owner, "yeshi"))
    clock.advance(minutes=5)
    sent(owner, clock, type="tally", counter="consult", quantity=2)
    report = finalizing.report(owner, "yeshi")
    assert brief.sentence(report) == said
    assert "定稿后：群众咨询+2（未计入上文）" in txt(report)
    stored = opened(workbook(report, figures.lines(owner, "yeshi")), values=True)
    row = next(row for row in table(stored, "数据") if row[0] == "群众咨询")
    assert row[1] == 11 and row[6] == 2 and row[9] == "相符"
