"""The pages: parse the form, one verb, one template."""

from __future__ import annotations

from flask import Flask, request
from flask_compress import Compress
from flask_wtf import CSRFProtect

from eventsvc.services import imports
from eventsvc.web import (
    addresses,
    cards,
    errors,
    events,
    filters,
    headers,
    health,
    here,
    home,
    join,
    language,
    manage,
    meters,
    mine,
    rights,
    scan,
    statics,
    ticket_places,
    tickets,
)
from eventsvc.web.view import pages

PAGES = (home, events, tickets, ticket_places, mine, rights, join, scan, here, cards)  # importing them fills the blueprint
WITHOUT_TOKEN = {"web.scan_session"}  # reads only; the cookie is SameSite=Lax
BY_HEADER = {"web.scan_handover", "web.language"}  # the stored shell has no token: a header that only our own script can send serves as well
OWN_TOKEN = {"web.register", "web.my_found", "web.ticket_unlock", "web.ticket_party", "web.ticket_prove", "web.ticket_correct", "web.here_sent", "web.here_find", "web.card_stamped"}  # say it on the page and keep what was typed

LARGEST_UPLOAD = imports.MOST_BYTES + 1024 * 1024  # bytes of a request with a list in it; all others keep to MAX_CONTENT_LENGTH
UPLOADS = {"manage.import_upload"}

csrf = CSRFProtect()


def init_app(app: Flask) -> None:
    """Set up forms, language, compression, static files and headers, and register the pages."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the browser's session: people fill in forms with breaks
        WTF_CSRF_SSL_STRICT=False,  # tickets send no referrer; the token in the form is what counts
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_ALGORITHM_STREAMING=["br"],
        COMPRESS_BR_LEVEL=5,
        COMPRESS_MIN_SIZE=300,
    )
    meters.init_app(app)
    csrf.init_app(app)
    app.before_request(_check_token)
    filters.init_app(app)
    language.init_app(app)
    Compress(app)
    statics.init_app(app)
    headers.init_app(app)
    addresses.init_app(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(pages)
    manage.init_app(app)
    errors.init_app(app)


def _check_token() -> None:
    """Every form of ours brings its token; the API knows no cookies and needs none."""
    if request.endpoint in UPLOADS:
        request.max_content_length = LARGEST_UPLOAD  # before anybody reads the form
    if not request.endpoint or request.path.startswith("/api/") or request.endpoint in WITHOUT_TOKEN | OWN_TOKEN:
        return
    if not (request.endpoint in BY_HEADER and request.headers.get("X-Requested-With") == "scan"):
        csrf.protect()
