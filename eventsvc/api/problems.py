"""One shape for every error under /api: RFC 9457 problem+json with a stable code, all faults at once, the request's id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request
from sqlalchemy.exc import DatabaseError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.http import HTTP_STATUS_CODES

from eventsvc import logs
from eventsvc.api.bodies import dumps
from eventsvc.errors import Invalid, Missing, Refusal, TooLarge, Unavailable

MEDIA_TYPE = "application/problem+json"
CHALLENGE = 'Bearer realm="eventsvc"'
SENTENCES = {  # of HTTP errors that the framework raises by itself
    400: ("bad_request", "请求无法读取"),
    404: ("not_found", "没有找到"),
    405: ("method_not_allowed", "这个地址不支持这种请求方法"),
    413: ("too_large", "内容太大，最多1 MiB"),
}


def attach(blueprint: Blueprint) -> None:
    """Answer every error of the API's own endpoints."""
    for kind, answer in _ANSWERS:
        blueprint.register_error_handler(kind, answer)


def answer_to(error: Exception) -> Response:
    """The answer to any error of an endpoint."""
    return next(answer for kind, answer in _ANSWERS if isinstance(error, kind))(error)


def init_app(app: Flask) -> None:
    """Answer what goes wrong below /api before an endpoint is found: 404 and 405."""
    app.register_error_handler(HTTPException, _before_an_endpoint)


def problem(
    status: int,
    code: str,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A problem+json response; ``detail`` is the Chinese sentence for a person, ``code`` the word for a program."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTP_STATUS_CODES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": errors or [],
        "request_id": logs.request_id.get(),
    }
    return Response(dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, content_type=MEDIA_TYPE)


def refused(refusal: Refusal) -> Response:
    """Nothing happened: the refusal's own status, code and sentence."""
    headers = {}
    if refusal.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if (wait := getattr(refusal, "retry_after", None)) is not None:
        headers["Retry-After"] = str(wait)
    faults = refusal.faults if isinstance(refusal, Invalid) else []
    errors = [{"field": fault.field, "code": fault.code, "message": fault.sentence()} for fault in faults]
    return problem(refusal.status, refusal.code, refusal.sentence(), errors=errors, headers=headers)


def failed(error: HTTPException) -> Any:
    """An HTTP error of the framework in our shape."""
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        return refused(TooLarge(message=SENTENCES[413][1]))
    if status == 404:
        return refused(Missing())
    code, sentence = SENTENCES.get(status, (HTTP_STATUS_CODES.get(status, "error").lower().replace(" ", "_"), "没有办成"))
    allowed = {name: value for name, value in error.get_headers() if name.lower() == "allow"}
    return problem(status, code, sentence, headers=allowed)


def unreached(error: Exception) -> Response:
    """The database is busy or gone: 503 with Retry-After; the log says what it was."""
    current_app.logger.error("database: %s", error)
    return refused(Unavailable())


def unexpected(error: Exception) -> Response:
    """A fault of ours: 500 with the request's id, and not a word of what it was; the log has the trace."""
    if type(error) is DatabaseError or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return unreached(error)  # SQLite says "file is not a database" so, and a lost connection may have any name
    current_app.logger.exception("unexpected error in the API")
    return problem(500, "internal", "系统出错了，请稍后再试")


_ANSWERS: tuple[tuple[type[Exception], Callable[[Any], Response]], ...] = (
    (Refusal, refused),
    (HTTPException, failed),
    *((kind, unreached) for kind in (OperationalError, InterfaceError, PoolTimeout)),
    (Exception, unexpected),
)


def _before_an_endpoint(error: HTTPException) -> Any:
    """Below /api every error has the API's shape; elsewhere it is left to the pages."""
    return failed(error) if request.path.startswith("/api/") else error
