"""The sheet 记录: one row a record, and the formulas of the other sheets that add these rows up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from eventsvc.render import words
from eventsvc.render.cells import Page
from eventsvc.services.reports import Figures, RecordLine

SHEET = "记录"
MOST = 1_000_000  # rows that one sheet can hold, with room to spare
COLUMNS = (
    ("序号", 8), ("类型", 10), ("时间", 20), ("地点", 18), ("地点代码", 12), ("凭证", 14), ("姓名", 10), ("数量", 7),
    ("方向", 6), ("主题", 14), ("方式", 10), ("结果", 12), ("现场决定", 9), ("未放行", 7), ("已撤销", 7), ("计入项", 8),
    ("计入数", 8), ("时段", 12), ("标记", 14), ("设备", 14), ("志愿者", 10), ("原因", 16), ("备注", 16), ("收到时间", 20), ("记录编号", 38),
)  # fmt: skip
_AT = {word: column for column, (word, _) in enumerate(COLUMNS)}

GATE, POINT, TAPPED, STOCKTAKE, OUT = "入口", "签到点", "点数", "盘点", "离开"


class Ledger:
    """The written rows: how many, and formulas over them with the values that they have now."""

    def __init__(self) -> None:
        self.rows = 0
        self.first = 0
        self.cut = False
        self._sums: Counter[tuple[str, ...]] = Counter()
        self._counts: Counter[tuple[str, ...]] = Counter()

    def write(self, page: Page, records: Iterable[RecordLine], figures: Figures) -> None:
        """Write every record, in the order given; more than a sheet can hold is cut and said so."""
        gates = {point.key for point in figures.by_checkpoint if point.entrance}
        gates |= {point.name for point in figures.by_checkpoint if point.entrance}
        self.first = page.headings([word for word, _ in COLUMNS])
        for record in records:
            if self.rows == MOST:
                self.cut = True
                break
            self._write(page, record, gates)
            self.rows += 1
            page.next()
        page.sheet.autofilter(self.first - 1, 0, max(self.first, page.row - 1), len(COLUMNS) - 1)

    def _write(self, page: Page, record: RecordLine, gates: set[str]) -> None:
        key = record.place_key or record.place or ""
        kind, item = words.TYPES.get(record.type, record.type), _item(record, gates)
        refused = record.type == "checkin" and not _passed(record)
        counted = _counted(record) if item else 0
        at = (record.corrected_at or record.at).astimezone(page.zone)
        hour = at.replace(minute=0, second=0, microsecond=0) if item == GATE else None
        page.number(_AT["序号"], record.seq)
        page.text(_AT["类型"], kind)
        page.moment(_AT["时间"], at)
        page.text(_AT["地点"], record.place)
        page.text(_AT["地点代码"], key)
        page.text(_AT["凭证"], record.ticket)
        page.text(_AT["姓名"], record.person)
        page.number(_AT["数量"], record.quantity)
        page.text(_AT["方向"], words.DIRECTIONS.get(record.direction or "", record.direction))
        page.text(_AT["主题"], record.topic)
        page.text(_AT["方式"], words.BASES.get(record.basis or "", record.basis))
        page.text(_AT["结果"], words.OUTCOMES.get(record.outcome, record.outcome))
        page.text(_AT["现场决定"], words.DECISIONS.get(record.decided or "", record.decided))
        page.text(_AT["未放行"], "是" if refused else None)
        page.text(_AT["已撤销"], "是" if record.undone else None)
        page.text(_AT["计入项"], item)
        page.number(_AT["计入数"], counted)
        page.moment(_AT["时段"], hour, "hour")
        page.text(_AT["标记"], words.flags(record.flags))
        page.text(_AT["设备"], record.device)
        page.text(_AT["志愿者"], record.operator)
        page.text(_AT["原因"], record.reason)
        page.text(_AT["备注"], record.note)
        page.moment(_AT["收到时间"], record.received_at)
        page.text(_AT["记录编号"], record.id)
        for criteria in _criteria(kind, refused, item, key, record.topic, hour, record.basis):
            self._sums[criteria] += counted
            self._counts[criteria] += counted > 0 if criteria[0] in {"item", "self"} else 1

    def _range(self, word: str) -> str:
        column = _letter(_AT[word])
        return f"{SHEET}!${column}${self.first + 1}:${column}${self.first + max(1, self.rows)}"

    def entries(self) -> tuple[str, int]:
        """Formula and value: admitted at the entrances."""
        return self._sum(("item", GATE), ("计入项", f'"{GATE}"'))

    def by_oneself(self) -> tuple[str, int]:
        """Formula and value: those of the entrances' admissions that residents made by themselves."""
        return self._sum(("self",), ("计入项", f'"{GATE}"'), ("方式", f'"{words.BASES["self"]}"'))

    def rows_by_oneself(self) -> tuple[str, int]:
        """Formula and value: how many records make `by_oneself`."""
        return self._count(("self",), ("计入项", f'"{GATE}"'), ("方式", f'"{words.BASES["self"]}"'), ("计入数", '">0"'))

    def scans(self) -> tuple[str, int]:
        """Formula and value: check-in records."""
        return self._count(("type", "签到"), ("类型", '"签到"'))

    def refused(self) -> tuple[str, int]:
        """Formula and value: check-in records that let nobody in."""
        return self._count(("refused",), ("类型", '"签到"'), ("未放行", '"是"'))

    def at_place(self, item: str, key: str, cell: str) -> tuple[str, int]:
        """Formula and value: what was counted as ``item`` at the checkpoint or counter whose key stands in ``cell``."""
        return self._sum(("item", item, key), ("计入项", f'"{item}"'), ("地点代码", cell))

    def rows_of(self, item: str, key: str, cell: str) -> tuple[str, int]:
        """Formula and value: how many records make `at_place`."""
        return self._count(("item", item, key), ("计入项", f'"{item}"'), ("地点代码", cell), ("计入数", '">0"'))

    def rows_of_entries(self) -> tuple[str, int]:
        """Formula and value: how many records make `entries`."""
        return self._count(("item", GATE), ("计入项", f'"{GATE}"'), ("计入数", '">0"'))

    def of_topic(self, key: str, topic: str, key_cell: str, topic_cell: str) -> tuple[str, int]:
        """Formula and value: taps of one topic of a counter."""
        return self._sum(("topic", key, topic), ("计入项", f'"{TAPPED}"'), ("地点代码", key_cell), ("主题", f'"="&{topic_cell}'))

    def in_hour(self, hour: datetime, cell: str) -> tuple[str, int]:
        """Formula and value: entries in the hour whose beginning stands in ``cell``."""
        return self._sum(("hour", hour.isoformat()), ("计入项", f'"{GATE}"'), ("时段", cell))

    def _sum(self, criteria: tuple[str, ...], *conditions: tuple[str, str]) -> tuple[str, int]:
        listed = ",".join(f"{self._range(word)},{criterion}" for word, criterion in conditions)
        return f"=SUMIFS({self._range('计入数')},{listed})", self._sums[criteria]

    def _count(self, criteria: tuple[str, ...], *conditions: tuple[str, str]) -> tuple[str, int]:
        listed = ",".join(f"{self._range(word)},{criterion}" for word, criterion in conditions)
        return f"=COUNTIFS({listed})", self._counts[criteria]


