"""The workbook is read back: figures, real dates, live formulas that agree when calculated, and no text that became one."""

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.utils import range_boundaries

from eventsvc.render.xlsx import workbook
from eventsvc.services.reports import CheckpointFigure, Frozen, RecordLine, Report

from .cast import EVENING, FAIR, counter, fair, figures, line, outreach

SHEETS = ["说明", "数据", "签到点", "计数项", "分时段", "记录"]
EVIL = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "=HYPERLINK(\"http://x\")", "\t=1", "{=1}", "http://example.org", "001", "a\ud800b", "\x07"]


def evening() -> tuple[Report, list[RecordLine]]:
    """Nine rows whose sums are known: 2 + 3 + 1 (of 2) entries, 4 walk-ins, taps, a stocktake, what adds nothing."""
    tally = {"kind": "tally", "direction": "in", "outcome": "counted", "ticket": None, "person": None}
    records = [
        line(1, quantity=2),
        line(2, quantity=3),
        line(3, quantity=2, counts=1, decided="admitted", outcome="too_many", flags=("conflict",)),
        line(70, "walkin", quantity=4, ticket=None, person=None),
        line(71, outcome="already_used"),
        line(72, quantity=5, undone=True),
        line(73, quantity=1, direction="exit"),
        line(74, place="剪纸", place_key="paper-cut", quantity=2),
        line(75, place="群众咨询", place_key="consult", quantity=5, topic="政务公开", **tally),
        line(76, place="群众咨询", place_key="consult", quantity=1, topic="政务服务", **tally),
        line(77, place="宣传册", place_key="booklets", quantity=100, **tally),
        line(78, place="宣传册", place_key="booklets", quantity=120, basis="stocktake", **(tally | {"direction": None})),
        line(79, "undo", quantity=0, outcome="undone", place=None, place_key=None, direction=None),
    ]
    checkpoints = (
        CheckpointFigure("gate", "入口", "once", True, 6, 10, 9),
        CheckpointFigure("paper-cut", "剪纸", "each_time", False, 2, 2, 2),
    )
    counters = (
        counter("consult", "群众咨询", "consultation", "人次", "接受", 6, by_topic={"政务公开": 5, "政务服务": 1}),
        counter("booklets", "宣传册", "handout", "册", "发放", 120, tapped=100, stocktake=120, basis="stocktake", stock=200, stock_left=80),
    )
    found = figures(
        people_admitted=10, entries=10, inside=9, scans=7, refused=1, conflicts=1, walkins=4, by_checkpoint=checkpoints, counters=counters,
        by_hour=((EVENING, 6), (EVENING + timedelta(hours=1), 4)), seq=79,
    )  # fmt: skip
    return Report(FAIR, found), records


def opened(content: bytes, values: bool = False) -> Workbook:
    return load_workbook(io.BytesIO(content), data_only=values)


def table(book: Workbook, name: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in book[name].iter_rows(values_only=True)]


# --- a small calculator for the formulas that the workbook uses -------------------------------------------------------


def cells(book: Workbook, reference: str) -> list[Any]:
    sheet, area = reference.split("!")
    left, top, right, bottom = range_boundaries(area.replace("$", ""))
    return [book[sheet].cell(row, left).value for row in range(top, bottom + 1)]


def criterion(book: Workbook, sheet: str, text: str) -> Any:
    if text.startswith('"="&'):
        return book[sheet][text[4:]].value
    return text[1:-1].replace('""', '"') if text.startswith('"') else book[sheet][text].value


def met(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, str) and wanted.startswith(">"):
        return isinstance(value, int | float) and value > float(wanted[1:])
    return value == wanted


def calculated(book: Workbook, sheet: str, formula: str) -> Any:
    if formula.startswith("=IF("):
        match = re.fullmatch(r'=IF\(([A-Z0-9+]+)=([A-Z]+\d+),"相符","请核对"\)', formula)
        assert match, formula
        value = sum(book[sheet][cell].value or 0 for cell in match.group(1).split("+"))
        return "相符" if value == calculated(book, sheet, book[sheet][match.group(2)].value) else "请核对"
    total = 0
    for part in re.findall(r"(SUMIFS|COUNTIFS)\((.*?)\)(?=\+|$)", formula[1:]):
        arguments = part[1].split(",")
        add = cells(book, arguments.pop(0)) if part[0] == "SUMIFS" else None
        columns = [cells(book, area) for area in arguments[::2]]
        wanted = [criterion(book, sheet, text) for text in arguments[1::2]]
        for index in range(len(columns[0])):
            if all(met(column[index], want) for column, want in zip(columns, wanted, strict=True)):
                total += 1 if add is None else add[index] or 0
    return total


