"""The pages: parse the form, one verb, one template."""

from __future__ import annotations

from flask import Flask

from eventsvc.web import health


def init_app(app: Flask) -> None:
    """Register the pages' blueprints."""
    app.register_blueprint(health.blueprint)
