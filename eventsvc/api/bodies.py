"""JSON in and out: whatever a client sends is an object or a 400, and nothing in it can break what comes after.

Lone surrogates and NUL pass, so that the field that holds them is named; numbers and depths that nobody means become
infinity, which no field accepts, so that one absurd record never sinks a batch.
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
from flask import request

from eventsvc.errors import Unreadable

DEEPEST = 24  # levels of nesting; an event document has five
LONGEST_NUMBER = 18  # digits
_LARGEST = 10**LONGEST_NUMBER - 1


def read(*, may_be_empty: bool = False) -> dict[str, Any]:
    """The request's body as an object. Raises Unreadable; Werkzeug raises 413 for more than MAX_CONTENT_LENGTH."""
    raw = request.get_data(cache=True)
    if may_be_empty and not raw.strip():
        return {}
    data = loads(raw)
    if not isinstance(data, dict):
        raise Unreadable("unreadable", "内容应为一个 JSON 对象")
    return data


def loads(raw: bytes) -> Any:
    """Parse JSON in UTF-8; the strict parser first, the patient one for what it refuses. Raises Unreadable."""
    try:
        return _shallow(orjson.loads(raw))
    except orjson.JSONDecodeError:
        pass
    try:
        patient = json.loads(raw.decode("utf-8-sig"), parse_int=_whole, parse_float=float, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise Unreadable("unreadable", "内容不是有效的 JSON") from error
    return _shallow(patient)


def dumps(data: Any) -> bytes:
    """UTF-8 JSON; an echoed lone surrogate is written as its escape."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return json.dumps(data).encode()


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else math.inf


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _shallow(data: Any) -> Any:
    """The same with whatever is nested too deep, and integers beyond 64 bits, replaced by infinity."""
    pending = [(data, 1)] if isinstance(data, (dict, list)) else []
    while pending:
        container, depth = pending.pop()
        for key, value in container.items() if isinstance(container, dict) else enumerate(container):
            kind = type(value)
            if kind is str or kind is int and -_LARGEST <= value <= _LARGEST:
                continue
            if kind is dict or kind is list:
                if depth >= DEEPEST:
                    container[key] = math.inf
                else:
                    pending.append((value, depth + 1))
            elif kind is int:
                container[key] = math.inf
    return data
