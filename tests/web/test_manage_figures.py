"""Figures in the console: every surface says the same, each figure opens to records that make it, undo, typed and paper numbers."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from flask import Flask
from openpyxl import load_workbook

from eventsvc.ports import limits
from eventsvc.ports.clock import FakeClock
from eventsvc.services import figures, finalizing
from eventsvc.services.actors import SYSTEM
from eventsvc.services.reports import Figures
from tests.conftest import OPENING
from tests.services.world import World, checkin, record, tally
from tests.web.console import BASE, Console, text_of

E = "/manage/e/ye-shi"
NAMED = ("people_admitted", "entries", "inside", "walkins", "scans", "refused", "conflicts", "unidentified", "self_reported")


@pytest.fixture
def world(app: Flask) -> World:
    """The fair in the middle of its evening: families, a walk-in, refusals, an undo, a conflict, counters."""
    limits.reset()
    with app.app_context():
        made = World()
        gate, table = made.phone(name="东门"), made.phone(name="咨询台")
        family, one, late = made.ticket(4), made.ticket(1, "李明"), made.ticket(2, "赵铁柱")
        mistake = checkin(late, count=2)
        made.send(gate, checkin(family, count=3), checkin(one), checkin(one), mistake, record("walkin", checkpoint="gate", count=2))
        made.send(gate, record("undo", undoes=mistake["id"]), checkin(one, decided="admitted", reason="本人又来了", at=OPENING + timedelta(minutes=1)), checkin("别人的码"))
        made.send(gate, checkin(family, "stage", count=4), queued=2)
        taps = [tally("consult", topic="政务公开") for _ in range(3)] + [tally("leaflets", 10), tally("leaflets", 5), tally("heads", 7)]
        made.send(table, *taps, record("undo", undoes=taps[4]["id"]))
        return made


def now(app: Flask) -> Figures:
    """The figures as the services give them."""
    with app.app_context():
        return figures.stats(SYSTEM, "ye-shi")


def shown(html: str) -> dict[str, int]:
    """The figures on a page, by their names."""
    return {name: int(value) for name, value in re.findall(r'data-figure="([^"]+)"[^>]*>(-?\d+)<', html)}


def expected(stats: Figures) -> dict[str, int]:
    """The same from the services."""
    named = {name: getattr(stats, name) for name in (*NAMED, "people_registered", "registrations", "unsynced")}
    points = {f"checkpoint:{point.key}": point.entries for point in stats.by_checkpoint}
    return named | points | {f"counter:{counter.key}": counter.total for counter in stats.counters}


def test_every_surface_says_the_same(app: Flask, world: World) -> None:
    """Behaviour 35: list, live page, live.json, figure pages, report and workbook read one fold."""
    stats, console = now(app), Console(app)
    wanted = expected(stats)
    assert (wanted["entries"], wanted["people_admitted"], wanted["counter:consult"], wanted["counter:leaflets"]) == (6, 7, 3, 10)
    live = shown(console.get(f"{E}/live"))
    assert {name: value for name, value in live.items() if name in wanted} == {name: wanted[name] for name in live if name in wanted}
    assert {"entries", "inside", "people_admitted", "unsynced", "conflicts", "checkpoint:gate", "counter:consult"} <= live.keys()
    answer = console.client.get(f"{E}/live.json", base_url=BASE).get_json()
    with app.app_context():
        assert answer["stats"] == finalizing.pack(stats)
    people = shown(console.get(f"{E}/registrations"))
    assert people == {name: wanted[name] for name in people}
    brief = text_of(console.get(f"{E}/report"))
    assert "6人次" in brief and "接受群众咨询 3人次" in brief.replace("咨询3", "咨询 3")
    text = console.client.get(f"{E}/report.txt", base_url=BASE).text
    assert "入场人次：6人次" in text and "群众咨询：3人次" in text
    book = load_workbook(io.BytesIO(console.client.get(f"{E}/report.xlsx", base_url=BASE).data), data_only=True)
    cells = {row[0]: row[1] for row in book["数据"].iter_rows(values_only=True)}
    assert (cells["入场人次"], cells["到场人数"], cells["群众咨询"], cells["宣传页"]) == (6, 7, 3, 10)


@pytest.mark.parametrize("name", ["entries", "walkins", "checkpoint:gate", "checkpoint:stage", "counter:consult", "counter:leaflets", "counter:heads", "unidentified"])
def test_a_figure_opens_to_records_that_add_up_to_it(app: Flask, world: World, name: str) -> None:
    console, wanted = Console(app), expected(now(app))
    html = console.get(f"{E}/figures/{name}")
    assert shown(html)[name] == wanted[name]
    assert sum(int(counts) for counts in re.findall(r'data-counts="(\d+)"', html)) == wanted[name]


@pytest.mark.parametrize("name", ["scans", "refused", "conflicts"])
def test_a_figure_of_records_opens_to_as_many(app: Flask, world: World, name: str) -> None:
    html = Console(app).get(f"{E}/figures/{name}")
    assert html.count("data-record=") == expected(now(app))[name] == shown(html)[name]


def test_the_other_figures_open_too(app: Flask, world: World) -> None:
    console = Console(app)
    for name in ("people_admitted", "inside", "records", "counter:boards"):
        console.get(f"{E}/figures/{name}")
    for name in ("registrations", "people_registered", "waitlisted", "unsynced"):
        console.get(f"{E}/figures/{name}", 303)
    for name in ("nonsense", "counter:nonsense", "checkpoint:", "as_of"):
        console.get(f"{E}/figures/{name}", 404)


def test_records_are_told_in_words_and_names_are_masked(app: Flask, world: World) -> None:
    page = text_of(Console(app).get(f"{E}/figures/records"))
    for word in ("签到进 3位：请进", "签到：重复，未放行", "现场登记进 2位", "志愿者放行", "待核对", "已撤销", "现场点数 10", "群众咨询·政务公开", "东门 1" if "东门 1" in page else "东门", "王*芳"):
        assert word in page, word
    assert "王桂芳" not in page and "赵铁柱" not in page


def test_long_lists_have_pages(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventsvc.web.manage.figures.PAGE", 5)
    console = Console(app)
    pages = [console.get(f"{E}/figures/records?page={page}") for page in ("1", "2", "3", "4", "x", "-1")]
    ids = [re.findall(r'data-record="([^"]+)"', page) for page in pages]
    assert len(ids[0]) == 5 and not set(ids[0]) & set(ids[1]) and ids[4] == ids[0] == ids[5]
    console.get(f"{E}/figures/records?page=99", 303)


def test_pages_go_on_where_the_last_one_ended(app: Flask, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number of the ledger: what arrives while somebody reads moves nothing, there and back."""
    monkeypatch.setattr("eventsvc.web.manage.figures.PAGE", 4)
    monkeypatch.setattr("eventsvc.services.evidence.WINDOW", 3)
    console = Console(app)
    for name in ("records", "scans", "people_admitted", "refused", "counter:consult"):
        path: str | None = f"{E}/figures/{name}"
        walked: list[list[str]] = []
        back = ""
        while path:
            html = console.get(path)
            walked.append(re.findall(r'data-record="([^"]+)"', html))
            with app.app_context():
                world.send(world.phone(), tally("consult"), checkin("又一个不认识的码"), checkin(world.ticket(1)))
            links = [unescape(link) for link in re.findall(r'href="([^"]+page=[^"]+)"', html)]
            path = next((link for link in links if "before=" in link), None)
            back = next((link for link in links if "after=" in link), back)
        seen = [record_id for page in walked for record_id in page]
        with app.app_context():
            kind, _, key = name.partition(":")
            whole = [line.id for line in figures.lines(SYSTEM, "ye-shi", kind, key or None)]
        assert len(seen) == len(set(seen)) and seen == whole[: len(seen)][::-1], name
        if back:
            assert re.findall(r'data-record="([^"]+)"', console.get(back)) == walked[-2], name


