"""The JSON API under /api/v1: parse the body, one verb, dump the answer."""

from __future__ import annotations

from flask import Flask


def init_app(app: Flask) -> None:
    """Register the API's blueprint."""