def every_formula(book: Workbook) -> Iterator[tuple[str, str, str]]:
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    yield sheet.title, cell.coordinate, cell.value


# --- the tests --------------------------------------------------------------------------------------------------------


def test_sheets_headings_and_print_setup() -> None:
    report, records = evening()
    book = opened(workbook(report, iter(records)))
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.page_setup.orientation == "landscape" and sheet.page_setup.paperSize == 9
    for name in SHEETS[1:]:
        assert book[name].freeze_panes == "A2"
        assert book[name].print_title_rows == "$1:$1"
        assert all(re.search(r"[\u4e00-\u9fff]", str(cell.value)) for cell in book[name][1])
    assert len(book["分时段"]._charts) == 1


def test_formulas_agree_with_the_figures_and_with_their_stored_values() -> None:
    report, records = evening()
    content = workbook(report, iter(records))
    live, stored = opened(content), opened(content, values=True)
    seen = 0
    for sheet, cell, formula in every_formula(live):
        assert stored[sheet][cell].value == calculated(live, sheet, formula), (sheet, cell, formula)
        if formula.startswith("=IF("):
            assert stored[sheet][cell].value == "相符", (sheet, cell)
        seen += 1
    assert seen >= 20
    data = {row[0]: row for row in table(stored, "数据")}
    assert data["入场人次"][1:4] == (10, "人次", "系统计算") and data["入场人次"][7:10] == (4, 10, "相符")
    assert data["扫码次数"][1] == 7 and data["扫码次数"][8] == 7
    assert data["未放行次数"][8] == 1
    assert data["群众咨询"][5:10] == ("6人次", None, 2, 6, "相符")
    assert data["宣传册"][3] == "盘点" and data["宣传册"][8:10] == (120, "相符")


def test_a_figure_that_its_records_do_not_make_is_shown_as_such() -> None:
    report, records = evening()
    stored = opened(workbook(report, iter(records[1:])), values=True)
    data = {row[0]: row for row in table(stored, "数据")}
    assert data["入场人次"][8:10] == (8, "请核对")


def test_records_are_rows_with_real_dates_in_the_events_zone() -> None:
    report, records = evening()
    rows = table(opened(workbook(report, iter(records))), "记录")
    assert len(rows) == 1 + len(records)
    first = dict(zip(rows[0], rows[1], strict=True))
    assert abs(first["时间"] - datetime(2020, 8, 14, 19, 1)) < timedelta(milliseconds=1)
    assert first["类型"] == "签到" and first["方向"] == "进" and first["结果"] == "请进" and first["计入数"] == 2
    conflict = dict(zip(rows[0], rows[3], strict=True))
    assert conflict["标记"] == "待核对" and conflict["现场决定"] == "放行" and conflict["计入数"] == 1
    undone = dict(zip(rows[0], rows[6], strict=True))
    assert undone["已撤销"] == "是" and undone["计入数"] == 0


def test_checkpoints_topics_and_hours() -> None:
    report, records = evening()
    stored = opened(workbook(report, iter(records)), values=True)
    points = table(stored, "签到点")
    assert points[1] == ("入口", "gate", "每证入场一次", "是", 6, 10, 9, 4, 10, "相符")
    assert points[2] == ("剪纸", "paper-cut", "每次都计", "否", 2, 2, 2, 1, 2, "相符")
    topics = [row[2:7] for row in table(stored, "计数项") if row[2] in {"政务公开", "政务服务"}]
    assert topics == [("政务公开", 5, "人次", 5, "相符"), ("政务服务", 1, "人次", 1, "相符")]
    hours = table(stored, "分时段")[1:]
    assert [(row[0].hour, *row[1:4]) for row in hours] == [(19, 6, 6, "相符"), (20, 4, 4, "相符")]


def test_hours_without_entries_are_shown_between_others() -> None:
    report = fair(entries=2, by_hour=((EVENING, 1), (EVENING + timedelta(hours=3), 1)))
    hours = table(opened(workbook(report, iter([])), values=True), "分时段")[1:]
    assert [row[1] for row in hours] == [1, 0, 0, 1]


def test_reported_figures_keep_their_qualifier_and_source() -> None:
    data = {row[0]: row for row in table(opened(workbook(outreach(), iter([])), values=True), "数据")}
    assert data["宣传册和宣传页"][:6] == ("宣传册和宣传页", 1800, "册", "人工填报", "余", "1800余册")
    assert data["依申请公开件"][:6] == ("依申请公开件", 20, "份", "人工填报", "多", "20多份")
    assert data["群众咨询"][4:6] == ("准确数", "560人次")


