"""Taking the list of registrations out: masked at once, plain with a reason that the journal keeps."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, g
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import StringField
from wtforms.fields.choices import SelectChoice

from eventsvc.errors import Invalid
from eventsvc.render import table
from eventsvc.render.xlsx import MIME
from eventsvc.services import registrations
from eventsvc.web.forms import AGES, PageForm, RadioField, text_of
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.registrations import CHANNEL_WORDS, STATUSES
from eventsvc.web.view import action


class ExportForm(PageForm):
    """Which data, in which kind of file, and why."""

    extent = RadioField(
        lazy_gettext("姓名和电话"),
        choices=[SelectChoice("masked", lazy_gettext("遮住一部分（王*芳、138****1234）")), SelectChoice("plain", lazy_gettext("完整的姓名、电话、签到码、回答和备注"))],
        default="masked",
    )
    reason = StringField(lazy_gettext("事由（导出完整数据时要填，会记在操作记录里）"))
    kind = RadioField(lazy_gettext("文件"), choices=[SelectChoice("xlsx", "Excel (.xlsx)"), SelectChoice("csv", "CSV")], default="xlsx")


@blueprint.get("/e/<slug>/registrations/export")
@action("registration.list")
def export_list(slug: str) -> Response:
    """What is taken out, as what, and why."""
    event = event_of(slug)
    return show("registrations/export.html", event, form=ExportForm(), editor=may("registration.edit", event))


@blueprint.post("/e/<slug>/registrations/export")
@action("registration.list")
def exported(slug: str) -> AnyResponse:
    """The list as a file."""
    event = event_of(slug)
    form = ExportForm()
    editor = may("registration.edit", event)
    if not form.sent():
        return show("registrations/export.html", event, 400, form=form, editor=editor)
    plain, kind = form.extent.data == "plain", "csv" if form.kind.data == "csv" else "xlsx"
    try:
        event, rows = registrations.export(g.actor, slug, plain=plain, reason=text_of(form.reason), kind=kind)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show("registrations/export.html", event, 422, form=form, editor=editor)
    asked = event.questions if plain else []
    headings = [gettext("序号"), gettext("姓名"), gettext("电话"), gettext("人数"), gettext("已到"), gettext("状态"), gettext("场次"), gettext("方式"), gettext("报名时间")]
    widths = [8, 14, 18, 8, 8, 12, 20, 12, 20]
    if event.units:
        headings, widths = [*headings, gettext("单位")], [*widths, 24]
    named = [gettext("同行的人")] if plain and event.members == "names" else []
    if plain:
        headings += [gettext("签到码"), gettext("备注"), *named, *(question["label"] for question in asked)]
        widths += [10, 24, *[24] * len(named), *[18] * len(asked)]
    lines = _lines(rows, asked, plain, bool(named), bool(event.units))
    if kind == "csv":
        body, mime = table.separated(headings, lines, event.timezone), table.CSV_MIME
    else:
        body, mime = table.workbook(gettext("报名名单"), headings, lines, widths, event.timezone), MIME
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}-registrations.{kind}"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, content_type=mime)


def _lines(rows: Iterable[registrations.Listed], asked: list[dict[str, Any]], plain: bool, named: bool, units: bool) -> Iterable[list[table.Cell]]:
    statuses = {value: str(word) for value, word in STATUSES}
    for row in rows:
        sessions = gettext("、").join(row.sessions)
        line: list[table.Cell] = [
            row.seq, row.name, row.phone, row.party_size, row.came, statuses.get(row.status, row.status), sessions,
            str(CHANNEL_WORDS.get(row.channel, row.channel)), row.created_at,
            *([row.unit] if units else []),
        ]  # fmt: skip
        if plain:
            given = row.answers or {}
            line += [row.pickup_code, row.note, *([_companions(row.members)] if named else []), *(_told(given.get(question["key"])) for question in asked)]
        yield line


def _companions(members: Iterable[dict[str, Any]]) -> str:
    words, told = dict(AGES), []
    for one in members:
        band = words.get(one["age_band"], one["age_band"])
        told.append(one["name"] if one["age_band"] == "adult" else gettext("%(name)s（%(band)s）", name=one["name"], band=band))
    return gettext("、").join(told)


def _told(value: Any) -> str:
    if isinstance(value, list):
        return gettext("、").join(map(str, value))
    return {True: gettext("是"), False: gettext("否")}[value] if isinstance(value, bool) else "" if value is None else str(value)
