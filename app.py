"""Builds the application for a WSGI server: ``granian app:app`` or ``flask --app app``."""

from eventsvc import create_app

app = create_app()