def test_undo_wants_a_reason_and_twice_is_once(app: Flask, world: World) -> None:
    console = Console(app)
    html = console.get(f"{E}/figures/counter:consult")
    target = re.findall(r'data-record="([^"]+)"', html)[0]
    page = f"{E}/records/{target}/undo?back={E}/figures/counter:consult"
    assert "撤销以后这条记录不再计数" in console.get(page)
    assert f'href="{E}/figures/counter:consult">先不撤销</a>' in console.get(page)
    without = console.send(f"{E}/records/{target}/undo", page=page, reason=" ")
    assert without.status_code == 422 and "撤销请写明原因" in without.text
    fields = console.fields(page) | {"reason": "多点了一次"}
    answers = [console.client.post(f"{E}/records/{target}/undo", data=fields, base_url=BASE) for _ in range(2)]
    assert [answer.headers["Location"] for answer in answers] == [f"{E}/figures/counter:consult"] * 2
    assert expected(now(app))["counter:consult"] == 2
    history = text_of(console.get(f"{E}/figures/counter:consult"))
    assert "多点了一次" in history and "已撤销" in history
    with app.app_context():
        assert sum(line.type == "undo" for line in figures.lines(SYSTEM, "ye-shi", "counter", "consult")) == 1
    assert text_of(console.get("/manage/journal")).count("撤销记录") == 1
    console.get(f"{E}/records/00000000-0000-0000-0000-000000000000/undo", 404)
    Console(app, "viewer").get(f"{E}/records/{target}/undo", 403)


