"""The one plain form of an event: fields and rows to a document and back, every fault beside its field, nothing typed lost."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext, lazy_gettext
from wtforms import BooleanField, Field, FieldList, Form, FormField, HiddenField, SelectField, StringField

from eventsvc.errors import Fault
from eventsvc.render import words
from eventsvc.services import naming
from eventsvc.services.questions import AGE_BANDS
from eventsvc.web.forms import Needed, PageForm, text_of

GROUPS = ("areas", "sessions", "checkpoints", "counters", "questions", "units")
ABOVE = ("title", "starts_at", "ends_at", "venue", "contact_phone", "host", "open", "capacity", "max_party", "waitlist")  # the page begins with these
ON_PAGE = ("units", "checkpoints", "counters", "areas", "sessions", "questions")  # then the lists, then the rest
INSIDE = "registration"  # where the document keeps the questions
MOST_ROWS = 200
SEVERAL = "+"
_LOCAL = re.compile(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?[T\s]*(\d{1,2})[::](\d{2})(?::\d\d)?")
_TIMES = {"starts_at", "ends_at", "opens_at", "closes_at"}
_PLAIN = ("title", "short_title", "kind", "slug", "host", "undertaker", "co_host", "venue", "contact_phone", "description", "date_text", "timezone")
_UNTICKED = (False, "false", "", "0")

KINDS = [
    ("fair", lazy_gettext("夜市、展演等文化活动")),
    ("outreach", lazy_gettext("广场宣传、服务")),
    ("tour", lazy_gettext("观摩")),
    ("meeting", lazy_gettext("会议")),
    ("course", lazy_gettext("课程、讲座")),
]
RULES = [(key, lazy_gettext(word)) for key, word in words.RULES.items()]
BY_ONESELF = [
    ("no", lazy_gettext("不用")),
    ("screen", lazy_gettext("大屏幕上的码")),
    ("word", lazy_gettext("海报加口令")),
]
AREA_KINDS = [
    ("zone", lazy_gettext("分区")),
    ("module", lazy_gettext("模块")),
    ("stage", lazy_gettext("舞台")),
    ("stall", lazy_gettext("摊位")),
    ("point", lazy_gettext("点位")),
]
WAITLIST_RULES = [
    ("strict", lazy_gettext("按先后，不插队")),
    ("fit", lazy_gettext("名额不够时，人数少的可以先递补")),
]
COUNTER_KINDS = [
    ("handout", lazy_gettext("发放物品")),
    ("consultation", lazy_gettext("接受咨询")),
    ("application", lazy_gettext("受理申请")),
    ("headcount", lazy_gettext("点人数")),
    ("material", lazy_gettext("主办方填写")),
    ("custom", lazy_gettext("其他")),
]


MEMBERS = [("number", lazy_gettext("只填几位，不写名字")), ("names", lazy_gettext("逐个写名字（孩子写小名和年龄段）"))]
ASKED = [("form", lazy_gettext("报名时问")), ("desk", lazy_gettext("扫码时问（最多3项）"))]
QUESTION_TYPES = [
    ("text", lazy_gettext("写一句话")),
    ("number", lazy_gettext("填数字")),
    ("choice", lazy_gettext("选一项")),
    ("multi", lazy_gettext("选几项")),
    ("yes_no", lazy_gettext("是或否")),
    ("age_band", lazy_gettext("年龄段")),
    ("real_name", lazy_gettext("真实姓名（加密保存）")),
    ("id_number", lazy_gettext("身份证号（加密保存）")),
]


class AreaRow(Form):
    """An area: a zone, a stage, a stall, a point."""

    key = HiddenField()
    name = StringField(lazy_gettext("名称"))
    kind = SelectField(lazy_gettext("是什么"), choices=AREA_KINDS, validate_choice=False, default="zone")
    note = StringField(lazy_gettext("说明"))


class SessionRow(Form):
    """A session with its own time and places."""

    key = HiddenField()
    name = StringField(lazy_gettext("名称"))
    starts_at = StringField(lazy_gettext("开始"))
    ends_at = StringField(lazy_gettext("结束"))
    capacity = StringField(lazy_gettext("名额"))


class CheckpointRow(Form):
    """A place where tickets are scanned."""

    key = HiddenField()
    name = StringField(lazy_gettext("名称"))
    rule = SelectField(lazy_gettext("一张凭证能扫几次"), choices=RULES, validate_choice=False, default="once")
    entrance = BooleanField(lazy_gettext("是入口（计入场人次）"), false_values=_UNTICKED)
    by_oneself = SelectField(lazy_gettext("居民自助签到"), choices=BY_ONESELF, validate_choice=False, default="no")
    session = StringField(lazy_gettext("只让哪一场进"))  # its key, nothing for all of them, SEVERAL where it is more than one


class CounterRow(Form):
    """Something that is counted."""

    key = HiddenField()
    verb = StringField(lazy_gettext("做什么"))
    name = StringField(lazy_gettext("数什么"))
    unit = StringField(lazy_gettext("单位"))
    kind = SelectField(lazy_gettext("哪一类"), choices=COUNTER_KINDS, validate_choice=False, default="handout")
    stock = StringField(lazy_gettext("准备了多少"))
    topics = StringField(lazy_gettext("分成几种（用、隔开）"))


class QuestionRow(Form):
    """Something that residents are asked."""

    key = HiddenField()
    name = StringField(lazy_gettext("问什么"))
    type = SelectField(lazy_gettext("怎么答"), choices=QUESTION_TYPES, validate_choice=False, default="text")
    choices = StringField(lazy_gettext("选项（用、隔开）"))
    ask = SelectField(lazy_gettext("什么时候问"), choices=ASKED, validate_choice=False, default="form")
    required = BooleanField(lazy_gettext("必须回答"), false_values=_UNTICKED)
    reason = StringField(lazy_gettext("为什么要收（姓名、证件号才填）"))


class UnitRow(Form):
    """A unit that takes part, and how many of it are expected; several names in one row make as many units."""

    key = HiddenField()
    name = StringField(lazy_gettext("单位（几个可以用、隔开）"))
    expected = StringField(lazy_gettext("各应到几位"), default="1")


class EventForm(PageForm):
    """An event's form; times are on the clock of the event's own zone."""

    title = StringField(lazy_gettext("活动名称"), [Needed()])
    host = StringField(lazy_gettext("主办单位"))
    venue = StringField(lazy_gettext("地点"))
    contact_phone = StringField(lazy_gettext("联系电话"))
    starts_at = StringField(lazy_gettext("开始时间"))
    ends_at = StringField(lazy_gettext("结束时间"))
    open = BooleanField(lazy_gettext("需要报名"), false_values=_UNTICKED, default=True)
    capacity = StringField(lazy_gettext("名额（位）"))
    max_party = StringField(lazy_gettext("一次最多报几位"), default="5")
    waitlist = BooleanField(lazy_gettext("满了可以候补"), false_values=_UNTICKED, default=True)
    approval = BooleanField(lazy_gettext("报名要主办方确认"), false_values=_UNTICKED)
    reserve = StringField(lazy_gettext("现场名额（位）"))
    hold_hours = StringField(lazy_gettext("递补名额保留几小时"))
    waitlist_rule = SelectField(lazy_gettext("候补怎么排"), choices=WAITLIST_RULES, validate_choice=False, default="strict")
    no_show_rule = BooleanField(lazy_gettext("90天内两次报名未到的，30天内只能候补"), false_values=_UNTICKED)
    slug = StringField(lazy_gettext("活动页的网址"))
    kind = SelectField(lazy_gettext("类型"), choices=KINDS, validate_choice=False, default="fair")
    short_title = StringField(lazy_gettext("简称"))
    undertaker = StringField(lazy_gettext("承办单位"))
    co_host = StringField(lazy_gettext("协办单位"))
    date_text = StringField(lazy_gettext("时间怎么说"))
    description = StringField(lazy_gettext("活动介绍"))
    opens_at = StringField(lazy_gettext("报名开始"))
    closes_at = StringField(lazy_gettext("报名截止"))
    members = SelectField(lazy_gettext("同行的人"), choices=MEMBERS, validate_choice=False, default="number")
    per_phone = StringField(lazy_gettext("一个号码最多报几份"))
    retention_days = StringField(lazy_gettext("个人信息保存天数"), default="180")
    timezone = StringField(lazy_gettext("时区"), default="Asia/Shanghai")
    template = HiddenField()
    nonce = HiddenField()
    areas = FieldList(FormField(AreaRow))
    sessions = FieldList(FormField(SessionRow))
    checkpoints = FieldList(FormField(CheckpointRow))
    counters = FieldList(FormField(CounterRow))
    questions = FieldList(FormField(QuestionRow))
    units = FieldList(FormField(UnitRow))

    def find(self, name: str) -> Field | None:
        """The field of a dotted name in the document: ``registration.capacity``, ``counters.0.stock`` (after `read`)."""
        first, _, rest = name.removeprefix(f"{INSIDE}.").partition(".") if name.startswith(f"{INSIDE}.questions.") else name.partition(".")
        if first == "registration":
            return self._fields.get(rest)
        if first in GROUPS and rest:
            number, _, inner = rest.partition(".")
            rows = getattr(self, "where", {}).get(first, [])
            if not number.isdecimal() or int(number) >= len(rows):
                return None
            row = rows[int(number)].form
            inner = inner.partition(".")[0]
            return row._fields[inner if inner in row._fields and inner != "key" else "name"]  # a question's name is its label
        field = self._fields.get(name)
        return None if isinstance(field, FieldList) else field

    def faults(self) -> list[tuple[str, str]]:
        """Id of the field and sentence of every fault, rows included, the field named first; in the order of the page."""
        listed = [field for group in ON_PAGE for row in self._fields[group] for field in row.form]
        fields = [*(self._fields[name] for name in ABOVE), *listed]
        fields += [field for field in self if field.name not in ABOVE and not isinstance(field, FieldList)]
        return [(field.id, _named(field.label.text, sentence)) for field in fields for sentence in field.errors]

    def has_more(self) -> bool:
        """Whether a fault is in the part that is folded away."""
        folded = ("slug", "kind", "short_title", "undertaker", "co_host", "date_text", "opens_at", "closes_at", "retention_days", "timezone", "approval", "reserve", "hold_hours", "waitlist_rule", "members", "per_phone")
        return any(self._fields[name].errors for name in folded)


def _named(label: str, sentence: str) -> str:
    """The fault with its field's name before it, unless it begins with that itself."""
    return sentence if sentence.startswith(str(label)) else gettext("%(field)s：%(fault)s", field=label, fault=sentence)


