"""The live page: every figure as of now, refreshed without a reload; a line to copy for whoever asks "how many now?"."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request
from flask_babel import get_locale, gettext

from eventsvc.ports import shared
from eventsvc.render import brief, words
from eventsvc.render.brief import Earlier
from eventsvc.services import finalizing
from eventsvc.services.reports import CounterFigure, Figures, Report
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.view import action

BEFORE = timedelta(minutes=30)


@blueprint.get("/e/<slug>/live")
@action("report.read")
def live(slug: str) -> Response:
    """The figures on a page; ``?wall=1`` in big type for a projector."""
    event = event_of(slug)
    report = finalizing.of_event(event)
    wall = request.args.get("wall") == "1"
    return show("live/page.html", event, report=report, now=report.figures, line=oneliner(report), quarters=quarters(report), wall=wall)


@blueprint.get("/e/<slug>/live.json")
@action("report.read")
def live_figures(slug: str) -> Response:
    """The same figures for the page's script: ``stats`` as the fold made them, and the texts around them.

    A screen (``?wall=1``) may be a second old, so that all screens of an event cost one.
    """
    event = event_of(slug)
    if request.args.get("wall") == "1":
        body = shared.for_a_moment(f"screen:{event.id}:{get_locale()}", 1, lambda: _as_json(event))
    else:
        body = _as_json(event)
    answer = Response(body, mimetype="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _as_json(event: Any) -> str:
    report = finalizing.of_event(event)
    said = {"as_of": clock_text(report.figures.as_of, report.event.zone), "line": oneliner(report), "quarters": quarters(report)}
    return json.dumps({"stats": finalizing.pack(report.figures), **said}, ensure_ascii=False)


def oneliner(report: Report) -> str:
    """报数, compared with half an hour ago where anything had happened by then."""
    return brief.oneliner(report, _half_an_hour_ago(report.figures, report.event.zone))


def _half_an_hour_ago(figures: Figures, zone: str) -> Earlier | None:
    before = figures.as_of.astimezone(ZoneInfo(zone)) - BEFORE
    earlier = brief.earlier(figures, before.replace(minute=before.minute // 15 * 15, second=0, microsecond=0))
    return earlier if earlier.entries else None


def quarters(report: Report) -> list[dict[str, Any]]:
    """Entries by quarter of an hour, on the clock of the event's zone."""
    return [{"at": f"{start.astimezone(ZoneInfo(report.event.zone)):%H:%M}", "entries": count} for start, count in report.figures.by_quarter]


def clock_text(at: datetime, zone: str) -> str:
    """As of when, to the second."""
    return f"{at.astimezone(ZoneInfo(zone)):%H:%M:%S}"


@blueprint.app_template_filter("plainly")
def plainly(figure: str | CounterFigure) -> str:
    """What a figure says, in one line: of a scanned figure by its name, or of a counter."""
    if isinstance(figure, str):
        said = words.PLAIN[figure]
    elif figure.basis == "stocktake":
        said = words.PLAIN["stocktake"]
    elif figure.kind == "material":
        said = words.PLAIN["reported"]
    else:
        said = words.PLAIN["headcount" if figure.kind == "headcount" else "counted"]
    return gettext(said)


@blueprint.app_template_filter("seconds")
def seconds(at: datetime, zone: str) -> str:
    """The time of day to the second: 20:15:03."""
    return clock_text(at, zone)
