"""Forms of the public pages: they keep what was typed and carry the CSRF token; what is wrong is said by the services alone."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, ClassVar

import wtforms
from flask import request
from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, Form, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.fields.core import UnboundField

from eventsvc.errors import Fault
from eventsvc.services import messages
from eventsvc.services.questions import AGE_BANDS, CHILDREN, SENSITIVE

AGES = [("adult", lazy_gettext("14岁及以上")), *((band, lazy_gettext(band)) for band in CHILDREN)]


class Needed:
    """Marks a field as required for its label; whether it is filled in is checked by the service, with its own sentence."""

    field_flags: ClassVar[dict[str, bool]] = {"required": True}

    def __call__(self, _form: Form, _field: Field) -> None:
        """Nothing to say here."""


class PageForm(FlaskForm):
    """A form whose faults come from outside, each to its field, all at once."""

    def sent(self) -> bool:
        """Whether the form came back with its own CSRF token; if not, it says so in words and keeps what was typed."""
        self.validate()
        stale = bool(self.csrf_token.errors)
        for field in self:
            field.errors = []
        if stale:
            self.complain([], gettext("页面放得太久，内容都还在，请再按一次按钮"))
        return not stale

    def complain(self, faults: Sequence[Fault], sentence: str = "") -> None:
        """Put each fault beside its field; one for a field that the form lacks, and ``sentence``, go above the form."""
        above = [sentence] if sentence else []
        for fault in faults:
            field = self.find(fault.field)
            if field is None:
                above.append(fault.sentence(gettext))
            else:
                field.errors = [*field.errors, fault.sentence(gettext)]
        self.form_errors = [*self.form_errors, *above]

    def find(self, name: str) -> Field | None:
        """The field of a dotted API name: ``phone``, ``answers.age``."""
        return self._fields.get(name)

    @property
    def faulty(self) -> bool:
        """Whether anything is wrong."""
        return bool(self.errors)


def text_of(field: Field) -> str:
    """What was typed, as text."""
    return field.data if isinstance(field.data, str) else ""


def whole_of(field: Field) -> int | str:
    """A whole number as typed (full-width digits too), or the text itself, for the service to complain of."""
    typed = text_of(field).strip()
    return int(typed) if typed.isdecimal() and len(typed) <= 4 else typed


class SelectMultipleField(wtforms.SelectMultipleField):
    """Several choices; an unknown one is left for the service to name."""

    def pre_validate(self, form: Form) -> None:
        """Nothing to say here."""


class RadioField(wtforms.RadioField):
    """One choice, likewise."""

    def pre_validate(self, form: Form) -> None:
        """Nothing to say here."""


class RegistrationForm(PageForm):
    """A party's registration; sessions and questions are added for each event by `registration_form`."""

    nonce = HiddenField()
    name = StringField(lazy_gettext("姓名"), [Needed()])
    phone = StringField(lazy_gettext("电话号码"), [Needed()])
    party_size = StringField(lazy_gettext("一共几位"), [Needed()], default="1")
    consent = BooleanField(lazy_gettext("我已阅读并同意"), [Needed()], false_values=(False, "false", "", "0"))
    email: StringField | None = None  # only where mails are sent
    wait_for_sessions: BooleanField | None = None  # only where there are sessions
    questions: tuple[dict[str, Any], ...] = ()
    companions: int = 0  # how many of the party may be written down by name

    @property
    def members(self) -> list[tuple[Field, Field]]:
        """Name and age band of each companion."""
        return [(self._fields[f"members.{number}.name"], self._fields[f"members.{number}.age_band"]) for number in range(self.companions)]

    @property
    def answers(self) -> list[Field]:
        """The fields of the event's own questions."""
        return [self._fields[f"answers.{question['key']}"] for question in self.questions]

    def document(self) -> dict[str, Any]:
        """What was filled in, in the shape of the API."""
        sessions, unit = self._fields.get("sessions"), self._fields.get("unit")
        return {
            "name": text_of(self.name),
            "phone": text_of(self.phone),
            **({"email": text_of(self.email).strip() or None} if self.email else {}),
            "party_size": whole_of(self.party_size),
            "sessions": list(sessions.data or []) if sessions is not None else [],
            "wait_for_sessions": bool(self.wait_for_sessions and self.wait_for_sessions.data),
            "answers": {question["key"]: _answer(question, self._fields[f"answers.{question['key']}"]) for question in self.questions},
            **({"unit": text_of(unit) or None} if unit is not None else {}),
            **(self._companions() if self.companions else {}),
            "consent": bool(self.consent.data),
            "channel": request.form.get("channel", "web"),
        }


    def _companions(self) -> dict[str, Any]:
        return {
            "members": [{"name": text_of(name), "age_band": text_of(age)} for name, age in self.members],
            "guardian": text_of(self._fields["guardian"]),
            "guardian_consent": bool(self._fields["guardian_consent"].data),
        }


