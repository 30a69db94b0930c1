"""An event on other days: copies over dates, every week or on the days that somebody wrote down."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

from flask import Response, flash, g, redirect, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from eventsvc.errors import Fault, Invalid
from eventsvc.services import events
from eventsvc.web import filters
from eventsvc.web.forms import PageForm, text_of
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.view import action

EVERY = [("7", lazy_gettext("每周")), ("14", lazy_gettext("每两周")), ("1", lazy_gettext("每天"))]
MOST_TIMES = 60
_DAY = re.compile(r"(\d{4})[-/年.](\d{1,2})[-/月.](\d{1,2})日?")


class SeriesForm(PageForm):
    """How often again, or on which days."""

    every = SelectField(lazy_gettext("多久一场"), choices=EVERY, validate_choice=False, default="7")
    times = StringField(lazy_gettext("再办几场"), default="4")
    dates = TextAreaField(lazy_gettext("或者写上日期"))
    publish = BooleanField(lazy_gettext("建好马上发布"), false_values=(False, "false", "", "0"))


@blueprint.get("/e/<slug>/series")
@action("event.create")
def series(slug: str) -> Response:
    """The form."""
    return _form(event_of(slug), SeriesForm(formdata=None))


@blueprint.post("/e/<slug>/series")
@action("event.create")
def series_make(slug: str) -> AnyResponse:
    """Make the copies, or say what is wrong and keep what was typed; the same days sent twice make nothing twice."""
    event = event_of(slug)
    form = SeriesForm()
    if not form.sent():
        return _form(event, form, 400)
    days, faults = _days(form, event)
    if faults:
        form.complain(faults)
        return _form(event, form, 422)
    try:
        made, there = events.copy_over(g.actor, slug, days, bool(form.publish.data))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _form(event, form, 422)
    if made:
        flash(gettext("已建好%(n)s场：%(days)s", n=len(made), days="、".join(filters.day(one.starts_at, one.timezone, year=False) for one in made[:10])), "ok")
    if there:
        flash(gettext("有%(n)s场本来就有，没有再建", n=len(there)), "look")
    return redirect(url_for("manage.home"), 303)


def _days(form: SeriesForm, event: Any) -> tuple[list[date], list[Fault]]:
    written = [line.strip() for line in re.split(r"[\n,，、;；]", text_of(form.dates)) if line.strip()]
    if written:
        return _written(written)
    times, every = text_of(form.times).strip(), text_of(form.every)
    if not times.isdecimal() or not 1 <= int(times[:4]) <= MOST_TIMES:
        return [], [Fault("times", "number", "请填1到{most}", {"most": MOST_TIMES})]
    if event.starts_at is None or every not in dict(EVERY):
        return [], [] if event.starts_at is None else [Fault("every", "choice", "请选多久一场")]
    first = filters.local(event.starts_at, event.timezone).date()
    return [first + timedelta(days=int(every) * number) for number in range(1, int(times) + 1)], []


def _written(lines: list[str]) -> tuple[list[date], list[Fault]]:
    days, faults = [], []
    for line in lines:
        found = _DAY.fullmatch(line)
        try:
            days.append(date(*(int(part) for part in found.groups())) if found else date.min)
        except ValueError:
            found = None
        if found is None:
            faults.append(Fault("dates", "date", "看不懂“{line}”，请写成2026-09-01这样", {"line": line[:20]}))
    return days, faults


def _form(event: Any, form: SeriesForm, status: int = 200) -> Response:
    return show("events/series.html", event, status, form=form)
