"""Builds the application for a WSGI server: ``granian app:app`` or ``flask --app app``."""

import sys

from eventsvc import create_app
from eventsvc.config import BadSetting

try:
    app = create_app()
except BadSetting as stop:
    sys.exit(f"设置有误 eventsvc cannot start: {stop}")
