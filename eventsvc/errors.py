"""Refusals: what is raised when a request changes nothing; each maps once to one HTML or problem+json shape.

A refusal is not a verdict. A refused *scan* is a fact worth keeping and is returned and stored (see
``services/admission.py``); a refusal means that nothing happened at all and the transaction was rolled back.
Sentences are Chinese message ids with ``{name}`` places, so that the page can translate them and still fill them in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one field: ``field`` in dotted API notation, a stable ``code``, a sentence."""

    field: str
    code: str
    message: str
    params: dict[str, Any] = field(default_factory=dict)

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The sentence with its places filled in, translated by ``translate`` first."""
        text = translate(self.message)
        return text.format(**self.params) if self.params else text


class Refusal(Exception):
    """Nothing happened. ``status`` is the HTTP status, ``code`` the stable word for programs."""

    status = 400
    code = "refused"
    message = "没有办成"

    def __init__(self, code: str | None = None, message: str | None = None, **params: Any) -> None:
        self.code = code or type(self).code
        self.message = message or type(self).message
        self.params = params
        super().__init__(self.code)

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """The sentence with its places filled in, translated by ``translate`` first."""
        text = translate(self.message)
        return text.format(**self.params) if self.params else text


class Unreadable(Refusal):
    """400: the body cannot be parsed or is not an object."""

    status, code, message = 400, "unreadable", "内容无法读取"


class Unauthorized(Refusal):
    """401: no token, a bad one, or a revoked one."""

    status, code, message = 401, "unauthorized", "请先登录"


class Forbidden(Refusal):
    """403: the caller's own event, but the scope or role is missing."""

    status, code, message = 403, "forbidden", "没有这项权限"


class Missing(Refusal):
    """404: not there, or another organization's."""

    status, code, message = 404, "not_found", "没有找到"


class Conflict(Refusal):
    """409: the state does not allow it (``slug_taken``, ``event_full``, ``key_in_use``)."""

    status, code, message = 409, "conflict", "现在不能这样做"


class TooLarge(Refusal):
    """413: more than the limit says."""

    status, code, message = 413, "too_large", "内容太大"


class Invalid(Refusal):
    """422: fields are wrong; carries every fault at once."""

    status, code, message = 422, "invalid", "有几处需要修改"

    def __init__(self, faults: Sequence[Fault], code: str | None = None, message: str | None = None) -> None:
        super().__init__(code, message)
        self.faults = list(faults)

    @classmethod
    def one(cls, field: str, code: str, message: str, **params: Any) -> Invalid:
        """A refusal for a single field."""
        return cls([Fault(field, code, message, params)])


class TooMany(Refusal):
    """429: try again after ``retry_after`` seconds."""

    status, code, message = 429, "too_many_requests", "操作太频繁，请稍后再试"

    def __init__(self, retry_after: int, message: str | None = None, **params: Any) -> None:
        super().__init__(None, message, **params)
        self.retry_after = max(1, retry_after)


class Unavailable(Refusal):
    """503: busy or without its database; try again after ``retry_after`` seconds."""

    status, code, message = 503, "unavailable", "系统忙，请稍后再试"

    def __init__(self, retry_after: int = 2, message: str | None = None) -> None:
        super().__init__(None, message)
        self.retry_after = retry_after


class CannotStart(Exception):
    """The server cannot start; the message is one line that says what to do."""
