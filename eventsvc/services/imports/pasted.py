"""接龙: a numbered list copied out of a group chat becomes a table of name, phone, party and the rest as a note."""

from __future__ import annotations

import re
import unicodedata

from eventsvc.errors import Invalid
from eventsvc.services.imports.rows import DIGITS
from eventsvc.services.imports.sheets import LONGEST_CELL, MOST_ROWS

TARGETS = ["name", "phone", "party_size", "note"]
_NUMBERED = re.compile(r"\s*(?:\d{1,4}\s*[.、)．:：,，]|[（(]\s*\d{1,4}\s*[)）]|[①-⑳])\s*(.*)", re.DOTALL)
_PHONE = re.compile(r"(?<![\d-])(?:(?:\+|00)?86[\s-]?)?(1[3-9]\d(?:[\s-]?\d{4}){2}|0\d{2,3}[\s-]?\d{7,8})(?![\d-])")
_COUNT = rf"\d{{1,2}}|[{''.join(DIGITS)}]"
_PEOPLE = re.compile(rf"(?:共|一共)?(?<!\d)({_COUNT})\s*(?:个大人|个人|个小孩|个孩子|位|人|口|大|小)(?!\w*区)")
_MORE = re.compile(rf"\+\s*({_COUNT})(?!\d)\s*(?:人|位)?")
_LABEL = re.compile(r"(?:姓名|名字|手机号?码?|电话号?码?|联系电话|联系方式|参加人数|报名人数|人数|备注)\s*[:：]\s*")
_COUNTED = re.compile(rf"人数\s*[:：]\s*({_COUNT})(?!\d)\s*(?:人|位)?")
_BROUGHT = re.compile(rf"带着?\s*({_COUNT})\s*(?:个|位|名)?(?:大人|小孩|孩子|老人|娃|家属|人)")
_BREAK = re.compile(r"[\s,，、;；/|()（）\[\]【】]+")


def read(text: str) -> list[tuple[int, list[str]]]:
    """Rows (line in the text, [name, phone, party, note]) of a pasted list. Raises Invalid.

    Where lines are numbered, the ones above the first are the title, the others go on with the entry before them;
    without numbers every line is an entry. 王桂芳+1 means two people, 2大1小 three, 带2个孩子 two more.
    """
    entries = _entries(text)
    if not entries:
        raise Invalid.one("text", "required", "没有读到内容，请把接龙贴进来")
    if len(entries) > MOST_ROWS:
        raise Invalid.one("text", "too_many", "一次最多导入{most}行，请分几次贴", most=MOST_ROWS)
    return [(line, _cells(entry[:LONGEST_CELL])) for line, entry in entries]


def _entries(text: str) -> list[tuple[int, str]]:
    lines = [(number, line.strip()) for number, line in enumerate(text.replace("\x00", "\x01").splitlines(), 1) if line.strip()]
    matches = [(number, line, _NUMBERED.fullmatch(unicodedata.normalize("NFKC", line))) for number, line in lines]
    if not any(found for _number, _line, found in matches):
        return lines
    entries: list[tuple[int, str]] = []
    for number, line, found in matches:
        if found:
            entries.append((number, found.group(1)))
        elif entries:
            first, before = entries[-1]
            entries[-1] = (first, f"{before} {line}")
    return [(number, entry) for number, entry in entries if entry.strip()]


def _cells(entry: str) -> list[str]:
    rest = _LABEL.sub(" ", _COUNTED.sub(r" \1人 ", unicodedata.normalize("NFKC", entry)))
    phone = ""
    if found := _PHONE.search(rest):
        phone = found.group(1)
        rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    brought = _BROUGHT.sub(" ", rest)
    people = sum(map(_whole, _PEOPLE.findall(brought)))
    more = sum(map(_whole, [*_MORE.findall(rest), *_BROUGHT.findall(rest)]))
    left = _PEOPLE.sub(" ", _MORE.sub(" ", rest)) if not _BROUGHT.search(rest) else _MORE.sub(" ", rest)
    words = [word for word in _BREAK.split(left) if word]
    name = words[0] if words else ""
    counted = (people or 1) + more if people or more else 0
    return [name, phone, str(counted) if counted else "", " ".join(words[1:])]


def _whole(count: str) -> int:
    return int(count) if count.isdecimal() else DIGITS[count]
