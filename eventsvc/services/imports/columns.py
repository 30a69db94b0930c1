"""Which column is what: the heading row is found and matched by its words; without one, the cells themselves tell.

A column's target is ``name`` · ``phone`` · ``party_size`` · ``sessions`` · ``unit`` · ``note`` · ``answers.<key>``, or None for one
that is left alone. Every target has at most one column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event
from eventsvc.services.questions import SENSITIVE  # a list waits in plain for a day: these never stand in one

TARGETS = ("name", "phone", "party_size", "sessions", "unit", "note")
_LOOKED_AT = 15  # rows among which the headings are looked for
_SAMPLE = 40  # rows that tell what a column without a heading holds
_WORDS = (
    ("phone", re.compile("手机|手机号|手机号码|电话|电话号码|联系电话|联系方式|号码|phone|phonenumber|mobile|tel|telephone|contact"), re.compile("手机|电话|联系方式|phone|mobile")),
    ("party_size", re.compile("人数|参加人数|报名人数|几人|几位|一共几位|数量|party|partysize|people|howmany|howmanypeople|size|number"), re.compile("人数|几位|几人|people|party")),
    ("sessions", re.compile("场次|选场次|时段|场|session|sessions"), re.compile("场次|时段|session")),
    ("unit", re.compile("单位|代表单位|所属单位|单位名称|街道|园区|部门|unit"), re.compile("单位|街道|园区|unit")),
    ("name", re.compile("姓名|名字|称呼|名称|报名人|参加人|联系人|昵称|微信名|name|fullname"), re.compile("姓名|名字|称呼|name")),
    ("note", re.compile("备注|说明|留言|其他|note|notes|remark|remarks|comment|comments"), re.compile("备注|留言|note|remark")),
)  # fmt: skip
_EXACT, _INSIDE = 2, 1
_PHONE = re.compile(r"\+?[\d\s-]{7,18}")
_HAN_NAME = re.compile(r"[\u3400-\u9fff·]{2,6}")


@dataclass(frozen=True)
class Layout:
    """How a table is read: the heading row's number (0: none), its words, and each column's target."""

    header: int
    headings: list[str]
    targets: list[str | None]


def guess(rows: Sequence[tuple[int, list[str]]], event: Event) -> Layout:
    """The layout of a table as its headings or, failing these, its cells tell."""
    width = max(len(cells) for _number, cells in rows)
    best = max(rows[:_LOOKED_AT], key=lambda row: len(_matched(row[1], event)))
    found = _matched(best[1], event)
    if "name" in found.values() or len(found) >= 2:
        return Layout(best[0], _padded(best[1], width), [found.get(column) for column in range(width)])
    return Layout(0, [""] * width, _by_cells(rows, width))


def layout(rows: Sequence[tuple[int, list[str]]], header: Any, targets: Any, event: Event) -> Layout:
    """The layout that somebody chose: the heading row's number and one target a column. Raises Invalid."""
    width = max(len(cells) for _number, cells in rows)
    allowed = set(choices(event))
    faults = []
    known = {number: cells for number, cells in rows}
    if type(header) is not int or (header and header not in known):
        faults.append(Fault("header", "choice", "没有这一行，请填表头所在的行号，没有表头填0"))
        header = 0
    if not isinstance(targets, list) or len(targets) > width or any(target is not None and target not in allowed for target in targets):
        raise Invalid([*faults, Fault("columns", "choice", "有一列选的内容不对，请重新选")])
    chosen = [target for target in targets if target]
    if len(set(chosen)) < len(chosen):
        faults.append(Fault("columns", "twice", "两列选了同一项，请改一列"))
    if "name" not in chosen:
        faults.append(Fault("columns", "name", "请指明哪一列是姓名"))
    if faults:
        raise Invalid(faults)
    return Layout(header, _padded(known.get(header, []), width), [*targets, *[None] * (width - len(targets))])


def choices(event: Event) -> list[str]:
    """What a column can be in this event."""
    base = [target for target in TARGETS if getattr(event, {"unit": "units"}.get(target, target), True)]
    return [*base, *(f"answers.{question['key']}" for question in event.questions if question["type"] not in SENSITIVE)]


def letter(column: int) -> str:
    """The name of a column as a spreadsheet shows it: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _padded(cells: list[str], width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _flat(text: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r"[(（\[【].*?[)）\]】]", "", unicodedata.normalize("NFKC", text))).lower()


def _matched(cells: list[str], event: Event) -> dict[int, str]:
    """Which cells of a row are headings, the surest first; each target once."""
    labels = {_flat(question["label"]): f"answers.{question['key']}" for question in event.questions if question["type"] not in SENSITIVE}
    known, sure = set(choices(event)), list[tuple[int, int, int, str]]()
    for column, cell in enumerate(cells):
        flat = _flat(cell)
        if not flat or len(flat) > 40:
            continue
        if flat in labels:
            sure.append((-_EXACT, -1, column, labels[flat]))
        for order, (target, whole, part) in enumerate(_WORDS):
            if target not in known:
                continue
            if whole.fullmatch(flat):
                sure.append((-_EXACT, order, column, target))
            elif len(flat) <= 12 and part.search(flat):
                sure.append((-_INSIDE, order, column, target))
    found: dict[int, str] = {}
    for _weight, _order, column, target in sorted(sure):
        if column not in found and target not in found.values():
            found[column] = target
    return found


def _by_cells(rows: Sequence[tuple[int, list[str]]], width: int) -> list[str | None]:
    """Phones are long numbers, parties small ones, names two to six Chinese characters."""
    targets: list[str | None] = [None] * width
    tests = (
        ("phone", lambda cell: _PHONE.fullmatch(unicodedata.normalize("NFKC", cell)) is not None),
        ("name", lambda cell: _HAN_NAME.fullmatch(cell) is not None),
        ("party_size", lambda cell: cell.isdecimal() and 1 <= int(cell[:3]) <= 20 and len(cell) <= 2),
    )
    for target, test in tests:
        share: dict[int, float] = {}
        for column in range(width):
            cells = [cells[column] for _number, cells in rows[:_SAMPLE] if column < len(cells) and cells[column]]
            if cells and targets[column] is None and not (target == "party_size" and _counts_up(rows, column)):
                share[column] = sum(map(test, cells)) / len(cells)
        best = max(share, key=share.__getitem__, default=None)
        if best is not None and share[best] > 0.6:
            targets[best] = target
    return targets


def _counts_up(rows: Sequence[tuple[int, list[str]]], column: int) -> bool:
    """Whether a column numbers its rows (序号): 1, 2, 3."""
    cells = [cells[column] for _number, cells in rows[:_SAMPLE] if column < len(cells)]
    numbers = [int(cell) for cell in cells if cell.isdecimal()]
    return len(numbers) > 2 and all(b - a == 1 for a, b in zip(numbers, numbers[1:], strict=False))
