"""Who is calling: frozen actors, how a token becomes one, and the loaders that every verb starts from."""

from __future__ import annotations

import hashlib
import hmac
from collections import namedtuple
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import select

from eventsvc import permissions
from eventsvc.db import db, stand_in_line
from eventsvc.errors import Forbidden, Missing, Unauthorized
from eventsvc.models import AccessToken, Device, Event, Membership, User
from eventsvc.ports import clock
from eventsvc.prepared import Asked, Prepared

SALVAGE_FOR = timedelta(hours=72)  # so long a revoked phone may hand in what it holds

_key = b""


def use_key(secret_key: str) -> None:
    """Set the key that device and manage tokens are derived from."""
    global _key
    _key = hashlib.sha256(b"eventsvc tokens\0" + secret_key.encode()).digest()


def seal(purpose: str, subject: str) -> str:
    """128 bits of HMAC-SHA256 over purpose and subject, as 32 hex digits."""
    return hmac.new(_key, f"{purpose}\0{subject}".encode(), hashlib.sha256).hexdigest()[:32]


def digest(secret: str) -> str:
    """SHA-256 of a secret, as it is stored."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Place(Protocol):
    """What of an event decides who may do what with it."""

    id: str
    organization_id: str
    status: str


@dataclass(frozen=True)
class Actor:
    """A caller. ``kind``: ``public`` · ``member`` (user or organization token) · ``device`` · ``system`` (command line)."""

    kind: str
    id: str = ""
    organizations: tuple[tuple[str, str], ...] = ()  # (organization id, role)
    event_id: str | None = None
    scopes: frozenset[str] = frozenset()
    checkpoints: frozenset[str] = frozenset()  # none = all of the event's
    holds: frozenset[str] = frozenset()  # ids of the registrations whose manage cookie this browser has
    seen_at: datetime | None = None  # of a device: its last contact, and how many records it said it held
    queued: int = 0
    label: str = ""  # what others may see: the device's name, the member's post
    only: frozenset[str] | None = None  # of a token that serves for these actions alone

    @property
    def name(self) -> str:
        """How the journal calls this actor: kind and id, never a person's name."""
        return f"{self.kind}:{self.id}" if self.id else self.kind

    def role_in(self, organization_id: str | None) -> str | None:
        """This actor's role in an organization, if any."""
        return next((role for org, role in self.organizations if org == organization_id), None)

    def may(self, action: str, organization_id: str | None = None) -> bool:
        """Whether the table of permissions allows ``action`` (in that organization)."""
        if self.only is not None and action not in self.only:
            return False
        return permissions.allows(action, kind=self.kind, role=self.role_in(organization_id), scopes=self.scopes)

    def sees(self, event: Place) -> bool:
        """Whether this event is the actor's own: of its organization, or the device's one."""
        if self.kind == "system":
            return True
        if self.kind == "device":
            return self.event_id == event.id
        return self.kind == "member" and self.role_in(event.organization_id) is not None


PUBLIC = Actor("public")
SYSTEM = Actor("system")


def authenticate(token: str) -> Actor:
    """The actor behind a bearer token; raises Unauthorized (``device_revoked`` for a revoked device)."""
    if (device := claim_device(token)) is not None:
        return settled(device)
    if token.startswith("eu_"):
        return _uploader(token)
    row = db.session.execute(
        select(AccessToken.id, AccessToken.organization_id, AccessToken.role, AccessToken.label).where(
            AccessToken.hash == digest(token), AccessToken.revoked_at.is_(None)
        )
    ).one_or_none()
    if row is None:
        raise Unauthorized
    return Actor("member", id=f"token:{row.id}", organizations=((row.organization_id, row.role),), label=row.label)


def device_token(device_id: str) -> str:
    """The bearer token of a joined device, derived anew each time and never stored."""
    return f"ed_{device_id}_{seal('device', device_id)}"


def upload_token(device_id: str) -> str:
    """What a dying phone hands to a colleague's together with its queue: good for uploading its records, for nothing else."""
    return f"eu_{device_id}_{seal('upload', device_id)}"


UPLOADS = frozenset(action for action in permissions.ACTIONS if action.startswith("record."))


def _uploader(token: str) -> Actor:
    device_id = token.removeprefix("eu_").partition("_")[0]
    if not hmac.compare_digest(token.encode(), upload_token(device_id).encode()):
        raise Unauthorized
    return replace(authenticate(device_token(device_id)), only=UPLOADS)


