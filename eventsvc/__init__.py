"""The application. It is built in `factory`, which is loaded by whoever builds one: a process that only watches over others does without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from eventsvc.config import Config
    from eventsvc.ports.clock import Clock

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Config | None = None, clock_port: Clock | None = None) -> Flask:
    """Build the application from its settings (read from the environment unless given). Raises config.BadSetting."""
    from eventsvc import factory

    return factory.create_app(config, clock_port)
