"""A small world for tests of services: one organization, one event, phones, tickets, and records as phones send them."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from eventsvc.models import Registration
from eventsvc.ports import clock
from eventsvc.services import actors, devices, events, organizations, records, registrations, rehearsals
from eventsvc.services.actors import PUBLIC, Actor, authenticate

FAIR: dict[str, Any] = {
    "slug": "ye-shi",
    "title": "演示夜市",
    "kind": "fair",
    "starts_at": "2026-08-14T18:00:00+08:00",
    "ends_at": "2026-08-14T21:30:00+08:00",
    "checkpoints": [
        {"key": "gate", "name": "东门", "rule": "once"},
        {"key": "stage", "name": "舞台", "rule": "each_time"},
        {"key": "daily", "name": "长廊", "rule": "daily"},
    ],
    "counters": [
        {"key": "heads", "name": "人数", "kind": "headcount", "unit": "人次"},
        {"key": "leaflets", "name": "宣传页", "kind": "handout", "unit": "份", "verb": "发放", "stock": 100},
        {"key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受", "topics": ["政务服务", "政务公开"]},
        {"key": "boards", "name": "展板", "kind": "material", "unit": "面"},
    ],
}


@dataclass
class World:
    """One published event and its owner; phones join with `phone`, residents register with `ticket`."""

    changes: dict[str, Any] = field(default_factory=dict)
    owner: Actor = field(init=False)
    slug: str = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.owner = authenticate(organizations.create_token("demo"))
        document = {**FAIR, **self.changes}
        self.slug = document["slug"]
        events.create(self.owner, document)
        events.publish(self.owner, self.slug)

    def phone(self, *scopes: str, name: str = "东门手机", checkpoints: tuple[str, ...] = ()) -> Actor:
        """A phone that joined."""
        scopes = scopes or ("scan", "tally", "register", "lookup")
        invited = devices.invite(self.owner, self.slug, {"name": name, "scopes": list(scopes), "checkpoints": list(checkpoints)})
        return authenticate(devices.join(invited.join_code, "志愿者甲", uuid.uuid4().hex).token)

    def ticket(self, party_size: int = 1, name: str = "王桂芳", **more: Any) -> Registration:
        """A resident's registration; every call has a phone number of its own."""
        self.number += 1
        data = {"name": name, "phone": f"1390000{self.number:04d}", "party_size": party_size, "consent": True, **more}
        return registrations.register(PUBLIC, self.slug, data).registration

    def send(self, actor: Actor, *sent: dict[str, Any], skew: timedelta = timedelta(0), **envelope: Any) -> list[dict[str, Any]]:
        """Send a batch as a phone whose clock is off by ``skew``; the answers."""
        body = {"sent_at": (clock.now() + skew).isoformat(), "records": list(sent), **envelope}
        return records.submit(actor, self.slug, body)["results"]


def count_of(world: World) -> int:
    """How many records the current epoch has."""
    return rehearsals.count(actors.load_event(world.owner, world.slug, "report.read"))


def examples(number: int) -> int:
    """How many made-up cases to try: a third of them on PostgreSQL, where each costs a flush to disk and a round trip."""
    return max(3, number // 3) if os.environ.get("TEST_DATABASE") == "postgresql" else number


def record(kind: str, at: datetime | None = None, **more: Any) -> dict[str, Any]:
    """A record as a phone makes it at the tap."""
    return {"id": str(uuid.uuid4()), "type": kind, "at": (at or clock.now()).isoformat(), **more}


def checkin(ticket: Registration | str, checkpoint: str = "gate", **more: Any) -> dict[str, Any]:
    """A check-in of a ticket (by its code) or of any text."""
    text = ticket if isinstance(ticket, str) else ticket.code
    return record("checkin", checkpoint=checkpoint, ticket=text, **more)


def tally(counter: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A tap on a counter."""
    return record("tally", counter=counter, quantity=quantity, **more)
