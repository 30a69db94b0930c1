"""Bringing in a list: the file or the pasted 接龙, which column is what, every fault, the registering in pieces, and taking it back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice

from eventsvc.errors import Conflict, Invalid, TooLarge
from eventsvc.render import table
from eventsvc.render.xlsx import MIME
from eventsvc.services import imports
from eventsvc.web.forms import PageForm, RadioField, text_of
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.manage.registrations import CHANNELS
from eventsvc.web.view import action

WORDS = {
    "name": lazy_gettext("姓名"),
    "phone": lazy_gettext("电话号码"),
    "party_size": lazy_gettext("人数"),
    "sessions": lazy_gettext("场次"),
    "unit": lazy_gettext("单位"),
    "note": lazy_gettext("备注"),
}
STATES = {"draft": lazy_gettext("还没有导入"), "running": lazy_gettext("正在导入"), "done": lazy_gettext("已导入"), "undone": lazy_gettext("已撤销")}


class ListForm(PageForm):
    """The file, or the pasted text."""

    text = TextAreaField(lazy_gettext("或者把微信接龙贴在这里"))


class StartForm(PageForm):
    """How the rows are registered."""

    channel = RadioField(lazy_gettext("怎么报的"), choices=[SelectChoice(*channel) for channel in CHANNELS], default="desk")
    mode = RadioField(
        lazy_gettext("有问题的行"),
        choices=[
            SelectChoice("good", lazy_gettext("先导入没有问题的行，其余下载改好再传")),
            SelectChoice("whole", lazy_gettext("只要有一行不行，就一行也不导入")),
        ],
        default="good",
    )
    doubles = BooleanField(lazy_gettext("疑似重复的也导入"))
    consent = BooleanField(lazy_gettext("已取得本人同意：把姓名和电话用于这次活动"))


@blueprint.get("/e/<slug>/imports", endpoint="imports")
@action("registration.edit")
def listed(slug: str) -> Response:
    """Where a list is brought in, and what was brought in before."""
    return _listed(slug, ListForm())


def _listed(slug: str, form: ListForm, status: int = 200) -> Response:
    event = event_of(slug)
    return show("imports/list.html", event, status, form=form, recent=imports.recent(g.actor, slug), states=STATES, most=imports.MOST_ROWS)


@blueprint.post("/e/<slug>/imports")
@action("registration.edit")
def import_upload(slug: str) -> AnyResponse:
    """Read the file or the text, keep its rows for a day, and show what was understood."""
    event_of(slug)
    form = ListForm()
    if not form.sent():
        return _listed(slug, form, 400)
    file = request.files.get("file")
    try:
        if file and file.filename:
            import_id = imports.stage_file(g.actor, slug, file.read(imports.MOST_BYTES + 1))
        else:
            import_id = imports.stage_text(g.actor, slug, text_of(form.text))
    except Invalid as refusal:
        form.complain([], refusal.faults[0].sentence(gettext))
        return _listed(slug, form, 422)
    except TooLarge as refusal:
        form.complain([], refusal.sentence(gettext))
        return _listed(slug, form, 413)
    return redirect(url_for("manage.import_shown", slug=slug, import_id=import_id), 303)


@blueprint.get("/e/<slug>/imports/template.xlsx")
@action("registration.edit")
def import_template(slug: str) -> Response:
    """An empty list with this event's own columns, ready to be filled in."""
    event = event_of(slug)
    words = [_word(event, target) for target in imports.choices(event)]
    body = table.workbook(gettext("报名名单"), words, [], [max(12, 2 * len(word) + 4) for word in words], event.timezone)
    return _file(body, MIME, f"{event.slug}-template.xlsx")


@blueprint.get("/e/<slug>/imports/<import_id>")
@action("registration.edit")
def import_shown(slug: str, import_id: str) -> Response:
    """One import: before it the preview, then how far it is, then what became of it."""
    return _shown(slug, import_id)


def _shown(slug: str, import_id: str, form: StartForm | None = None, status: int = 200) -> Response:
    event = event_of(slug)
    found = imports.overview(g.actor, slug, import_id)
    if form is None:
        form = StartForm(data={"channel": found.of.channel, "mode": "good", "doubles": found.of.doubles})
    return show(
        "imports/page.html", event, status, form=form, found=found, columns=_columns(event, found), states=STATES,
        shown=[(line, _said(line)) for line in found.told], sample=found.sample, takes=imports.untouched(import_id) if found.of.state == "done" else (0, 0),
    )  # fmt: skip


def _word(event: Any, target: str) -> str:
    """What a column's target is called here."""
    if target.startswith("answers."):
        return next(question["label"] for question in event.questions if f"answers.{question['key']}" == target)
    return str(WORDS[target])


def _columns(event: Any, found: imports.Overview) -> list[dict[str, Any]]:
    """Each column with its letter, heading, first cell and the choice of what it is."""
    known = {target: _word(event, target) for target in imports.choices(event)}
    choices = [SelectChoice("", gettext("不导入")), *(SelectChoice(target, word) for target, word in known.items())]
    columns = []
    for column, (heading, target) in enumerate(zip(found.of.headings, found.of.targets, strict=True)):
        first = next((line.cells[column] for line in found.sample if column < len(line.cells) and line.cells[column]), "")
        field = SelectField(choices=choices, default=target or "").bind(StartForm(), f"column-{column}")
        field.process(None, target or "")
        columns.append({"letter": imports.letter(column), "heading": heading, "first": first, "field": field, "word": known.get(target or "", ""), "used": bool(target)})
    return columns


