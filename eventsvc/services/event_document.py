"""An event as a document: the JSON of the contract's section 4, read from API, file and form, and written for export.

Unknown and read-only members are ignored, so that what was exported can be imported. Every fault is said at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from annotated_types import GroupedMetadata
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event
from eventsvc.models.event import AREA_KINDS, COUNTER_KINDS, KINDS, QUALIFIERS, RULES
from eventsvc.services import record_form
from eventsvc.services.persons import read_phone

_BAD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
_ZONES = frozenset(available_timezones())


def _clean(value: Any) -> Any:
    """Trim text; an empty one is none."""
    if isinstance(value, str):
        if _BAD.search(value):
            raise PydanticCustomError("characters", "有无法显示的字符")
        return value.strip() or None
    return value


def _when(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    parsed = record_form.moment(value)
    if parsed is None:
        raise PydanticCustomError("time", "时间不对，要带时区，如2026-08-14T19:00:00+08:00")
    return parsed


class _choice(GroupedMetadata):  # noqa: N801 - reads as a word in the annotations
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


def _zone(value: str) -> str:
    if value not in _ZONES:
        raise PydanticCustomError("timezone", "没有这个时区，如Asia/Shanghai")
    return value


def _phone(value: str | None) -> str | None:
    if value is None:
        return None
    if re.fullmatch(r"(1[0-9]{4}|[0-9]{3,6}|400-?[0-9]{3}-?[0-9]{4})", value):
        return value  # service numbers: 12345, 96315, 400
    _phone_number, fault = read_phone(value)
    if fault is not None:
        raise PydanticCustomError("phone", fault.sentence())
    return value


def _text(most: int) -> Any:
    return Annotated[Annotated[str, Field(max_length=most)] | None, BeforeValidator(_clean)]


def _required(most: int) -> Any:
    return Annotated[Annotated[str, Field(max_length=most)], BeforeValidator(_clean)]


Slug = Annotated[
    str,
    BeforeValidator(_clean),
    _pattern(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", "网址名只能用小写字母、数字和连字符，1到64个"),
]
Key = Annotated[str, BeforeValidator(_clean), _pattern(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "代号只能用字母、数字、连字符和下划线，1到64个")]
OptionalKey = Annotated[Key | None, BeforeValidator(_clean)]
When = Annotated[datetime | None, BeforeValidator(_when)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class AreaDocument(_Part):
    """A module, zone, stage, stall or point."""

    key: Key
    name: _required(120)
    kind: Annotated[str, _choice(*AREA_KINDS)] = "zone"
    parent: OptionalKey = None
    note: _text(300) = None


class SessionDocument(_Part):
    """A session with its own time and places."""

    key: Key
    name: _required(120)
    area: OptionalKey = None
    starts_at: When = None
    ends_at: When = None
    capacity: Annotated[StrictInt | None, Field(ge=1, le=1_000_000)] = None


class CheckpointDocument(_Part):
    """A place where tickets are scanned; ``entrance`` defaults to true for the first one only."""

    key: Key
    name: _required(120)
    area: OptionalKey = None
    rule: Annotated[str, _choice(*RULES)] = "once"
    entrance: StrictBool | None = None
    sessions: list[Key] = []
    opens_at: When = None
    closes_at: When = None


class ReportedDocument(_Part):
    """A figure typed by a person: number + qualifier."""

    value: Annotated[StrictInt, Field(ge=0, le=100_000_000)]
    qualifier: Annotated[str, _choice(*QUALIFIERS)] = "exact"
    source: _required(60) = "人工填报"


class CounterDocument(_Part):
    """Something that is counted."""

    key: Key
    name: _required(120)
    kind: Annotated[str, _choice(*COUNTER_KINDS)] = "custom"
    unit: _text(16) = ""
    verb: _text(16) = ""
    steps: Annotated[list[Annotated[StrictInt, Field(ge=1, le=9999)]], Field(min_length=1, max_length=8)] = [1]
    stock: Annotated[StrictInt | None, Field(ge=0, le=100_000_000)] = None
    topics: Annotated[list[_required(60)], Field(max_length=40)] = []
    parent: OptionalKey = None
    area: OptionalKey = None
    basis: Annotated[str, _choice("tapped", "stocktake")] = "tapped"
    qualifier: Annotated[str, _choice(*QUALIFIERS)] = "exact"
    reported: ReportedDocument | None = None


class QuestionDocument(_Part):
    """A question asked at registration (``ask: form``) or at the desk (``ask: desk``)."""

    key: Key
    label: _required(120)
    type: Annotated[str, _choice("text", "number", "choice", "multi", "yes_no", "age_band")] = "text"
    choices: Annotated[list[_required(60)], Field(max_length=40)] = []
    required: StrictBool = False
    ask: Annotated[str, _choice("form", "desk")] = "form"


class RegistrationDocument(_Part):
    """How residents register; ``capacity`` null is unlimited, ``closes_at`` null is the event's end."""

    open: StrictBool = True
    opens_at: When = None
    closes_at: When = None
    capacity: Annotated[StrictInt | None, Field(ge=1, le=1_000_000)] = None
    max_party: Annotated[StrictInt, Field(ge=1, le=99)] = 5
    waitlist: StrictBool = True
    approval: StrictBool = False
    retention_days: Annotated[StrictInt, Field(ge=1, le=3650)] = 180
    questions: Annotated[list[QuestionDocument], Field(max_length=40)] = []