def registration_form(sessions: Sequence[tuple[str, str]], questions: Sequence[dict[str, Any]], companions: int = 0, units: Sequence[Any] = ()) -> RegistrationForm:
    """The form of one event, filled with what the request sent; a fresh nonce makes a double submit one registration."""
    asked = tuple(question for question in questions if question.get("ask") == "form")
    body: dict[str, Any] = {"questions": asked, "companions": companions}
    body["channel"] = RadioField(
        lazy_gettext("替谁报名"), choices=[SelectChoice("web", lazy_gettext("给自己报名")), SelectChoice("proxy", lazy_gettext("代报名"))], default="web"
    )
    if messages.mail_is_on():
        body["email"] = StringField(lazy_gettext("邮箱"))
    if units:
        choices = [SelectChoice("", lazy_gettext("请选")), *(SelectChoice(unit.key, unit.name) for unit in units)]
        body["unit"] = SelectField(lazy_gettext("您代表哪个单位"), [Needed()], choices=choices, validate_choice=False)
    if sessions:
        body["sessions"] = SelectMultipleField(lazy_gettext("选场次"), choices=[SelectChoice(*session) for session in sessions])
        body["wait_for_sessions"] = BooleanField(lazy_gettext("选的场次满了，我愿意候补"), false_values=(False, "false", "", "0"))
    made = type("EventForm", (RegistrationForm,), body)
    for question in asked:
        setattr(made, f"answers.{question['key']}", _field_of(question))
    for number in range(companions):
        setattr(made, f"members.{number}.name", StringField(lazy_gettext("第%(n)s位同行人", n=number + 1)))
        setattr(made, f"members.{number}.age_band", SelectField(lazy_gettext("第%(n)s位年龄", n=number + 1), choices=[SelectChoice(*age) for age in AGES], validate_choice=False, default="adult"))
    if companions:
        made.guardian = StringField(lazy_gettext("您是孩子的什么人"))  # type: ignore[attr-defined]
        made.guardian_consent = BooleanField(  # type: ignore[attr-defined]
            lazy_gettext("我是孩子的监护人，同意记下孩子的小名和年龄段，只用于这次活动"), false_values=(False, "false", "", "0")
        )
    form: RegistrationForm = made()
    if not _sane(form.nonce.data):
        form.nonce.data = secrets.token_hex(16)
    return form


def _sane(nonce: Any) -> bool:
    return isinstance(nonce, str) and 8 <= len(nonce) <= 100 and nonce.isascii() and nonce.isalnum()


def _field_of(question: dict[str, Any]) -> UnboundField:
    validators = [Needed()] if question.get("required") else []
    choices = [SelectChoice(choice, lazy_gettext(choice) if choice in AGE_BANDS else None) for choice in question["choices"]]
    if question["type"] == "multi" and choices:
        return SelectMultipleField(question["label"], validators, choices=choices)
    if question["type"] == "yes_no" and not choices:
        choices = [SelectChoice("yes", lazy_gettext("是")), SelectChoice("no", lazy_gettext("否"))]
    if choices:
        return RadioField(question["label"], validators, choices=choices)
    why = lazy_gettext("为什么要填：%(reason)s。加密保存，活动后删除。", reason=question.get("reason") or "") if question["type"] in SENSITIVE else ""
    return StringField(question["label"], validators, description=why)


def companions_of(event: Any) -> int:
    """How many companions the form of an event asks the names of."""
    return event.max_party - 1 if event.members == "names" else 0


def _answer(question: dict[str, Any], field: Field) -> Any:
    if isinstance(field, SelectMultipleField):
        return list(field.data or [])
    typed = text_of(field).strip()
    if question["type"] == "yes_no" and not question["choices"]:
        return {"yes": True, "no": False}.get(typed)
    if question["type"] == "number" and typed.isdecimal() and len(typed) <= 9:
        return int(typed)
    return typed or None


class PartyForm(PageForm):
    """How many come, on the holder's ticket."""

    party_size = StringField(lazy_gettext("一共几位"), [Needed()])


class UnlockForm(PageForm):
    """The whole phone number, by which somebody shows that a ticket is theirs."""

    phone = StringField(lazy_gettext("电话号码"), [Needed()])


class FindForm(PageForm):
    """Phone number and 签到码, by which somebody finds their registrations."""

    phone = StringField(lazy_gettext("电话号码"), [Needed()])
    pickup_code = StringField(lazy_gettext("6位签到码"), [Needed()])
