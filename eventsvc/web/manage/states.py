"""Publishing, closing, cancelling and postponing: each has a page that names what it will do, and a button that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, abort, flash, g, redirect, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, StringField

from eventsvc.errors import Invalid
from eventsvc.ports import clock
from eventsvc.services import events, finalizing, links
from eventsvc.services.actors import Actor
from eventsvc.web.forms import PageForm, text_of
from eventsvc.web.manage import event_form
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.view import action


@dataclass(frozen=True)
class Turn:
    """A change of state: its verb, what it is called, what it does, and in which states it is offered."""

    run: Callable[[Actor, str], Any]
    title: Any
    button: Any
    effects: tuple[Any, ...]
    done: Any
    tone: str = "primary"


TURNS = {
    "publish": Turn(
        events.publish,
        lazy_gettext("发布活动"),
        lazy_gettext("发布"),
        (
            lazy_gettext("居民马上能看到活动页；开了报名的可以报名。"),
            lazy_gettext("志愿者的手机可以扫码、计数。"),
            lazy_gettext("发布以后还能修改，只有活动页的地址不能再改。"),
        ),
        lazy_gettext("已发布。把活动页的地址发给居民吧。"),
    ),
    "close": Turn(
        events.close,
        lazy_gettext("结束活动"),
        lazy_gettext("结束"),
        (
            lazy_gettext("停止报名，停止扫码入场。"),
            lazy_gettext("手机里还没上传的记录照样收，按发生的时间计入。"),
            lazy_gettext("以后还能重新发布。"),
        ),
        lazy_gettext("已结束。"),
    ),
    "cancel": Turn(
        events.cancel,
        lazy_gettext("取消活动"),
        lazy_gettext("取消这个活动"),
        (
            lazy_gettext("活动页、凭证、日历马上显示“已取消”，请大家不要前往。"),
            lazy_gettext("停止报名；志愿者的手机扫码时显示“已停止入场”。"),
            lazy_gettext("取消以后不能恢复；只是改时间请用“改期”。"),
        ),
        lazy_gettext("已取消。要打电话通知的人，在“通知”里。"),
        "danger",
    ),
    "finalize": Turn(
        finalizing.finalize,
        lazy_gettext("定稿"),
        lazy_gettext("定稿"),
        (
            lazy_gettext("把现在的数字定下来，简报从此用这一份。"),
            lazy_gettext("以后再来的记录不改定稿，另外写成“定稿后 +几”。"),
            lazy_gettext("可以再次定稿，每次都留底。"),
        ),
        lazy_gettext("已定稿。"),
    ),
}


class PostponeForm(PageForm):
    """Another time, or none yet: chosen in so many words, never by an empty field."""

    when = RadioField(lazy_gettext("改成什么时候"), choices=[("new", lazy_gettext("新的时间")), ("later", lazy_gettext("时间未定"))], default="new", validate_choice=False)
    starts_at = StringField(lazy_gettext("新的开始时间"))
    ends_at = StringField(lazy_gettext("新的结束时间"))


@blueprint.get("/e/<slug>/turn/<verb>")
@action("event.publish")
def turn(slug: str, verb: str) -> Response:
    """What this would do, and the button."""
    event = event_of(slug)
    wanted = TURNS.get(verb) or abort(404)
    frozen = finalizing.of_event(event).figures if verb == "finalize" else None
    end = event.ends_at or event.starts_at
    early = event.status == "published" and end is not None and clock.now() < end
    return show("states/page.html", event, form=PageForm(), verb=verb, turn=wanted, frozen=frozen, early=early, public_url=links.event(slug))


@blueprint.post("/e/<slug>/turn/<verb>")
@action("event.publish")
def turned(slug: str, verb: str) -> AnyResponse:
    """Do it; saying it twice is fine."""
    wanted = TURNS.get(verb) or abort(404)
    wanted.run(g.actor, slug)
    flash(str(wanted.done), "published" if verb == "publish" else "ok")
    return redirect(url_for("manage.report" if verb == "finalize" else "manage.event", slug=slug), 303)


@blueprint.get("/e/<slug>/postpone")
@action("event.publish")
def postpone(slug: str) -> Response:
    """The page for another time."""
    event = event_of(slug)
    return show("states/postpone.html", event, form=PostponeForm(formdata=None, data=_times_of(event)))


@blueprint.post("/e/<slug>/postpone")
@action("event.publish")
def postponed(slug: str) -> AnyResponse:
    """Move the event; page, tickets, calendar and scanners turn at once."""
    event = event_of(slug)
    form = PostponeForm()
    if not form.sent():
        return show("states/postpone.html", event, 400, form=form)
    try:
        times = _new_times(event, form)
        events.postpone(g.actor, slug, times)
    except Invalid as refusal:
        form.complain(event_form.spoken(refusal.faults))
        return show("states/postpone.html", event, 422, form=form)
    flash(gettext("已改期，活动页和凭证马上显示新的时间；场次、签到点、报名截止的时间一起顺延了。") if times["starts_at"] else gettext("已延期，活动页和凭证马上显示“时间另行通知”。"), "ok")
    return redirect(url_for("manage.event", slug=slug), 303)


def _times_of(event: Any) -> dict[str, str]:
    """The event's times as the fields want them."""
    return {name: f"{at.astimezone(ZoneInfo(event.timezone)):%Y-%m-%dT%H:%M}" for name in ("starts_at", "ends_at") if (at := getattr(event, name))}


def _new_times(event: Any, form: PostponeForm) -> dict[str, str | None]:
    """What was chosen, for `events.postpone`; an end that was left as it was moves along with the start. Raises Invalid."""
    if form.when.data == "later":
        return {"starts_at": None, "ends_at": None}
    before, typed = _times_of(event), {name: text_of(form[name]).strip() for name in ("starts_at", "ends_at")}
    if not typed["starts_at"]:
        raise Invalid.one("starts_at", "required", "请填新的开始时间；还没定就选“时间未定”")
    if all(not said or said == before.get(name) for name, said in typed.items()):
        raise Invalid.one("starts_at", "unchanged", "时间和现在的一样，请改成新的时间")
    if typed["ends_at"] == before.get("ends_at") and typed["starts_at"] != before.get("starts_at"):
        typed["ends_at"] = ""
    return {name: event_form.moment(said, event.timezone) for name, said in typed.items()}
