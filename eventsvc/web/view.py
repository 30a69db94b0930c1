"""The residents' and volunteers' blueprint, and the decorator by which every view declares what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Response, make_response, render_template

from eventsvc.permissions import ACTIONS

View = TypeVar("View", bound=Callable[..., Any])

pages = Blueprint("web", __name__)


def action(name: str) -> Callable[[View], View]:
    """Declare a view's action from the table of permissions (``open`` for public ones); a test walks the URL map for it."""
    if name not in ACTIONS:
        raise KeyError(f"no such action: {name}")

    def declare(view: View) -> View:
        view._action = name  # type: ignore[attr-defined]
        return view

    return declare


def page(template: str, status: int = 200, /, *, secret: bool = False, retry_after: int | None = None, **context: Any) -> Response:
    """A rendered page; ``secret`` ones are stored nowhere, the others only in the reader's own browser and asked for again."""
    response = make_response(render_template(template, **context), status)
    response.headers["Cache-Control"] = "no-store" if secret else "private, no-cache"
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
