"""Reading a document: checked part by part and as a whole; every fault is said at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from eventsvc.errors import Fault, Invalid
from eventsvc.services import questions
from eventsvc.services.event_document.faults import faults_of
from eventsvc.services.event_document.kinds import when
from eventsvc.services.event_document.shapes import EventDocument

MOST_NAMED = 10  # of a party whose members are written down one by one


def parse(data: Any) -> EventDocument:
    """Check a document; raises Invalid with every fault, in dotted notation (``counters.0.stock``)."""
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    faults: list[Fault] = []
    document: EventDocument | None = None
    try:
        document = EventDocument.model_validate(data)
    except ValidationError as error:
        faults += faults_of(error)
    else:
        faults += _cross_check(document)
    faults += _time_faults(data)
    if faults or document is None:
        raise Invalid(faults)
    return document


def _cross_check(document: EventDocument) -> list[Fault]:
    """What only the whole document can tell: keys that are double, that point nowhere."""
    faults: list[Fault] = []
    for group in ("areas", "sessions", "checkpoints", "counters", "units"):
        seen: set[str] = set()
        for index, part in enumerate(getattr(document, group)):
            if part.key in seen:
                faults.append(Fault(f"{group}.{index}.key", "duplicate", "代号“{key}”重复了", {"key": part.key}))
            seen.add(part.key)
    areas = {area.key for area in document.areas}
    sessions = {session.key for session in document.sessions}
    counters = {counter.key for counter in document.counters}
    for group in ("sessions", "checkpoints", "counters"):
        for index, part in enumerate(getattr(document, group)):
            if part.area is not None and part.area not in areas:
                faults.append(Fault(f"{group}.{index}.area", "unknown_key", "没有代号为“{key}”的区域", {"key": part.area}))
    for group, parts, known in (("areas", document.areas, areas), ("counters", document.counters, counters)):
        for index, part in enumerate(parts):
            if part.parent is not None and (part.parent not in known or part.parent == part.key):
                faults.append(Fault(f"{group}.{index}.parent", "unknown_key", "没有代号为“{key}”的上级", {"key": part.parent}))
    for index, checkpoint in enumerate(document.checkpoints):
        for key in checkpoint.sessions:
            if key not in sessions:
                faults.append(Fault(f"checkpoints.{index}.sessions", "unknown_key", "没有代号为“{key}”的场次", {"key": key}))
        if checkpoint.by_oneself != "no" and checkpoint.rule == "each_time":
            faults.append(Fault(f"checkpoints.{index}.by_oneself", "each_time", "每次都计的签到点要有人扫码，不能自助签到"))
    faults += questions.faults_of(document.registration.questions)
    if document.registration.members == "names" and document.registration.max_party > MOST_NAMED:
        faults.append(Fault("registration.max_party", "too_many", "要逐个写名字时，一次最多报{most}位", {"most": MOST_NAMED}))
    registration = document.registration
    if registration.capacity is not None and registration.reserve > registration.capacity:
        faults.append(Fault("registration.reserve", "too_large", "现场名额不能多于总名额"))
    if document.participation not in {"entries", "none"} | counters:
        faults.append(Fault("participation", "unknown_key", "参加人次只能取 entries、none 或一个计数项的代号"))
    return faults


def _time_faults(data: dict[str, Any]) -> list[Fault]:
    """Times that run backwards; looked for in the document as it was sent, so that a fault elsewhere hides none of them."""
    spans = [("", data, "starts_at", "ends_at"), ("registration.", data.get("registration"), "opens_at", "closes_at")]
    for group, first, last in (("sessions", "starts_at", "ends_at"), ("checkpoints", "opens_at", "closes_at")):
        rows = data.get(group)
        spans += [(f"{group}.{index}.", row, first, last) for index, row in enumerate(rows[:500] if isinstance(rows, list) else [])]
    faults = []
    for prefix, part, first, last in spans:
        if isinstance(part, dict):
            begins, ends = _readable(part.get(first)), _readable(part.get(last))
            if begins is not None and ends is not None and ends <= begins:
                faults.append(Fault(f"{prefix}{last}", "order", "结束时间要晚于开始时间"))
    if data.get("starts_at") in (None, "") and _readable(data.get("ends_at")) is not None:
        faults.append(Fault("starts_at", "required", "填了结束时间，也要填开始时间"))
    return faults


def _readable(value: Any) -> datetime | None:
    """The time, where it can be read; pydantic complains of the others."""
    try:
        found = when(value)
    except PydanticCustomError:
        return None
    return found if isinstance(found, datetime) else None
