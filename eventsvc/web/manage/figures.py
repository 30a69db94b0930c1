"""A figure opened down to its records: its definition in a sentence, the rows behind it, and taking one back with a reason."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, StringField

from eventsvc.errors import Missing
from eventsvc.ports import clock
from eventsvc.render import text, words
from eventsvc.render.phrase import as_typed
from eventsvc.services import audit, figures, finalizing, records
from eventsvc.services.reports import CounterFigure, Report
from eventsvc.web.forms import Needed, PageForm, text_of
from eventsvc.web.language import local_path, sentence_of_scan
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.lines import all_said, said
from eventsvc.web.view import action

PAGE = 100
LISTED = {"registrations": "confirmed", "people_registered": "confirmed", "waitlisted": "waitlisted"}


@dataclass(frozen=True)
class Opened:
    """A figure: what it is called, what it counts, its number now, and its number at 定稿 with what came later."""

    name: str
    title: str
    unit: str
    definition: str
    value: int
    frozen: int | None = None
    late: int = 0
    note: str = ""
    parts: tuple[CounterFigure, ...] = ()


class UndoForm(PageForm):
    """Why a record is taken back; the id is minted with the page, so that pressing twice is one undo."""

    record_id = HiddenField()
    at = HiddenField()
    back = HiddenField()
    reason = StringField(lazy_gettext("为什么撤销"), [Needed()])


@blueprint.get("/e/<slug>/figures/<name>")
@action("report.read")
def figure(slug: str, name: str) -> AnyResponse:
    """The figure and a page of its records, newest first."""
    event = event_of(slug)
    if name in LISTED:
        return redirect(url_for("manage.registrations", slug=slug, status=LISTED[name]), 303)
    if name == "unsynced":
        return redirect(url_for("manage.devices", slug=slug), 303)
    if name == "headcount":
        return redirect(url_for("manage.live", slug=slug), 303)
    report = finalizing.report(g.actor, slug)
    opened = _open(report, name)
    kind, _, key = name.partition(":")
    number = max(1, _number("page") or 1)
    before, after = _number("before"), _number("after")
    found = figures.page(g.actor, slug, kind, key or None, skip=(number - 1) * PAGE, count=PAGE, before=before, after=after)
    last = max(1, -(-found.records // PAGE))
    if number > 1 and not found.lines:
        return redirect(url_for("manage.figure", slug=slug, name=name, page=last if number > last else None), 303)
    where = {"slug": slug, "name": name}
    newer = {"page": number - 1, "after": found.newer} if number > 2 else {}
    return show(
        "figures/page.html", event, opened=opened, lines=all_said(found.lines), number=number, last=max(number, last),
        newer=url_for("manage.figure", **where, **newer) if number > 1 else None,
        older=url_for("manage.figure", **where, page=number + 1, before=found.older) if found.older else None,
        records=found.records, as_of=report.figures.as_of, unsynced=report.figures.unsynced, undo=may("record.undo", event), here=request.full_path.rstrip("?"),
    )  # fmt: skip


def _number(name: str) -> int | None:
    """A positive number of the address, or None."""
    asked = request.args.get(name, "")
    return int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < (7 if name == "page" else 16) and int(asked) > 0 else None


def _open(report: Report, name: str) -> Opened:
    """What the report says of a figure. Raises Missing for a name that is none."""
    now, frozen = report.figures, report.frozen.figures if report.frozen else None
    late = text.late(report).get(name, 0)
    kind, _, key = name.partition(":")
    if kind == "counter":
        found = _named(now.counters, key)
        then = next((one.total for one in frozen.counters if one.key == key), None) if frozen else None
        note = gettext("人工填报：%(n)s", n=as_typed(found.reported, found.unit)) if found.reported else ""
        parts = tuple(one for one in now.counters if one.parent == key)
        return Opened(name, found.name, found.unit, _of_counter(found), found.total, then, late, note, parts)
    if kind == "checkpoint":
        point = _named(now.by_checkpoint, key)
        rule = gettext(words.RULES.get(point.rule, point.rule))
        definition = gettext("在“%(name)s”放行的人次，规则是%(rule)s；撤销的、超出凭证人数的不计。", name=point.name, rule=rule)
        return Opened(name, point.name, gettext("人次"), definition, point.entries)
    if name == "records":
        return Opened(name, gettext("全部记录"), gettext("条"), gettext("现场发生的每一件事，只增不删。"), now.seq)
    if name not in words.FIGURES or name not in figures.FIGURES:
        raise Missing
    title, unit = words.FIGURES[name]
    return Opened(name, gettext(title), gettext(unit), gettext(words.DEFINITIONS[name]), getattr(now, name), getattr(frozen, name) if frozen else None, late)


def _named(parts: Any, key: str) -> Any:
    found = next((one for one in parts if one.key == key), None)
    if found is None:
        raise Missing
    return found


def _of_counter(counter: CounterFigure) -> str:
    if counter.basis == "stocktake":
        return gettext("按盘点计：领取减剩余；现场点数另有%(n)s%(unit)s，不相加。", n=counter.tapped, unit=counter.unit)
    if counter.kind == "headcount":
        return gettext("志愿者点的进场人次；与扫码看到的是同一批人，不相加。")
    return gettext("志愿者点的数和事后补录的纸质数相加，撤销的不计。")


@blueprint.get("/e/<slug>/records/<record_id>/undo")
@action("record.undo")
def undo(slug: str, record_id: str) -> Response:
    """What would be taken back, and the reason to give."""
    form = UndoForm(data={"record_id": str(uuid.uuid4()), "at": clock.now().isoformat(), "back": local_path(request.args.get("back", "/"))})
    return _undo_page(slug, record_id, form)


def _undo_page(slug: str, record_id: str, form: UndoForm, status: int = 200) -> Response:
    event = event_of(slug)
    line = next(figures.lines(g.actor, slug, "record", record_id), None)
    if line is None:
        raise Missing
    return show("figures/undo.html", event, status, form=form, line=said(line), record_id=record_id, back=_back(slug, form))


def _back(slug: str, form: UndoForm) -> str:
    """Where the record was seen; a page of the console."""
    back = local_path(text_of(form.back))
    return back if back.startswith("/manage/") else url_for("manage.figure", slug=slug, name="records")


@blueprint.post("/e/<slug>/records/<record_id>/undo")
@action("record.undo")
def undone(slug: str, record_id: str) -> AnyResponse:
    """Take a record back by a counter-record; pressing twice is one undo."""
    event_of(slug)
    form = UndoForm()
    if not form.sent():
        return _undo_page(slug, record_id, form, 400)
    if not text_of(form.reason).strip():
        form.reason.errors = [gettext("撤销请写明原因")]
        return _undo_page(slug, record_id, form, 422)
    sent = {"type": "undo", "undoes": record_id, "reason": text_of(form.reason).strip()[:200]}
    told = submit(slug, sent, text_of(form.record_id), text_of(form.at))
    if told:
        form.complain([], told)
        return _undo_page(slug, record_id, form, 422)
    flash(gettext("已撤销，数字已更新。"), "ok")
    return redirect(_back(slug, form), 303)


def submit(slug: str, record: dict[str, Any], record_id: str, at: str) -> str:
    """Hand one record to the door, as the organizer; why it was not kept, or nothing."""
    whole = {**record, "id": record_id, "at": at, "operator": g.actor.label[:40] or None}
    if record["type"] == "undo":
        result = audit.take_back(g.actor, slug, whole)
    else:
        result = records.submit(g.actor, slug, {"records": [whole]})["results"][0]
    if result["status"] != "rejected":
        return ""
    return gettext("这张表已经交过了，请刷新后再填") if result["code"] == "id_reused" else sentence_of_scan(result["message"])