def test_live_says_how_many_now_and_compares_with_before(app: Flask, world: World, clock: FakeClock) -> None:
    console = Console(app)
    assert "较" not in console.client.get(f"{E}/live.json", base_url=BASE).get_json()["line"]
    clock.advance(minutes=50)
    with app.app_context():
        world.send(world.phone(), checkin(world.ticket(5), count=5))
    console = Console(app)  # half an hour without a click has signed the first one out
    answer = console.client.get(f"{E}/live.json", base_url=BASE).get_json()
    assert answer["line"] == "截至18:50，累计入场11人次，在场11人，较18:15增加5人次，接受群众咨询3人次，发放宣传页10份（另有2条记录待上传）。"
    assert answer["quarters"] == [{"at": "18:00", "entries": 6}, {"at": "18:45", "entries": 5}] and answer["as_of"] == "18:50:00"
    assert "截至 18:50:00" in text_of(console.get(f"{E}/live?wall=1"))


def test_live_tells_scans_and_counts_apart(app: Flask, world: World) -> None:
    page = text_of(Console(app).get(f"{E}/live"))
    told = ["到场人数 7 人 来了多少人", "入场人次 6 人次 放进来多少人次", "在场人数", "点数", "和扫码看到的是同一批人"]
    places = [page.find(sentence) for sentence in told]
    assert places == sorted(places) and -1 not in places, places


def test_live_json_asks_strangers_to_sign_in(app: Flask, world: World) -> None:
    assert app.test_client().get(f"{E}/live.json", base_url=BASE).status_code == 401


def test_an_event_without_anything_counted_is_honest(app: Flask) -> None:
    limits.reset()
    with app.app_context():
        World({"slug": "ye-shi"})
    console = Console(app)
    assert "还没有数字" in console.get(f"{E}/report") and "还没有记录" in console.get(f"{E}/figures/entries")
    assert "没有要核对的" in console.get(f"{E}/conflicts") and set(shown(console.get(f"{E}/live")).values()) <= {0, 100}


def test_a_conflict_is_told_with_every_phone_in_it(app: Flask, world: World) -> None:
    page = text_of(Console(app).get(f"{E}/conflicts"))
    assert "李*" in page and "本人又来了" in page and page.count("东门") >= 2 and "另一次" in page


def test_what_was_handed_in_stays_and_what_comes_later_is_added(app: Flask, world: World) -> None:
    console = Console(app)
    assert "把现在的数字定下来" in console.get(f"{E}/turn/finalize")
    assert console.send(f"{E}/turn/finalize").headers["Location"] == f"{E}/report"
    with app.app_context():
        world.send(world.phone(), tally("consult"), tally("consult"))
    page = text_of(console.get(f"{E}/report"))
    assert "3人次" in page and "群众咨询 +2" in page
    opened = text_of(console.get(f"{E}/figures/counter:consult"))
    assert "定稿时3人次" in opened and "定稿后 +2" in opened and " 5 人次" in opened


def test_what_is_finalized_is_shown_before(app: Flask, world: World, clock: FakeClock) -> None:
    html = Console(app).get(f"{E}/turn/finalize")
    wanted = expected(now(app))
    figures_shown = shown(html)
    assert {"people_admitted", "entries", "counter:heads", "counter:consult"} <= figures_shown.keys()
    assert figures_shown == {name: wanted[name] for name in figures_shown}
    assert "活动还没结束" in html and "还有2条记录在手机上" in html and f"还有{wanted['conflicts']}条记录待核对" in html
    clock.advance(hours=30)
    assert "活动还没结束" not in Console(app).get(f"{E}/turn/finalize")
    assert "data-figure" not in Console(app).get(f"{E}/turn/close")


def test_the_list_says_who_has_come(app: Flask, world: World) -> None:
    page = text_of(Console(app).get(f"{E}/registrations"))
    assert "已到4/4" in page and "已到1/1" in page and len(re.findall(r"已到\d", page)) == 2, "what was undone has not come"


def test_every_ground_opens(app: Flask, world: World) -> None:
    console = Console(app)
    html = console.get(f"{E}/report")
    links = re.findall(r'class="row-link" href="([^"]+)"', html)
    assert {f"{E}/figures/entries", f"{E}/figures/counter:consult"} <= set(links)
    for link in links:
        assert console.client.get(link, base_url=BASE).status_code in {200, 303}, link
    opened = console.get(f"{E}/figures/entries")
    assert "回实时" in opened and "回简报" in opened


