"""What every shape shares: its base, problems, pages, and texts that hold nothing unprintable."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from eventsvc.services.persons import unprintable


def printable(value: str) -> str:
    """The text, if it holds no control characters, lone surrogates or direction marks."""
    if unprintable(value):
        raise PydanticCustomError("characters", "有无法显示的字符")
    return value


def page_size(value: str) -> int:
    """A page's length, 1 to 200."""
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= 200:
        raise PydanticCustomError("number", "应为1到200的整数")
    return int(value)


def cursor(value: str) -> str:
    """A cursor as it was given out, by its form."""
    if not re.fullmatch(r"[0-9A-Za-z-]{1,64}", value):
        raise PydanticCustomError("cursor", "翻页位置已失效，请从头看起")
    return value


Cursor = Annotated[str, AfterValidator(cursor)]
Text = Annotated[str, AfterValidator(printable)]
Status = Literal["confirmed", "waitlisted", "pending", "cancelled"]
Channel = Literal["web", "phone", "desk", "proxy"]
Scope = Literal["scan", "tally", "register", "lookup"]


class Shape(BaseModel):
    """Unknown members are ignored."""

    model_config = ConfigDict(extra="ignore")


class FaultShape(Shape):
    """One wrong field: dotted name, stable code, a Chinese sentence."""

    field: str
    code: str
    message: str


class Problem(Shape):
    """RFC 9457: every error has this shape."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FaultShape]
    request_id: str


class PageQuery(Shape):
    """A page of a list: at most ``limit`` items after ``cursor``."""

    limit: Annotated[str, AfterValidator(page_size)] = "50"
    cursor: Cursor | None = None


class Document(Shape):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")
