"""Before the server runs: the database is made or migrated, the demo loaded once; what is wrong ends in one line that says what to do."""

from __future__ import annotations

import logging

from alembic.util import CommandError
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from eventsvc import ROOT
from eventsvc.config import Config
from eventsvc.errors import CannotStart

MIGRATIONS = ROOT / "migrations"


def migrate(app: Flask) -> None:
    """Create or migrate the database; CannotStart says what is wrong with it, without its password."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    shown = url.render_as_string(hide_password=True)
    logging.getLogger("flask_migrate").setLevel(logging.CRITICAL + 1)  # it would say on a line of its own what is raised here
    try:
        with app.app_context():
            upgrade(directory=str(MIGRATIONS))
            _close_connections(app)
    except DBAPIError as error:
        first = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        raise CannotStart(f"the database {shown} cannot be used ({first.rstrip('.')}): {_remedy(url.drivername)}") from error
    except CommandError as error:
        raise CannotStart(
            f"the database {shown} was made by another version ({error}): install that version or newer, or set another DATA_DIR."
        ) from error
    except SystemExit as error:  # Flask-Migrate's own way of giving up; it has logged why
        raise CannotStart(
            f"the database {shown} was made by another version: install that version or newer, or set another DATA_DIR."
        ) from error


def _close_connections(app: Flask) -> None:
    """Leave no connection open in this process, so that the database is whole on disk and the workers have it to themselves."""
    database = app.extensions["migrate"].db
    database.session.remove()
    database.engine.dispose()


def _remedy(driver: str) -> str:
    if driver.startswith("sqlite"):
        return "mend the file or its folder's rights, restore a backup, or set another DATA_DIR."
    return "start PostgreSQL, or mend DATABASE_URL."


def demo_lines(app: Flask, config: Config) -> list[str]:
    """Load the demo (which leaves a database with data alone); returns what to tell the person at the keyboard."""
    from eventsvc import demo

    with app.app_context():
        links = demo.load()
        _close_connections(app)
    base = config.base_url
    if links is None:
        return [
            "The database holds data already: nothing was loaded, nothing was reset.",
            f"  Resident   {base}/",
            f"  Organizer  {base}/manage  (sign in as before; passwords are shown once only)",
            "  Volunteer  make a new invitation in the console (its link is shown once only)",
        ]
    return [
        "The demo is loaded into the new database (演示).",
        f"  Resident   {links.resident_url}",
        f"  Volunteer  {links.volunteer_url}",
        f"  Organizer  {links.organizer_url}",
        f"             {links.organizer_email}  one-time password: {links.password}",
    ]
