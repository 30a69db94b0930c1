"""What stopped phones handed in afterwards: phone by phone, in words; accepted or refused after a page that says what that does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, g, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Missing
from eventsvc.render import words
from eventsvc.services import quarantine as verbs
from eventsvc.services.quarantine import Waiting
from eventsvc.web.language import sentence_of_scan
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action


@dataclass(frozen=True)
class Phone:
    """What one phone handed in, in words: 签到3条、计数12条; ``faults``: why some of it was not taken, with how many."""

    waiting: Waiting
    what: str
    faults: tuple[tuple[str, int], ...]


@blueprint.get("/e/<slug>/quarantine", endpoint="quarantine")
@action("quarantine.read")
def listed(slug: str) -> Response:
    """The phones whose records wait for a decision."""
    event = event_of(slug)
    return show("quarantine/page.html", event, phones=_phones(slug), may_decide=may("quarantine.decide", event))


def _phones(slug: str) -> list[Phone]:
    return [_said(one) for one in verbs.waiting(g.actor, slug)]


def _said(one: Waiting) -> Phone:
    parts = [gettext("%(kind)s%(n)s条", kind=gettext(words.TYPES[kind]), n=one.types[kind]) for kind in words.TYPES if one.types.get(kind)]
    return Phone(one, gettext("、").join(parts), tuple((sentence_of_scan(fault), count) for fault, count in sorted(one.faults.items())))


@blueprint.get("/e/<slug>/quarantine/<device_id>/<any(accept, refuse):decision>")
@action("quarantine.decide")
def quarantine_ask(slug: str, device_id: str, decision: str) -> Response:
    """What accepting or refusing does, and the button."""
    event = event_of(slug)
    phone = next((one for one in _phones(slug) if one.waiting.device_id == device_id), None)
    if phone is None:
        raise Missing("not_found", "这部手机交来的记录已经处理过了")
    return show("quarantine/decide.html", event, phone=phone, decision=decision)


@blueprint.post("/e/<slug>/quarantine/<device_id>/<any(accept, refuse):decision>")
@action("quarantine.decide")
def quarantine_decided(slug: str, device_id: str, decision: str) -> AnyResponse:
    """Accept or refuse all that one phone handed in."""
    event_of(slug)
    try:
        flash(*_decide(slug, device_id, decision))
    except Missing:
        flash(gettext("这部手机交来的记录已经处理过了"), "note")
    return redirect(url_for("manage.quarantine", slug=slug), 303)


def _decide(slug: str, device_id: str, decision: str) -> tuple[str, str]:
    """The sentence for what was done, and its tone."""
    if decision == "refuse":
        return gettext("已丢弃%(n)s条记录。", n=verbs.refuse(g.actor, slug, device_id)), "ok"
    dealt: Any = verbs.accept(g.actor, slug, device_id)
    if dealt.left:
        return gettext("已接受%(n)s条；还有%(left)s条不能计入，原因写在下面。", n=dealt.accepted, left=dealt.left), "look"
    return gettext("已接受%(n)s条，数字已更新。", n=dealt.accepted), "ok"
