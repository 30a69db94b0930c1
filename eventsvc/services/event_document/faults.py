"""What pydantic finds wrong, as faults of ours with a Chinese sentence."""

from __future__ import annotations

from pydantic import ValidationError

from eventsvc.errors import Fault

_SENTENCES = {
    "missing": ("required", "请填写"),
    "string_type": ("type", "应为文字"),
    "string_too_long": ("too_long", "最多{max_length}个字"),
    "string_too_short": ("too_short", "至少{min_length}个字"),
    "string_unicode": ("characters", "有无法显示的字符"),
    "literal_error": ("choice", "只能是：{expected}"),
    "hold": ("too_small", "保留时间不能少于24小时；填0就是直接递补"),
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
