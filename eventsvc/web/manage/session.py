"""Signing in and out, and changing the password: the only pages of the console that a stranger sees."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, redirect, request, session, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, PasswordField, StringField

from eventsvc.errors import Fault, Invalid, TooMany
from eventsvc.services import organizations
from eventsvc.web.forms import Needed, PageForm, text_of
from eventsvc.web.manage.console import HOME, blueprint, current, remember, safe_next, show
from eventsvc.web.manage.kept import open_for
from eventsvc.web.view import action


class SignInForm(PageForm):
    """Address and password, and where to go then."""

    email = StringField(lazy_gettext("邮箱"), [Needed()])
    password = PasswordField(lazy_gettext("密码"), [Needed()])
    next = HiddenField()
    kept = HiddenField()


class PasswordForm(PageForm):
    """The old password and the new one, twice; after a one-time password, which was typed a moment ago, the new one alone."""

    old = PasswordField(lazy_gettext("原密码"), [Needed()])
    new = PasswordField(lazy_gettext("新密码"), [Needed()])
    again = PasswordField(lazy_gettext("再输一次新密码"), [Needed()])


@blueprint.get("/sign-in")
@action("open")
def sign_in(kept: str = "") -> AnyResponse:
    """The sign-in page; somebody who is signed in already goes on. ``kept``: a sealed form that waits for its user."""
    if kept:
        return show("session/sign_in.html", status=401, form=SignInForm(formdata=None, data={"kept": kept}))
    wanted = safe_next(request.args.get("next", HOME))
    if current() is not None:
        return redirect(wanted, 303)
    form = SignInForm(data={"next": wanted})
    return show("session/sign_in.html", form=form)


@blueprint.post("/sign-in")
@action("open")
def enter() -> AnyResponse:
    """Sign in; every failure has one constant answer, five lock for a quarter of an hour."""
    form = SignInForm()
    if not form.sent():
        return _again(form, 400)
    try:
        user = organizations.sign_in(text_of(form.email), text_of(form.password))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _again(form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return _again(form, 429, refusal.retry_after)
    waiting = open_for(user.id, text_of(form.kept))
    remember(user.id, user.stamp, user.must_change)
    if user.must_change:
        return redirect(url_for("manage.password"), 303)
    if waiting is not None:
        g.actor = current()
        return show("session/kept.html", kept=waiting)
    return redirect(safe_next(text_of(form.next)), 303)


def _again(form: SignInForm, status: int, retry_after: int | None = None) -> Response:
    return show("session/sign_in.html", status=status, form=form, retry_after=retry_after)


@blueprint.post("/sign-out")
@action("open")
def leave() -> AnyResponse:
    """Sign out."""
    if PageForm().sent():
        session.clear()
        flash(gettext("已退出。"), "ok")
    return redirect(url_for("manage.sign_in"), 303)


@blueprint.get("/password")
@action("open")
def password() -> Response:
    """The page for a new password; after a one-time password it is the only one."""
    return show("session/password.html", form=PasswordForm(), forced=bool(session.get("must_change")))


@blueprint.post("/password")
@action("open")
def change_password() -> AnyResponse:
    """Set a new password; every other session of this person ends."""
    form = PasswordForm()
    sent, forced = form.sent(), bool(session.get("must_change"))
    faults: list[Fault] = []
    if sent and text_of(form.new) != text_of(form.again):
        faults.append(Fault("again", "differs", "两次输入的新密码不一样"))
    if sent and not faults:
        try:
            user: Any = organizations.change_password(g.actor.id.removeprefix("user:"), None if forced else text_of(form.old), text_of(form.new))
        except Invalid as refusal:
            faults = refusal.faults
        else:
            remember(user.id, user.stamp, False)
            flash(gettext("密码已修改，其他地方的登录都已退出。"), "ok")
            return redirect(HOME, 303)
    form.complain(faults)
    return show("session/password.html", status=422 if sent else 400, form=form, forced=forced)
