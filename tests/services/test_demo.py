"""The demo: the real activities exactly as their source has them, a live copy that shows life, loaded once and whole."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient

from eventsvc import demo
from eventsvc.demo import cast, live, seed
from eventsvc.ports.clock import FakeClock
from eventsvc.render import brief
from eventsvc.services import devices, events, figures, finalizing, organizations, registrations
from eventsvc.services.actors import SYSTEM, Actor

BRIEF = (
    "此次宣传活动共制作宣传展板20面，悬挂宣传条幅10条，现场受理依申请公开件20多份，"
    "接受群众咨询560人次，发放宣传册和宣传页1800余册。"
)
LEAD = (
    "近日，由管城区人民政府办公室主办的推进基层政务公开暨“阳光政务、民心所望”"
    "新《中华人民共和国政府信息公开条例》宣传活动在商都遗址城墙下举行。"
)


def clauses(text: str) -> list[str]:
    """The clauses of a text, punctuation normalised (NFKC makes full-width commas half-width)."""
    flat = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).replace('"', "”")
    return [clause for clause in re.split(r"[,。.;]", flat) if clause]


@pytest.fixture
def loaded(app_context: Flask) -> demo.DemoLinks:
    """The demo in this test's database."""
    links = demo.load()
    assert links is not None
    return links


def documents() -> dict[str, dict[str, Any]]:
    """Every event as a document, by slug."""
    return {event.slug: events.event_document.dump(event) for event in events.listed(SYSTEM)[0]}


def test_real_titles_exactly(loaded: demo.DemoLinks) -> None:
    titles = {document["title"] for document in documents().values()}
    real = {activity["title"] for code, activity in seed.activities().items() if code != "GUATU"}
    assert real <= titles
    assert titles - real == {f"{seed.activities()['FEIYI']['title']}（演示）"}


def test_the_outreach_reads_as_its_source(loaded: demo.DemoLinks) -> None:
    report = finalizing.report(SYSTEM, "yangguang-zhengwu")
    assert clauses(brief.sentence(report)) == clauses(BRIEF)
    assert clauses(brief.lead(report.event)) == clauses(LEAD)
    assert brief.check(brief.paragraph(report)) == []


