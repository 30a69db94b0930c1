"""An event's own questions: what an answer may be, how it is shown, and the few kinds (real name, ID number) that are sealed.

A sealed answer stands in the database as ``{"sealed": token}``: AES by a key that is derived from SECRET_KEY, so that neither
a copied database nor a dump tells it. Everybody sees it masked (domain.md 4.2); `opened` is for those who said why.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from eventsvc.errors import Fault
from eventsvc.services.actors import seal
from eventsvc.services.persons import clean_text, mask_name, unprintable

TYPES = ("text", "number", "choice", "multi", "yes_no", "age_band", "real_name", "id_number")
SENSITIVE = frozenset({"real_name", "id_number"})  # off unless an organizer writes down why (PIPL art. 6, 28)
AGE_BANDS = ("6岁以下", "6岁至13岁", "14岁至17岁", "18岁至59岁", "60岁及以上")
CHILDREN = AGE_BANDS[:2]  # below 14: only what they are called and the band are kept
MOST_AT_DESK = 3  # on a phone at the gate, with a queue behind
LONGEST = 200
_ID = re.compile(r"\d{17}[\dX]")
_WEIGHTS, _CHECKS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), "10X98765432"  # GB 11643-1999


def faults_of(questions: list[Any]) -> list[Fault]:
    """What is wrong with the questions of a document as a whole."""
    faults: list[Fault] = []
    seen: set[str] = set()
    at_desk = [index for index, question in enumerate(questions) if question.ask == "desk"]
    for index in at_desk[MOST_AT_DESK:]:
        sentence = "扫码时最多问{most}项，多了门口会排队；请把这一项改成报名时问"
        faults.append(Fault(f"registration.questions.{index}.ask", "too_many_at_desk", sentence, {"most": MOST_AT_DESK}))
    for index, question in enumerate(questions):
        field = f"registration.questions.{index}"
        if question.key in seen:
            faults.append(Fault(f"{field}.key", "duplicate", "代号“{key}”重复了", {"key": question.key}))
        seen.add(question.key)
        if question.type in {"choice", "multi"} and len(question.choices) < 2:
            faults.append(Fault(f"{field}.choices", "required", "请写出可以选的几项，用、隔开"))
        if question.type in SENSITIVE:
            if not question.reason:
                faults.append(Fault(f"{field}.reason", "required", "要收真实姓名或证件号，请写明为什么非收不可；居民会看到"))
            if question.ask == "desk":
                faults.append(Fault(f"{field}.ask", "not_at_desk", "真实姓名和证件号只能在报名时问，不能在扫码时问"))
    return faults


def read(question: dict[str, Any], value: Any) -> tuple[Any, Fault | None]:
    """An answer as it is kept, and what is wrong with it; None where nothing was answered."""
    if value in (None, "", []):
        return None, None
    field, label = f"answers.{question['key']}", {"label": question["label"]}
    kind, choices = question["type"], question["choices"]
    many = value if isinstance(value, list) else [value]
    wrong = Fault(field, "type", "“{label}”的回答不对", label)
    if any(not isinstance(item, (str, int, bool)) or unprintable(str(item)) for item in many) or len(many) > 40:
        return None, wrong
    if any(len(str(item)) > LONGEST for item in many):
        return None, Fault(field, "too_long", "“{label}”最多{most}个字", {**label, "most": LONGEST})
    if isinstance(value, list) and kind != "multi":
        return None, wrong
    if choices:
        if any(item not in choices for item in many):
            return None, Fault(field, "choice", "“{label}”只能从选项里选", label)
        return (list(dict.fromkeys(many)) if kind == "multi" else value), None
    if kind == "yes_no" and not isinstance(value, bool):
        return None, Fault(field, "choice", "“{label}”请选是或否", label)
    if kind == "number" and (type(value) is not int or not 0 <= value < 10**9):
        return None, Fault(field, "number", "“{label}”请填数字", label)
    if kind in SENSITIVE:
        return _sensitive(question, str(value), field)
    return value, None


def _sensitive(question: dict[str, Any], typed: str, field: str) -> tuple[Any, Fault | None]:
    if question["type"] == "id_number":
        typed = re.sub(r"\s+", "", unicodedata.normalize("NFKC", typed)).upper()
        if not _is_id(typed):
            return None, Fault(field, "id_number", "“{label}”应为18位身份证号，请核对", {"label": question["label"]})
    else:
        typed = clean_text(typed)
        if len(typed) < 2:
            return None, Fault(field, "too_short", "“{label}”请写证件上的姓名", {"label": question["label"]})
    return {"sealed": _box().encrypt(typed.encode()).decode()}, None


def _is_id(text: str) -> bool:
    """Whether a text is an 18-figure citizen's number with its check character."""
    if not _ID.fullmatch(text):
        return False
    return text[17] == _CHECKS[sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False)) % 11]


def _box() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(seal("answers", "sealed").encode()).digest()))


def is_sealed(value: Any) -> bool:
    """Whether an answer is kept sealed."""
    return isinstance(value, dict) and isinstance(value.get("sealed"), str)


def opened(value: Any) -> Any:
    """An answer in plain; empty where its key is gone (another SECRET_KEY)."""
    if not is_sealed(value):
        return value
    try:
        return _box().decrypt(value["sealed"].encode()).decode()
    except InvalidToken:
        return ""


def masked(question: dict[str, Any], value: Any) -> Any:
    """An answer as everybody may see it: of an ID the first two and the last three figures, of a name the first and the last character."""
    if not is_sealed(value):
        return value
    plain = opened(value)
    if question.get("type") == "id_number":
        return f"{plain[:2]}{'*' * 13}{plain[-3:]}" if len(plain) == 18 else "****"
    return mask_name(plain) or "****"


def shown(questions: list[dict[str, Any]], answers: dict[str, Any] | None) -> dict[str, Any]:
    """All answers as everybody may see them, also those to questions that are no longer asked."""
    known = {question["key"]: question for question in questions}
    return {key: masked(known.get(key, {}), value) for key, value in (answers or {}).items()}


def plain(answers: dict[str, Any] | None) -> dict[str, Any]:
    """All answers in plain, for whoever said why and stands in the journal."""
    return {key: opened(value) for key, value in (answers or {}).items()}
