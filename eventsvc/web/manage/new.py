"""A new event: choose one of four templates or copy an earlier event, then one plain form."""

from __future__ import annotations

import json
import secrets
from typing import Any

from flask import Response, abort, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict, Invalid
from eventsvc.services import actors, event_document, event_templates, events, idempotency, organizations
from eventsvc.web.forms import text_of
from eventsvc.web.manage import event_form
from eventsvc.web.manage.console import blueprint, form_key, show
from eventsvc.web.manage.event_form import EventForm
from eventsvc.web.manage.events import conflict_faults, show_form
from eventsvc.web.view import action

COPY = "copy:"


@blueprint.get("/new")
@action("event.create")
def new() -> Response:
    """The templates, or the form of the chosen one."""
    organization_id = organizations.organization_of(g.actor)
    chosen = request.args.get("template", "")
    if not chosen:
        return show("new/page.html", templates=event_templates.TEMPLATES)
    base = _base(chosen)
    form = event_form.fill(base)
    form.host.data = form.host.data or next((organizations.name_of(one) for one in organizations.known(g.actor) if one.id == organization_id), "")
    form.template.data, form.nonce.data = chosen, secrets.token_hex(16)
    return _form(form, chosen)


@blueprint.post("/new")
@action("event.create")
def create() -> AnyResponse:
    """Make the draft, once however often the form is sent, or show the form again with every fault and all that was typed."""
    form = EventForm()
    chosen = text_of(form.template)
    if not form.sent():
        return _form(form, chosen, 400)
    if "add" in request.form or "remove" in request.form:
        event_form.change_rows(form, request.form.get("add"), request.form.get("remove"))
        return _form(form, chosen)

    def run() -> tuple[int, str]:
        return 201, json.dumps({"slug": events.create(g.actor, event_form.read(form, _base(chosen))).slug})

    typed = json.dumps(sorted((name, text) for name, text in request.form.items(multi=True) if name != "csrf_token"))
    try:
        _status, answer = idempotency.once(f"{g.actor.name} new event", form_key(text_of(form.nonce), typed.encode()), typed.encode(), run)
    except Invalid as refusal:
        form.complain(event_form.spoken(refusal.faults))
        return _form(form, chosen, 422)
    except Conflict as refusal:
        form.complain(conflict_faults(refusal))
        return _form(form, chosen, 409)
    flash(gettext("草稿已建好。看一遍下面的清单，就可以发布。"), "ok")
    return redirect(url_for("manage.event", slug=json.loads(answer)["slug"]), 303)


def _form(form: EventForm, chosen: str, status: int = 200) -> Response:
    template = event_templates.by_key(chosen)
    return show_form(form, None, status, template_name=gettext(template.name) if template else gettext("复制"))


def _base(chosen: str) -> dict[str, Any]:
    """The document that a new event starts from: a template's, or an earlier event's without its dates and typed figures."""
    if chosen.startswith(COPY):
        document = event_document.dump(actors.load_event(g.actor, chosen.removeprefix(COPY), "event.create"))
        document |= {"slug": None, "starts_at": None, "ends_at": None, "date_text": None, "status": None}
        document["registration"] |= {"opens_at": None, "closes_at": None}
        document["sessions"] = [row | {"starts_at": None, "ends_at": None} for row in document["sessions"]]
        document["checkpoints"] = [row | {"opens_at": None, "closes_at": None} for row in document["checkpoints"]]
        document["counters"] = [row | {"reported": None} for row in document["counters"]]
        return document
    template = event_templates.by_key(chosen)
    if template is None:
        abort(404)
    return template.fresh()
