"""Phones at the door: inviting them, letting them join, seeing how they are, revoking them."""

from __future__ import annotations

import re
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid, Missing
from eventsvc.models import Device, Event, Invitation
from eventsvc.permissions import SCOPES
from eventsvc.ports import clock, limits
from eventsvc.services import journal, links
from eventsvc.services.actors import Actor, device_token, digest, load_event, upload_token
from eventsvc.services.persons import clean_text, unprintable
from eventsvc.services.record_form import moment
from eventsvc.services.records.contact import SEEN_EVERY

SAME_NONCE = timedelta(minutes=10)  # a lost answer to a join may be asked for again so long
NAME_LENGTH = 80  # characters; the column holds no more
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Invited:
    """A fresh invitation; the join code is shown once and kept as a hash."""

    id: str
    join_code: str
    join_url: str


@dataclass(frozen=True)
class Joined:
    """A phone that joined: its token, itself, its event."""

    token: str
    device: Device
    event: Event

    @property
    def upload_token(self) -> str:
        """What the phone may hand on with its queue (`actors.upload_token`)."""
        return upload_token(self.device.id)


@transaction
def invite(actor: Actor, slug: str, data: dict[str, Any]) -> Invited:
    """Make a join link: ``{name, scopes, checkpoints, max_uses, expires_at}``. Raises Invalid with every fault."""
    event = load_event(actor, slug, "device.edit")
    faults: list[Fault] = []
    name = data.get("name") or "签到手机"
    if not isinstance(name, str) or len(name) > NAME_LENGTH or unprintable(name):
        faults.append(Fault("name", "too_long", "名称最多80个字"))
    scopes = data.get("scopes", ["scan", "tally", "register", "lookup"])
    if not isinstance(scopes, list) or not scopes or any(scope not in SCOPES for scope in scopes):
        faults.append(Fault("scopes", "choice", "权限只能从 scan、tally、register、lookup 里选，至少一项"))
    keys = {checkpoint.key for checkpoint in event.checkpoints}
    checkpoints = data.get("checkpoints") or []
    if not isinstance(checkpoints, list) or any(not isinstance(key, str) or key not in keys for key in checkpoints):
        faults.append(Fault("checkpoints", "choice", "有不属于这个活动的签到点"))
    max_uses = data.get("max_uses", 1)
    if type(max_uses) is not int or not 1 <= max_uses <= 1000:
        faults.append(Fault("max_uses", "number", "使用次数应为1到1000的整数"))
    expires_at = moment(data.get("expires_at"))
    if data.get("expires_at") is not None and expires_at is None:
        faults.append(Fault("expires_at", "time", "时间不对，要带时区"))
    if faults:
        raise Invalid(faults)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(20))  # 98 bits
    invitation = Invitation(
        id=str(uuid.uuid4()),
        event_id=event.id,
        name=clean_text(name),
        scopes=sorted(set(scopes)),
        checkpoints=sorted(set(checkpoints)),
        code_hash=digest(code),
        max_uses=max_uses,
        uses=0,
        expires_at=expires_at,
        created_at=clock.now(),
    )
    db.session.add(invitation)
    journal.note(actor, "device.invite", event, invitation=invitation.id, scopes=invitation.scopes, max_uses=max_uses)
    return Invited(invitation.id, code, links.join(code))


def look_at(join_code: str) -> tuple[Invitation, Event]:
    """The invitation behind a code and its event, without using it up. Raises Missing, or Conflict where it no longer serves."""
    invitation = db.session.scalar(select(Invitation).where(Invitation.code_hash == digest(_clean_code(join_code))))
    if invitation is None:
        raise Missing("not_found", "这个加入链接不对，请向负责人要一个新的")
    if fault := _spent(invitation):
        raise fault
    return invitation, db.session.get_one(Event, invitation.event_id)


def _clean_code(code: str) -> str:
    return re.sub(r"[\s-]", "", code).upper()[:64]


def _spent(invitation: Invitation) -> Conflict | None:
    if invitation.revoked_at is not None:
        return Conflict("join_revoked", "这个加入链接已停用，请向负责人要一个新的")
    if invitation.expires_at is not None and clock.now() >= invitation.expires_at:
        return Conflict("join_expired", "这个加入链接已过期，请向负责人要一个新的")
    if invitation.uses >= invitation.max_uses:
        return Conflict("join_used", "这个加入链接已经用过，请向负责人要一个新的")
    return None


@transaction
def join(join_code: str, operator: str, nonce: str, address: str = "") -> Joined:
    """Make a browser a device of its own; the same nonce within 10 minutes gets the same token again."""
    if address:
        limits.hit("60/minute", "join", address)
    faults = []
    operator = clean_text(operator) if isinstance(operator, str) and not unprintable(operator) else ""
    if not 1 <= len(operator) <= 40:
        faults.append(Fault("operator", "required", "请填写您的称呼，最多40个字"))
    if not isinstance(nonce, str) or not 8 <= len(nonce) <= 200:
        faults.append(Fault("nonce", "required", "缺少 nonce（至少8个字符）"))
    if not isinstance(join_code, str):
        faults.append(Fault("join_code", "required", "缺少加入码"))
    if faults:
        raise Invalid(faults)
    query = select(Invitation).where(Invitation.code_hash == digest(_clean_code(join_code))).with_for_update()
    invitation = db.session.scalar(query)
    if invitation is None:
        raise Missing("not_found", "这个加入链接不对，请向负责人要一个新的")
    now = clock.now()
    device = db.session.scalar(
        select(Device).where(
            Device.invitation_id == invitation.id, Device.nonce_hash == digest(nonce), Device.joined_at > now - SAME_NONCE
        )
    )
    if device is None:
        if fault := _spent(invitation):
            raise fault
        invitation.uses += 1
        device = _enlist(invitation, operator, digest(nonce))
    return Joined(device_token(device.id), device, db.session.get_one(Event, device.event_id))


