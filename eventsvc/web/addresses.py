"""What the variable parts of our addresses look like: anything else is 404 before it comes near the database."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class TicketCode(BaseConverter):
    """Twenty letters and digits in any case: a code as it stands in the QR code, in a message, or typed."""

    regex = "[0-9A-Za-z]{20}"


class EventSlug(BaseConverter):
    """An activity's short name."""

    regex = "[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"


def init_app(app: Flask) -> None:
    """Teach the URL map; before the blueprint is registered."""
    app.url_map.converters.update(code=TicketCode, event_slug=EventSlug)
