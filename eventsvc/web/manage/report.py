"""The brief with each figure to open, what it rests on, its text and workbook to take along, and what the organizer decides."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Invalid
from eventsvc.render import brief, proofread, text, xlsx
from eventsvc.services import audit, events, figures, finalizing
from eventsvc.services.reports import Report
from eventsvc.web.forms import PageForm
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action

MOST = 5000  # characters of a brief that somebody edits


@blueprint.get("/e/<slug>/report")
@action("report.read")
def report(slug: str) -> Response:
    """The brief and what stands behind it."""
    return _shown(slug)


def _shown(slug: str, edited: str | None = None) -> Response:
    event = event_of(slug, "report.read")
    told = finalizing.of_event(event)
    return show(
        "report/page.html", event, report=told, lead=brief.lead(told.event, brief.settled(told).as_of), segments=brief.segments(told),
        paragraph=brief.paragraph(told), notes=text.notes(told), grounds=list(text.grounds(brief.settled(told))), late=_late(told),
        edited=edited, hints=proofread.check(edited) if edited else None, in_wechat="MicroMessenger" in request.headers.get("User-Agent", ""),
        choices=_choices(event), may_finalize=may("event.finalize", event), form=PageForm(),
    )  # fmt: skip


def _late(told: Report) -> list[tuple[str, str, int]]:
    """定稿后 +n: the figure's name, its word, the difference."""
    names = {f"counter:{counter.key}": counter.name for counter in told.figures.counters}
    return [(name, names.get(name) or text.words.figure(name), more) for name, more in text.late(told).items()]


def _choices(event: Any) -> list[tuple[str, str]]:
    """What the brief may call 参加人次."""
    heads = [(counter.key, gettext("志愿者点的“%(name)s”", name=counter.name)) for counter in event.counters if counter.kind == "headcount"]
    return [("entries", gettext("扫码的入场人次")), *heads, ("none", gettext("不写参加人次"))]


@blueprint.post("/e/<slug>/report/check")
@action("report.read")
def proofread_text(slug: str) -> Response:
    """Read over a brief that was edited by hand; nothing is kept."""
    return _shown(slug, request.form.get("text", "")[:MOST])


@blueprint.post("/e/<slug>/report/participation")
@action("event.edit")
def participation(slug: str) -> AnyResponse:
    """Choose which number the brief calls 参加人次."""
    event_of(slug)
    try:
        events.change(g.actor, slug, {"participation": request.form.get("participation", "")})
        flash(gettext("已保存，简报已更新。"), "ok")
    except Invalid as refusal:
        flash(refusal.faults[0].sentence(gettext), "stop")
    return redirect(url_for("manage.report", slug=slug), 303)


@blueprint.get("/e/<slug>/report.txt")
@action("report.read")
def report_txt(slug: str) -> Response:
    """The report as plain text, to keep."""
    told = audit.take_out(g.actor, slug, "txt")
    return _file(text.txt(told).encode("utf-8"), told, "txt", "text/plain; charset=utf-8")


@blueprint.get("/e/<slug>/report.xlsx")
@action("report.read")
def report_xlsx(slug: str) -> Response:
    """The workbook with the records behind every figure."""
    told = audit.take_out(g.actor, slug, "xlsx")
    return workbook_file(xlsx.workbook(told, figures.lines(g.actor, slug)), told)


def workbook_file(body: bytes, told: Report) -> Response:
    """A workbook to keep."""
    return _file(body, told, "xlsx", xlsx.MIME)


def _file(body: bytes, told: Report, ending: str, kind: str) -> Response:
    """A download named after the event and the time of its figures, so that two versions never look the same (RFC 6266)."""
    at = (told.frozen.at if told.frozen else told.figures.as_of).astimezone(ZoneInfo(told.event.zone))
    clock = f"{at:%H%M}"
    state = gettext("定稿于%(time)s", time=clock) if told.frozen else gettext("截至%(time)s", time=clock)
    label = gettext("演练") + " " if told.event.rehearsal else ""
    name = f"{label}{told.event.short_title or told.event.title} {at:%Y-%m-%d} {state}.{ending}".replace("/", "／")
    disposition = f"attachment; filename=\"{told.event.slug}.{ending}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(body, headers={"Content-Disposition": disposition, "Cache-Control": "no-store"}, content_type=kind)
