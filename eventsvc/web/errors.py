"""One friendly page for every refusal and every HTTP error; the API's own addresses are left to the API."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, current_app, jsonify, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from eventsvc import logs
from eventsvc.errors import Refusal, Unavailable
from eventsvc.web.view import page


def init_app(app: Flask) -> None:
    """Answer refusals, HTTP errors and a lost database; a 500 says nothing of what went wrong inside."""
    _handle(app, Refusal, refused)
    _handle(app, OperationalError, unreached)
    _handle(app, PoolTimeout, unreached)
    _handle(app, HTTPException, failed)


def _handle(app: Flask, kind: type[Exception], ours: Any) -> None:
    """Register a handler for pages, keeping the one that the API registered for its own addresses."""
    theirs = app.error_handler_spec[None][None].get(kind)

    def handler(error: Exception) -> Any:
        return theirs(error) if theirs is not None and request.path.startswith("/api/") else ours(error)

    app.register_error_handler(kind, handler)


def refused(refusal: Refusal) -> Response:
    """Nothing happened; the page says why in the refusal's own sentence."""
    return sorry(refusal.status, refusal.sentence(gettext), retry_after=getattr(refusal, "retry_after", None), code=refusal.code)


def unreached(error: Exception) -> Response:
    """The database did not answer: 503, and the log says what it was."""
    current_app.logger.error("database: %s", error)
    return refused(Unavailable())


def failed(error: HTTPException) -> Response:
    """An HTTP error as a page; its English text is not shown."""
    if isinstance(error, CSRFError):
        return sorry(400, gettext("页面放得太久，请返回上一页，刷新后再试。"), code="stale_form")
    if error.response is not None or (error.code or 500) < 400:
        return error.get_response()  # type: ignore[return-value]
    response = sorry(error.code or 500)
    for name, value in error.get_headers():
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def sorry(status: int, sentence: str = "", *, retry_after: int | None = None, code: str = "") -> Response:
    """The error page with the request's id, or a few words of JSON for the scanner's own requests."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        response = jsonify(code=code or "error", message=sentence, request_id=logs.request_id.get())
        response.status_code = status
        response.headers["Cache-Control"] = "no-store"
        return response
    context = {"status": status, "sentence": sentence, "request_id": logs.request_id.get(), "retry_after": retry_after}
    try:
        return page("errors/page.html", status, secret=True, **context)
    except TemplateError:
        current_app.logger.exception("the error page itself failed")
        return Response(f"{status}\n", status, mimetype="text/plain")
