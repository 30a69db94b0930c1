"""Members and roles: who is responsible, for everybody to see; adding, changing and removing, for owners."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice

from eventsvc.errors import Conflict, Invalid
from eventsvc.services import links, members, organizations
from eventsvc.web.forms import Needed, PageForm, text_of
from eventsvc.web.manage.console import HOME, blueprint, show
from eventsvc.web.view import action

ROLES = {"owner": lazy_gettext("负责人"), "editor": lazy_gettext("办事人员"), "viewer": lazy_gettext("只看")}
CHOICES = [SelectChoice(role, word) for role, word in ROLES.items()]
ROLE_NOTES = {
    "owner": lazy_gettext("什么都能做，还管成员、程序接口和操作记录"),
    "editor": lazy_gettext("建活动、发布、改报名、请志愿者、定稿；不能管成员"),
    "viewer": lazy_gettext("看活动、数字和简报；姓名和电话打星号，什么都不能改"),
}


class MemberForm(PageForm):
    """A new member."""

    email = StringField(lazy_gettext("邮箱"), [Needed()])
    name = StringField(lazy_gettext("怎么称呼"))
    role = RadioField(lazy_gettext("角色"), [Needed()], choices=CHOICES, default="editor", validate_choice=False)


class RoleForm(PageForm):
    """Another role for a member."""

    role = RadioField(lazy_gettext("角色"), [Needed()], choices=CHOICES, validate_choice=False)


class NameForm(PageForm):
    """The organization's name."""

    name = StringField(lazy_gettext("单位名称"), [Needed()])


class TokenForm(PageForm):
    """A new token for a program."""

    label = StringField(lazy_gettext("做什么用"), [Needed()])
    role = RadioField(lazy_gettext("角色"), [Needed()], choices=CHOICES, default="viewer", validate_choice=False)


@blueprint.get("/members", endpoint="members")
@action("organization.read")
def listed() -> Response:
    """The members of each of one's organizations; ``?to=`` says which one a new member is for, where one manages several."""
    return _listed(MemberForm(formdata=None), chosen=request.args.get("to", ""))


def _listed(form: MemberForm, status: int = 200, chosen: str = "") -> Response:
    groups = [
        {"organization": one, "members": members.listed(g.actor, one.id), "manages": g.actor.may("organization.manage", one.id)}
        for one in organizations.known(g.actor)
    ]
    managed = [group["organization"] for group in groups if group["manages"]]
    target = next((one for one in managed if one.id == chosen), managed[0] if managed else None)
    return show("members/page.html", None, status, groups=groups, form=form, target=target, several=len(managed) > 1, roles=ROLES, notes=ROLE_NOTES)


@blueprint.app_template_filter("called")
def called(organization: Any) -> str:
    """The organization's name on a page of its own people; a sentence where nobody has said it."""
    return organizations.name_of(organization) or gettext("（还没有单位名称）")


@blueprint.get("/members/of/<organization_id>/name")
@action("organization.manage")
def organization_name(organization_id: str) -> Response:
    """The form for the organization's name."""
    organization = members.managed(g.actor, organization_id)
    return show("members/name.html", organization=organization, form=NameForm(formdata=None, data={"name": organizations.name_of(organization)}))


@blueprint.post("/members/of/<organization_id>/name")
@action("organization.manage")
def name_organization(organization_id: str) -> AnyResponse:
    """Keep the organization's name."""
    form = NameForm()
    if not form.sent():
        return show("members/name.html", status=400, organization=members.managed(g.actor, organization_id), form=form)
    try:
        members.name_organization(g.actor, organization_id, text_of(form.name))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show("members/name.html", status=422, organization=members.managed(g.actor, organization_id), form=form)
    flash(gettext("已保存。"), "ok")
    return redirect(url_for("manage.members"), 303)


