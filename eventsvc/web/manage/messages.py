"""Messages of an event: what was sent, what failed and why; and the list of people to telephone, with ticks that stay."""

from __future__ import annotations

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.services.messages import calls, overview
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action

TEMPLATES = {
    "confirmed": lazy_gettext("报名成功"),
    "waitlisted": lazy_gettext("候补"),
    "promoted": lazy_gettext("递补成功"),
    "offered": lazy_gettext("有名额，请确认"),
    "lapsed": lazy_gettext("没有按时确认"),
    "to_approve": lazy_gettext("有名额，等主办方确认"),
    "session_promoted": lazy_gettext("场次递补成功"),
    "session_offered": lazy_gettext("场次有名额，请确认"),
    "session_lapsed": lazy_gettext("场次没有按时确认"),
    "resized": lazy_gettext("人数有变"),
    "cancelled": lazy_gettext("报名已取消"),
    "moved": lazy_gettext("时间地点有变"),
    "postponed": lazy_gettext("改期"),
    "event_cancelled": lazy_gettext("活动取消"),
    "reminder": lazy_gettext("前一天提醒"),
}
STATES = {
    "sent": (lazy_gettext("已发出"), "ok"),
    "waiting": (lazy_gettext("待发送"), "note"),
    "later": (lazy_gettext("稍后再试"), "look"),
    "failed": (lazy_gettext("没发出去"), "stop"),
    "call": (lazy_gettext("要打电话"), "look"),
    "call_reached": (lazy_gettext("已电话通知"), "ok"),
    "call_not_reached": (lazy_gettext("没打通"), "look"),
    "dropped": (lazy_gettext("不用发了"), ""),
}
CHANNELS = {"mail": lazy_gettext("邮件"), "sms": lazy_gettext("短信")}
REASONS = {
    "superseded": lazy_gettext("后来又有变动，发新的"),
    "changed": lazy_gettext("情况变了"),
    "over": lazy_gettext("活动已结束"),
    "erased": lazy_gettext("个人信息已删除"),
    "no_channel": lazy_gettext("没有邮箱，短信也发不到"),
}


def words() -> dict[str, object]:
    """What the pages call templates, states, channels and reasons."""
    return {"templates": TEMPLATES, "states": STATES, "channels": CHANNELS, "reasons": REASONS}


@blueprint.get("/e/<slug>/messages")
@action("registration.list")
def messages(slug: str) -> Response:
    """What was sent, what waits, what failed."""
    event = event_of(slug)
    told = overview.of_event(g.actor, slug)
    return show("messages/page.html", event, told=told, editor=may("registration.edit", event), **words())


@blueprint.post("/e/<slug>/messages/<int:message_id>/resend")
@action("registration.edit")
def resend(slug: str, message_id: int) -> AnyResponse:
    """Try a failed one again."""
    overview.resend(g.actor, slug, message_id)
    flash(gettext("马上再发一次。"), "ok")
    return redirect(url_for("manage.messages", slug=slug), 303)


@blueprint.get("/e/<slug>/calls", endpoint="calls")
@action("registration.list")
def listed(slug: str) -> Response:
    """Whom to telephone and what to say; prints on A4 with a box to tick."""
    event = event_of(slug)
    return show("messages/calls.html", event, calls=calls.listed(g.actor, slug), editor=may("registration.edit", event), **words())


@blueprint.post("/e/<slug>/calls/<int:message_id>")
@action("registration.edit")
def call(slug: str, message_id: int) -> AnyResponse:
    """How a call went."""
    calls.tick(g.actor, slug, message_id, request.form.get("outcome", ""))
    return redirect(url_for("manage.calls", slug=slug, _anchor=f"call-{message_id}"), 303)
