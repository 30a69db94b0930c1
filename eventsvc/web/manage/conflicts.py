"""What somebody has to look at: let in twice, let in against the rules; in words, with every phone that was in it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g

from eventsvc.services import figures
from eventsvc.services.reports import RecordLine
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.lines import Said, all_said, said
from eventsvc.web.view import action


@dataclass(frozen=True)
class Conflict:
    """A record to look at, and the other passages of the same ticket."""

    record: Said
    others: tuple[Said, ...]
    ticket: str | None


@blueprint.get("/e/<slug>/conflicts")
@action("report.read")
def conflicts(slug: str) -> Response:
    """The list, newest first."""
    event = event_of(slug)
    found = list(figures.lines(g.actor, slug, "conflicts"))
    passed = [line for line in figures.lines(g.actor, slug, "people_admitted") if line.ticket] if found else []
    listed = [Conflict(said(line), tuple(all_said(_others(line, passed))), line.ticket) for line in reversed(found)]
    return show("conflicts/page.html", event, conflicts=listed, undo=may("record.undo", event))


def _others(line: RecordLine, passed: list[RecordLine]) -> list[RecordLine]:
    """The passages of the same ticket at the same place."""
    return [one for one in passed if one.ticket == line.ticket and one.place_key == line.place_key and one.id != line.id]
