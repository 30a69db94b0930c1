"""Printed slips for people without a phone: making them, their PDF, naming one, making the unused ones void."""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import BooleanField, HiddenField, StringField
from wtforms.fields.choices import SelectChoice

from eventsvc.errors import Conflict, Invalid, Missing
from eventsvc.render import paper
from eventsvc.services import events, idempotency, links, slips
from eventsvc.services.persons import slip_name
from eventsvc.web import filters
from eventsvc.web.forms import Needed, PageForm, SelectMultipleField, text_of, whole_of
from eventsvc.web.manage.console import blueprint, event_of, form_key, may, show
from eventsvc.web.view import action


class SlipsForm(PageForm):
    """How many slips to print."""

    nonce = HiddenField()
    count = StringField(lazy_gettext("印几张"), [Needed()], default="24")
    party_size = StringField(lazy_gettext("每张几位"), [Needed()], default="1")
    sessions = SelectMultipleField(lazy_gettext("场次"))


class NameForm(PageForm):
    """Whose slip it is."""

    slip = StringField(lazy_gettext("凭条上的6位签到码"), [Needed()])
    name = StringField(lazy_gettext("姓名"), [Needed()])
    phone = StringField(lazy_gettext("电话号码"))
    consent = BooleanField(lazy_gettext("本人同意留下姓名和电话"), [Needed()], false_values=(False, "false", "", "0"))


@blueprint.get("/e/<slug>/slips", endpoint="slips")
@action("registration.list")
def listed(slug: str) -> Response:
    """The prints so far, and the forms."""
    return _shown(slug)


def _shown(slug: str, form: SlipsForm | None = None, naming: NameForm | None = None, status: int = 200) -> Response:
    event = event_of(slug, "registration.list")
    names = {session.key: session.name for session in event.sessions}
    return show(
        "slips/page.html", event, status, form=form or _form(event), naming=naming or NameForm(formdata=None), batches=slips.batches(g.actor, slug), names=names,
        may_make=may("registration.edit", event), places_left=slips.room(event), loopback=current_app.config["EVENTSVC"].is_loopback, can_draw=paper.found(),
        what=gettext("凭条"), base_url=links.to(""),
    )  # fmt: skip


def _form(event: Any, sent: bool = False) -> SlipsForm:
    form = SlipsForm() if sent else SlipsForm(formdata=None)
    form.sessions.choices = [SelectChoice(session.key, session.name) for session in event.sessions]
    if not form.nonce.data:
        form.nonce.data = secrets.token_hex(16)
    return form


@blueprint.post("/e/<slug>/slips")
@action("registration.edit")
def slips_made(slug: str) -> AnyResponse:
    """Make a batch; the same form sent twice is one batch."""
    event = event_of(slug)
    form = _form(event, sent=True)
    if not form.sent():
        return _shown(slug, form, status=400)
    if current_app.config["EVENTSVC"].is_loopback:
        return _nowhere(event)
    wanted = {"count": whole_of(form.count), "party_size": whole_of(form.party_size), "sessions": list(form.sessions.data or [])}
    body = json.dumps(wanted, sort_keys=True).encode()

    def run() -> tuple[int, str]:
        return 201, json.dumps({"batch": slips.make(g.actor, slug, wanted)})

    try:
        _status, answer = idempotency.once(f"{g.actor.name} slips {event.id}", form_key(text_of(form.nonce), body), body, run)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(slug, form, status=422)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return _shown(slug, form, status=409)
    flash(gettext("已备好第%(n)s批，可以下载打印了。", n=json.loads(answer)["batch"]), "ok")
    return redirect(url_for("manage.slips", slug=slug), 303)


def _nowhere(event: Any) -> Response:
    """Why nothing is printed: nobody but this machine could open what the code says."""
    return show("paper/no_address.html", event, 409, what=gettext("凭条"), base_url=links.to(""))


@blueprint.get("/e/<slug>/slips/<int:batch>.pdf")
@action("registration.edit")
def slips_pdf(slug: str, batch: int) -> AnyResponse:
    """The batch as A4 sheets to cut, or (``layout=stickers``) to peel off; whoever has it can enter, so it is stored nowhere."""
    event = event_of(slug)
    if current_app.config["EVENTSVC"].is_loopback:
        return _nowhere(event)
    layout = request.args.get("layout", "slips")
    if layout not in paper.LAYOUTS:
        raise Missing
    if not paper.found():
        return show("paper/no_font.html", event, 409)
    sheet = slips.printed(g.actor, slug, batch)
    if not sheet:
        flash(gettext("这一批都已作废，没有可打印的凭条。"), "look")
        return redirect(url_for("manage.slips", slug=slug), 303)
    facts = events.facts(event)
    heading = paper.Heading(
        facts.short_title or facts.title, filters.when(facts).striptags(), facts.venue or "", facts.contact_phone or "", gettext("【演示】") if facts.demo else "",
        (gettext("时间"), gettext("地点"), gettext("6位签到码"), gettext("电话"), gettext("不用手机，进场时出示这张凭条，请收好")),
    )  # fmt: skip
    rows = [paper.Slip(links.qr_text(one.code), one.pickup_code, slip_name(one.number), gettext("%(n)s位", n=one.party_size)) for one in sheet]
    return _file(paper.slips_pdf(heading, rows, layout), f"{slug}-{layout}-{batch}.pdf")


def _file(body: bytes, name: str, kind: str = "application/pdf") -> Response:
    """A file of our making, shown by the browser and kept nowhere on the way."""
    response = Response(body, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/e/<slug>/slips/name")
@action("slip.name")
def slip_named(slug: str) -> AnyResponse:
    """Write down whose slip it is."""
    event_of(slug, "registration.list")
    form = NameForm()
    if not form.sent():
        return _shown(slug, naming=form, status=400)
    said = {"slip": text_of(form.slip), "name": text_of(form.name), "phone": text_of(form.phone), "consent": bool(form.consent.data)}
    try:
        registration = slips.name(g.actor, slug, said)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(slug, naming=form, status=422)
    flash(gettext("已记下姓名，凭条照常使用。"), "ok")
    return redirect(url_for("manage.registration", slug=slug, registration_id=registration.id), 303)


@blueprint.get("/e/<slug>/slips/<int:batch>/void")
@action("registration.edit")
def slips_void(slug: str, batch: int) -> Response:
    """How many would be made void, and the button."""
    event = event_of(slug)
    found = next((one for one in slips.batches(g.actor, slug) if one.batch == batch), None)
    if found is None:
        raise Missing
    return show("slips/void.html", event, batch=found)


@blueprint.post("/e/<slug>/slips/<int:batch>/void")
@action("registration.edit")
def slips_voided(slug: str, batch: int) -> AnyResponse:
    """Make the unused ones void, all in one act; their places return."""
    gone = slips.void(g.actor, slug, batch)
    flash(gettext("已作废%(n)s张，名额已退回。", n=gone) if gone else gettext("没有可作废的：都用过、记过名，或已作废。"), "ok" if gone else "note")
    return redirect(url_for("manage.slips", slug=slug), 303)
