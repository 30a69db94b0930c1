"""Static files under an address that holds the hash of them all, so that a browser may keep them for a year.

One hash for the whole folder, as a folder of the path: modules import one another by relative addresses, so that each
stays with the files of its own version (docs/decisions/0005-static.md).
"""

from __future__ import annotations

import hashlib
import mimetypes
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
from flask import Flask, Response, current_app, request, send_from_directory, url_for

from eventsvc.web.view import action

FOREVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "public, no-cache"
PACKED = {".html", ".css", ".js", ".json", ".svg", ".wasm", ".webmanifest", ".ico", ".txt", ".md"}
LARGE = 400_000  # bytes from which the last per cent of compression is not worth the seconds

mimetypes.add_type("application/manifest+json", ".webmanifest")
mimetypes.add_type("application/wasm", ".wasm")
mimetypes.add_type("text/javascript", ".js")

_packing = threading.Lock()


def init_app(app: Flask) -> None:
    """Serve ``static_folder`` with and without the version in the path; ``url_for('static', …)`` writes it into every link."""
    version = version_of(app.static_folder or "")
    app.add_url_rule("/static/<version>/<path:filename>", endpoint="static")
    app.view_functions["static"] = static
    app.config["STATIC_VERSION"] = version
    app.jinja_env.globals["static_url"] = static_url

    @app.url_defaults
    def _versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static":
            values.setdefault("version", version)


@lru_cache(maxsize=8)
def version_of(folder: str) -> str:
    """Twelve hex digits over the names and contents of every file in a folder."""
    total = hashlib.sha256()
    root = Path(folder)
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        total.update(f"{path.relative_to(root).as_posix()}\0{path.stat().st_size}\0".encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def static_url(filename: str) -> str:
    """The versioned address of a static file."""
    return url_for("static", filename=filename)


@action("open")
def static(filename: str, version: str | None = None) -> Response:
    """A static file, compressed once a process; kept for a year under its own version, asked for again under any other."""
    folder = current_app.static_folder or ""
    if version is not None and version != current_app.config["STATIC_VERSION"] and (Path(folder) / version).is_dir():
        version, filename = None, f"{version}/{filename}"  # an address without version: /static/icons/icon-192.png
    response = send_from_directory(folder, filename, conditional=True, etag=True)
    response.headers["Cache-Control"] = FOREVER if version == current_app.config["STATIC_VERSION"] else ASK_AGAIN
    if Path(filename).suffix in PACKED:
        response.vary.add("Accept-Encoding")
        if response.status_code == 200 and "br" in request.accept_encodings and request.method in {"GET", "HEAD"}:
            _pack(response, Path(folder) / filename)
    return response


def _pack(response: Response, path: Path) -> None:
    stat = path.stat()
    with _packing:  # the first reader packs, the others wait for it
        body = _packed(str(path), stat.st_mtime_ns, stat.st_size)
    response.direct_passthrough = False
    response.set_data(body)
    response.headers["Content-Encoding"] = "br"
    etag, _weak = response.get_etag()
    if etag:
        response.set_etag(f"{etag}.br")
    response.make_conditional(request)


@lru_cache(maxsize=256)
def _packed(path: str, _changed: int, size: int) -> bytes:
    return brotli.compress(Path(path).read_bytes(), quality=9 if size > LARGE else 11)
