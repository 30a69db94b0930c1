"""The commands of ``flask --app app``: each one verb; what is refused is one line on stderr and exit status 1."""

from __future__ import annotations

from flask import Flask

from eventsvc.cli import accounts, backups, doctor, documents, running


def init_app(app: Flask) -> None:
    """Register every command."""
    for command in (
        running.demo_command, accounts.user, accounts.token, documents.event, running.worker, backups.backup, backups.restore,
        running.purge, doctor.doctor,
    ):  # fmt: skip
        app.cli.add_command(command)
