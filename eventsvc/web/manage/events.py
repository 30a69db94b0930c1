"""An event's own page with its checklist, and the form that changes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.ports import clock
from eventsvc.services import devices, event_document, events, links, registrations
from eventsvc.web.manage import event_form
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.manage.event_form import EventForm
from eventsvc.web.view import action


@dataclass(frozen=True)
class Check:
    """One line of "ready to open?": whether it is done, what it says, where to do it; ``button`` where the link needs words of its own.

    ``advised``: good to have, nothing waits for it. ``tick``: the name under which the organizer ticks it off by hand.
    """

    done: bool
    text: str
    url: str
    button: str = ""
    advised: bool = False
    tick: str = ""


@blueprint.get("/e/<slug>/")
@action("event.read")
def event(slug: str) -> Response:
    """State, checklist, what can be done now."""
    found = event_of(slug)
    checks = _checks(found)
    return show(
        "events/page.html", found, checks=checks, ready=all(check.done or check.advised for check in checks), public_url=links.event(found.slug),
        places_left=registrations.places_left(found), waiting=registrations.waiting(found),
        here_only=current_app.config["EVENTSVC"].is_loopback,
    )  # fmt: skip


def _checks(event: Any) -> list[Check]:
    slug = event.slug
    edit = url_for("manage.edit", slug=slug)
    _invitations, phones = devices.listed(g.actor, slug)
    joined = [phone for phone in phones if phone.revoked_at is None]
    needs_phones = bool(event.checkpoints or event.counters)
    checks = [
        Check(bool(event.starts_at or event.date_text), gettext("时间") if event.starts_at else gettext("时间还没有填"), f"{edit}#starts_at"),
        Check(bool(event.venue), gettext("地点") if event.venue else gettext("地点还没有填"), f"{edit}#venue"),
        Check(
            bool(event.contact_phone),
            gettext("联系电话") if event.contact_phone else gettext("联系电话还没有填：居民有事找谁？"),
            f"{edit}#contact_phone",
        ),
    ]
    if needs_phones:
        text = gettext("%(n)s部手机已加入", n=len(joined)) if joined else gettext("还没有志愿者的手机加入。")
        checks.append(Check(bool(joined), text, url_for("manage.devices", slug=slug), gettext("请志愿者来")))
    published = event.status != "draft"
    checks.append(
        Check(published, gettext("已发布") if published else gettext("还没有发布：居民看不到"), url_for("manage.turn", slug=slug, verb="publish"))
    )
    return [*checks, *_advice(event, needs_phones)]


def _advice(event: Any, needs_phones: bool) -> list[Check]:
    """The rehearsal (begun, it has to be ended), the poster, the team's sheet."""
    slug, lines = event.slug, []
    page = url_for("manage.rehearsal", slug=slug)
    if event.rehearsal:
        lines.append(Check(False, gettext("正在演练：开门前要清零"), page, gettext("结束演练")))
    elif event.epoch > 1:
        lines.append(Check(True, gettext("演练过了，已清零"), page))
    elif needs_phones and event.status in {"draft", "published"} and (event.starts_at is None or clock.now() < event.starts_at):
        lines.append(Check(False, gettext("还没有演练"), page, gettext("演练"), advised=True))
    up, sheet = "poster" in event.ticked, "team" in event.ticked
    lines.append(Check(up, gettext("海报贴好了") if up else gettext("海报还没有贴"), url_for("manage.poster", slug=slug), gettext("海报"), True, "poster"))
    lines.append(Check(sheet, gettext("分工表发了") if sheet else gettext("分工表还没有发"), url_for("manage.team_sheet", slug=slug), gettext("分工表"), True, "team"))
    return lines


@blueprint.get("/e/<slug>/edit")
@action("event.edit")
def edit(slug: str) -> Response:
    """The event in its form."""
    found = event_of(slug)
    return show_form(event_form.fill(event_document.dump(found)), found)


@blueprint.post("/e/<slug>/edit")
@action("event.edit")
def save(slug: str) -> AnyResponse:
    """Keep the changes, or show the form again with every fault and all that was typed."""
    found = event_of(slug)
    form = EventForm()
    if not form.sent():
        return show_form(form, found, 400)
    if "add" in request.form or "remove" in request.form:
        event_form.change_rows(form, request.form.get("add"), request.form.get("remove"))
        return show_form(form, found)
    document = event_form.read(form, event_document.dump(found))
    try:
        changed = events.change(g.actor, slug, document)
    except Invalid as refusal:
        form.complain(event_form.spoken(refusal.faults))
        return show_form(form, found, 422)
    except Conflict as refusal:
        form.complain(conflict_faults(refusal))
        return show_form(form, event_of(slug), 409)
    flash(gettext("已保存。"), "ok")
    return redirect(url_for("manage.event", slug=changed.slug), 303)


def conflict_faults(refusal: Conflict) -> list[Fault]:
    """A conflict beside the field that it is about, or above the form."""
    field = "slug" if refusal.code == "slug_taken" else ""
    return event_form.spoken([Fault(field, refusal.code, refusal.message, refusal.params)])


def show_form(form: EventForm, event: Any = None, status: int = 200, **context: Any) -> Response:
    """The event form, for a new event or for one that is there."""
    return show(
        "events/form.html", event, status, form=form, groups=event_form.titles(), blank=event_form.blank_rows(),
        fixed_slug=event is not None and event.status != "draft", **context,
    )  # fmt: skip
