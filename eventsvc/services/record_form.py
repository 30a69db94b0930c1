"""Reading one field record: its form is checked here and nowhere else; what is malformed is said for each record alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from eventsvc.services import codes, persons

TYPES = ("checkin", "tally", "walkin", "undo")
BASES = ("tapped", "stocktake", "paper", "self")
PASSAGE_BASES = ("paper", "self")  # of a check-in or walk-in: entered afterwards from a list; by the resident alone. None: by a phone
_ID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)")
_KEY = re.compile(r"[a-z0-9-]{1,64}")
_USUAL = ("id", "type", "checkpoint", "ticket", "count", "at")  # members of nearly every record of a crowd, beside ``decided``
_of_usual = itemgetter(*_USUAL)
_AS_USUAL = re.compile(f"{_ID.pattern}\n{_KEY.pattern}\n{codes.PLAIN.pattern}\n{_RFC3339.pattern}")  # of all its texts, a line each
_LONGEST = {"checkpoint": 64, "counter": 64, "ref": 64, "topic": 60, "operator": 40, "reason": 200, "note": 300, "name": 50, "phone": 40}
_text_of: Callable[[tuple[str, str]], codes.TicketText] = partial(tuple.__new__, codes.TicketText)
_NOTHING: dict[str, str | None] = dict.fromkeys(_LONGEST)


@dataclass(slots=True)
class Form:
    """A well-formed record as the phone sent it; ``content`` is the fingerprint that ``id_reused`` compares."""

    id: str
    type: str
    at: datetime
    checkpoint: str | None
    counter: str | None
    ticket: codes.TicketText | None
    scanned: str | None
    ref: str | None
    quantity: int
    direction: str | None
    topic: str | None
    basis: str | None
    undoes: str | None
    answers: dict[str, Any] | None
    decided: str | None
    operator: str | None
    reason: str | None
    note: str | None
    name: str | None
    phone: str | None
    content: str
    usual: bool = field(default=False, compare=False)  # nothing but what nearly every record of a crowd has


class Malformed(Exception):
    """This record cannot be read; the message is the sentence for the volunteer, ``id`` whatever id it brought."""

    def __init__(self, sentence: str, record_id: str | None = None) -> None:
        super().__init__(sentence)
        self.id = record_id


def moment(text: Any) -> datetime | None:
    """An RFC 3339 time with offset between 2000 and 2100, or None; more digits than microseconds are cut."""
    return _instant(text) if isinstance(text, str) and len(text) <= 40 and _RFC3339.fullmatch(text) else None


def _instant(text: str) -> datetime | None:
    """The same of a text of that form."""
    try:
        value = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    return value if 2000 <= value.year < 2100 else None


def read(raw: Any) -> Form:
    """Check one record of a batch; raises Malformed."""
    if not isinstance(raw, dict):
        raise Malformed("记录不是一个对象")
    if (form := _usual(raw)) is not None:
        return form
    record_id = raw.get("id")
    if not isinstance(record_id, str) or not _ID.fullmatch(record_id):
        raise Malformed("记录编号不对", record_id if isinstance(record_id, str) and len(record_id) <= 64 else None)
    record_id = record_id.lower()
    try:
        return _read(record_id, raw)
    except Malformed as fault:
        fault.id = record_id
        raise


def _usual(raw: dict[str, Any]) -> Form | None:
    """A check-in as our own scanner sends it, read in a fifth of the time; None for whatever differs, which `_read` takes."""
    try:
        record_id, kind, checkpoint, code, count, said_at = _of_usual(raw)
    except KeyError:
        return None
    decided = raw.get("decided")
    if len(raw) != len(_USUAL) + ("decided" in raw):
        return None
    if kind != "checkin" or type(count) is not int or not 0 < count < 100 or decided not in (None, "admitted", "refused"):
        return None
    if type(checkpoint) is not str or not _AS_USUAL.fullmatch(f"{record_id}\n{checkpoint}\n{code}\n{said_at}"):
        return None
    at = _instant(said_at)
    if at is None:
        return None
    content = f"('checkin', '{checkpoint}', None, 'code:{code}', {count}, 'entry', None, None, {at.timestamp()!r}, None)"  # as of `_read`
    return Form(
        record_id.lower(), "checkin", at, checkpoint, None, _text_of(("code", code)), None, None, count, "entry", None, None, None, None,
        decided, None, None, None, None, None, blake2b(content.encode(), digest_size=16).hexdigest(), True,
    )  # fmt: skip


def _read(record_id: str, raw: dict[str, Any]) -> Form:
    kind = raw.get("type")
    if kind not in TYPES:
        raise Malformed("记录类型不对")
    at = moment(raw.get("at"))
    if at is None:
        raise Malformed("时间不对，要带时区")
    text = _NOTHING | {field: _text(raw, field, _LONGEST[field]) for field in raw if field in _LONGEST}
    decided = raw.get("decided")
    if decided not in (None, "admitted", "refused"):
        raise Malformed("手机的判断写法不对")
    answers = raw.get("answers")
    if answers is not None and (not isinstance(answers, dict) or len(answers) > 20 or len(repr(answers)) > 4000 or _unclean(answers)):
        raise Malformed("回答写法不对")

    ticket: codes.TicketText | None = None
    scanned: str | None = None
    checkpoint = counter = ref = direction = topic = basis = undoes = None
    quantity = 0
    if kind in ("checkin", "walkin"):
        checkpoint = text["checkpoint"]
        if not checkpoint:
            raise Malformed("没有写签到点")
        quantity = _whole(raw, "count", 99)
        direction = raw.get("direction") or "entry"
        if direction not in ("entry", "exit") or (kind == "walkin" and direction == "exit"):
            raise Malformed("进出方向不对")
        basis = raw.get("basis") if raw.get("basis") in PASSAGE_BASES else None
    if kind == "checkin":
        ref = text["ref"]
        said = raw.get("ticket")
        if said is not None and not isinstance(said, str):
            raise Malformed("凭证内容不对")
        if not said and not ref:
            raise Malformed("没有凭证内容")
        if said and not ref:
            ticket = codes.parse(said)
            scanned = codes.describe(said) if ticket.kind == "foreign" else None
    if kind == "walkin":
        _check_walkin(raw, text)
    if kind == "tally":
        counter = text["counter"]
        if not counter:
            raise Malformed("没有写计数项")
        quantity = _whole(raw, "quantity", 9999)
        direction = raw.get("direction") or "in"
        basis = raw.get("basis") or "tapped"
        topic = text["topic"]
        if direction not in ("in", "out") or basis not in BASES:
            raise Malformed("计数的方向或依据不对")
    if kind == "undo":
        undoes = raw.get("undoes")
        if not isinstance(undoes, str) or not _ID.fullmatch(undoes):
            raise Malformed("没有写撤销哪一条")
        undoes = undoes.lower()
        if undoes == record_id:
            raise Malformed("不能撤销自己")
    subject = ref and f"ref:{ref}" or (ticket and f"{ticket.kind}:{ticket.value or scanned}") or ""
    parts = (kind, checkpoint, counter, subject, quantity, direction, topic, basis, at.timestamp(), undoes)
    return Form(
        id=record_id,
        type=kind,
        at=at,
        checkpoint=checkpoint,
        counter=counter,
        ticket=ticket,
        scanned=scanned,
        ref=ref,
        quantity=quantity,
        direction=direction,
        topic=topic,
        basis=basis,
        undoes=undoes,
        answers=answers,
        decided=decided,
        operator=text["operator"],
        reason=text["reason"],
        note=text["note"],
        name=text["name"],
        phone=text["phone"],
        content=blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(),
    )


def _check_walkin(raw: dict[str, Any], text: dict[str, str | None]) -> None:
    """A walk-in's name and phone are optional; where given they must be readable and agreed to (PIPL art. 13, 17)."""
    if text["name"] is not None:
        text["name"], fault = persons.read_name(text["name"])
        if fault:
            raise Malformed(fault.sentence())
    if text["phone"] is not None:
        text["phone"], fault = persons.read_phone(text["phone"])
        if fault:
            raise Malformed(fault.sentence())
    if (text["name"] or text["phone"]) and raw.get("consent") is not True:
        raise Malformed("留姓名或电话前，请先征得本人同意")


def _text(raw: dict[str, Any], field: str, most: int) -> str | None:
    value = raw.get(field)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > most or persons.unprintable(value):
        raise Malformed(f"{field} 写法不对")
    return value


def _whole(raw: dict[str, Any], field: str, most: int) -> int:
    value = raw.get(field, 1)
    if type(value) is not int or not 1 <= value <= most:
        raise Malformed(f"数量应为1到{most}的整数")
    return value


def _unclean(value: Any) -> bool:
    if isinstance(value, str):
        return persons.unprintable(value)
    if isinstance(value, dict):
        return any(_unclean(key) or _unclean(item) for key, item in value.items())
    if isinstance(value, float):
        return not math.isfinite(value)
    return isinstance(value, list) and any(map(_unclean, value))
