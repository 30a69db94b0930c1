"""Security headers on every response: a strict Content-Security-Policy, no sniffing, no framing, no referrer to others."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
WORKER = "js/scan/decode-worker.js"  # the only script that may compile WebAssembly, and only in its own thread
YEAR = 31_536_000


def policy(**changes: str) -> str:
    """The policy as a header's value; ``script_src="…"`` changes one line of it."""
    lines = POLICY | {name.replace("_", "-"): value for name, value in changes.items()}
    return "; ".join(f"{name} {value}" for name, value in lines.items())


STRICT = policy()
WITH_WASM = policy(script_src="'self' 'wasm-unsafe-eval'")


def init_app(app: Flask) -> None:
    """Add the headers to whatever is answered, errors included."""
    app.after_request(add)


def of_api(is_https: bool) -> list[tuple[str, str]]:
    """The headers of every answer below /api, for what is answered before a response of the framework is made."""
    always = {
        "Content-Security-Policy": STRICT,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Permissions-Policy": _permissions(""),
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    return [*always.items(), *([("Strict-Transport-Security", f"max-age={YEAR}")] if is_https else [])]


def _permissions(path: str) -> str:
    return f"camera={'(self)' if path == '/scan' else '()'}, microphone=(), geolocation=(), payment=()"


def add(response: Response) -> Response:
    """The headers of one response; a view's own stricter ones stay."""
    is_worker = request.endpoint in {"static", "web.scan_static"} and request.path.endswith(f"/{WORKER}")
    response.headers.setdefault("Content-Security-Policy", WITH_WASM if is_worker else STRICT)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer" if _on_ticket(request.path) else "same-origin")
    response.headers.setdefault("Permissions-Policy", _permissions(request.path))
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if current_app.config["EVENTSVC"].is_https:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}")
    return response


def _on_ticket(path: str) -> bool:
    """Whether the address itself holds a secret that a referrer would carry on."""
    return path.lower().startswith(("/t/", "/m/", "/join/", "/screen/"))
