"""The workbook: every figure, what it means, the records behind it, and formulas that add those records up again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_rowcol_to_cell as cell_at

from eventsvc.render import words
from eventsvc.render.brief import lead, sentence, settled, shown
from eventsvc.render.cells import FONT, Page, clean
from eventsvc.render.ledger_sheet import COLUMNS, GATE, OUT, POINT, SHEET, STOCKTAKE, TAPPED, Ledger
from eventsvc.render.phrase import as_typed
from eventsvc.render.text import late, notes, title
from eventsvc.services.reports import CounterFigure, RecordLine, Report

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_EXPLAINED = ("people_admitted", "entries", "scans", "inside", "registrations", "people_registered", "walkins", "refused", "conflicts", "unidentified", "self_reported")
_FILLED_HOURS = 72  # longer gaps between entries are left out of the chart


def workbook(report: Report, records: Iterable[RecordLine]) -> bytes:
    """Sheets 说明 · 数据 · 签到点 · 计数项 · 分时段 · 记录; the same bytes for the same report and records.

    The formulas add up the rows of 记录 and so prove the figures of now (定稿 + 定稿后). 20,000 records take about three
    seconds; ``records`` is read once and never held in memory.
    """
    file = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(file, options | {"default_format_properties": {"font_name": FONT, "font_size": 11}})
    created = settled(report).as_of.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": clean(title(report)[:250]), "author": clean(report.event.host or ""), "created": created})
    zone = ZoneInfo(report.event.zone)
    about = Page(book, "说明", [26, 100], zone)
    data = Page(book, "数据", [24, 10, 8, 12, 8, 16, 10, 10, 10, 10], zone)
    points = Page(book, "签到点", [22, 14, 14, 7, 10, 10, 10, 10, 10, 10], zone)
    counters = Page(book, "计数项", [24, 14, 10, 10, 8, 10, 10, 10, 10, 10, 10, 10, 10, 12, 14], zone)
    hours = Page(book, "分时段", [18, 12, 12, 10], zone)
    rows = Page(book, SHEET, [width for _, width in COLUMNS], zone)
    ledger = Ledger()
    ledger.write(rows, records, report.figures)
    _about(about, report, ledger)
    _data(data, report, ledger)
    _points(points, report, ledger)
    _counters(counters, report, ledger)
    _hours(book, hours, report, ledger)
    book.close()
    return file.getvalue()


def _about(page: Page, report: Report, ledger: Ledger) -> None:
    page.height(26)
    page.title(title(report))
    for line in notes(report):
        page.title(line, "warning" if line.startswith("注：【") else "note")
    if ledger.cut:
        page.title(f"记录太多，只列出前{ledger.rows}条。", "warning")
    page.next()
    told = (("简报", lead(report.event, settled(report).as_of) + sentence(report)), ("记录", f"{ledger.rows}条，见“{SHEET}”页"))
    explained = [(words.figure(name), words.DEFINITIONS[name]) for name in _EXPLAINED]
    rules = (
        ("人数·人次·扫码次数", "三个不同的数，不能混用；各签到点的人数不能相加。"),
        ("人工填报", "由人填写的数，按原样写（如1800余册），不与系统计算的数相加。"),
        ("核对", "灰底格是公式，由“记录”页逐条相加得出；“相符”表示数值与记录一致。"),
    )
    for word, meaning in (*told, *explained, *rules):
        page.height(16 * (1 + len(meaning) // 48))
        page.text(0, word, "heading")
        page.text(1, meaning, "wrapped")
        page.next()


def _data(page: Page, report: Report, ledger: Ledger) -> None:
    figures, later = settled(report), late(report)
    page.headings(["数字", "数值", "单位", "来源", "限定词", "简报写法", "定稿后", "记录条数", "核对公式", "核对"])
    proofs = {
        "entries": (ledger.rows_of_entries(), ledger.entries()),
        "scans": (ledger.scans(), ledger.scans()),
        "refused": (ledger.refused(), ledger.refused()),
        "self_reported": (ledger.rows_by_oneself(), ledger.by_oneself()),
    }
    for name, (word, unit) in words.FIGURES.items():
        if name == "unsynced":
            continue
        value = getattr(figures, name)
        page.text(0, word)
        page.number(1, value)
        page.text(2, unit)
        page.text(3, "系统计算")
        if name in later:
            page.number(6, later[name], "signed")
        if name in proofs:
            behind, proof = proofs[name]
            page.formula(7, *behind)
            _prove(page, 8, proof, value + later.get(name, 0), "B", "G")
        page.next()
    for counter in figures.counters:
        brief = None if counter.kind == "headcount" else shown(counter)
        if counter.total or counter.reported is None:
            page.text(0, counter.name)
            page.number(1, counter.total)
            page.text(2, counter.unit)
            page.text(3, "盘点" if counter.basis == "stocktake" else "系统计算")
            page.text(4, words.QUALIFIERS.get(counter.qualifier, counter.qualifier))
            page.text(5, brief if counter.total else None)
            added = later.get(f"counter:{counter.key}", 0)
            if added:
                page.number(6, added, "signed")
            item = STOCKTAKE if counter.basis == "stocktake" else TAPPED
            key = _quoted(counter.key)
            page.formula(7, *ledger.rows_of(item, counter.key, key))
            _prove(page, 8, _with_parts(ledger, item, counter, figures.counters, counter.total + added), counter.total + added, "B", "G")
            page.next()
        if counter.reported is not None:
            page.text(0, counter.name)
            page.number(1, counter.reported.value)
            page.text(2, counter.unit)
            page.text(3, counter.reported.source)
            page.text(4, words.QUALIFIERS.get(counter.reported.qualifier, counter.reported.qualifier))
            page.text(5, as_typed(counter.reported, counter.unit) if not counter.total else None)
            page.next()


def _with_parts(
    ledger: Ledger, item: str, counter: CounterFigure, all_counters: tuple[CounterFigure, ...], wanted: int
) -> tuple[str, int]:
    """The formula of a counter; of one that is the sum of its sub-counters, over those as well."""
    formula, value = ledger.at_place(item, counter.key, _quoted(counter.key))
    parts = [ledger.at_place(item, c.key, _quoted(c.key)) for c in all_counters if c.parent == counter.key]
    if parts and value != wanted:
        formula += "".join(f"+{part[1:]}" for part, _ in parts)
        value += sum(part for _, part in parts)
    return formula, value


def _quoted(key: str) -> str:
    return '"' + key.replace('"', '""') + '"'


def _prove(page: Page, column: int, proof: tuple[str, int], value: int, shown_in: str, added_in: str | None = None) -> None:
    """The formula, and beside it whether it gives the figure (with what came after 定稿)."""
    page.formula(column, *proof)
    here = cell_at(page.row, column)
    total = f"{shown_in}{page.row + 1}" + (f"+{added_in}{page.row + 1}" if added_in else "")
    page.formula(column + 1, f'=IF({total}={here},"相符","请核对")', "相符" if value == proof[1] else "请核对")


def _points(page: Page, report: Report, ledger: Ledger) -> None:
    page.headings(["签到点", "代码", "规则", "入口", "到场人数", "入场人次", "在场", "记录条数", "核对公式", "核对"])
    for point in report.figures.by_checkpoint:
        item, cell = (GATE if point.entrance else POINT), cell_at(page.row, 1)
        page.text(0, point.name)
        page.text(1, point.key)
        page.text(2, words.RULES.get(point.rule, point.rule))
        page.text(3, "是" if point.entrance else "否")
        page.number(4, point.people)
        page.number(5, point.entries)
        page.number(6, point.inside)
        page.formula(7, *ledger.rows_of(item, point.key, cell))
        _prove(page, 8, ledger.at_place(item, point.key, cell), point.entries, "F")
        page.next()
    page.title("同一人会经过几个签到点，各点的数不能相加成人数。", "note")


def _counters(page: Page, report: Report, ledger: Ledger) -> None:
    page.headings(
        ["计数项", "代码", "类别", "动词", "单位", "采用数", "采用", "点数", "点数核对", "盘点", "盘点核对", "离开", "剩余", "人工填报", "填报来源"]
    )
    figures = report.figures
    for counter in figures.counters:
        cell = cell_at(page.row, 1)
        page.text(0, counter.name)
        page.text(1, counter.key)
        page.text(2, words.COUNTER_KINDS.get(counter.kind, counter.kind))
        page.text(3, counter.verb)
        page.text(4, counter.unit)
        page.number(5, counter.total)
        page.text(6, words.BASES.get(counter.basis, counter.basis))
        page.number(7, counter.tapped)
        page.formula(8, *ledger.at_place(TAPPED, counter.key, cell))
        page.number(9, counter.stocktake)
        if counter.stocktake is not None:
            page.formula(10, *ledger.at_place(STOCKTAKE, counter.key, cell))
        if counter.taken_out:
            page.formula(11, *ledger.at_place(OUT, counter.key, cell))
        page.number(12, counter.stock_left)
        if counter.reported is not None:
            page.text(13, as_typed(counter.reported, counter.unit))
            page.text(14, counter.reported.source)
        page.next()
    if any(counter.by_topic for counter in figures.counters):
        page.next()
        page.headings(["计数项", "代码", "主题", "数量", "单位", "核对公式", "核对"], freeze=False)
    for counter in figures.counters:
        for topic, count in counter.by_topic.items():
            page.text(0, counter.name)
            page.text(1, counter.key)
            page.text(2, topic)
            page.number(3, count)
            page.text(4, counter.unit)
            proof = ledger.of_topic(counter.key, topic, cell_at(page.row, 1), cell_at(page.row, 2))
            _prove(page, 5, proof, count, "D")
            page.next()


def _hours(book: Workbook, page: Page, report: Report, ledger: Ledger) -> None:
    """Entries by hour of the event's zone, with a chart; empty hours between two others are shown as 0."""
    first = page.headings(["时段", "入场人次", "核对公式", "核对"])
    counts = {hour.astimezone(UTC): count for hour, count in sorted(report.figures.by_hour)}
    hours = list(counts)
    if hours and hours[-1] - hours[0] <= timedelta(hours=_FILLED_HOURS):
        span = int((hours[-1] - hours[0]) / timedelta(hours=1))
        hours = [hours[0] + timedelta(hours=step) for step in range(span + 1)]
    for hour in hours:
        page.moment(0, hour, "hour")
        page.number(1, counts.get(hour, 0))
        here = hour.astimezone(page.zone)
        _prove(page, 2, ledger.in_hour(here, cell_at(page.row, 0)), counts.get(hour, 0), "B")
        page.next()
    if hours:
        chart = book.add_chart({"type": "column"})
        where = [page.name, first, 0, page.row - 1, 0]
        chart.add_series({"name": "入场人次", "categories": where, "values": [page.name, first, 1, page.row - 1, 1], "fill": {"color": "#2F75B5"}})
        chart.set_title({"name": "分时段入场人次", "name_font": {"size": 12}})
        chart.set_x_axis({"num_format": 'd"日"h"时"', "text_axis": True})
        chart.set_legend({"none": True})
        page.sheet.insert_chart(0, 5, chart, {"x_scale": 1.4, "y_scale": 1.3})
