"""Events in the console: from a template to a published event, faults beside their fields, rows without script, files, states."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask

from eventsvc.services import event_document, event_templates, events, organizations
from eventsvc.services.actors import SYSTEM
from tests.web.console import BASE, Console, text_of

TYPED: dict[str, Any] = {
    "title": "南关街夏夜纳凉晚会",
    "starts_at": "2026-08-20T19:00",
    "ends_at": "2026-08-20T21:30",
    "venue": "新天地社区广场",
    "contact_phone": "0371-66001234",
    "capacity": "500",
}


def document(app: Flask, slug: str) -> dict[str, Any]:
    """An event as it is kept."""
    with app.app_context():
        return event_document.dump(events.read(SYSTEM, slug))


def make(console: Console, template: str = "fair", **changes: Any) -> str:
    """Make a draft through the form; its slug."""
    answer = console.send("/manage/new", page=f"/manage/new?template={template}", **(TYPED | changes))
    assert answer.status_code == 303, text_of(answer.text)
    return answer.headers["Location"].removeprefix("/manage/e/").strip("/")


def test_every_fault_is_said_at_once(app: Flask) -> None:
    console = Console(app)
    answer = console.send("/manage/new", page="/manage/new?template=fair", **(TYPED | {"contact_phone": "12", "ends_at": "2026-08-20T18:00"}))
    assert answer.status_code == 422
    assert 'id="contact_phone-error"' in answer.text and 'id="ends_at-error"' in answer.text and "结束时间要晚于开始时间" in answer.text
    assert "结束时间：结束时间" not in answer.text and answer.text.index('href="#ends_at"') < answer.text.index('href="#contact_phone"')


def test_nothing_yet_is_said_honestly(app: Flask) -> None:
    page = Console(app).get("/manage/")
    assert "还没有活动" in page and "/manage/new" in page


@pytest.mark.parametrize("start", event_templates.TEMPLATES, ids=lambda start: start.key)
def test_each_template_makes_an_event_that_can_be_published(app: Flask, start: event_templates.Template) -> None:
    console = Console(app)
    slug = make(console, start.key)
    kept = document(app, slug)
    assert slug == "ngjxynlwh-20260820" and kept["kind"] == start.key
    assert kept["starts_at"] == "2026-08-20T19:00:00+08:00" and kept["registration"]["capacity"] == 500
    for group in ("areas", "checkpoints", "counters"):
        assert [row["key"] for row in kept[group]] == [row["key"] for row in start.document.get(group, [])]
    asked = console.get(f"/manage/e/{slug}/turn/publish")
    assert "居民马上能看到活动页" in asked
    assert console.send(f"/manage/e/{slug}/turn/publish").status_code == 303
    assert document(app, slug)["status"] == "published"
    assert "已发布" in console.get("/manage/")


def test_the_templates_speak_as_the_brief_does(app: Flask) -> None:
    counters = {row["key"]: row for row in event_templates.by_key("outreach").fresh()["counters"]}  # type: ignore[union-attr]
    assert (counters["applications"]["verb"], counters["applications"]["name"], counters["applications"]["unit"]) == ("受理", "政府信息公开申请", "件")
    assert (counters["leaflets"]["verb"], counters["leaflets"]["name"], counters["leaflets"]["unit"]) == ("发放", "宣传册、宣传页", "份")
    assert counters["applications"].get("qualifier", "exact") == "exact"


def test_few_fields_lead_from_a_template_to_a_published_event(app: Flask) -> None:
    """新建活动, the template, six fields, 保存, 发布, 发布: 11 taps and fields of the 25 that are allowed."""
    assert 2 + len(TYPED) + 1 + 2 <= 25


def test_every_fault_stands_beside_its_field_and_nothing_typed_is_lost(app: Flask) -> None:
    console = Console(app)
    wrong = TYPED | {"title": "", "capacity": "很多", "contact_phone": "12", "ends_at": "2026-08-20T18:00", "venue": "<b>广场", "checkpoints-0-name": "南门" * 100}
    answer = console.send("/manage/new", page="/manage/new?template=fair", **wrong)
    assert answer.status_code == 422
    page = answer.text
    for field in ("title", "capacity", "contact_phone", "checkpoints-0-name"):
        assert f'id="{field}-error"' in page, field
    assert "还有" in page and 'href="#capacity"' in page and "请填数字" in page
    assert 'value="很多"' in page and "&lt;b&gt;广场" in page and "<b>广场" not in page and "南门" * 100 in page
    again = console.send("/manage/new", page="/manage/new?template=fair", **(TYPED | {"ends_at": "2026-08-20T18:00"}))
    assert "结束时间要晚于开始时间" in again.text and 'id="ends_at-error"' in again.text


def test_a_time_that_nobody_can_read_is_said_in_words(app: Flask) -> None:
    answer = Console(app).send("/manage/new", page="/manage/new?template=fair", **(TYPED | {"starts_at": "明天晚上"}))
    assert answer.status_code == 422 and "时间看不懂" in answer.text and 'value="明天晚上"' in answer.text and "+08:00" not in text_of(answer.text)


def test_rows_come_and_go_without_script(app: Flask) -> None:
    console = Console(app)
    page = "/manage/new?template=fair"
    more = console.send("/manage/new", page=page, **TYPED, add="checkpoints")
    assert more.status_code == 200 and 'name="checkpoints-1-name"' in more.text and f'value="{TYPED["title"]}"' in more.text
    less = console.send("/manage/new", page=page, **TYPED, remove="areas-0")
    assert less.status_code == 200 and "演出区" not in less.text and "摊位区" in less.text
    slug = make(console, **{"checkpoints-1-name": "西门", "checkpoints-1-rule": "each_time", "counters-2-verb": "发放", "counters-2-name": "宣传袋", "counters-2-unit": "个", "counters-2-kind": "handout", "counters-2-topics": "大、小"})
    kept = document(app, slug)
    assert [(row["key"], row["name"], row["rule"], row["entrance"]) for row in kept["checkpoints"]] == [("gate", "入口", "once", True), ("xm", "西门", "each_time", False)]
    assert kept["counters"][2]["topics"] == ["大", "小"] and kept["counters"][2]["steps"] == [1, 5, 10, 100]


def test_an_edit_keeps_what_the_form_does_not_show(app: Flask) -> None:
    console = Console(app)
    with app.app_context():
        rows = [{"key": "consult", "name": "咨询", "kind": "consultation", "unit": "人次", "steps": [1, 2, 3], "reported": {"value": 560}}]
        questions = [{"key": "age", "label": "年龄段"}]
        events.create(console.actor(), {"slug": "a", "title": "会", "kind": "outreach", "counters": rows, "registration": {"questions": questions}})
    before = document(app, "a")
    assert console.send("/manage/e/a/edit", title="新名字").status_code == 303
    after = document(app, "a")
    assert after == before | {"title": "新名字"}


def test_two_events_of_one_name_get_two_addresses(app: Flask) -> None:
    console = Console(app)
    assert [make(console), make(console)] == ["ngjxynlwh-20260820", "ngjxynlwh-20260820-2"]
    taken = console.send("/manage/new", page="/manage/new?template=fair", **TYPED, slug="ngjxynlwh-20260820")
    assert taken.status_code == 409 and 'id="slug-error"' in taken.text and "已被别的活动使用" in taken.text


def test_a_form_that_is_sent_twice_makes_one_event(app: Flask) -> None:
    console = Console(app)
    fields = console.fields("/manage/new?template=fair") | TYPED
    answers = [console.client.post("/manage/new", data=fields, base_url=BASE) for _ in range(2)]
    assert len({answer.headers["Location"] for answer in answers}) == 1
    other = console.client.post("/manage/new", data=fields | {"title": "另一个活动"}, base_url=BASE)
    assert other.status_code == 303 and other.headers["Location"] != answers[0].headers["Location"]


def test_a_copy_begins_without_dates(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    fields = console.fields(f"/manage/new?template=copy:{slug}")
    assert fields["title"] == TYPED["title"] and fields["starts_at"] == "" and fields["slug"] == ""
    answer = console.send("/manage/new", page=f"/manage/new?template=copy:{slug}", starts_at="2026-09-01T19:00", ends_at="2026-09-01T21:00")
    assert answer.headers["Location"] == "/manage/e/ngjxynlwh-20260901/"


def test_the_checklist_says_what_is_missing(app: Flask) -> None:
    console = Console(app)
    slug = make(console, contact_phone="", venue="")
    page = text_of(console.get(f"/manage/e/{slug}/"))
    for sentence in ("地点还没有填", "联系电话还没有填", "还没有志愿者的手机加入", "还没有发布"):
        assert sentence in page
    assert "都好了" not in page


def test_states_say_what_they_do_and_do_it(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    console.send(f"/manage/e/{slug}/turn/publish")
    for verb, sentence, status in (("close", "停止扫码入场", "closed"), ("publish", "居民马上能看到", "published"), ("cancel", "请大家不要前往", "cancelled")):
        assert sentence in console.get(f"/manage/e/{slug}/turn/{verb}")
        assert console.send(f"/manage/e/{slug}/turn/{verb}").status_code == 303
        assert document(app, slug)["status"] == status
    assert console.send(f"/manage/e/{slug}/turn/publish", page="/manage/").status_code == 409
    console.get(f"/manage/e/{slug}/turn/nonsense", 404)


def test_postponing_moves_the_end_along(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    console.send(f"/manage/e/{slug}/turn/publish")
    bad = console.send(f"/manage/e/{slug}/postpone", starts_at="下周", ends_at="")
    assert bad.status_code == 422 and "时间看不懂" in bad.text and 'value="下周"' in bad.text
    assert console.send(f"/manage/e/{slug}/postpone", starts_at="2026-08-21T19:00", ends_at="").status_code == 303
    assert document(app, slug)["ends_at"] == "2026-08-21T21:30:00+08:00"


def test_another_time_or_none_yet_is_chosen_in_so_many_words(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    console.send(f"/manage/e/{slug}/turn/publish")
    page = f"/manage/e/{slug}/postpone"
    before = document(app, slug)
    fields = console.fields(page)
    assert (fields["starts_at"], fields["when"]) == (before["starts_at"][:16], ["new"])
    for unchanged in ({}, {"starts_at": "", "ends_at": ""}):  # one press never makes an event 延期
        refused = console.send(page, **unchanged)
        assert refused.status_code == 422 and document(app, slug)["starts_at"] == before["starts_at"]
    assert console.send(page, when="later").status_code == 303
    assert document(app, slug)["starts_at"] is None


def test_a_cancelled_event_offers_nothing_that_opens_a_door(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    console.send(f"/manage/e/{slug}/turn/publish")
    assert "可以开门了吗？" in console.get(f"/manage/e/{slug}/")
    console.send(f"/manage/e/{slug}/turn/cancel")
    page = console.get(f"/manage/e/{slug}/")
    assert "活动已取消" in page and f'href="/manage/e/{slug}/calls"' in page
    for gone in ("可以开门了吗？", "结束演练", f"/manage/e/{slug}/poster", f"/manage/e/{slug}/rehearsal"):
        assert gone not in page, gone


def test_the_form_begins_with_the_organization_as_host(app: Flask) -> None:
    console = Console(app)
    assert console.fields("/manage/new?template=outreach")["host"] == "", "a key is no name"
    with app.app_context():
        organizations.ensure("demo", "南关街街道办事处")
    assert console.fields("/manage/new?template=outreach")["host"] == "南关街街道办事处"


def test_an_event_goes_into_a_file_and_comes_back(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    answer = console.client.get(f"/manage/e/{slug}/event.json", base_url=BASE)
    assert f'filename="{slug}.json"' in answer.headers["Content-Disposition"]
    data = answer.get_json() | {"slug": "again"}
    file = (io.BytesIO(json.dumps(data).encode()), "again.json")
    fields = console.fields("/manage/import")
    made = console.client.post("/manage/import", data={"csrf_token": fields["csrf_token"], "file": file}, base_url=BASE)
    assert made.headers["Location"] == "/manage/e/again/"
    assert document(app, "again") == document(app, slug) | {"slug": "again"}
    changed = console.send(f"/manage/e/{slug}/import", text=json.dumps({"title": "改过的"}))
    assert changed.status_code == 303 and document(app, slug)["title"] == "改过的"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "请选一个文件"), ("{", "第1行"), ("[]", "应是一个活动"), ("[" * 100_000, ""),
        ('{"title": "x", "kind": "fair", "slug": "x", "counters": [{"key": "a b", "name": "n", "stock": -1}]}', "counters.0.stock"),
        ('{"title": "a\\u0000", "kind": "fair", "slug": "\\ud800"}', "title"),
    ],
)  # fmt: skip
def test_a_bad_file_changes_nothing_and_every_fault_has_its_place(app: Flask, text: str, told: str) -> None:
    answer = Console(app).send("/manage/import", text=text)
    assert answer.status_code == 422 and told in answer.text and "什么都没有动" in answer.text


def test_a_viewer_reads_and_changes_nothing(app: Flask) -> None:
    owner, viewer = Console(app), Console(app, "viewer")
    slug = make(owner)
    page = viewer.get(f"/manage/e/{slug}/")
    assert "/edit" not in page and "/turn/" not in page and "新建活动" not in viewer.get("/manage/")
    for path in ("edit", "turn/publish", "postpone", "import", "desk", "tallies"):
        viewer.get(f"/manage/e/{slug}/{path}", 403)
    viewer.get("/manage/new?template=fair", 403)
    viewer.get("/manage/journal", 403)
    token = viewer.fields("/manage/")["csrf_token"]
    for path in ("edit", "turn/publish", "postpone", "import", "devices", "desk", "report/participation", "tallies/leaflets", "registrations/x/cancel"):
        answer = viewer.client.post(f"/manage/e/{slug}/{path}", data={"csrf_token": token}, base_url=BASE)
        assert answer.status_code == 403, path
    assert document(app, slug)["status"] == "draft"


def test_another_organization_does_not_even_learn_that_it_is_there(app: Flask) -> None:
    slug = make(Console(app))
    stranger = Console(app, email="stranger@example.test", organization="others")
    assert slug not in stranger.get("/manage/")
    for path in ("", "edit", "live", "live.json", "report", "report.xlsx", "registrations", "devices", "figures/entries", "event.json"):
        stranger.get(f"/manage/e/{slug}/{path}", 404)


def test_the_journal_says_who_did_what(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    console.send(f"/manage/e/{slug}/turn/publish")
    assert console.client.get(f"/manage/e/{slug}/report.xlsx", base_url=BASE).status_code == 200
    page = text_of(console.get("/manage/journal"))
    assert "王主任" in page and "新建活动" in page and "发布活动" in page and "下载数据 xlsx" in page and TYPED["title"] in page


def test_questions_are_set_up_in_the_form(app: Flask) -> None:
    console = Console(app)
    slug = make(console)
    asked = {"questions-0-name": "年龄段", "questions-0-type": "age_band", "questions-0-ask": "desk", "questions-0-required": "1"}
    asked |= {"questions-1-name": "身份证号", "questions-1-type": "id_number", "questions-1-ask": "form"}
    refused = console.send(f"/manage/e/{slug}/edit", **asked, members="names", per_phone="2", max_party="3")
    assert refused.status_code == 422 and "questions-1-reason-error" in refused.text and "请写明为什么非收不可" in refused.text
    saved = console.send(f"/manage/e/{slug}/edit", **asked, **{"questions-1-reason": "景区要登记"}, members="names", per_phone="2", max_party="3")
    assert saved.status_code == 303, text_of(saved.text)
    kept = document(app, slug)["registration"]
    assert (kept["members"], kept["per_phone"]) == ("names", 2)
    band, number = kept["questions"]
    assert (band["key"], band["ask"], band["required"], band["choices"][0]) == ("nld", "desk", True, "6岁以下")
    assert (number["type"], number["reason"], number["required"]) == ("id_number", "景区要登记", False)
    shown = console.fields(f"/manage/e/{slug}/edit")
    assert shown["questions-0-name"] == "年龄段" and shown["questions-0-choices"] == "" and shown["questions-1-type"] == "id_number"
    assert console.send(f"/manage/e/{slug}/edit").status_code == 303 and document(app, slug)["registration"] == kept
