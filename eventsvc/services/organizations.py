"""Organizations, their members, their tokens, and signing in."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select

from eventsvc.db import db, end_reading, transaction
from eventsvc.errors import Fault, Forbidden, Invalid, TooMany, Unavailable
from eventsvc.models import AccessToken, Membership, Organization, User
from eventsvc.permissions import ROLES
from eventsvc.ports import clock, limits
from eventsvc.services import journal
from eventsvc.services.actors import Actor, digest
from eventsvc.services.persons import unprintable

_hasher = PasswordHasher()
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))  # so that an unknown address takes as long as a known one
_hashing = threading.BoundedSemaphore(2)  # each takes 64 MiB and a core for a moment: a flood of them must not take all
PATIENCE = 5.0  # seconds
FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
ATTEMPTS = "5/15minutes"
LOCKED = "输错次数太多，请15分钟后再试"
LEAST_PASSWORD = 8
LONGEST_NAME = 60  # characters: it has to fit a poster
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # of one-time passwords


def one_time_password() -> str:
    """A password for one use: 12 letters and digits that cannot be mistaken for one another."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))


def _as_made(typed: str) -> str:
    """A one-time password as it was made, however its 12 signs were typed: without hyphens, in capitals, with blanks."""
    signs = re.sub(r"[\s\-‐-―－]", "", unicodedata.normalize("NFKC", typed)).lower()
    return "-".join(re.findall("....", signs)) if re.fullmatch(f"[{ALPHABET}]{{12}}", signs) else typed


@transaction
def ensure(key: str, name: str | None = None) -> Organization:
    """The organization of that key, made if it is not there yet; as long as it has no name, ``name`` becomes it. Raises Invalid for a bad key."""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", key):
        raise Invalid.one("key", "key", "机构代号只能用小写字母、数字和连字符")
    organization = db.session.scalar(select(Organization).where(Organization.key == key))
    if organization is None:
        organization = Organization(id=str(uuid.uuid4()), key=key, name=key, created_at=clock.now())
        db.session.add(organization)
    if name and not name_of(organization):
        organization.name = checked_name(name)
    db.session.flush()
    return organization


def name_of(organization: Organization) -> str:
    """What people call it; empty as long as nobody said: a key is no name, and never stands on a page as one."""
    return "" if organization.name == organization.key else organization.name


def checked_name(name: str) -> str:
    """The name of an organization as it is kept. Raises Invalid."""
    name = name.strip()
    if not name:
        raise Invalid.one("name", "required", "请填单位名称")
    if len(name) > LONGEST_NAME or unprintable(name):
        raise Invalid([Fault("name", "too_long", "最多{max_length}个字", {"max_length": LONGEST_NAME})])
    return name


def hashed(password: str) -> str:
    """A password as it is kept (argon2id); slow by design, so call it outside of a transaction where you can."""
    return _hasher.hash(password)


def account_faults(email: str, role: str) -> list[Fault]:
    """What is wrong with the address and the role of an account."""
    faults = [] if re.fullmatch(r"[^@\s]{1,64}@[^@\s]{1,190}", email) and not unprintable(email) else [Fault("email", "email", "邮箱写法不对")]
    return faults if role in ROLES else [*faults, Fault("role", "choice", "角色应为 owner、editor 或 viewer")]


@transaction
def add_user(email: str, organization_key: str, role: str = "owner", name: str = "", organization_name: str = "") -> str:
    """Add a user (or a new one-time password and role for a known one) and return the one-time password."""
    email = email.strip().lower()
    if faults := account_faults(email, role):
        raise Invalid(faults)
    organization = ensure(organization_key, organization_name)
    password = one_time_password()
    user = db.session.scalar(select(User).where(User.email == email))
    if user is None:
        user = User(id=str(uuid.uuid4()), email=email, name=name, password_hash="", created_at=clock.now(), stamp=0, failures=0)
        db.session.add(user)
    user.password_hash = _hasher.hash(password)
    user.must_change = True
    user.stamp += 1
    user.failures, user.locked_until = 0, None
    db.session.flush()
    membership = db.session.scalar(
        select(Membership).where(Membership.user_id == user.id, Membership.organization_id == organization.id)
    )
    if membership is None:
        membership = Membership(id=str(uuid.uuid4()), user_id=user.id, organization_id=organization.id, role=role)
        db.session.add(membership)
    membership.role = role
    return password


@transaction
def create_token(organization_key: str, role: str = "owner", label: str = "") -> str:
    """Mint an organization token and return it; only its hash is kept."""
    if role not in ROLES:
        raise Invalid.one("role", "choice", "角色应为 owner、editor 或 viewer")
    token = f"eo_{secrets.token_urlsafe(32)}"
    organization = ensure(organization_key)
    db.session.add(
        AccessToken(
            id=str(uuid.uuid4()), organization_id=organization.id, role=role, label=label, hash=digest(token), created_at=clock.now()
        )
    )
    return token