def _said(line: imports.Line) -> list[tuple[str, str]]:
    return [(one.letter, one.fault.sentence(gettext)) for one in line.faults]


@blueprint.post("/e/<slug>/imports/<import_id>/columns")
@action("registration.edit")
def import_columns(slug: str, import_id: str) -> AnyResponse:
    """Read the list by other columns."""
    event_of(slug)
    found = imports.overview(g.actor, slug, import_id)
    typed = request.form.get("header", "").strip()
    header: Any = int(typed) if typed.isdecimal() and len(typed) < 6 else typed
    targets = [request.form.get(f"column-{column}") or None for column in range(len(found.of.targets))]
    try:
        imports.lay_out(g.actor, slug, import_id, header, targets)
    except Invalid as refusal:
        for fault in refusal.faults:
            flash(fault.sentence(gettext), "stop")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.import_shown", slug=slug, import_id=import_id), 303)


@blueprint.post("/e/<slug>/imports/<import_id>")
@action("registration.edit")
def import_started(slug: str, import_id: str) -> AnyResponse:
    """Register the rows, for some seconds at a time; sending it again goes on where it stopped."""
    event_of(slug)
    form = StartForm()
    if not form.sent():
        return _shown(slug, import_id, form, 400)
    wanted = {"channel": str(form.channel.data), "consent": bool(form.consent.data), "doubles": bool(form.doubles.data), "whole": form.mode.data == "whole"}
    try:
        imports.start(g.actor, slug, import_id, **wanted)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(slug, import_id, form, 422)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return _shown(slug, import_id, form, 409)
    return redirect(url_for("manage.import_shown", slug=slug, import_id=import_id), 303)


@blueprint.post("/e/<slug>/imports/<import_id>/on")
@action("registration.edit")
def import_on(slug: str, import_id: str) -> AnyResponse:
    """Go on with the rows that are still to do."""
    event_of(slug)
    try:
        imports.go_on(g.actor, slug, import_id)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.import_shown", slug=slug, import_id=import_id), 303)


@blueprint.post("/e/<slug>/imports/<import_id>/discard")
@action("registration.edit")
def import_discarded(slug: str, import_id: str) -> AnyResponse:
    """Throw the list away."""
    event_of(slug)
    try:
        imports.discard(g.actor, slug, import_id)
        flash(gettext("名单已删除，什么都没有导入。"), "ok")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.imports", slug=slug), 303)


@blueprint.get("/e/<slug>/imports/<import_id>/faults.xlsx")
@action("registration.edit")
def import_faults(slug: str, import_id: str) -> Response:
    """The rows that were not registered, as they came, with the reason in the last column; corrected, it can be uploaded again."""
    event = event_of(slug)
    _event, found = imports.load(g.actor, slug, import_id)
    lines = imports.lines(found, states=("faulty", "double", "refused"))
    headings = [heading or (_word(event, target) if target else imports.letter(column)) for column, (heading, target) in enumerate(zip(found.headings, found.targets, strict=True))]
    body = table.workbook(gettext("没有导入的行"), [*headings, gettext("原来的行号"), gettext("原因")], _with_reasons(lines, len(headings)), [*[14] * len(headings), 10, 60], event.timezone)
    return _file(body, MIME, f"{event.slug}-faults.xlsx")


def _with_reasons(lines: Iterable[imports.Line], width: int) -> Iterable[list[str | int]]:
    for line in lines:
        reasons = [f"{letter}{line.number} {sentence}" if letter else sentence for letter, sentence in _said(line)]
        yield [*line.cells, *[""] * (width - len(line.cells)), line.number, gettext("；").join(reasons)]


def _file(body: bytes, mime: str, name: str) -> Response:
    return Response(body, headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}, mimetype=mime)


@blueprint.get("/e/<slug>/imports/<import_id>/undo")
@action("registration.edit")
def import_undo(slug: str, import_id: str) -> Response:
    """What an undo would take back, and the button."""
    event = event_of(slug)
    _event, found = imports.load(g.actor, slug, import_id)
    takes, leaves = imports.untouched(import_id)
    return show("imports/undo.html", event, form=PageForm(), found=found, takes=takes, leaves=leaves)


@blueprint.post("/e/<slug>/imports/<import_id>/undo")
@action("registration.edit")
def import_undone(slug: str, import_id: str) -> AnyResponse:
    """Take the import back."""
    event_of(slug)
    try:
        taken, left = imports.undo(g.actor, slug, import_id)
        flash(gettext("已撤销%(taken)s份；%(left)s份已有人改过或扫过码，没有动。", taken=taken, left=left) if left else gettext("已撤销%(taken)s份。", taken=taken), "ok")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.import_shown", slug=slug, import_id=import_id), 303)