def _enlist(invitation: Invitation, operator: str, nonce_hash: str | None) -> Device:
    number = f" {invitation.uses}" if invitation.max_uses > 1 else ""
    device = Device(
        id=str(uuid.uuid4()),
        event_id=invitation.event_id,
        invitation_id=invitation.id,
        name=f"{invitation.name[: NAME_LENGTH - len(number)]}{number}",
        operator=operator,
        scopes=invitation.scopes,
        checkpoints=invitation.checkpoints,
        nonce_hash=nonce_hash,
        joined_at=clock.now(),
        queued=0,
    )
    db.session.add(device)
    db.session.flush()
    return device


@transaction
def hand_over(actor: Actor) -> Invited:
    """A link for the same phone's other browser (WeChat and Safari share nothing): the caller's scopes, one use, 15 minutes."""
    device = db.session.get(Device, actor.id) if actor.kind == "device" else None
    if device is None:
        raise Missing
    limits.hit("10/hour", "hand-over", device.id)
    code = "".join(secrets.choice(_ALPHABET) for _ in range(20))
    now = clock.now()
    invitation = Invitation(
        id=str(uuid.uuid4()),
        event_id=device.event_id,
        parent_id=device.invitation_id,
        made_by=device.id,
        name=device.name,
        scopes=device.scopes,
        checkpoints=device.checkpoints,
        code_hash=digest(code),
        max_uses=1,
        uses=0,
        expires_at=now + timedelta(minutes=15),
        created_at=now,
    )
    db.session.add(invitation)
    return Invited(invitation.id, code, links.join(code))


def listed(actor: Actor, slug: str) -> tuple[list[Invitation], list[Device]]:
    """The invitations and the joined phones of an event, newest first."""
    event = load_event(actor, slug, "device.list")
    invitations = db.session.scalars(
        select(Invitation).where(Invitation.event_id == event.id).order_by(Invitation.created_at.desc(), Invitation.id)
    )
    devices = db.session.scalars(select(Device).where(Device.event_id == event.id).order_by(Device.joined_at.desc(), Device.id))
    return list(invitations), list(devices)


@transaction
def revoke(actor: Actor, slug: str, device_id: str) -> None:
    """Stop an invitation and everyone who joined by it, or one joined phone; saying it twice is fine."""
    event = load_event(actor, slug, "device.edit")
    now = clock.now()
    invitation = db.session.scalar(select(Invitation).where(Invitation.id == device_id, Invitation.event_id == event.id))
    device = db.session.scalar(select(Device).where(Device.id == device_id, Device.event_id == event.id))
    if invitation is None and device is None:
        raise Missing
    if invitation is not None:
        family = [invitation]
        for one in family:  # grows while it is walked: a phone may hand over, and that one again
            one.revoked_at = one.revoked_at or now
            family += db.session.scalars(select(Invitation).where(Invitation.parent_id == one.id))
        stop = update(Device).where(Device.invitation_id.in_([one.id for one in family]), Device.revoked_at.is_(None))
        db.session.execute(stop.values(revoked_at=now))
    phones = [device] if device is not None else []
    for phone in phones:  # grows likewise: the phone's other browsers go with it, and links that nobody has used yet
        phone.revoked_at = phone.revoked_at or now
        for link in db.session.scalars(select(Invitation).where(Invitation.made_by == phone.id)):
            link.revoked_at = link.revoked_at or now
            phones += db.session.scalars(select(Device).where(Device.invitation_id == link.id))
    journal.note(actor, "device.revoke", event, device=device_id)


def myself(actor: Actor) -> tuple[Device, Event]:
    """The device behind a device token, and its event. Raises Missing for any other caller."""
    device = db.session.get(Device, actor.id) if actor.kind == "device" else None
    if device is None:
        raise Missing
    return device, db.session.get_one(Event, device.event_id)


def note_contact(actor: Actor) -> None:
    """A phone asked for something: it was heard of, which is written down no more often than needed."""
    if actor.kind == "device" and (actor.seen_at is None or clock.now() - actor.seen_at >= SEEN_EVERY):
        _seen(actor.id)


@transaction
def _seen(device_id: str) -> None:
    db.session.execute(update(Device).where(Device.id == device_id).values(last_seen_at=clock.now()))


def roster_age(device: Device, now: datetime) -> int | None:
    """How many seconds ago the phone knew its roster to be current; None before its first one."""
    return max(0, int((now - device.roster_at).total_seconds())) if device.roster_at is not None else None


def heard_of(device: Device, now: datetime) -> str:
    """``never`` · ``now`` (under a minute ago) · ``lately`` (under ten) · ``silent``."""
    if device.last_seen_at is None:
        return "never"
    quiet = now - device.last_seen_at
    return "now" if quiet < timedelta(minutes=1) else "lately" if quiet < timedelta(minutes=10) else "silent"