@blueprint.post("/members/of/<organization_id>")
@action("organization.manage")
def add_member(organization_id: str) -> AnyResponse:
    """Add somebody; the one-time password is on the page that answers, and nowhere else."""
    form = MemberForm()
    if not form.sent():
        return _listed(form, 400, organization_id)
    try:
        added = members.add(g.actor, organization_id, text_of(form.email), text_of(form.name), text_of(form.role))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _listed(form, 422, organization_id)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return _listed(form, 409, organization_id)
    return _secret(added, gettext("已添加成员"))


def _secret(added: members.Added, heading: str) -> Response:
    return show("members/secret.html", added=added, heading=heading, address=links.to(HOME), roles=ROLES)


@blueprint.get("/members/<member_id>")
@action("organization.manage")
def member(member_id: str) -> Response:
    """One member: the role, a new password, the way out."""
    return _member(member_id)


def _member(member_id: str, form: RoleForm | None = None, status: int = 200) -> Response:
    found, organization = members.read(g.actor, member_id)
    form = form or RoleForm(formdata=None, data={"role": found.role})
    return show("members/member.html", None, status, member=found, organization=organization, form=form, notes=ROLE_NOTES, roles=ROLES)


@blueprint.post("/members/<member_id>/role")
@action("organization.manage")
def member_role(member_id: str) -> AnyResponse:
    """Give another role; the last owner stays one."""
    form = RoleForm()
    if not form.sent():
        return _member(member_id, form, 400)
    try:
        changed = members.change_role(g.actor, member_id, text_of(form.role))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _member(member_id, form, 422)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return _member(member_id, form, 409)
    flash(gettext("%(name)s现在是%(role)s。", name=changed.name or changed.email, role=ROLES[changed.role]), "ok")
    return redirect(url_for("manage.members"), 303)


@blueprint.post("/members/<member_id>/password")
@action("organization.manage")
def member_password(member_id: str) -> AnyResponse:
    """A new one-time password, shown once."""
    return _deed(member_id, lambda: _secret(members.reset_password(g.actor, member_id), gettext("新的一次性密码")))


@blueprint.post("/members/<member_id>/remove")
@action("organization.manage")
def member_remove(member_id: str) -> AnyResponse:
    """End the membership."""

    def run() -> AnyResponse:
        found, _organization = members.read(g.actor, member_id)
        members.remove(g.actor, member_id)
        flash(gettext("%(name)s已移出，不能再登录这里。", name=found.name or found.email), "ok")
        return redirect(url_for("manage.members"), 303)

    return _deed(member_id, run)


def _deed(member_id: str, run: Any) -> AnyResponse:
    try:
        return run()
    except Conflict as refusal:
        form = RoleForm(formdata=None, data={"role": members.read(g.actor, member_id)[0].role})
        form.complain([], refusal.sentence(gettext))
        return _member(member_id, form, 409)


@blueprint.get("/tokens")
@action("organization.manage")
def tokens() -> Response:
    """The tokens of programs."""
    return _tokens(TokenForm(formdata=None))


def _tokens(form: TokenForm, status: int = 200, secret: str = "") -> Response:
    organization_id = organizations.managed(g.actor)
    return show("members/tokens.html", None, status, tokens=members.tokens(g.actor, organization_id), form=form, made=secret, notes=ROLE_NOTES, roles=ROLES)


@blueprint.post("/tokens")
@action("organization.manage")
def make_token() -> AnyResponse:
    """Make a token; it is on the page that answers, and nowhere else."""
    form = TokenForm()
    if not form.sent():
        return _tokens(form, 400)
    try:
        secret = members.make_token(g.actor, organizations.managed(g.actor), text_of(form.role), text_of(form.label))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _tokens(form, 422)
    return _tokens(TokenForm(formdata=None), secret=secret)


@blueprint.post("/tokens/<token_id>/revoke")
@action("organization.manage")
def revoke_token(token_id: str) -> AnyResponse:
    """A token opens nothing any more."""
    members.revoke_token(g.actor, token_id)
    flash(gettext("令牌已作废。"), "ok")
    return redirect(url_for("manage.tokens"), 303)
