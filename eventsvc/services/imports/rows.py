"""One row of a table becomes a registration's document: numbers, phones, sessions and answers as people type them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from eventsvc.errors import Fault
from eventsvc.models import Event

_SCIENTIFIC = re.compile(r"(\d(?:\.\d+)?)[eE]\+?(\d{1,2})")
_BROKEN = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"})
DIGITS = {character: number for number, character in enumerate("一 二 三 四 五 六 七 八 九 十".split(), 1)} | {"两": 2}
_PARTY = re.compile(rf"(?:共|一共)?\s*(\d{{1,4}}|[{''.join(DIGITS)}])(?:\.0+)?\s*(?:个人|人|位|口|名)?")
_BETWEEN = re.compile(r"[、,，;；/|\n]+")
_YES = re.compile("是|有|要|需要|对|√|✓|y|yes|true|1", re.IGNORECASE)
_NO = re.compile("否|无|没有|不|不要|不需要|×|n|no|false|0", re.IGNORECASE)


def document(cells: Sequence[str], targets: Sequence[str | None], event: Event) -> tuple[dict[str, Any], list[Fault]]:
    """The document of a row for ``registrations``, and what could not be read; faults' fields are the columns' targets."""
    faults: list[Fault] = []
    given: dict[str, str] = {}
    for target, cell in zip(targets, cells, strict=False):
        if target and cell:
            if cell.upper() in _BROKEN:
                faults.append(Fault(target, "formula", "这一格的公式出错了（{cell}），请改成文字", {"cell": cell.upper()}))
            else:
                given[target] = cell
    made: dict[str, Any] = {"name": given.get("name", ""), "answers": {}, "consent": True}
    if "phone" in given:
        made["phone"] = _phone(given["phone"], faults)
    if "party_size" in given:
        made["party_size"] = _party(given["party_size"], faults)
    if "sessions" in given:
        made["sessions"] = _sessions(given["sessions"], event, faults)
    if "unit" in given:
        made["unit"] = _unit(given["unit"], event, faults)
    if "note" in given:
        made["note"] = " ".join(given["note"].split())
    for question in event.questions:
        answer = given.get(f"answers.{question['key']}")
        if answer is not None:
            made["answers"][question["key"]] = _answer(answer, question)
    return made, faults


def _phone(cell: str, faults: list[Fault]) -> str | None:
    """The number as `read_phone` wants it; what Excel wrote as 1.38E+10 is taken back where its digits are all there."""
    flat = re.sub(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff'`‘’]", "", unicodedata.normalize("NFKC", cell)).strip()
    if found := _SCIENTIFIC.fullmatch(flat):
        whole = Decimal(found.group(1)).scaleb(int(found.group(2)))
        if whole != whole.to_integral_value() or len(found.group(1)) - 1 < int(found.group(2)):
            faults.append(Fault("phone", "scientific", "号码被Excel改成了{cell}，后几位已丢失；请把这一列设成文本再填", {"cell": flat}))
            return None
        flat = str(int(whole))
    flat = re.sub(r"(\d)\.0+$", r"\1", flat)
    if len(re.findall(r"(?<!\d)1[3-9]\d{9}(?!\d)", flat)) > 1:
        faults.append(Fault("phone", "several", "这一格有几个号码，请只留一个"))
        return None
    return re.sub(r"^(?:00|\+)?86[\s-]*(?=1[3-9](?:[\s-]?\d){9}$)", "", flat)


def _party(cell: str, faults: list[Fault]) -> int | None:
    found = _PARTY.fullmatch(unicodedata.normalize("NFKC", cell).strip())
    if found is None:
        faults.append(Fault("party_size", "number", "人数应为数字，如2"))
        return 1
    typed = found.group(1)
    return int(typed) if typed.isdecimal() else DIGITS[typed]


def _sessions(cell: str, event: Event, faults: list[Fault]) -> list[str]:
    """Sessions by name or key, several between 、or commas; a name that holds such a mark itself is tried whole first."""
    known = {_same(session.name): session.key for session in event.sessions} | {_same(session.key): session.key for session in event.sessions}
    if _same(cell) in known:
        return [known[_same(cell)]]
    chosen = []
    for part in filter(None, map(str.strip, _BETWEEN.split(cell))):
        key = known.get(_same(part))
        if key is None:
            listed = "、".join(session.name for session in event.sessions[:8])
            faults.append(Fault("sessions", "unknown", "没有叫“{cell}”的场次，可填：{known}", {"cell": part[:40], "known": listed}))
        else:
            chosen.append(key)
    return chosen


def _unit(cell: str, event: Event, faults: list[Fault]) -> str | None:
    """The unit of that name or key."""
    known = {_same(word): unit.key for unit in event.units for word in (unit.key, unit.name)}
    if _same(cell) not in known:
        faults.append(Fault("unit", "unknown", "没有叫“{cell}”的单位，请先在活动里加上", {"cell": cell[:40]}))
    return known.get(_same(cell))


def _answer(cell: str, question: dict[str, Any]) -> Any:
    flat = unicodedata.normalize("NFKC", cell).strip()
    if question["type"] == "yes_no" and not question["choices"]:
        return True if _YES.fullmatch(flat) else False if _NO.fullmatch(flat) else cell
    if question["choices"]:
        named = {_same(choice): choice for choice in question["choices"]}
        if question["type"] == "multi":
            return [named.get(_same(part), part) for part in filter(None, map(str.strip, _BETWEEN.split(cell)))]
        return named.get(_same(cell), cell)
    if question["type"] == "number" and flat.isdecimal() and len(flat) <= 9:
        return int(flat)
    return cell


def _same(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).lower()
