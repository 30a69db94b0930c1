"""A ledger row in words: when, where, who, how many, what came of it, by which phone; names masked, no numbers made here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext

from eventsvc.render import words
from eventsvc.services.reports import RecordLine


@dataclass(frozen=True)
class Said:
    """One row as the pages show it; ``counts`` is what it adds to its figure."""

    id: str
    at: datetime
    place: str
    who: str
    what: str
    counts: int | None
    by: str
    flags: str
    reason: str
    undone: bool
    can_undo: bool


def said(line: RecordLine) -> Said:
    """The words of one row."""
    return Said(
        id=line.id,
        at=line.corrected_at or line.at,
        place="·".join(part for part in (line.place, line.topic) if part) or "",
        who=" ".join(part for part in (line.person, line.ticket) if part),
        what=_what(line),
        counts=line.counts,
        by=" · ".join(part for part in (line.device or gettext("管理页面"), line.operator) if part),
        flags=gettext("、").join(gettext(words.FLAGS[name]) if name in words.FLAGS else name for name in line.flags),
        reason=gettext("；").join(part for part in (line.reason, line.note) if part),
        undone=line.undone,
        can_undo=not line.undone and line.type != "undo" and (line.type == "tally" or line.outcome == "admitted" or line.decided == "admitted"),
    )


def all_said(lines: Iterable[RecordLine]) -> list[Said]:
    """The words of many rows."""
    return [said(line) for line in lines]


def _what(line: RecordLine) -> str:
    kind = gettext(words.TYPES.get(line.type, line.type))
    if line.type == "undo":
        return kind
    if line.type == "tally":
        basis = gettext(words.BASES[line.basis]) if line.basis in words.BASES else ""
        way = _way(line) if line.direction == "out" else ""
        return f"{basis} {line.quantity}{f' {way}' if way else ''}"
    result = gettext(words.OUTCOMES.get(line.outcome, line.outcome))
    if line.decided == "admitted" and line.outcome != "admitted":
        result = gettext("志愿者放行（系统：%(result)s）", result=result)
    if line.basis in words.BASES:  # 纸质补录 or 自助签到: nobody scanned it at the door
        kind = gettext(words.BASES[line.basis])
    if line.outcome not in {"admitted", "walkin"} and line.decided != "admitted":  # nobody passed, so no heads are named
        if line.outcome == "already_used":
            return gettext("%(kind)s：重复，未放行", kind=kind)
        return gettext("%(kind)s：未放行（%(result)s）", kind=kind, result=result)
    return gettext("%(kind)s%(way)s %(n)s位：%(result)s", kind=kind, way=_way(line), n=line.quantity, result=result)


def _way(line: RecordLine) -> str:
    """In or out; a passage without a direction is one in."""
    direction = line.direction or "entry"
    word = words.DIRECTIONS.get(direction, direction)
    return gettext(word)