def fill(document: dict[str, Any]) -> EventForm:
    """The form showing a document."""
    zone = document.get("timezone") or "Asia/Shanghai"
    registration = document.get("registration") or {}
    data: dict[str, Any] = {name: document.get(name) for name in _PLAIN if document.get(name) is not None}
    data |= {name: value for name, value in registration.items() if name != "questions" and value is not None}
    data |= {name: local_input(value, zone) for name, value in (document | registration).items() if name in _TIMES}
    for group in GROUPS:
        data[group] = [_row_data(row, zone) for row in _listed(document, group)]
    return EventForm(data=data)


def _listed(document: dict[str, Any], group: str) -> list[dict[str, Any]]:
    """The rows of a list where the document keeps it; a question's label is the row's name."""
    if group == "questions":
        return [{**row, "name": row.get("label")} for row in (document.get(INSIDE) or {}).get(group) or []]
    return document.get(group) or []


def _row_data(row: dict[str, Any], zone: str) -> dict[str, Any]:
    shown = {name: local_input(value, zone) if name in _TIMES else value for name, value in row.items() if value is not None}
    if "rule" in row:
        shown["session"] = SEVERAL if len(row.get("sessions") or []) > 1 else "".join(row.get("sessions") or [])
    shown |= {name: "、".join(row.get(name) or []) for name in ("topics", "choices")}
    if row.get("type") == "age_band" and row.get("choices") == list(AGE_BANDS):
        shown["choices"] = ""
    return shown