def sign_in(email: str, password: str) -> User:
    """The user behind an address and a password; one constant answer for every failure; five failures lock for 15 minutes.

    Addresses that nobody has are locked in the same way, so that the lock tells nobody which ones there are.
    """
    email = email.strip().lower()
    known = None
    if not unprintable(email):
        known = db.session.execute(select(User.password_hash, User.locked_until, User.must_change).where(User.email == email)).one_or_none()
        end_reading()
    if known is None:
        _lock_nobody(email)
    else:
        _refuse_locked(known.locked_until)
        password = _as_made(password) if known.must_change else password
    right = _is_right(known.password_hash if known else _NOBODY, password)
    user = _noted(email, known.password_hash, right) if known else None
    if user is None:
        raise Invalid([Fault("password", "credentials", "邮箱或密码不对")], "credentials")
    return user


def _is_right(password_hash: str, password: str) -> bool:
    """Whether the password is that of the hash: slow by design, so never within a transaction, where the door would wait."""
    if not _hashing.acquire(timeout=PATIENCE):
        raise Unavailable
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _hashing.release()


@transaction
def _noted(email: str, checked_hash: str, right: bool) -> User | None:
    """The user, or None for a failure, which is counted; a lock that came meanwhile holds for a right password too."""
    user = db.session.scalar(select(User).where(User.email == email).with_for_update().execution_options(populate_existing=True))
    if user is None:
        return None
    _refuse_locked(user.locked_until)
    if not right or user.password_hash != checked_hash:
        user.failures += 1
        if user.failures >= FAILURES:
            user.failures, user.locked_until = 0, clock.now() + LOCKED_FOR
        return None
    user.failures, user.locked_until = 0, None
    return user


def _refuse_locked(until: datetime | None) -> None:
    now = clock.now()
    if until is not None and now < until:
        raise TooMany(int((until - now).total_seconds()), LOCKED)


def _lock_nobody(email: str) -> None:
    try:
        limits.hit(ATTEMPTS, "sign-in", email)
    except TooMany as refusal:
        raise TooMany(refusal.retry_after, LOCKED) from refusal


@transaction
def change_password(user_id: str, old: str | None, new: str) -> User:
    """Set a new password of at least 8 characters with letters and digits; every older session is signed out.

    ``old`` may be None only as long as the password is a one-time one: whoever is signed in has just typed it. Raises Invalid.
    """
    user = db.session.get_one(User, user_id, with_for_update=True)
    faults = []
    if old is None and not user.must_change:
        faults.append(Fault("old", "required", "请填{label}", {"label": "原密码"}))
    elif old is not None and not _matches(user, old):
        faults.append(Fault("old", "credentials", "原密码不对"))
    weak = list(_weaknesses(new))
    if not weak and (new == old or (old is None and user.must_change and _matches(user, new))):
        weak.append(Fault("new", "same", "新密码不能与原密码相同"))
    if faults or weak:
        raise Invalid([*faults, *weak])
    user.password_hash = _hasher.hash(new)
    user.must_change = False
    user.stamp += 1
    journal.note(Actor("member", id=f"user:{user.id}"), "password.change")
    return user


def _matches(user: User, password: str) -> bool:
    try:
        return _hasher.verify(user.password_hash, _as_made(password) if user.must_change else password)
    except (VerificationError, InvalidHashError):
        return False


def _weaknesses(new: str) -> Iterator[Fault]:
    """What a new password still lacks, each thing by its name."""
    if len(new) < LEAST_PASSWORD:
        yield Fault("new", "weak", "新密码太短：现在{n}位，至少{least}位", {"n": len(new), "least": LEAST_PASSWORD})
    if not re.search(r"[A-Za-z]", new):
        yield Fault("new", "weak", "新密码里还缺字母")
    if not re.search(r"[^A-Za-z]", new):
        yield Fault("new", "weak", "新密码里还缺数字或符号")


def organization_of(actor: Actor) -> str:
    """The organization in which the actor creates things: its first with the right to. Raises Forbidden."""
    for organization_id, _role in actor.organizations:
        if actor.may("event.create", organization_id):
            return organization_id
    raise Forbidden


def managed(actor: Actor) -> str:
    """The organization that the actor manages: the first of which it is an owner. Raises Forbidden."""
    for organization_id, _role in actor.organizations:
        if actor.may("organization.manage", organization_id):
            return organization_id
    raise Forbidden


def known(actor: Actor) -> list[Organization]:
    """The organizations of a member, by name."""
    ids = [organization_id for organization_id, _role in actor.organizations]
    return list(db.session.scalars(select(Organization).where(Organization.id.in_(ids)).order_by(Organization.name)))
