"""`event import` and `event export`: an activity as the JSON of the API, in a file."""

from __future__ import annotations

import json
from typing import IO, Any

import click
from flask.cli import with_appcontext

from eventsvc.cli.accounts import ORGANIZATION
from eventsvc.cli.stops import Stop, needs_tables, stops
from eventsvc.errors import Missing
from eventsvc.services import event_document, events, organizations
from eventsvc.services.actors import SYSTEM


@click.group()
def event() -> None:
    """Activities as files."""


@event.command("import")
@click.argument("file", type=click.File("rb"))
@ORGANIZATION
@with_appcontext
@stops
@needs_tables
def import_event(file: IO[bytes], organization: str) -> None:
    """Make a draft from FILE (- for standard input), or change the organization's event of that slug; prints its slug.

    Every fault is printed with its path, and then nothing is changed.
    """
    data = _read(file)
    slug = data.get("slug") if isinstance(data, dict) else None
    owner = organizations.ensure(organization)
    try:
        known = events.read(SYSTEM, slug) if isinstance(slug, str) and "\0" not in slug and slug.isprintable() else None
    except Missing:
        known = None
    if known is not None and known.organization_id == owner.id:
        made = events.change(SYSTEM, known.slug, data)
    else:
        made = events.create(SYSTEM, data, owner.id)
    click.echo(made.slug)


def _read(file: IO[bytes]) -> Any:
    try:
        return json.loads(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise Stop(f"{file.name}: 不是UTF-8文本 not UTF-8 text (byte {error.start})") from error
    except json.JSONDecodeError as error:
        raise Stop(f"{file.name}: 不是JSON not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from error
    except (RecursionError, ValueError) as error:
        raise Stop(f"{file.name}: 不是可读的JSON not readable JSON") from error


@event.command("export")
@click.argument("slug")
@with_appcontext
@stops
@needs_tables
def export_event(slug: str) -> None:
    """Print the event SLUG as JSON that `event import` takes back."""
    click.echo(json.dumps(event_document.dump(events.read(SYSTEM, slug)), ensure_ascii=False, indent=2))