def stopped(token: str) -> Actor:
    """The same as `authenticate`, but a device that was revoked less than 72 hours ago may come in to hand over what it holds."""
    try:
        return authenticate(token)
    except Unauthorized as refusal:
        device = db.session.get(Device, token.split("_")[1]) if refusal.code == "device_revoked" else None
        if device is None or device.revoked_at is None or clock.now() - device.revoked_at >= SALVAGE_FOR:
            raise
        return Actor("device", id=device.id, event_id=device.event_id, scopes=frozenset(device.scopes), only=frozenset({"record.salvage"}))


@dataclass(frozen=True)
class Claim:
    """A device token with our seal on it: who it says it is. Whether that still holds is asked by whoever redeems it."""

    device_id: str
    kind: str = "device"


def claim(token: str) -> Actor | Claim:
    """The actor behind a bearer token, or for a device the claim to be redeemed within the verb's own transaction. Raises Unauthorized."""
    return claim_device(token) or authenticate(token)


def claim_device(token: str) -> Claim | None:
    """The claim of a device's token, None for a token of another kind. Raises Unauthorized where the seal is not ours."""
    if not token.startswith("ed_"):
        return None
    _, _, rest = token.partition("_")
    device_id, _, mac = rest.partition("_")
    if not hmac.compare_digest(mac.encode(), seal("device", device_id).encode()):
        raise Unauthorized
    return Claim(device_id)


def redeem(claims: Collection[Claim]) -> dict[Claim, Actor | Unauthorized]:
    """The actors of many claims by one statement; for a device that is gone or revoked what its caller is told."""
    rows = {row[0]: _DeviceRow(*row) for row in _DEVICES.all(**asked(claims)[1])} if claims else {}
    return {one: _device(rows.get(one.device_id)) for one in claims}


def asked(claims: Collection[Claim]) -> Asked:
    """What `redeem` asks of the database."""
    return _DEVICES, {"ids": sorted({one.device_id for one in claims})}


def settled(actor: Actor | Claim) -> Actor:
    """The actor itself, of a claim too; raises Unauthorized where it does not hold."""
    if isinstance(actor, Actor):
        return actor
    found = redeem([actor])[actor]
    if isinstance(found, Unauthorized):
        raise found
    return found


_devices = Device.__table__.c
_DeviceRow = namedtuple("_DeviceRow", ("id", "event_id", "scopes", "checkpoints", "name", "revoked_at", "last_seen_at", "queued"))
_DEVICES = Prepared(lambda among: select(*(_devices[name] for name in _DeviceRow._fields)).where(among(_devices.id, "ids")))


def _device(row: _DeviceRow | None) -> Actor | Unauthorized:
    if row is None:
        return Unauthorized()
    if row.revoked_at is not None:
        return Unauthorized("device_revoked", "这台手机已停用，请联系负责人")
    return Actor(
        "device",
        id=row.id,
        event_id=row.event_id,
        scopes=frozenset(row.scopes),
        checkpoints=frozenset(row.checkpoints),
        seen_at=row.last_seen_at,
        queued=row.queued,
        label=row.name,
    )


def member(user_id: str, stamp: int) -> Actor | None:
    """The actor of a signed-in user, or None where the password has changed since (``stamp``) or the user is gone."""
    rows = db.session.execute(
        select(User.stamp, User.name, Membership.organization_id, Membership.role)
        .outerjoin(Membership, Membership.user_id == User.id)
        .where(User.id == user_id)
    ).all()
    if not rows or rows[0].stamp != stamp:
        return None
    roles = tuple((row.organization_id, row.role) for row in rows if row.role)
    return Actor("member", id=f"user:{user_id}", organizations=roles, label=rows[0].name)


def load_event(actor: Actor, slug: str, action: str, *, lock: str | None = None) -> Event:
    """The event of that slug, if it is the actor's own and the action is allowed; Missing to strangers, Forbidden to its own.

    ``lock``: ``change`` for whoever changes the row (registrations, edits), ``freeze`` to keep every record out for a
    moment, ``share`` for whoever adds records (waits only for ``freeze``). On SQLite the transaction itself is the lock.
    """
    query = select(Event).where(Event.slug == slug)
    if lock in {"change", "freeze"}:
        stand_in_line(slug)
    if lock is not None:
        query = query.with_for_update(
            read=lock == "share", key_share=lock in {"share", "change"}, of=Event
        ).execution_options(populate_existing=True)
    event = db.session.scalar(query)
    if event is None:
        raise Missing
    admit(actor, event, action)
    return event


def admit(actor: Actor, event: Place, action: str) -> None:
    """Raise Missing, Unauthorized or Forbidden unless the actor may do ``action`` with this event."""
    if actor.sees(event):
        if not actor.may(action, event.organization_id):
            raise Forbidden
    elif event.status == "draft":
        raise Missing
    elif not permissions.allows(action, kind="public"):
        raise Unauthorized if actor.kind == "public" else Missing