def test_the_brief_takes_the_number_that_was_chosen(app: Flask, world: World) -> None:
    console = Console(app)
    assert "有6人次参加" in re.sub(r"\s", "", text_of(console.get(f"{E}/report")))
    for choice, told in (("heads", "有7人次参加"), ("none", None), ("entries", "有6人次参加")):
        assert console.send(f"{E}/report/participation", page=f"{E}/report", participation=choice).status_code == 303
        brief = re.sub(r"\s", "", text_of(console.get(f"{E}/report"))).split("数据截至")[0]
        assert told in brief if told else "人次参加" not in brief
    console.send(f"{E}/report/participation", page=f"{E}/report", participation="nonsense")
    assert "参加人次只能取" in console.get(f"{E}/report")


def test_an_edited_brief_is_read_over(app: Flask, world: World) -> None:
    console = Console(app)
    bad = console.send(f"{E}/report/check", page=f"{E}/report", text="发放宣传册约1800余册<b>")
    assert "只用一个" in bad.text and "约1800余册&lt;b&gt;" in bad.text
    assert "没有发现问题" in console.send(f"{E}/report/check", page=f"{E}/report", text="发放宣传册1800余册。").text


def test_downloads_have_names_and_wechat_is_warned(app: Flask, world: World) -> None:
    client = Console(app).client
    for kind in ("txt", "xlsx"):
        disposition = client.get(f"{E}/report.{kind}", base_url=BASE).headers["Content-Disposition"]
        assert f'attachment; filename="ye-shi.{kind}"' in disposition and "filename*=UTF-8''%" in disposition
        assert unquote(disposition).endswith(f"2026-08-14 截至1800.{kind}"), unquote(disposition)
    assert "在浏览器打开" in client.get(f"{E}/report", base_url=BASE, headers={"User-Agent": "MicroMessenger/8"}).text
    assert "在浏览器打开" not in client.get(f"{E}/report", base_url=BASE).text


def of_counter(app: Flask, key: str) -> Any:
    """A counter's figure."""
    return next(counter for counter in now(app).counters if counter.key == key)


def test_a_typed_figure_goes_into_the_brief_as_typed(app: Flask, world: World) -> None:
    console, page = Console(app), f"{E}/tallies/boards"
    wrong = console.send(page, action=page, value="二十", reported_qualifier="nonsense")
    assert wrong.status_code == 422 and 'id="value-error"' in wrong.text and 'value="二十"' in wrong.text
    assert console.send(page, action=page, value="20", reported_qualifier="over_duo", source="街道办报表").status_code == 303
    assert (of_counter(app, "boards").reported.value, of_counter(app, "boards").reported.source) == (20, "街道办报表")
    assert "20多面" in text_of(console.get(f"{E}/report"))
    assert console.send(page, action=page, value="").status_code == 303
    assert of_counter(app, "boards").reported is None


def test_stocktakes_and_paper_are_records_and_twice_is_once(app: Flask, world: World) -> None:
    console, page = Console(app), f"{E}/tallies/leaflets"
    wrong = console.send(f"{page}/stocktake", page=page, action=f"{page}/stocktake", taken="10", left="30")
    assert wrong.status_code == 422 and "剩余要比领取少" in wrong.text and 'value="30"' in wrong.text
    fields = console.fields(page, f"{page}/stocktake") | {"taken": "100", "left": "12"}
    for _ in range(2):
        assert console.client.post(f"{page}/stocktake", data=fields, base_url=BASE).status_code == 303
    assert (of_counter(app, "leaflets").stocktake, of_counter(app, "leaflets").total) == (88, 10)
    again = console.client.post(f"{page}/stocktake", data=fields | {"left": "13"}, base_url=BASE)
    assert again.status_code == 422 and "已经交过了" in again.text
    assert console.send(page, action=page, basis="stocktake").status_code == 303
    assert of_counter(app, "leaflets").total == 88
    paper = f"{E}/tallies/consult/paper"
    assert console.send(paper, page=f"{E}/tallies/consult", action=paper, quantity="20", topic="政务服务", note="纸表第1张").status_code == 303
    assert of_counter(app, "consult").total == 23 and of_counter(app, "consult").by_topic["政务服务"] == 20
    assert "纸质补录 20" in text_of(console.get(f"{E}/figures/counter:consult"))
    for path in ("leaflets/nonsense", "nonsense"):
        token = console.fields(page)["csrf_token"]
        assert console.client.post(f"{E}/tallies/{path}", data={"csrf_token": token}, base_url=BASE).status_code in {404, 422}
