"""What people ask for by telephone or at the desk, done for them: a copy of their data, and deleting it; the journal keeps both."""

from __future__ import annotations

from flask import Response, flash, g, redirect, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms.fields.choices import SelectChoice

from eventsvc.services import rights
from eventsvc.services.persons import mask_name
from eventsvc.web import copies
from eventsvc.web.forms import PageForm, RadioField
from eventsvc.web.manage.console import blueprint, show
from eventsvc.web.view import action


class AskedForm(PageForm):
    """How the person asked for it."""

    asked = RadioField(
        lazy_gettext("本人怎么提出的"),
        choices=[SelectChoice("phone", lazy_gettext("打电话来，姓名和登记的号码都对得上")), SelectChoice("desk", lazy_gettext("当面说的"))],
        default="phone",
    )


@blueprint.post("/e/<slug>/registrations/<registration_id>/copy")
@action("registration.edit")
def registration_copy(slug: str, registration_id: str) -> Response:
    """A copy as text, to be read out, printed or handed over."""
    return copies.download(rights.copy_of(g.actor, slug, registration_id), "txt")


@blueprint.get("/e/<slug>/registrations/<registration_id>/erase")
@action("registration.edit")
def registration_erase_ask(slug: str, registration_id: str) -> Response:
    """What deleting does, before it is done."""
    return _ask(slug, registration_id, AskedForm(formdata=None))


def _ask(slug: str, registration_id: str, form: AskedForm, status: int = 200) -> Response:
    copy = rights.copy(g.actor, slug, registration_id)
    return show("registrations/erase.html", copy.event, status, form=form, copy=copy, registration=copy.registration, name=mask_name(copy.name))


@blueprint.post("/e/<slug>/registrations/<registration_id>/erase")
@action("registration.edit")
def registration_erase(slug: str, registration_id: str) -> AnyResponse:
    """Delete the person."""
    form = AskedForm()
    if not form.sent() or form.asked.data not in rights.CHANNELS:
        form.complain([], "" if form.form_errors else gettext("请选本人怎么提出的"))
        return _ask(slug, registration_id, form, 400)
    rights.erase(g.actor, slug, registration_id, asked=form.asked.data)
    flash(gettext("个人信息已删除。"), "ok")
    return redirect(url_for("manage.registration", slug=slug, registration_id=registration_id), 303)
