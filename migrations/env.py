"""Alembic's entry: runs the migrations on the application's own engine, within its own context."""

from alembic import context
from flask import current_app

import eventsvc.models  # noqa: F401  (the tables register themselves)
from eventsvc.db import db


def run() -> None:
    """Run the migrations online, all in one transaction."""
    if context.is_offline_mode():
        raise SystemExit("Offline migrations are not supported: connect to the database.")
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            **current_app.extensions["migrate"].configure_args,
        )
        context.run_migrations()


run()