def _criteria(
    kind: str, refused: bool, item: str | None, key: str, topic: str | None, hour: datetime | None, basis: str | None
) -> list[tuple[str, ...]]:
    """Which formulas take this row in."""
    found: list[tuple[str, ...]] = [("type", kind)]
    if refused:
        found.append(("refused",))
    if item:
        found += [("item", item), ("item", item, key)]
    if item == TAPPED and topic:
        found.append(("topic", key, topic))
    if item == GATE and basis == "self":
        found.append(("self",))
    if hour:
        found.append(("hour", hour.isoformat()))
    return found


def _passed(record: RecordLine) -> bool:
    return "admitted" in (record.outcome, record.decided) or bool(record.counts and record.type != "tally")


def _item(record: RecordLine, gates: set[str]) -> str | None:
    """Which sum the row belongs to, or None: undone rows, undos, exits and refused scans add to nothing."""
    if record.undone or record.type == "undo":
        return None
    if record.type == "tally":
        if record.basis == "stocktake":
            return STOCKTAKE
        return OUT if record.direction == "out" else TAPPED
    if not _passed(record) or record.direction == "exit":
        return None
    return GATE if (record.place_key or record.place) in gates else POINT


def _counted(record: RecordLine) -> int:
    return record.quantity if record.counts is None else record.counts


def _letter(column: int) -> str:
    return chr(ord("A") + column)
