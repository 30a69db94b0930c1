"""Who belongs to an organization and as what: adding, changing roles, new one-time passwords, removing; never without an owner.

An owner rules over their own organization only: the password of somebody who also belongs to another one is not theirs to
reset, and an address that has an account elsewhere is added by the command line alone (`user add`).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Forbidden, Invalid, Missing
from eventsvc.models import AccessToken, Membership, Organization, User
from eventsvc.permissions import ROLES
from eventsvc.ports import clock
from eventsvc.services import journal, organizations
from eventsvc.services.actors import Actor
from eventsvc.services.persons import unprintable

LONGEST_NAME = 40  # characters
LONGEST_LABEL = 40
ELSEWHERE = "这个邮箱在别的单位有账号，请系统管理员用命令行添加"


@dataclass(frozen=True)
class Member:
    """One member as the pages show them; ``waiting``: has not yet changed the one-time password; ``me``: who asks."""

    id: str
    name: str
    email: str
    role: str
    waiting: bool
    me: bool


@dataclass(frozen=True)
class Added:
    """A member and the one-time password, which is shown now and never again."""

    member: Member
    password: str


def listed(actor: Actor, organization_id: str) -> list[Member]:
    """The members of one of the actor's organizations, owners first. Raises Missing or Forbidden."""
    _admit(actor, organization_id, "organization.read")
    query = select(Membership, User).join(User, User.id == Membership.user_id).where(Membership.organization_id == organization_id)
    found = [_member(actor, membership, user) for membership, user in db.session.execute(query)]
    return sorted(found, key=lambda one: (-ROLES.index(one.role), one.name or one.email))


def read(actor: Actor, member_id: str) -> tuple[Member, Organization]:
    """One member of an organization that the actor manages. Raises Missing or Forbidden."""
    membership, user = _load(actor, member_id)
    return _member(actor, membership, user), db.session.get_one(Organization, membership.organization_id)


def add(actor: Actor, organization_id: str, email: str, name: str, role: str) -> Added:
    """Add a person by address with a one-time password. Raises Invalid, or Conflict ``member_already``, ``member_elsewhere``."""
    _admit(actor, organization_id, "organization.manage")
    password = organizations.one_time_password()
    return Added(_add(actor, organization_id, email, name, role, organizations.hashed(password)), password)


@transaction
def _add(actor: Actor, organization_id: str, email: str, name: str, role: str, password_hash: str) -> Member:
    _admit(actor, organization_id, "organization.manage", lock=True)
    email, name = email.strip().lower(), name.strip()
    faults = organizations.account_faults(email, role)
    if len(name) > LONGEST_NAME or unprintable(name):
        faults.append(Fault("name", "too_long", "最多{max_length}个字", {"max_length": LONGEST_NAME}))
    if faults:
        raise Invalid(faults)
    user = db.session.scalar(select(User).where(User.email == email).with_for_update())
    if user is None:
        user = User(id=str(uuid.uuid4()), email=email, name=name, created_at=clock.now(), stamp=0, failures=0)
        db.session.add(user)
    else:
        belongs = set(db.session.scalars(select(Membership.organization_id).where(Membership.user_id == user.id)))
        if organization_id in belongs:
            raise Conflict("member_already", "这个邮箱已经是成员；忘了密码请点名字，再点“重发一次性密码”")
        if belongs:
            raise Conflict("member_elsewhere", ELSEWHERE)
        user.name = name or user.name
    _give(user, password_hash)
    db.session.flush()
    membership = Membership(id=str(uuid.uuid4()), user_id=user.id, organization_id=organization_id, role=role)
    db.session.add(membership)
    journal.note(actor, "member.add", organization_id=organization_id, user=user.id, role=role)
    return _member(actor, membership, user)


@transaction
def change_role(actor: Actor, member_id: str, role: str) -> Member:
    """Give a member another role. Raises Invalid, or Conflict ``last_owner``."""
    membership, user = _load(actor, member_id, lock=True)
    if role not in ROLES:
        raise Invalid.one("role", "choice", "请选一种角色")
    if role != membership.role:
        if role != "owner":
            _keep_an_owner(membership)
        membership.role = role
        journal.note(actor, "member.role", organization_id=membership.organization_id, user=user.id, role=role)
    return _member(actor, membership, user)


def reset_password(actor: Actor, member_id: str) -> Added:
    """A new one-time password; every session of this member ends. Raises Conflict ``member_elsewhere``."""
    _load(actor, member_id)
    password = organizations.one_time_password()
    return Added(_reset(actor, member_id, organizations.hashed(password)), password)


@transaction
def _reset(actor: Actor, member_id: str, password_hash: str) -> Member:
    membership, user = _load(actor, member_id, lock=True)
    if db.session.scalar(select(func.count()).where(Membership.user_id == user.id)) != 1:
        raise Conflict("member_elsewhere", "这位成员也在别的单位，密码请系统管理员用命令行重发")
    _give(user, password_hash)
    journal.note(actor, "member.password", organization_id=membership.organization_id, user=user.id)
    return _member(actor, membership, user)


