"""One deed for many registrations: ticked ones or all that the list shows; named first, then done, then taken back if need be."""

from __future__ import annotations

import re
import secrets
from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField

from eventsvc.errors import Invalid
from eventsvc.services.registrations import bulk
from eventsvc.web.forms import PageForm, text_of
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.manage.registrations import MANY, sieve_of, told_of
from eventsvc.web.view import action

# deed -> button, what it does in one sentence each, how the result is told, tone
DEEDS: dict[str, tuple[Any, tuple[Any, ...], Any, str]] = {
    "approve": (MANY["approve"], (lazy_gettext("凭证马上可以使用，会发通知。"),), lazy_gettext("已确认%(n)s份"), "primary"),
    "message": (
        MANY["message"], (lazy_gettext("有邮箱或手机的发通知，其他人进电话名单。"),), lazy_gettext("已安排通知%(n)s份"), "primary",
    ),
    "reissue": (MANY["reissue"], (lazy_gettext("旧的二维码马上不能用，扫到会提示“已换新码”。"),), lazy_gettext("已换新码%(n)s份"), "primary"),
    "block": (MANY["block"], (lazy_gettext("扫码时提示“请到服务台”，名额保留。"),), lazy_gettext("已暂停%(n)s份"), "danger"),
    "unblock": (MANY["unblock"], (lazy_gettext("凭证又能正常使用。"),), lazy_gettext("已解除暂停%(n)s份"), "primary"),
    "cancel": (
        MANY["cancel"], (lazy_gettext("凭证作废，名额马上让给候补，会发通知。"), lazy_gettext("已有人入场的，只退没来的人数。")),
        lazy_gettext("已取消%(n)s份"), "danger",
    ),
    "restore": (MANY["restore"], (lazy_gettext("名额还在的恢复原来的凭证。"),), lazy_gettext("已恢复%(n)s份"), "primary"),
}  # fmt: skip


_ID = re.compile(r"[0-9a-f-]{36}")  # anything else is nobody's


class BulkForm(PageForm):
    """The deed, a nonce against doing it twice, and the ids in one field."""

    nonce = HiddenField()
    deed = HiddenField()
    ids = HiddenField()


@blueprint.post("/e/<slug>/registrations/bulk")
@action("registration.edit")
def bulk_ask(slug: str) -> AnyResponse:
    """What it would do, to how many, and to whom; nothing is done yet."""
    event = event_of(slug)
    form = BulkForm()
    everything = bool(request.form.get("all"))
    ticked = [one for one in request.form.getlist("id") if _ID.fullmatch(one)]
    if not form.sent() or (not everything and not ticked):
        flash(gettext("请先勾选要处理的报名"), "look")
        return redirect(url_for("manage.registrations", slug=slug, **told_of(sieve_of(request.form))), 303)
    deed = text_of(form.deed)
    try:
        chosen = bulk.choose(g.actor, slug, deed, ticked, sieve_of(request.form) if everything else None, request.form.get("q", "")[:100])
    except Invalid as refusal:
        flash(refusal.faults[0].sentence(gettext), "look")
        return redirect(url_for("manage.registrations", slug=slug, **told_of(sieve_of(request.form))), 303)
    form.nonce.data, form.ids.data, form.deed.data = secrets.token_hex(16), " ".join(chosen.ids), deed
    title, effects, _told, tone = DEEDS[deed]
    return show(
        "registrations/bulk.html", event, form=form, deed=deed, words=title, effects=effects, tone=tone, chosen=chosen, most=bulk.MOST,
        back=url_for("manage.registrations", slug=slug, **told_of(sieve_of(request.form))), undoable=deed in bulk.BACK,
    )  # fmt: skip


@blueprint.post("/e/<slug>/registrations/bulk/do")
@action("registration.edit")
def bulk_do(slug: str) -> AnyResponse:
    """Do it; what became of each that could not be done, and the way back."""
    event = event_of(slug)
    form = BulkForm()
    deed, ids, nonce = text_of(form.deed), [one for one in text_of(form.ids).split() if _ID.fullmatch(one)], text_of(form.nonce)
    if not form.sent() or not (8 <= len(nonce) <= 64 and nonce.isalnum() and nonce.isascii()):
        flash(gettext("页面放得太久，请再选一次"), "look")
        return redirect(url_for("manage.registrations", slug=slug), 303)
    try:
        done = bulk.run(g.actor, slug, deed, ids, nonce)
    except Invalid as refusal:
        flash(refusal.faults[0].sentence(gettext), "look")
        return redirect(url_for("manage.registrations", slug=slug), 303)
    return _result(event, done)


def _result(event: Any, done: bulk.Done) -> Response:
    back = bulk.BACK.get(done.deed)
    form = BulkForm(formdata=None)
    form.nonce.data, form.ids.data, form.deed.data = secrets.token_hex(16), " ".join(done.ids), back or ""
    told = str(DEEDS[done.deed][2]) % {"n": len(done.ids)}
    skipped = [(one, one.why.sentence(gettext)) for one in done.skipped]
    return show("registrations/bulk_done.html", event, form=form, told=told, skipped=skipped, undo=bool(back and done.ids))
