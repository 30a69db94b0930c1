"""Phones: inviting one or a group, the join link shown once, who was heard of when, stopping them."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import Any

from flask import Response, current_app, flash, g, redirect, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, SelectMultipleField, StringField

from eventsvc.errors import Invalid, Missing
from eventsvc.ports import clock
from eventsvc.render import qr
from eventsvc.services import devices, quarantine
from eventsvc.web import shell
from eventsvc.web.forms import Needed, PageForm, text_of, whole_of
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action

SCOPES = [("scan", lazy_gettext("扫码")), ("tally", lazy_gettext("计数")), ("register", lazy_gettext("登记")), ("lookup", lazy_gettext("查找"))]
SCOPE_NOTES = {
    "scan": lazy_gettext("扫凭证、输签到码，放人进场"),
    "tally": lazy_gettext("数发放、咨询、人数"),
    "register": lazy_gettext("给没报名的人现场登记"),
    "lookup": lazy_gettext("按姓名、手机尾号查报名"),
}


class InviteForm(PageForm):
    """An invitation: a name, what the phone may do and where, for one phone or for a group."""

    name = StringField(lazy_gettext("给这个链接起个名字"))
    scopes = SelectMultipleField(lazy_gettext("能做什么"), [Needed()], choices=SCOPES, validate_choice=False)
    checkpoints = SelectMultipleField(lazy_gettext("管哪些签到点"), choices=[], validate_choice=False)
    many = RadioField(lazy_gettext("几部手机"), choices=[("group", lazy_gettext("很多部")), ("one", lazy_gettext("只要一部"))], default="group", validate_choice=False)
    max_uses = StringField(lazy_gettext("最多几部"), default="30")


@blueprint.get("/e/<slug>/devices", endpoint="devices")
@action("device.list")
def listed(slug: str) -> Response:
    """The phones and the open invitations."""
    event = event_of(slug)
    return _shown(event, _form(event))


def _form(event: Any) -> InviteForm:
    form = InviteForm()
    form.checkpoints.choices = [(checkpoint.key, checkpoint.name) for checkpoint in event.checkpoints]
    if not form.is_submitted():
        form.scopes.data = ["scan", "tally", "register", "lookup"] if event.checkpoints else ["tally"]
        form.checkpoints.data = []
    return form


def _shown(event: Any, form: InviteForm, status: int = 200) -> Response:
    invitations, phones = devices.listed(g.actor, event.slug)
    now, now_served = clock.now(), shell.version()
    scopes, places = dict(SCOPES), {checkpoint.key: checkpoint.name for checkpoint in event.checkpoints}
    rows = [
        {
            "device": phone,
            "scopes": gettext("、").join(str(word) for key, word in scopes.items() if key in phone.scopes),
            "places": gettext("、").join(places.get(key, key) for key in phone.checkpoints),
            "heard": devices.heard_of(phone, now),
            "ago": _ago(now, phone.last_seen_at) or gettext("加入后还没有联系过"),
            "old_version": phone.version[:8] if phone.version and phone.version != now_served else "",
            "roster": _ago(now, phone.roster_at) or gettext("还没有"),
        }
        for phone in phones
    ]
    rows.sort(key=lambda row: row["device"].revoked_at is not None)
    waiting = [invitation for invitation in invitations if invitation.revoked_at is None and invitation.uses < invitation.max_uses]
    waiting = [invitation for invitation in waiting if invitation.expires_at is None or invitation.expires_at > now]
    return show("devices/page.html", event, status, form=form, rows=rows, invitations=waiting, notes=SCOPE_NOTES, may_invite=may("device.edit", event), quarantined=quarantine.count(event))


def _ago(now: datetime, then: datetime | None) -> str:
    """How long ago something was, in words; nothing where it never was."""
    if then is None:
        return ""
    minutes = int((now - then).total_seconds() // 60)
    if minutes < 1:
        return gettext("刚刚")
    if minutes < 60:
        return gettext("%(n)s分钟前", n=minutes)
    hours = minutes // 60
    return gettext("%(n)s小时前", n=hours) if hours < 48 else gettext("%(n)s天前", n=hours // 24)


@blueprint.post("/e/<slug>/devices")
@action("device.edit")
def invite(slug: str) -> AnyResponse:
    """Make a join link and show it, this once: only its hash is kept."""
    event = event_of(slug)
    form = _form(event)
    if not form.sent():
        return _shown(event, form, 400)
    uses = whole_of(form.max_uses) if form.many.data == "group" else 1
    wanted = {
        "name": text_of(form.name).strip() or None,
        "scopes": form.scopes.data or [],
        "checkpoints": form.checkpoints.data or [],
        "max_uses": uses if isinstance(uses, int) else 0,
        "expires_at": _until(event).isoformat(),
    }
    try:
        invited = devices.invite(g.actor, slug, wanted)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(event, form, 422)
    picture = base64.b64encode(qr.ticket_png(invited.join_url)).decode()
    return show("devices/invited.html", event, invited=invited, picture=picture, wanted=wanted, until=_until(event), width=qr.css_width(invited.join_url), here_only=current_app.config["EVENTSVC"].is_loopback)


def _until(event: Any) -> Any:
    """A join link serves until a day after the event, at least for a week."""
    end = event.ends_at or event.starts_at
    week = clock.now() + timedelta(days=7)
    return max(week, end + timedelta(days=1)) if end else week + timedelta(days=83)


@blueprint.get("/e/<slug>/devices/<device_id>/revoke")
@action("device.edit")
def device_stop(slug: str, device_id: str) -> Response:
    """What stopping a phone or a link does, and the button."""
    event = event_of(slug)
    invitations, phones = devices.listed(g.actor, slug)
    phone = next((one for one in phones if one.id == device_id), None)
    invitation = next((one for one in invitations if one.id == device_id), None)
    if phone is None and invitation is None:
        raise Missing
    return show("devices/stop.html", event, phone=phone, invitation=invitation)


@blueprint.post("/e/<slug>/devices/<device_id>/revoke")
@action("device.edit")
def device_stopped(slug: str, device_id: str) -> AnyResponse:
    """Stop a phone, or a link and all who joined by it."""
    devices.revoke(g.actor, slug, device_id)
    flash(gettext("已停用。"), "ok")
    return redirect(url_for("manage.devices", slug=slug), 303)