class EventDocument(_Part):
    """The whole event; only slug, title and kind are required."""

    slug: Slug
    title: _required(200)
    short_title: _text(60) = None
    kind: Annotated[str, _choice(*KINDS)]
    host: _text(200) = None
    undertaker: _text(200) = None
    co_host: _text(200) = None
    venue: _text(200) = None
    contact_phone: Annotated[Annotated[str, Field(max_length=32)] | None, BeforeValidator(_clean), AfterValidator(_phone)] = None
    description: _text(5000) = None
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Shanghai"
    starts_at: When = None
    ends_at: When = None
    date_text: _text(60) = None
    participation: _required(64) = "entries"
    registration: RegistrationDocument = RegistrationDocument()
    areas: Annotated[list[AreaDocument], Field(max_length=500)] = []
    sessions: Annotated[list[SessionDocument], Field(max_length=500)] = []
    checkpoints: Annotated[list[CheckpointDocument], Field(max_length=200)] = []
    counters: Annotated[list[CounterDocument], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _entrance_defaults_to_the_first(self) -> EventDocument:
        if self.checkpoints and all(checkpoint.entrance is None for checkpoint in self.checkpoints):
            self.checkpoints[0].entrance = True
        for checkpoint in self.checkpoints:
            checkpoint.entrance = bool(checkpoint.entrance)
        return self


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
    for group in ("areas", "sessions", "checkpoints", "counters"):
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
        found = _when(value)
    except PydanticCustomError:
        return None
    return found if isinstance(found, datetime) else None


_SENTENCES = {
    "missing": ("required", "请填写"),
    "string_type": ("type", "应为文字"),
    "string_too_long": ("too_long", "最多{max_length}个字"),
    "string_too_short": ("too_short", "至少{min_length}个字"),
    "string_unicode": ("characters", "有无法显示的字符"),
    "literal_error": ("choice", "只能是：{expected}"),
    "choice": ("choice", "只能是：{values}"),
    "int_type": ("number", "应为整数"),
    "int_parsing": ("number", "应为整数"),
    "int_from_float": ("number", "应为整数"),
    "finite_number": ("number", "应为整数"),
    "bool_type": ("boolean", "应为 true 或 false"),
    "bool_parsing": ("boolean", "应为 true 或 false"),
    "greater_than_equal": ("too_small", "不能小于{ge}"),
    "less_than_equal": ("too_large", "不能大于{le}"),
    "list_type": ("type", "应为数组"),
    "too_long": ("too_long", "最多{max_length}项"),
    "too_short": ("too_short", "至少{min_length}项"),
    "model_type": ("object", "应为一个对象"),
    "model_attributes_type": ("object", "应为一个对象"),
}


def faults_of(error: ValidationError) -> list[Fault]:
    """A pydantic error as our faults: dotted field, stable code, a Chinese sentence."""
    faults = []
    for item in error.errors(include_url=False, include_input=False):
        kind, context = item["type"], item.get("ctx") or {}
        missing_text = kind == "string_type" and item["loc"] and item.get("msg", "").startswith("Input should be a valid string")
        code, sentence = _SENTENCES.get(kind, (kind, item["msg"]))
        params = {name: value for name, value in context.items() if isinstance(value, (str, int, float))}
        if kind not in _SENTENCES:
            params = {}
        if missing_text:
            sentence = "请填写文字"
        faults.append(Fault(".".join(str(part) for part in item["loc"] if part != "function-before"), code, sentence, params))
    return faults


def dump(event: Event) -> dict[str, Any]:
    """The event as a document, times with the event's own offset; ``parse`` takes it back."""
    zone = ZoneInfo(event.timezone)

    def show(moment: datetime | None) -> str | None:
        return moment.astimezone(zone).isoformat() if moment is not None else None

    return {
        "slug": event.slug,
        "title": event.title,
        "short_title": event.short_title,
        "kind": event.kind,
        "status": event.status,
        "host": event.host,
        "undertaker": event.undertaker,
        "co_host": event.co_host,
        "venue": event.venue,
        "contact_phone": event.contact_phone,
        "description": event.description,
        "timezone": event.timezone,
        "starts_at": show(event.starts_at),
        "ends_at": show(event.ends_at),
        "date_text": event.date_text,
        "participation": event.participation,
        "demo": event.demo,
        "rehearsal": event.rehearsal,
        "year_inferred": event.year_inferred,
        "registration": {
            "open": event.registration_open,
            "opens_at": show(event.registration_opens_at),
            "closes_at": show(event.registration_closes_at),
            "capacity": event.capacity,
            "max_party": event.max_party,
            "waitlist": event.waitlist,
            "approval": event.approval,
            "retention_days": event.retention_days,
            "questions": event.questions,
        },
        "areas": [{"key": a.key, "name": a.name, "kind": a.kind, "parent": a.parent, "note": a.note} for a in event.areas],
        "sessions": [
            {
                "key": s.key,
                "name": s.name,
                "area": s.area,
                "starts_at": show(s.starts_at),
                "ends_at": show(s.ends_at),
                "capacity": s.capacity,
            }
            for s in event.sessions
        ],
        "checkpoints": [
            {
                "key": c.key,
                "name": c.name,
                "area": c.area,
                "rule": c.rule,
                "entrance": c.entrance,
                "sessions": c.sessions,
                "opens_at": show(c.opens_at),
                "closes_at": show(c.closes_at),
            }
            for c in event.checkpoints
        ],
        "counters": [
            {
                "key": c.key,
                "name": c.name,
                "kind": c.kind,
                "unit": c.unit,
                "verb": c.verb,
                "steps": c.steps,
                "stock": c.stock,
                "topics": c.topics,
                "parent": c.parent,
                "area": c.area,
                "basis": c.basis,
                "qualifier": c.qualifier,
                "reported": None
                if c.reported_value is None
                else {"value": c.reported_value, "qualifier": c.reported_qualifier, "source": c.reported_source},
            }
            for c in event.counters
        ],
    }
