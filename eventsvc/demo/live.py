"""The live copy of the fair, 演示: on today, open for rehearsal, with made-up residents, some of whom are already in."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from eventsvc.demo import cast, seed
from eventsvc.ports import clock
from eventsvc.services import devices, events, records, registrations
from eventsvc.services.actors import PUBLIC, SYSTEM, authenticate
from eventsvc.services.devices import Invited

SLUG = "feiyi-yanshi"
ZONE = "Asia/Shanghai"
LASTS = timedelta(hours=6)
STAMPS = ("stamp-1", "stamp-2", "stamp-3")


def load(organization_id: str) -> Invited:
    """Make and publish the live copy, let its cast register and come in; returns the volunteers' group invitation."""
    event = events.create(SYSTEM, document(), organization_id)
    events.mark(event.id, demo=True, rehearsal=True)
    events.publish(SYSTEM, SLUG)
    tickets = {resident: _register(resident) for resident in cast.RESIDENTS}
    phone = devices.invite(SYSTEM, SLUG, {"name": "演示手机"})
    door = authenticate(devices.join(phone.join_code, cast.VOLUNTEER, uuid.uuid4().hex).token)
    now = clock.now()
    sent = list(_happened(tickets, event.starts_at or now, now))
    records.submit(door, SLUG, {"sent_at": now.isoformat(), "queued": 0, "records": sent})
    return devices.invite(SYSTEM, SLUG, {"name": "演示志愿者手机", "max_uses": 30})


def opening(now: datetime) -> datetime:
    """The last full hour but one in Shanghai, never before today: so that the fair is under way when it is loaded."""
    here = now.astimezone(ZoneInfo(ZONE))
    hour = here.replace(minute=0, second=0, microsecond=0)
    return hour if hour.hour == 0 else hour - timedelta(hours=1)


def document() -> dict[str, Any]:
    """The fair of the seed with what a rehearsal needs; every session, checkpoint and counter is made up and says so."""
    activity = seed.activities()["FEIYI"]
    starts_at = opening(clock.now())

    def session(key: str, name: str, area: str, hours: float, capacity: int | None = None) -> dict[str, Any]:
        begins = starts_at + timedelta(hours=hours)
        ends = begins + timedelta(hours=1)
        return {
            "key": key, "name": f"{name}（演示）", "area": area, "capacity": capacity,
            "starts_at": begins.isoformat(), "ends_at": ends.isoformat(),
        }  # fmt: skip

    return {
        "slug": SLUG,
        "title": f"{activity['title']}（演示）",
        "kind": "fair",
        "host": activity["host"],
        "venue": activity["venue"],
        "contact_phone": cast.CONTACT,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + LASTS).isoformat(),
        "description": "这是演练用的活动：场次、人员、电话和数字都是演示，不是真实情况。可以放心试着报名、扫码、计数。",
        "participation": "entries",
        "registration": {"capacity": 500, "max_party": 5, "waitlist": True},
        "areas": seed.areas(activity),
        "sessions": [
            session("paper-cut", "剪纸体验", "static", 1, 20),
            session("dough", "面塑体验", "static", 2, 20),
            session("opera", "戏曲专场", "dynamic", 1),
            session("chorus", "合唱专场", "dynamic", 2.5),
        ],
        "checkpoints": [
            {"key": "gate", "name": "入口", "rule": "once", "entrance": True},
            {"key": "static", "name": "静态区", "rule": "each_time", "entrance": False, "area": "static"},
            *(
                {"key": key, "name": f"打卡点{number}（演示）", "rule": "stamp", "entrance": False, "area": "stamps", "by_oneself": "word"}
                for key, number in zip(STAMPS, "一二三", strict=True)
            ),
        ],
        "counters": [
            {"key": "heads", "name": "现场人数", "kind": "headcount", "unit": "人次", "steps": [1, 5, 10]},
            {
                "key": "leaflets", "name": "非遗宣传页", "kind": "handout", "unit": "份", "verb": "发放", "steps": [1, 5, 10, 100],
                "stock": 500,
            },
            {
                "key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受",
                "topics": ["非遗项目", "节目安排", "便民服务"],
            },
        ],
    }  # fmt: skip


def _register(resident: cast.Resident) -> str:
    """Register like anybody; the ticket's code."""
    data = {
        "name": resident.name, "phone": resident.phone, "party_size": resident.party_size, "sessions": list(resident.sessions),
        "channel": resident.channel, "consent": True,
    }  # fmt: skip
    return registrations.register(PUBLIC, SLUG, data).registration.code


def _happened(tickets: dict[cast.Resident, str], begun: datetime, now: datetime) -> Iterator[dict[str, Any]]:
    """What the demo's phone recorded between the opening and now, in order."""
    told = list(_told(tickets))
    for place, record in enumerate(told, 1):
        at = begun + (now - begun) * place / (len(told) + 1)
        yield {"id": str(uuid.uuid4()), "at": at.isoformat(), "operator": cast.VOLUNTEER, **record}


def _told(tickets: dict[cast.Resident, str]) -> Iterator[dict[str, Any]]:
    came = [(code, resident.came) for resident, code in tickets.items() if resident.came]
    for number, (code, count) in enumerate(came):
        yield {"type": "checkin", "checkpoint": "gate", "ticket": code, "count": count}
        yield {"type": "tally", "counter": "heads", "quantity": count, "direction": "in"}
        yield {"type": "tally", "counter": "leaflets", "quantity": (5, 10, 1)[number % 3]}
        if number % 2:
            yield {"type": "checkin", "checkpoint": STAMPS[number % 3], "ticket": code, "count": 1}
        else:
            yield {"type": "checkin", "checkpoint": "static", "ticket": code, "count": 1}
            yield {"type": "tally", "counter": "consult", "quantity": 1, "topic": ("非遗项目", "节目安排", "便民服务")[number // 2 % 3]}
    yield {"type": "walkin", "checkpoint": "gate", "count": 2}
    yield {"type": "tally", "counter": "heads", "quantity": 10, "direction": "in"}
    yield {"type": "checkin", "checkpoint": "gate", "ticket": came[0][0], "count": 1}  # a second time: refused, and kept
    yield {"type": "tally", "counter": "heads", "quantity": 5, "direction": "out"}
    yield {"type": "tally", "counter": "leaflets", "quantity": 100}