def local_input(value: str | None, zone: str) -> str:
    """An RFC 3339 time as a datetime-local field wants it, on the clock of the zone."""
    return f"{datetime.fromisoformat(value).astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}" if value else ""


def moment(text: str, zone: str) -> str | None:
    """What was typed in a time field as RFC 3339 with the zone's offset, or as it is, for the service to complain of."""
    flat = unicodedata.normalize("NFKC", text).strip()
    found = _LOCAL.fullmatch(flat)
    if not found:
        return flat or None
    try:
        return datetime(*(int(part) for part in found.groups()), tzinfo=ZoneInfo(zone)).isoformat()
    except (ValueError, KeyError):
        return flat


def number(text: str) -> int | str | None:
    """A whole number as typed (full-width digits and 1,000 too), or the text, for the service to complain of."""
    flat = re.sub(r"[,\s]", "", unicodedata.normalize("NFKC", text))
    return int(flat) if flat.isdecimal() and len(flat) <= 9 else (flat or None)


def read(form: EventForm, base: dict[str, Any]) -> dict[str, Any]:
    """The document that was typed, over ``base`` (a template's, or the event as it is): what the form lacks stays as it was."""
    zone = _zone(text_of(form.timezone))
    document: dict[str, Any] = {**base, **{name: text_of(form[name]).strip() or None for name in _PLAIN}}
    document["timezone"] = text_of(form.timezone).strip() or "Asia/Shanghai"
    document["starts_at"], document["ends_at"] = (moment(text_of(form[name]), zone) for name in ("starts_at", "ends_at"))
    registration = dict(base.get("registration") or {})
    registration |= {name: bool(form[name].data) for name in ("open", "waitlist", "approval", "no_show_rule")}
    registration |= {name: moment(text_of(form[name]), zone) for name in ("opens_at", "closes_at")}
    registration["capacity"] = number(text_of(form.capacity))
    registration |= {name: number(text_of(form[name])) or 0 for name in ("reserve", "hold_hours")}
    registration["waitlist_rule"] = text_of(form.waitlist_rule) or "strict"
    registration |= {name: number(text_of(form[name])) or default for name, default in (("max_party", 5), ("retention_days", 180))}
    registration["members"], registration["per_phone"] = text_of(form.members) or "number", number(text_of(form.per_phone))
    document["registration"] = registration
    form.where = {}
    for group in GROUPS:
        known = {row["key"]: row for row in _listed(base, group)}
        rows = [row for row in form[group] if text_of(row.form.name).strip() or text_of(row.form.key)]
        if group == "units":
            rows = [one for row in rows for one in [row] * max(1, len(_names(row.form)))]
        form.where[group] = rows
        taken = {text_of(row.form.key) for row in rows} | set(known)
        made = [_row(row.form, known, taken, zone) for row in rows]
        if group == "questions":
            registration[group] = [{**row, "label": row["name"]} for row in made]
        elif group == "units":
            document[group] = _split(rows, made, taken)
        else:
            document[group] = made
    document["slug"] = document["slug"] or base.get("slug")
    if not document["slug"]:
        starts_at = document["starts_at"] or ""
        known_start = datetime.fromisoformat(starts_at) if "T" in starts_at and "+" in starts_at else None
        document["slug"] = naming.slug(document["short_title"] or document["title"] or "", known_start, zone)
    if document.get("participation") not in {None, "entries", "none"} | {row["key"] for row in document["counters"]}:
        document["participation"] = "entries"
    return document


