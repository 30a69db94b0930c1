"""For when phones die: the sign-in sheet to print beforehand, and the paper list to enter afterwards."""

from __future__ import annotations

import secrets
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, flash, g, redirect, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, HiddenField, StringField, TextAreaField

from eventsvc.errors import Invalid
from eventsvc.ports import clock
from eventsvc.services import paper_list
from eventsvc.web.forms import Needed, PageForm, RadioField, text_of
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action


class SheetForm(PageForm):
    """Whether whole names are printed, and why."""

    plain = BooleanField(lazy_gettext("印完整的姓名"))
    reason = StringField(lazy_gettext("为什么要完整姓名"))


class ListForm(PageForm):
    """A list that was kept on paper."""

    nonce = HiddenField()
    checkpoint = RadioField(lazy_gettext("签到点"), [Needed()])
    date = StringField(lazy_gettext("日期"), [Needed()])
    time = StringField(lazy_gettext("大约几点"), [Needed()])
    lines = TextAreaField(lazy_gettext("签到码，一行一份"), [Needed()])


@blueprint.get("/e/<slug>/sign-in-sheet")
@action("registration.list")
def sign_in_sheet(slug: str) -> Response:
    """What is on the sheet, and the question whether whole names are needed."""
    event = event_of(slug)
    return show("paper/sign_in.html", event, form=SheetForm(formdata=None), may_plain=may("registration.edit", event))


@blueprint.post("/e/<slug>/sign-in-sheet")
@action("registration.list")
def sign_in_sheet_printed(slug: str) -> AnyResponse:
    """The sheet in large type, in the order of the pinyin; whole names want a reason, and either way it is written down."""
    event = event_of(slug)
    form = SheetForm()
    if not form.sent():
        return show("paper/sign_in.html", event, 400, form=form, may_plain=may("registration.edit", event))
    plain = bool(form.plain.data)
    try:
        event, rows = paper_list.sheet(g.actor, slug, plain=plain, reason=text_of(form.reason))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show("paper/sign_in.html", event_of(slug), 422, form=form, may_plain=True)
    return show("paper/sign_in_sheet.html", event, rows=rows, people=sum(row.party_size for row in rows), now=clock.now())


@blueprint.get("/e/<slug>/paper-list", endpoint="paper_list")
@action("record.checkin")
def asked(slug: str) -> Response:
    """The form for the list."""
    return _list(slug)


def _list(slug: str, form: ListForm | None = None, status: int = 200) -> Response:
    event = event_of(slug, "record.checkin")
    if form is None:
        here = min(filter(None, (clock.now(), event.ends_at))).astimezone(ZoneInfo(event.timezone))
        entrance = next((one.key for one in event.checkpoints if one.entrance), event.checkpoints[0].key if event.checkpoints else "")
        form = ListForm(formdata=None, data={"nonce": secrets.token_hex(16), "checkpoint": entrance, "date": here.date().isoformat(), "time": f"{here:%H:%M}"})
    form.checkpoint.choices = [(one.key, one.name) for one in event.checkpoints]
    return show("paper/list.html", event, status, form=form)


@blueprint.post("/e/<slug>/paper-list")
@action("record.checkin")
def paper_list_entered(slug: str) -> AnyResponse:
    """Enter the list: all of it, or every line that is wrong is named and nothing is kept."""
    event = event_of(slug)
    form = ListForm()
    if not form.sent():
        return _list(slug, form, 400)
    try:
        at = datetime.fromisoformat(f"{text_of(form.date).strip()}T{text_of(form.time).strip().replace('：', ':')}").replace(tzinfo=ZoneInfo(event.timezone))
    except ValueError:
        form.date.errors = [gettext("日期写成2026-08-14，时间写成18:30")]
        return _list(slug, form, 422)
    try:
        lines = paper_list.read(text_of(form.lines), at, event.timezone)
        done = paper_list.enter(g.actor, slug, form.checkpoint.data or "", lines, text_of(form.nonce)[:64])
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _list(slug, form, 422)
    told = [gettext("补录了%(n)s条", n=done.kept)]
    told += [gettext("%(n)s条以前补录过，没有重复记", n=done.again)] if done.again else []
    told += [gettext("%(n)s份当时已扫码签到，没有再记", n=done.scanned)] if done.scanned else []
    flash(gettext("，").join(told) + gettext("。"), "ok" if done.kept else "note")
    return redirect(url_for("manage.paper_list", slug=slug), 303)
