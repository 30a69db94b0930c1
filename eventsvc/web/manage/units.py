"""Units of a meeting or a tour: 应到, 实到, and the roll call."""

from __future__ import annotations

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Invalid
from eventsvc.services import units as roll_call
from eventsvc.web.forms import PageForm
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.event_form import number
from eventsvc.web.view import action

STATUSES = {
    "present": (lazy_gettext("实到"), "ok", "check"),
    "stand_in": (lazy_gettext("代会"), "note", "people"),
    "leave": (lazy_gettext("请假"), "look", "pause"),
    "absent": (lazy_gettext("缺席"), "look", "close"),
    "awaited": (lazy_gettext("未到"), "", "waiting"),
}


@blueprint.get("/e/<slug>/units")
@action("registration.list")
def units(slug: str) -> Response:
    """Every unit with what is expected and who is there; a line of it to copy."""
    event = event_of(slug)
    return show("units/page.html", event, roll=roll_call.roll(g.actor, slug), statuses=STATUSES, editor=may("registration.edit", event))


@blueprint.post("/e/<slug>/units/<key>")
@action("registration.edit")
def unit_called(slug: str, key: str) -> AnyResponse:
    """One unit is called; ``attendance`` empty takes it back."""
    event_of(slug)
    form = PageForm()
    if not form.sent():
        flash(gettext("页面放得太久，内容都还在，请再按一次按钮"), "look")
    else:
        typed = number(request.form.get("people", ""))
        try:
            roll_call.call(g.actor, slug, key, request.form.get("attendance") or None, typed)  # type: ignore[arg-type]
        except Invalid as refusal:
            flash(refusal.faults[0].sentence(gettext), "stop")
    return redirect(url_for("manage.units", slug=slug) + f"#unit-{key}", 303)
