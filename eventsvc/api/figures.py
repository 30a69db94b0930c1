"""Figures and reports: one fold, shown as JSON, as text and as a workbook."""

from __future__ import annotations

from typing import Any

from flask import Response

from eventsvc.api import answers, schemas
from eventsvc.api.operations import Call, operation
from eventsvc.render import brief, text, xlsx
from eventsvc.services import actors, figures, finalizing

TAG = "figures"


@operation(
    "GET", "/events/{slug}/stats", action="figures.read", tag=TAG, answer=schemas.FiguresAnswer,
    summary="The figures now; reads its own writes",
)  # fmt: skip
def stats(call: Call, slug: str) -> dict[str, Any]:
    """The figures."""
    event = actors.load_event(call.actor, slug, "figures.read")
    return answers.figures(figures.of_event(event), event.timezone)


@operation(
    "GET", "/events/{slug}/report", action="report.read", tag=TAG, answer=schemas.ReportAnswer,
    summary="The brief's sentences with the figures behind them, frozen ones and what came after",
)  # fmt: skip
def report(call: Call, slug: str) -> dict[str, Any]:
    """The report as JSON."""
    made = finalizing.report(call.actor, slug)
    zone = made.event.zone
    return {
        "event": _event(call, slug),
        "title": text.title(made),
        "lead": brief.lead(made.event, brief.settled(made).as_of),
        "sentence": brief.sentence(made),
        "oneliner": brief.oneliner(made),
        "participation": made.participation,
        "figures": answers.figures(made.figures, zone),
        "frozen": answers.frozen(made.frozen, zone) if made.frozen else None,
        "late": made.late,
    }


def _event(call: Call, slug: str) -> dict[str, Any]:
    return answers.event(actors.load_event(call.actor, slug, "report.read"))


@operation(
    "GET", "/events/{slug}/report.txt", action="report.read", tag=TAG, media_type="text/plain",
    summary="The brief as text with the grounds of every figure",
)  # fmt: skip
def report_txt(call: Call, slug: str) -> Response:
    """The brief in UTF-8."""
    made = finalizing.report(call.actor, slug)
    return _file(text.txt(made).encode(), "text/plain; charset=utf-8", f"{slug}.txt", "inline")


@operation(
    "GET", "/events/{slug}/report.xlsx", action="report.read", tag=TAG, media_type=xlsx.MIME,
    summary="A workbook: figures, what they mean, and the records that add up to them",
)  # fmt: skip
def report_xlsx(call: Call, slug: str) -> Response:
    """The workbook."""
    made = finalizing.report(call.actor, slug)
    return _file(xlsx.workbook(made, figures.lines(call.actor, slug)), xlsx.MIME, f"{slug}.xlsx", "attachment")


def _file(body: bytes, media_type: str, name: str, disposition: str) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'{disposition}; filename="{name}"'}
    return Response(body, 200, headers, content_type=media_type)
