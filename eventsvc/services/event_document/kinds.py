"""The kinds of values that an event's document is made of, each with its own sentence where a value is none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import available_timezones

from annotated_types import GroupedMetadata
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from eventsvc.services import record_form
from eventsvc.services.persons import read_phone

_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
_ZONES = frozenset(available_timezones())


def clean(value: Any) -> Any:
    """Trim text; an empty one is none."""
    if isinstance(value, str):
        if _BAD.search(value):
            raise PydanticCustomError("characters", "有无法显示的字符")
        return value.strip() or None
    return value


def when(value: Any) -> Any:
    """A time with its offset, or none."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    parsed = record_form.moment(value)
    if parsed is None:
        raise PydanticCustomError("time", "时间不对，要带时区，如2026-08-14T19:00:00+08:00")
    return parsed


class one_of(GroupedMetadata):  # noqa: N801 - reads as a word in the annotations
    """One of a few words; the JSON schema lists them."""

    def __init__(self, *values: str) -> None:
        self.values = values

    def __iter__(self) -> Iterator[object]:
        yield AfterValidator(self._check)
        yield WithJsonSchema({"type": "string", "enum": list(self.values)})

    def _check(self, value: str) -> str:
        if value not in self.values:
            raise PydanticCustomError("choice", "只能是：{values}", {"values": ", ".join(self.values)})
        return value


def _pattern(pattern: str, sentence: str) -> AfterValidator:
    compiled = re.compile(pattern)

    def check(value: str) -> str:
        if not compiled.fullmatch(value):
            raise PydanticCustomError("key", sentence)
        return value

    return AfterValidator(check)


def zone_name(value: str) -> str:
    """An IANA time zone that this machine knows."""
    if value not in _ZONES:
        raise PydanticCustomError("timezone", "没有这个时区，如Asia/Shanghai")
    return value


def phone_number(value: str | None) -> str | None:
    """A telephone or service number as it was written."""
    if value is None:
        return None
    if re.fullmatch(r"(1[0-9]{4}|[0-9]{3,6}|400-?[0-9]{3}-?[0-9]{4})", value):
        return value  # service numbers: 12345, 96315, 400
    _phone_number, fault = read_phone(value)
    if fault is not None:
        raise PydanticCustomError("phone", fault.sentence())
    return value


def hold(value: int) -> int:
    """Hours that an offered place is held: none at all, or at least a day (domain 3.1: 候补确认 ≥24h)."""
    if 0 < value < 24:
        raise PydanticCustomError("hold", "保留时间不能少于24小时；填0就是直接递补")
    return value


def text(most: int) -> Any:
    """Text of at most ``most`` characters, or none."""
    return Annotated[Annotated[str, Field(max_length=most)] | None, BeforeValidator(clean)]


def needed_text(most: int) -> Any:
    """Text that has to be there, of at most ``most`` characters."""
    return Annotated[Annotated[str, Field(max_length=most)], BeforeValidator(clean)]


Slug = Annotated[
    str,
    BeforeValidator(clean),
    _pattern(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", "网址只能用小写字母、数字和连字符，1到64个"),
]
Key = Annotated[str, BeforeValidator(clean), _pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "代号只能用字母、数字、连字符和下划线，1到64个")]
OptionalKey = Annotated[Key | None, BeforeValidator(clean)]
When = Annotated[datetime | None, BeforeValidator(when)]