def remove(actor: Actor, member_id: str) -> None:
    """End a membership; who belongs nowhere any more is signed out and cannot sign in. Raises Conflict ``last_owner``."""
    _load(actor, member_id)
    _remove(actor, member_id, organizations.hashed(organizations.one_time_password()))


@transaction
def _remove(actor: Actor, member_id: str, nobodys_hash: str) -> None:
    membership, user = _load(actor, member_id, lock=True)
    _keep_an_owner(membership)
    db.session.execute(delete(Membership).where(Membership.id == membership.id))
    if not db.session.scalar(select(func.count()).where(Membership.user_id == user.id)):
        user.password_hash = nobodys_hash
        user.stamp += 1
    journal.note(actor, "member.remove", organization_id=membership.organization_id, user=user.id)


def managed(actor: Actor, organization_id: str) -> Organization:
    """An organization of which the actor is an owner. Raises Missing or Forbidden."""
    _admit(actor, organization_id, "organization.manage")
    return db.session.get_one(Organization, organization_id)


@transaction
def name_organization(actor: Actor, organization_id: str, name: str) -> Organization:
    """Say what the organization is called: on posters, and as 主办 of its next events. Raises Invalid, Missing or Forbidden."""
    _admit(actor, organization_id, "organization.manage", lock=True)
    organization = db.session.get_one(Organization, organization_id)
    wanted = organizations.checked_name(name)
    if wanted != organization.name:
        organization.name = wanted
        journal.note(actor, "organization.name", organization_id=organization_id)
    return organization


def tokens(actor: Actor, organization_id: str) -> list[AccessToken]:
    """The tokens of an organization's programs that still open something, newest first."""
    _admit(actor, organization_id, "organization.manage")
    query = select(AccessToken).where(AccessToken.organization_id == organization_id, AccessToken.revoked_at.is_(None))
    return list(db.session.scalars(query.order_by(AccessToken.created_at.desc())))


@transaction
def make_token(actor: Actor, organization_id: str, role: str, label: str) -> str:
    """Mint a token for a program and return it; only its hash is kept. Raises Invalid."""
    _admit(actor, organization_id, "organization.manage", lock=True)
    faults = [] if role in ROLES else [Fault("role", "choice", "请选一种角色")]
    label = label.strip()
    if not label:
        faults.append(Fault("label", "required", "请写一句它是做什么用的"))
    elif len(label) > LONGEST_LABEL or unprintable(label):
        faults.append(Fault("label", "too_long", "最多{max_length}个字", {"max_length": LONGEST_LABEL}))
    if faults:
        raise Invalid(faults)
    secret = organizations.create_token(db.session.get_one(Organization, organization_id).key, role, label)
    journal.note(actor, "token.create", organization_id=organization_id, role=role)
    return secret


@transaction
def revoke_token(actor: Actor, token_id: str) -> None:
    """A token opens nothing from now on; saying it twice is fine. Raises Missing or Forbidden."""
    token = db.session.get(AccessToken, token_id)
    if token is None:
        raise Missing
    _admit(actor, token.organization_id, "organization.manage")
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        journal.note(actor, "token.revoke", organization_id=token.organization_id, token=token.id)


def _admit(actor: Actor, organization_id: str, action: str, *, lock: bool = False) -> None:
    """Raise Missing to strangers and Forbidden to lesser roles; ``lock``: nobody else changes the members meanwhile."""
    if actor.kind != "system" and actor.role_in(organization_id) is None:
        raise Missing
    if not actor.may(action, organization_id):
        raise Forbidden
    if lock:
        db.session.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update())


def _load(actor: Actor, member_id: str, *, lock: bool = False) -> tuple[Membership, User]:
    membership = db.session.get(Membership, member_id)
    if membership is None:
        raise Missing
    _admit(actor, membership.organization_id, "organization.manage", lock=lock)
    if lock:  # what was read before the lock may have changed; a removed member is gone
        membership = db.session.scalar(select(Membership).where(Membership.id == member_id).execution_options(populate_existing=True))
        if membership is None:
            raise Missing
    return membership, db.session.get_one(User, membership.user_id)


def _keep_an_owner(membership: Membership) -> None:
    """Refuse to take the last owner away: nobody could manage the organization any more."""
    others = select(func.count()).where(
        Membership.organization_id == membership.organization_id, Membership.role == "owner", Membership.id != membership.id
    )
    if membership.role == "owner" and not db.session.scalar(others):
        raise Conflict("last_owner", "这是最后一位负责人，请先让另一位成员当负责人")


def _give(user: User, password_hash: str) -> None:
    """A one-time password: every older session ends, a lock is lifted."""
    user.password_hash = password_hash
    user.must_change = True
    user.stamp += 1
    user.failures, user.locked_until = 0, None


def _member(actor: Actor, membership: Membership, user: User) -> Member:
    return Member(membership.id, user.name, user.email, membership.role, user.must_change, actor.id == f"user:{user.id}")