def _names(row: Form) -> list[str]:
    """The names in a unit's row: one, or several of new units."""
    typed = text_of(row["name"])
    return [typed] if text_of(row["key"]) else [name for part in re.split(r"[、,,;;\n]", typed) if (name := part.strip())]


def _split(rows: list[Any], made: list[dict[str, Any]], taken: set[str]) -> list[dict[str, Any]]:
    """The units of rows that stand there once for each name in them."""
    units: list[dict[str, Any]] = []
    for index, (row, unit) in enumerate(zip(rows, made, strict=True)):
        names, place = _names(row.form), sum(before is row for before in rows[:index])
        if len(names) > 1:
            key = naming.key(names[place], taken)
            taken.add(key)
            unit = {**unit, "name": names[place], "key": key}
        units.append(unit)
    return units


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name.strip() or "Asia/Shanghai").key
    except (ValueError, KeyError, OSError):
        return "Asia/Shanghai"  # the service will say that there is no such zone


def _row(row: Form, known: dict[str, Any], taken: set[str], zone: str) -> dict[str, Any]:
    key = text_of(row["key"]).strip()
    typed: dict[str, Any] = {"name": text_of(row["name"]).strip() or None}
    for field in row:
        if field.name.rpartition("-")[2] in {"key", "name"}:
            continue
        name = field.short_name
        if name in _TIMES:
            typed[name] = moment(text_of(field), zone)
        elif name in {"capacity", "stock", "expected"}:
            typed[name] = number(text_of(field))
        elif name in {"topics", "choices"}:
            typed[name] = [topic for part in re.split(r"[、,,;;\n]", text_of(field)) if (topic := part.strip())]
        elif name == "session":
            if text_of(field) != SEVERAL:
                typed["sessions"] = [text_of(field)] if text_of(field) else []
        elif isinstance(field, BooleanField):
            typed[name] = bool(field.data)
        else:
            typed[name] = text_of(field).strip() or None
    if not key:
        key = naming.key(typed["name"] or "", taken)
        taken.add(key)
        if typed.get("kind") == "handout":
            typed["steps"] = [1, 5, 10, 100]
    return {**known.get(key, {}), **typed, "key": key}