def test_the_outreach_over_http(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        demo.load()
        token = organizations.create_token("demo")
    answer = client.get("/api/v1/events/yangguang-zhengwu/report.txt", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    said = clauses(answer.get_data(as_text=True))
    for clause in clauses(BRIEF):
        assert clause in said


def test_reported_figures_stand_apart_from_computed_ones(loaded: demo.DemoLinks) -> None:
    found = figures.stats(SYSTEM, "yangguang-zhengwu")
    assert {c.key: (c.total, c.reported and (c.reported.value, c.reported.qualifier, c.reported.source)) for c in found.counters} == {
        "boards": (0, (20, "exact", "人工填报")),
        "banners": (0, (10, "exact", "人工填报")),
        "applications": (0, (20, "over_duo", "人工填报")),
        "consult": (0, (560, "exact", "人工填报")),
        "booklets": (0, (1800, "over_yu", "人工填报")),
    }


def test_the_fair_has_modules_and_zones_and_no_figure(loaded: demo.DemoLinks) -> None:
    fair = documents()["feiyi-2020"]
    assert [(a["name"], a["parent"]) for a in fair["areas"] if a["kind"] == "module"] == [
        ("社区同欢", None), ("玩转非遗", None), ("摊位派对", None), ("打卡留念", None),
    ]  # fmt: skip
    assert [(a["name"], a["note"], a["parent"]) for a in fair["areas"] if a["kind"] == "zone"] == [
        ("动态区", "歌舞、戏曲、合唱", None), ("静态区", "展示+体验+消费", None),
    ]  # fmt: skip
    assert fair["counters"] == [] and fair["sessions"] == [] and fair["registration"]["capacity"] is None
    assert brief.sentence(finalizing.report(SYSTEM, "feiyi-2020")) == ""


def test_the_tour_has_six_points_of_which_two_are_named(loaded: demo.DemoLinks) -> None:
    tour = documents()["guanmo-2020"]
    names = [c["name"] for c in tour["checkpoints"]]
    assert len(names) == 6 and all(c["rule"] == "stamp" for c in tour["checkpoints"])
    assert names[:2] == ["北下街街道兴达国贸楼宇社区", "陇海马路街道北三街改造片区"]
    assert all("待补" in name for name in names[2:])
    assert {c["key"]: c["reported"]["value"] for c in tour["counters"]} == {"units": 13, "points": 6}
    assert tour["date_text"] == "2020年8月12日上午"


def test_the_year_is_a_parameter_and_said_to_be_inferred(app_context: Flask) -> None:
    demo.load(2021)
    found = documents()
    assert found["feiyi-2021"]["date_text"] == "2021年8月14日下午"
    assert {slug for slug, document in found.items() if document["year_inferred"]} == {"feiyi-2021", "guanmo-2021", "tuijinhui-2021"}
    assert found["yangguang-zhengwu"]["date_text"] == "近日"  # no date, so no year


def test_past_activities_take_no_registration(loaded: demo.DemoLinks) -> None:
    for slug, document in documents().items():
        assert document["registration"]["open"] is (slug == live.SLUG)
        assert document["status"] == ("published" if slug == live.SLUG else "closed")
        assert document["demo"] is (slug == live.SLUG)


def test_nobody_is_named_but_the_cast(loaded: demo.DemoLinks) -> None:
    text = json.dumps(documents(), ensure_ascii=False) + seed.FILE.read_text(encoding="utf-8")
    assert not re.search(r"记者|通讯员|区委常委|部长|主任|书记.{0,3}(?:要求|讲话)", text)
    made_up = {"王桂芳", "李建国", "张秀英", "陈小雨"}
    assert all(resident.name in made_up or "演示" in resident.name for resident in cast.RESIDENTS)
    assert all(re.fullmatch(r"1390000\d{4}", resident.phone) for resident in cast.RESIDENTS)


def test_the_live_copy_is_on_today_and_shows_life(loaded: demo.DemoLinks, clock: FakeClock) -> None:
    found = figures.stats(SYSTEM, live.SLUG)
    came = sum(resident.came for resident in cast.RESIDENTS)
    assert found.people_registered == sum(resident.party_size for resident in cast.RESIDENTS)
    assert found.entries == came + 2 and found.walkins == 2 and found.refused == 1 and found.conflicts == 0
    assert {c.key: c.total > 0 for c in found.counters} == {"heads": True, "leaflets": True, "consult": True}
    assert next(c for c in found.counters if c.key == "leaflets").stock_left == 363
    assert all("clock_skew" not in line.flags for line in figures.lines(SYSTEM, live.SLUG))
    document = documents()[live.SLUG]
    assert document["rehearsal"] and {c["rule"] for c in document["checkpoints"]} == {"once", "each_time", "stamp"}
    event = events.read(SYSTEM, live.SLUG)
    assert event.starts_at is not None and event.ends_at is not None
    assert event.starts_at <= clock.now() < event.ends_at
    assert registrations.state(event, clock.now() + timedelta(days=3)) == "open"  # a rehearsal stays open


@pytest.mark.parametrize(("hour", "begins"), [(0, 0), (1, 0), (9, 8), (23, 22)])
def test_it_begins_at_a_full_hour_of_today(clock: FakeClock, hour: int, begins: int) -> None:
    here = clock.now().astimezone(ZoneInfo("Asia/Shanghai")).replace(hour=hour, minute=41)
    assert live.opening(here) == here.replace(hour=begins, minute=0, second=0, microsecond=0)


def test_a_stranger_gets_a_place_at_once(loaded: demo.DemoLinks) -> None:
    data = {"name": "演示来客", "phone": "13900000099", "party_size": 5, "consent": True}
    assert registrations.register(Actor("public"), live.SLUG, data).registration.status == "confirmed"


def test_the_printed_links_work_once_for_the_organizer_and_often_for_volunteers(loaded: demo.DemoLinks) -> None:
    assert loaded.resident_url == f"https://example.test/e/{live.SLUG}"
    user = organizations.sign_in(loaded.organizer_email, loaded.password)
    assert user.must_change
    code = loaded.volunteer_url.rsplit("/", 1)[1]
    invitation, event = devices.look_at(code)
    assert (invitation.max_uses, invitation.uses, event.slug) == (30, 0, live.SLUG)


def test_a_second_load_changes_nothing(loaded: demo.DemoLinks) -> None:
    before = documents()
    assert demo.load() is None
    assert documents() == before


def test_it_is_loaded_whole_or_not_at_all(app_context: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("half way")

    monkeypatch.setattr(organizations, "add_user", fail)
    with pytest.raises(RuntimeError):
        demo.load()
    assert documents() == {}
    monkeypatch.undo()
    assert demo.load() is not None
