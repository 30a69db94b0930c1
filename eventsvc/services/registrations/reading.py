"""Reading a registration as somebody typed it: every fault at once, each with its own sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from eventsvc.errors import Fault, Invalid
from eventsvc.models import Event
from eventsvc.models.registration import CHANNELS
from eventsvc.services import messages, questions
from eventsvc.services.registrations.party import Party, read_party
from eventsvc.services.persons import clean_text, read_email, read_name, read_phone, unprintable
from eventsvc.services.registrations import sessions
from eventsvc.services.registrations.terms import Terms


@dataclass(frozen=True)
class Wanted:
    """A registration as it was asked for, checked."""

    name: str
    phone: str | None
    party_size: int
    sessions: tuple[str, ...]
    answers: dict[str, Any]
    channel: str
    note: str | None
    email: str | None = None
    party: Party = Party()
    session_sizes: dict[str, int] = field(default_factory=dict)
    may_wait_for: frozenset[str] = frozenset()  # sessions whose line will do where they are full
    unit: str | None = None


def read_form(data: Any, event: Event | Terms, public: bool) -> Wanted:
    """Check what was typed; raises Invalid with every fault. ``public``: a resident, who must agree and leave a number."""
    if not isinstance(data, dict):
        raise Invalid.one("", "object", "应为一个对象")
    faults: list[Fault] = []

    def text(field: str) -> str | None:
        value = data.get(field)
        if value is not None and not isinstance(value, str):
            faults.append(Fault(field, "type", "应为文字"))
            return None
        return value

    failed = len(faults)
    name, fault = read_name(text("name"))
    if fault and len(faults) == failed:
        faults.append(fault)
    failed = len(faults)
    said_phone = text("phone")
    phone = None
    if public or (said_phone and said_phone.strip()):
        phone, fault = read_phone(said_phone)
        if fault and len(faults) == failed:
            faults.append(fault)
    email, fault = read_email(text("email")) if messages.mail_is_on() else (None, None)
    faults += [fault] if fault else []
    party_size = data.get("party_size", 1)
    if type(party_size) is not int or party_size < 1:
        faults.append(Fault("party_size", "number", "请填写参加人数，至少1位"))
    elif party_size > event.max_party:
        faults.append(Fault("party_size", "too_many", "一次最多报{most}位", {"most": event.max_party}))
    chosen, wrong = sessions.read(data, event, party_size if type(party_size) is int else 1)
    faults += wrong
    unit = text("unit") or None
    if unit is not None and unit not in {one.key for one in event.units}:
        faults.append(Fault("unit", "unknown_key", "没有这个单位"))
    elif unit is None and public and event.units:
        faults.append(Fault("unit", "required", "请选您代表的单位"))
    answers, wrong = _read_answers(data.get("answers"), event)
    party, strange = read_party(data, event, party_size if type(party_size) is int else 1, public)
    faults += [*wrong, *strange]
    if public and data.get("consent") is not True:
        faults.append(Fault("consent", "required", "请阅读并勾选同意个人信息告知书"))
    channel = data.get("channel") or "desk"
    if public:
        channel = "proxy" if channel == "proxy" else "web"
    if channel not in CHANNELS:
        faults.append(Fault("channel", "choice", "渠道只能是 phone、desk 或 proxy"))
    note = text("note") if not public else None
    if note and (len(note) > 300 or unprintable(note)):
        faults.append(Fault("note", "too_long", "备注最多300个字"))
    if faults:
        raise Invalid(faults)
    return Wanted(
        name, phone, party_size, chosen.keys, answers, channel, clean_text(note) if note else None, email, party, chosen.sizes, chosen.may_wait_for, unit
    )


def _read_answers(given: Any, event: Event | Terms) -> tuple[dict[str, Any], list[Fault]]:
    if given is None:
        given = {}
    if not isinstance(given, dict):
        return {}, [Fault("answers", "object", "应为一个对象")]
    answers: dict[str, Any] = {}
    faults: list[Fault] = []
    for question in event.questions:
        value, fault = questions.read(question, given.get(question["key"]))
        if fault is not None:
            faults.append(fault)
        elif value is not None:
            answers[question["key"]] = value
        elif question.get("required") and question.get("ask") == "form":
            faults.append(Fault(f"answers.{question['key']}", "required", "请回答“{label}”", {"label": question["label"]}))
    return answers, faults