def test_sub_counters_prove_their_sum() -> None:
    counters = (
        counter("paper", "宣传品", "handout", "份", "发放", 30),
        counter("books", "宣传册", "handout", "册", "发放", 20, parent="paper"),
        counter("sheets", "宣传页", "handout", "张", "发放", 10, parent="paper"),
    )
    taps = [line(1, "tally", place_key="books", quantity=20, outcome="counted"), line(2, "tally", place_key="sheets", quantity=10, outcome="counted")]
    content = workbook(fair(counters=counters), iter(taps))
    data = {row[0]: row for row in table(opened(content, values=True), "数据")}
    assert data["宣传品"][8:10] == (30, "相符")
    live = opened(content)
    for sheet, cell, formula in every_formula(live):
        assert opened(content, values=True)[sheet][cell].value == calculated(live, sheet, formula)


def test_frozen_figures_stand_and_later_ones_stand_beside() -> None:
    report, records = evening()
    before = replace(report.figures, entries=6, counters=(replace(report.figures.counters[0], total=5), report.figures.counters[1]))
    frozen = replace(report, frozen=Frozen(EVENING, "经办人", before))
    stored = opened(workbook(frozen, iter(records)), values=True)
    data = {row[0]: row for row in table(stored, "数据")}
    assert data["入场人次"][1] == 6 and data["入场人次"][6] == 4 and data["入场人次"][9] == "相符"
    assert data["群众咨询"][1] == 5 and data["群众咨询"][6] == 1
    assert any(str(row[0]).startswith("定稿：2020年8月14日19:00") for row in table(stored, "说明"))


def test_the_first_sheet_defines_the_three_numbers_and_names_the_demo() -> None:
    report, records = evening()
    about = opened(workbook(replace(report, event=replace(FAIR, demo=True)), iter(records)))["说明"]
    text = "\n".join(str(cell.value) for row in about.iter_rows() for cell in row if cell.value)
    assert text.startswith("【演示】“观夜戏")
    for word in ("到场人数", "入场人次", "扫码次数", "数据截至：2020年8月14日20:15", "年份为推断", "【演示】数据，不是真实活动的统计"):
        assert word in text


@pytest.mark.parametrize("text", EVIL)
def test_text_never_becomes_a_formula_a_link_or_a_number(text: str) -> None:
    report, _ = evening()
    kept = text.encode("utf-8", "replace").decode("utf-8")
    record = line(1, reason=text, note=text, operator=text, device=text, topic=text, person=text)
    evil = counter("e", text, "custom", text, text, 3, by_topic={text: 3})
    title = replace(report, event=replace(FAIR, title=text, host=text, venue=text), figures=replace(report.figures, counters=(evil,)))
    content = workbook(title, iter([record]))
    book = opened(content)
    for sheet, _, formula in every_formula(book):
        assert re.match(r"=(SUMIFS|COUNTIFS|IF)\(", formula), (sheet, formula)
    row = dict(zip(*table(book, "记录")[:2], strict=True))
    assert {str(row[word]) for word in ("原因", "备注", "志愿者", "设备", "主题", "姓名")} == {kept.replace("\x07", "_x0007_")}
    assert isinstance(row["原因"], str)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert not [name for name in archive.namelist() if "rels" in name and b"example.org" in archive.read(name)]


def test_risky_text_stays_text_when_somebody_edits_the_cell() -> None:
    report, _ = evening()
    book = opened(workbook(report, iter([line(1, reason="=1+1")])))
    cell = next(cell for cell in book["记录"][2] if cell.value == "=1+1")
    assert cell.data_type == "s" and cell.quotePrefix


def test_the_same_bytes_for_the_same_report() -> None:
    report, records = evening()
    assert workbook(report, iter(records)) == workbook(report, iter(records))


def test_an_event_without_records_has_its_sheets() -> None:
    book = opened(workbook(fair(), iter([])))
    assert book.sheetnames == SHEETS
    assert book["记录"].max_row == 1


def test_twenty_thousand_records_in_a_moment() -> None:
    rows = (line(1, seq=n, at=EVENING + timedelta(seconds=n / 10)) for n in range(20_000))
    begin = time.process_time()
    content = workbook(fair(entries=20_000, scans=20_000, by_hour=((EVENING, 20_000),)), rows)
    assert time.process_time() - begin < 15  # about three seconds, on a machine that does nothing else
    assert len(content) < 4_000_000


def test_more_records_than_a_sheet_holds_are_cut_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventsvc.render.ledger_sheet.MOST", 3)
    report, records = evening()
    book = opened(workbook(report, iter(records)))
    assert book["记录"].max_row == 4
    assert "记录太多，只列出前3条。" in [row[0] for row in table(book, "说明")]
