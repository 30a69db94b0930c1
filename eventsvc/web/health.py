"""Pages for operators: /healthz (the process lives), /readyz (its database too), /metrics (numbers, with a token)."""

from __future__ import annotations

import hmac

from flask import Blueprint, Response, abort, current_app, request

from eventsvc.logs import AccessLog
from eventsvc.services import health
from eventsvc.web import meters
from eventsvc.web.view import action

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@action("open")
def alive() -> Response:
    """200 while the process serves."""
    return _text("ok\n")


@blueprint.get("/readyz")
@action("open")
def ready() -> Response:
    """200 while the database answers, else 503."""
    return _text("ok\n") if health.ready() else _text("the database does not answer\n", 503)


@blueprint.get("/metrics")
@action("open")
def metrics() -> Response:
    """Prometheus text for `Authorization: Bearer $METRICS_TOKEN`; 404 where no token is set, 401 for a wrong one."""
    token = current_app.config["EVENTSVC"].metrics_token
    if not token:
        abort(404)
    if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return _text("a bearer token is needed\n", 401, {"WWW-Authenticate": "Bearer"})
    lines = ["# TYPE eventsvc_requests_total counter"]
    lines += [f'eventsvc_requests_total{{status="{family}xx"}} {count}' for family, count in sorted(AccessLog.served.items())]
    lines += meters.lines()
    for name, count in (health.counts() | health.connections()).items():
        lines += [f"# TYPE eventsvc_{name} gauge", f"eventsvc_{name} {count}"]
    return _text("\n".join(lines) + "\n")


def _text(body: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, {"Cache-Control": "no-store", **(headers or {})}, mimetype="text/plain")
