"""What a phone stores to open the scanner without a network: the shell's pages in each look, every file they need, one version for all.

The version is a hash over the static files' own version and the pages as rendered, so that a changed sentence is a new shell
too. The pages hold nothing of anybody: they are the same for every phone (docs/decisions/0007-service-worker.md).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from flask import current_app, render_template, url_for

PAGES = {"/scan": "scan/page.html", "/scan/help": "scan/help.html"}
LOOKS = [f"lang={lang}&display={display}" for lang in ("zh", "en") for display in ("standard", "elder")]
WORKER = "js/scan-worker.js"
DECODER = "js/scan/decode-worker.js"
FILES = ("js/scan/*.js", "js/lib/*.js", "js/page.js", "css/*.css", "icons/*.*", "vendor/bootstrap-*/*.css", "vendor/noble-*/*.js", "vendor/qr-*/*.js", "vendor/fflate-*/*.js", "vendor/zxing-*/*.js", "vendor/zxing-*/*.wasm")
UNUSED = {"css/manage.css", "css/api.css", "css/ticket.css", "css/resident.css"}


def version() -> str:
    """Twelve hex digits: the static files and the pages in every look; taken once a process."""
    kept = current_app.config.get("SHELL_VERSION")
    if kept is None:
        total = hashlib.sha256(str(current_app.config["STATIC_VERSION"]).encode())
        for address in addresses():
            total.update(_rendered(address).encode())
        total.update((_folder() / WORKER).read_bytes())
        kept = current_app.config["SHELL_VERSION"] = total.hexdigest()[:12]
    return str(kept)


def worker() -> str:
    """The service worker's script: what it has to store, then the file as it is."""
    told = {"version": version(), "pages": addresses(), "files": files()}
    return f"const SHELL = {json.dumps(told)};\n{(_folder() / WORKER).read_text(encoding='utf-8')}"


def addresses() -> list[str]:
    """Every page in every look."""
    return [f"{path}?{look}" for path in PAGES for look in LOOKS]


def files() -> list[str]:
    """The addresses of every static file of the shell; the decode worker's lies below /scan, where the service worker answers for it."""
    folder = _folder()
    found = {path.relative_to(folder).as_posix() for pattern in FILES for path in folder.glob(pattern)} - UNUSED
    return [url_for("web.scan_static" if name == DECODER else "static", filename=name, version=current_app.config["STATIC_VERSION"]) for name in sorted(found)]


def _rendered(address: str) -> str:
    with current_app.app_context(), current_app.test_request_context(address):  # its own ``g``, where the language is remembered
        return render_template(PAGES[address.partition("?")[0]], shell="")


def _folder() -> Path:
    return Path(current_app.static_folder or "")
