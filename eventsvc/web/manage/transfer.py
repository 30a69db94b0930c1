"""An event as a JSON file: saved, or brought in to make or change an event, every fault with its place in the file."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict, Fault, Invalid, TooLarge
from eventsvc.services import event_document, events, organizations
from eventsvc.web.forms import PageForm
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.view import action

MOST = 500_000  # bytes of a file


@blueprint.get("/e/<slug>/event.json")
@action("event.read")
def export(slug: str) -> Response:
    """The event's document to keep, copy or send on; no registrations, no records."""
    event = event_of(slug)
    body = json.dumps(event_document.dump(event), ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": f'attachment; filename="{event.slug}.json"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, mimetype="application/json")


@blueprint.get("/import")
@action("event.create")
def import_new() -> Response:
    """The page for a file that makes a new event."""
    organizations.organization_of(g.actor)
    return show("transfer/page.html", form=PageForm())


@blueprint.post("/import")
@action("event.create")
def imported_new() -> AnyResponse:
    """Make an event from a file, all or nothing."""
    return _take(lambda document: events.create(g.actor, document), None)


@blueprint.get("/e/<slug>/import")
@action("event.edit")
def import_page(slug: str) -> Response:
    """The page for a file that changes this event."""
    return show("transfer/page.html", event_of(slug), form=PageForm())


@blueprint.post("/e/<slug>/import")
@action("event.edit")
def imported(slug: str) -> AnyResponse:
    """Change this event by a file, all or nothing; its slug stays."""
    event = event_of(slug)
    return _take(lambda document: events.change(g.actor, slug, {**document, "slug": event.slug}), event)


def _take(run: Any, event: Any) -> AnyResponse:
    form = PageForm()
    if not form.sent():
        return show("transfer/page.html", event, 400, form=form)
    try:
        made = run(_document())
    except Invalid as refusal:
        told = [(fault.field, fault.sentence(gettext)) for fault in refusal.faults]
        return show("transfer/page.html", event, 422, form=form, faults=told)
    except Conflict as refusal:
        return show("transfer/page.html", event, 409, form=form, faults=[("", refusal.sentence(gettext))])
    flash(gettext("文件已读入。"), "ok")
    return redirect(url_for("manage.event", slug=made.slug), 303)


def _document() -> dict[str, Any]:
    """The file that was sent, or the text that was pasted. Raises Invalid."""
    file = request.files.get("file")
    raw = file.read(MOST + 1) if file and file.filename else request.form.get("text", "").encode("utf-8", "replace")
    if len(raw) > MOST:
        raise TooLarge
    if not raw.strip():
        raise Invalid([Fault("", "required", "请选一个文件，或把内容贴在下面")])
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError) as error:
        place = gettext("（第%(n)s行）", n=error.lineno) if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid([Fault("", "unreadable", "文件不是能读的JSON{place}", {"place": place})]) from error
    except RecursionError as error:
        raise Invalid([Fault("", "unreadable", "文件嵌套太深", {})]) from error
    if not isinstance(document, dict):
        raise Invalid([Fault("", "object", "文件里应是一个活动")])
    return document
