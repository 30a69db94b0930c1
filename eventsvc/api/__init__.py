"""The JSON API under /api/v1: parse the body, one verb, dump the answer."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter

from eventsvc.api import devices, docs, events, figures, problems, quarantine, records, registrations, roster
from eventsvc.api.operations import blueprint

NOUNS = (events, registrations, devices, roster, records, quarantine, figures)  # importing them declares their endpoints
problems.attach(blueprint)


class Slug(BaseConverter):
    """An event's slug in a path; anything else is 404 before it comes near the database."""

    regex = "[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"


class UuidText(BaseConverter):
    """The id of a registration or a device in a path."""

    regex = "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"


def init_app(app: Flask) -> None:
    """Register the endpoints, their errors and their description."""
    app.url_map.converters.update(slug=Slug, uuid_text=UuidText)
    app.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)
    problems.init_app(app)