def change_rows(form: EventForm, add: str | None, remove: str | None) -> None:
    """Without script: one more row of a list, or one row less."""
    if add in GROUPS and len(form[add]) < MOST_ROWS:
        form[add].append_entry()
    group, _, number_text = (remove or "").partition("-")
    if group in GROUPS and number_text.isdecimal():
        kept = [row.data for row in form[group] if row.name != f"{group}-{number_text}"]
        form[group].entries.clear()
        form[group].last_index = -1
        for data in kept:
            form[group].append_entry(data)


def spoken(faults: Sequence[Fault]) -> list[Fault]:
    """The faults in the words of a form: no offsets, no JSON."""
    told = {
        "time": "时间看不懂，请写成2026-08-14 19:00",
        "number": "请填数字",
        "type": "请填写",
        "slug_taken": "这个网址已被别的活动使用，请换一个",
    }
    return [Fault(fault.field, fault.code, told.get(fault.code, fault.message), {} if fault.code in told else fault.params) for fault in faults]


def blank_rows() -> dict[str, Form]:
    """An empty row of each list, whose names hold ``__i__`` in place of a number, for the script to copy."""
    kinds = {"areas": AreaRow, "sessions": SessionRow, "checkpoints": CheckpointRow, "counters": CounterRow, "questions": QuestionRow, "units": UnitRow}
    return {group: kind(prefix=f"{group}-__i__-") for group, kind in kinds.items()}


def titles() -> dict[str, tuple[str, str, str]]:
    """Heading, a line of explanation and the button's words of each list of rows."""
    return {
        "checkpoints": (gettext("签到点"), gettext("在哪里扫码。第一个一般是入口。集章：一人在这里盖一次章。自助签到：居民自己扫码，不用志愿者。"), gettext("加一个签到点")),
        "counters": (gettext("计数项"), gettext("现场要数的东西。简报照着写，如：“发放”“宣传册”300“份”。点人数：志愿者按人头点。主办方填写：不在现场数，写简报时填。"), gettext("加一个计数项")),
        "areas": (gettext("区域"), gettext("居民在活动页上看到的分区、摊位、点位。模块：分区里的一块内容。点位：打卡或服务的一个地方。"), gettext("加一个区域")),
        "questions": (gettext("报名问题"), gettext("除姓名、电话、人数以外，非问不可的才加。"), gettext("加一个问题")),
        "units": (gettext("参加单位"), gettext("街道、园区、部门。报名时选自己代表哪个单位，开会时看应到、实到。"), gettext("加一行单位")),
        "sessions": (gettext("场次"), gettext("要分时间、分名额报名的才填。"), gettext("加一个场次")),
    }
