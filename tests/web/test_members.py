"""Members and roles in the console: the password shown once, the last owner kept, other organizations out of reach, tokens."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import AuditEntry, Membership, Organization, User
from eventsvc.ports import limits
from eventsvc.services import organizations
from tests.web.console import BASE, Console, text_of

PAGE = "/manage/members"


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    limits.reset()


def password_on(page: str) -> str:
    return re.search(r'data-hook="one-time-password">([^<]+)<', page).group(1)


def member_id(app: Flask, email: str) -> str:
    with app.app_context():
        found = select(Membership.id, Organization.key).join(User, User.id == Membership.user_id).join(Organization, Organization.id == Membership.organization_id)
        return next(row.id for row in sorted(db.session.execute(found.where(User.email == email)), key=lambda row: row.key != "demo"))


def add(console: Console, **said: str) -> str:
    action = re.search(r'action="(/manage/members/of/[^"]+)"', console.get(PAGE)).group(1)
    fields = {"email": "li@example.test", "name": "李干事", "role": "editor"} | said
    answer = console.send(action, page=PAGE, action=action, **fields)
    return f"{answer.status_code} {answer.text}"


def test_an_owner_adds_somebody_who_then_signs_in(app: Flask) -> None:
    owner = Console(app)
    page = add(owner)
    password = password_on(page)
    assert password not in owner.get(PAGE), "shown once"
    assert "还没设自己的密码" in owner.get(PAGE) and "李干事" in owner.get(PAGE)
    with app.app_context():
        assert organizations.sign_in("li@example.test", password).must_change
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "member.add")).one()
        assert "example" not in str(entry.detail)
    assert "添加成员 李干事" in text_of(owner.get("/manage/journal"))


def test_what_is_wrong_is_said_and_kept(app: Flask) -> None:
    owner = Console(app)
    wrong = add(owner, email="li", role="king")
    assert wrong.startswith("422") and "邮箱写法不对" in wrong and "角色应为" in wrong and 'value="李干事"' in wrong
    assert add(owner).startswith("200")
    assert "已经是成员" in add(owner)
    with app.app_context():
        organizations.add_user("far@example.test", "elsewhere")
    assert add(owner, email="far@example.test").startswith("409")


def test_the_password_of_somebody_in_two_organizations_is_not_reset_here(app: Flask) -> None:
    owner = Console(app)
    with app.app_context():
        organizations.add_user("both@example.test", "elsewhere")
        organizations.add_user("both@example.test", "demo", "viewer")
    path = f"{PAGE}/{member_id(app, 'both@example.test')}"
    answer = owner.send(f"{path}/password", page=path, action=f"{path}/password")
    assert answer.status_code == 409 and "用命令行重发" in answer.text


def test_the_last_owner_stays(app: Flask) -> None:
    owner = Console(app)
    path = f"{PAGE}/{member_id(app, owner.email)}"
    for deed, more in (("role", {"role": "viewer"}), ("remove", {})):
        answer = owner.send(f"{path}/{deed}", page=path, action=f"{path}/{deed}", **more)
        assert answer.status_code == 409 and "最后一位负责人" in answer.text
    add(owner, role="owner")
    assert owner.send(f"{path}/role", page=path, action=f"{path}/role", role="viewer").status_code == 303
    assert owner.client.get(path, base_url=BASE).status_code == 403, "no owner any more"
    assert "要加人、改角色" in owner.get(PAGE)


def test_a_removed_member_is_out_at_once_and_for_good(app: Flask) -> None:
    owner, editor = Console(app), Console(app, "editor")
    path = f"{PAGE}/{member_id(app, editor.email)}"
    assert editor.client.get("/manage/", base_url=BASE).status_code == 200
    assert owner.send(f"{path}/remove", page=path, action=f"{path}/remove").status_code == 303
    assert editor.client.get("/manage/", base_url=BASE).status_code == 303
    assert editor.sign_in(editor.once).status_code == 422
    owner.get(path, 404)
    password = password_on(add(owner, email=editor.email, name=""))
    with app.app_context():
        assert organizations.sign_in(editor.email, password).name == "王主任"


def test_a_new_password_ends_every_session(app: Flask) -> None:
    owner, viewer = Console(app), Console(app, "viewer")
    path = f"{PAGE}/{member_id(app, viewer.email)}"
    page = owner.send(f"{path}/password", page=path, action=f"{path}/password").text
    assert viewer.client.get("/manage/", base_url=BASE).status_code == 303
    with app.app_context():
        assert organizations.sign_in(viewer.email, password_on(page))


@pytest.mark.parametrize("role", ["editor", "viewer"])
def test_others_see_who_is_responsible_and_change_nothing(app: Flask, role: str) -> None:
    owner, other = Console(app), Console(app, role)
    page = other.get(PAGE)
    assert owner.email in page and "负责人" in page and "添加成员" not in page and "更改" not in text_of(page)
    path = f"{PAGE}/{member_id(app, owner.email)}"
    token = other.fields(PAGE)["csrf_token"]
    for address in (path, "/manage/tokens"):
        assert other.client.get(address, base_url=BASE).status_code == 403
    for address in (f"{path}/role", f"{path}/password", f"{path}/remove", "/manage/tokens"):
        assert other.client.post(address, data={"csrf_token": token, "role": "owner", "label": "x"}, base_url=BASE).status_code == 403


def test_another_organizations_members_are_not_there(app: Flask) -> None:
    here, there = Console(app), Console(app, email="far@example.test", organization="elsewhere")
    assert "far@example.test" not in here.get(PAGE)
    here.get(f"{PAGE}/{member_id(app, there.email)}", 404)
    action = re.search(r'action="(/manage/members/of/[^"]+)"', there.get(PAGE)).group(1)
    answer = here.client.post(action, data={"csrf_token": here.fields(PAGE)["csrf_token"], "email": "x@example.test", "role": "owner"}, base_url=BASE)
    assert answer.status_code == 404


def test_a_token_is_shown_once_and_stops_when_revoked(app: Flask) -> None:
    owner = Console(app)
    page = owner.send("/manage/tokens", label="统计系统", role="viewer").text
    token = re.search(r'data-hook="token">([^<]+)<', page).group(1)
    assert token not in owner.get("/manage/tokens") and "统计系统" in owner.get("/manage/tokens")
    headers = {"Authorization": f"Bearer {token}"}
    assert app.test_client().get("/api/v1/events", headers=headers).status_code == 200
    assert "请写一句" in owner.send("/manage/tokens", label=" ", role="viewer").text
    revoke = re.search(r'action="(/manage/tokens/[^"]+/revoke)"', owner.get("/manage/tokens")).group(1)
    assert owner.send(revoke, page="/manage/tokens", action=revoke).status_code == 303
    assert app.test_client().get("/api/v1/events", headers=headers).status_code == 401


def test_an_owner_names_the_organization_once_and_its_key_never_shows(app: Flask) -> None:
    owner = Console(app, organization="jiedao-key")
    home = owner.get("/manage/")
    assert "请写上单位名称" in home
    page = re.search(r'href="(/manage/members/of/[^"]+/name)"', home).group(1)
    for path in ("/manage/", PAGE, "/manage/new?template=fair", page):
        assert "jiedao-key" not in text_of(owner.get(path)) and 'value="jiedao-key"' not in owner.get(path), path
    assert owner.send(page, name="  ").status_code == 422
    assert "最多60个字" in owner.send(page, name="长" * 61).text
    assert owner.send(page, name=" 南关街街道办事处 ").status_code == 303
    assert "请写上单位名称" not in owner.get("/manage/") and "南关街街道办事处" in text_of(owner.get("/manage/"))
    assert 'value="南关街街道办事处"' in owner.get("/manage/new?template=fair")
    assert "改单位名称" in text_of(owner.get("/manage/journal"))


def test_only_an_owner_of_it_names_an_organization(app: Flask) -> None:
    owner, editor = Console(app), Console(app, "editor")
    page = re.search(r'href="(/manage/members/of/[^"]+/name)"', owner.get(PAGE)).group(1)
    assert "写单位名称" not in editor.get("/manage/")
    editor.get(page, 403)
    assert editor.send(page, page="/manage/", name="别的").status_code == 403
    Console(app, organization="elsewhere", email="far@example.test").get(page, 404)
