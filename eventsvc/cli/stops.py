"""How a command ends when it cannot do what was asked: the reason on stderr, exit status 1, never a traceback."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import IO, Any, ParamSpec, TypeVar

import click
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy.exc import DBAPIError

from eventsvc.config import Config
from eventsvc.errors import Invalid, Refusal
from eventsvc.services import schema

P = ParamSpec("P")
R = TypeVar("R")


class Stop(click.ClickException):
    """The command did nothing; the message says why and what to do."""

    exit_code = 1

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the message as it is."""
        click.echo(self.format_message(), err=True, file=file)


def stops(command: Callable[P, R]) -> Callable[P, R]:
    """Turn refusals, faults of files and of the database into a Stop."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except Invalid as refusal:
            raise Stop("\n".join(f"{fault.field or '.'}: {fault.sentence()} ({fault.code})" for fault in refusal.faults)) from refusal
        except Refusal as refusal:
            raise Stop(f"{refusal.sentence()} ({refusal.code})") from refusal
        except DBAPIError as error:
            raise Stop(f"数据库无法使用 The database cannot be used: {first_line(error)}; flask --app app doctor") from error
        except OSError as error:
            raise Stop(f"{error.filename or '?'}: {error.strerror or error}") from error

    return run


def first_line(error: DBAPIError) -> str:
    """What the database said, in one line, without the statement and its parameters."""
    said = str(error.orig).strip().splitlines()
    return said[0].rstrip(".") if said else type(error.orig).__name__


def settings() -> Config:
    """The settings in force."""
    config: Config = current_app.config["EVENTSVC"]
    return config


def needs_tables(command: Callable[P, R]) -> Callable[P, R]:
    """A database without tables gets them first; one with older or newer tables stops the command."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        found = schema.current()
        if found is None and schema.is_empty():
            migrate()
        elif found != schema.head():
            raise Stop("数据库的表与程序版本不符，请先运行 The database's tables are of another version, run: flask --app app db upgrade")
        return command(*args, **kwargs)

    return run


def migrate() -> None:
    """Bring the tables to this version."""
    logging.getLogger("flask_migrate").setLevel(logging.CRITICAL + 1)  # it would say on a line of its own what is said here
    try:
        upgrade()
    except SystemExit as error:
        raise Stop("数据库的表无法升级 The database's tables cannot be migrated: flask --app app db upgrade") from error
    finally:
        schema.disconnect()
