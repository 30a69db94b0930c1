"""A server with far too much on it (5,000 registrations, names of 50 characters, 20 sessions, 30 phones), and browsers for everybody there."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import insert, select, update

from eventsvc.db import db
from eventsvc.models import Device, Event, Membership, Person, Registration, User
from eventsvc.services import actors, codes, devices, events, imports, organizations, quarantine, queues, records, registrations, rehearsals, slips, stamps, units, venue_codes
from eventsvc.services.actors import Actor
from tests.live import LiveServer

PEOPLE = 5_000
BIG, FULL, DRAFT, OVER, CALLED_OFF, TRY_OUT, HELD = "big", "full", "draft", "over", "called-off", "try-out", "held"
LONG_NAME = "阿依古丽·买买提艾力·阿卜杜热合曼·吐尔逊江·努尔买买提·伊力哈木江·阿不都克里木·艾合买提江·玉素甫"[:50]
LONG_TITLE = "“我们的节日·端午”暨非物质文化遗产进社区进校园进商圈主题展演展示展销系列活动启动仪式（第十二届，含便民服务集市和亲子体验专场）"
LONG_WORD = "https://activities.example.test/2026/"


@dataclass
class Crowd:
    """What stands on the server, and the cookies of whoever looks at it."""

    server: LiveServer
    app: Flask
    tickets: dict[str, Registration] = field(default_factory=dict)  # by what is special about them
    device_token: str = ""
    join_code: str = ""
    record_id: str = ""
    device_id: str = ""
    lost_id: str = ""
    member_id: str = ""
    organization_id: str = ""
    screen_token: str = ""
    imports: tuple[str, str] = ("", "")  # one to look at, one imported

    def session(self, user: User, must_change: bool = False) -> str:
        """The session cookie of a member, as after signing in."""
        now = int(datetime.now().timestamp())
        made = {"user_id": user.id, "stamp": user.stamp, "since": now, "seen": now, "must_change": must_change}
        serializer = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]
        return str(serializer.dumps(made))

    def cookies(self, who: str) -> dict[str, str]:
        """The cookies of a stranger, a resident, a volunteer, a member (owner), a viewer, a newcomer or a member without any event."""
        if who == "resident":
            return {"manage": ".".join(registrations.manage_token(ticket.id) for ticket in self.tickets.values())}
        if who == "volunteer":
            return {"device": self.device_token}
        if who == "stranger":
            return {}
        with self.app.app_context():
            user = db.session.scalars(select(User).where(User.email == f"{who}@example.test")).one()
            return {"session": self.session(user, must_change=who == "newcomer")}


def nothing(server: LiveServer) -> Crowd:
    """A server on its first day: members, and not one event."""
    crowd = Crowd(server, server.app())
    with crowd.app.app_context():
        crowd.organization_id = organizations.ensure("demo", "管城回族区某某街道办事处社区文化活动中心").id
        for who, role in (("member", "owner"), ("viewer", "viewer"), ("newcomer", "owner")):
            organizations.add_user(f"{who}@example.test", "demo", role, "欧阳主任")
        organizations.create_token("demo", "viewer", "区统计系统每日取数（周一至周五）")
        crowd.member_id = db.session.scalars(select(Membership.id).join(User, User.id == Membership.user_id).where(User.email == "viewer@example.test")).one()
    return crowd


def fill(crowd: Crowd, people: int = PEOPLE) -> Crowd:
    """Put an event in each state on the server, one of them with more of everything than any evening will bring."""
    today = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
    span = {"starts_at": (today - timedelta(days=1)).isoformat(), "ends_at": (today + timedelta(days=2)).isoformat()}
    with crowd.app.app_context():
        organization = organizations.ensure("demo")
        owner = Actor("member", id="user:crowd", organizations=((organization.id, "owner"),))
        for document in (_big(today) | span, _full() | span, {"slug": DRAFT, "title": "草稿", "kind": "meeting"}):
            events.create(owner, document)
        for slug, change in ((OVER, events.close), (CALLED_OFF, events.cancel)):
            events.create(owner, {"slug": slug, "title": f"{slug} 广场宣传", "kind": "outreach", "registration": {"open": False}, **span})
            events.publish(owner, slug)
            change(owner, slug)
        for slug in (BIG, FULL):
            events.publish(owner, slug)
        _try_out(owner, today)
        _register(crowd, owner)
        _wait(crowd, owner, today)
        register_many(BIG, people)
        for sessions in ([], ["s-3", "s-5"]):
            slips.make(owner, BIG, {"count": 40, "party_size": 2, "sessions": sessions})
        crowd.imports = _lists(owner)
        stamps.switch(owner, BIG, True)
        crowd.screen_token = venue_codes.screen_token(db.session.scalars(select(Event).where(Event.slug == BIG)).one(), "gate")
        _phones(crowd, owner)
        _number(crowd, owner)
    return crowd


def _lists(owner: Actor) -> tuple[str, str]:
    """Lists that somebody brought in, with faults and doubles."""
    head = "序号,姓名,手机号码,人数,您最想学哪一项非遗手艺，或者想向哪个部门咨询哪一件事情,备注\n"
    rows = "".join(f"{n},阿卜杜热合曼·买买提艾力{n},1361234{n:04d},{n % 3 + 1},剪纸,{LONG_WORD if n % 5 == 0 else ''}\n" for n in range(40))
    wrong = "41,,1361234,很多,x,\n42,阿卜杜热合曼·买买提艾力1,13612340001,2,,\n43,王桂芳,1.36E+10,99,,\n"
    draft = imports.stage_file(owner, BIG, (head + rows + wrong).encode("gb18030"))
    done = imports.stage_file(owner, BIG, (head + rows.replace("1361234", "1371234") + wrong).encode("gb18030"))
    imports.start(owner, BIG, done, channel="desk", consent=True, doubles=False, whole=False)
    return draft, done


def _big(today: datetime) -> dict[str, Any]:
    begin = today + timedelta(hours=9)
    kinds = ("headcount", "handout", "consultation", "application", "material")
    return {
        "slug": BIG,
        "title": LONG_TITLE,
        "kind": "fair",
        "host": "管城回族区人民政府办公室、管城回族区文化广电旅游体育局、管城回族区政务服务和大数据管理局",
        "undertaker": "管城回族区非物质文化遗产保护中心及各街道办事处综合文化站",
        "venue": "管城回族区南大街与东大街交叉口向北一百五十米路西商都国家考古遗址公园城墙下西广场",
        "contact_phone": "0371-66001234",
        "description": f"{LONG_TITLE}。详情见{LONG_WORD}{'activity' * 12}。" * 3,
        "registration": {
            "capacity": 20_000, "max_party": 8,
            "questions": [{"key": "wish", "label": "您最想学哪一项非遗手艺，或者想向哪个部门咨询哪一件事情", "type": "text"}],
        },
        "units": [{"key": f"u-{n}", "name": f"第{n}街道（园区）办事处及其党群服务中心工作委员会", "expected": n % 3 + 1} for n in range(1, 14)],
        "areas": [{"key": f"stall-{n}", "name": f"第{n}号摊位：猴加官、黄河澄泥砚、麦秆画", "kind": "stall", "note": "传承人现场演示" * 4} for n in range(1, 31)],
        "sessions": [
            {
                "key": f"s-{n}", "name": f"第{n}场 剪纸与面塑亲子体验（六至十二岁，须家长陪同）", "capacity": 400 if n > 1 else 2,
                "starts_at": (begin + timedelta(minutes=30 * n)).isoformat(), "ends_at": (begin + timedelta(minutes=30 * n + 25)).isoformat(),
            }
            for n in range(1, 21)
        ],
        "checkpoints": [
            {"key": "gate", "name": "商都国家考古遗址公园东门检票口", "rule": "once", "entrance": True, "by_oneself": "screen"},
            *({"key": f"p-{n}", "name": f"打卡点{n}（城墙下第{n}展棚）", "rule": ("stamp", "each_time", "daily")[n % 3], "by_oneself": ("word", "no", "word")[n % 3]} for n in range(1, 8)),
        ],
        "counters": [
            {
                "key": f"c-{n}", "name": f"政务公开和便民服务宣传册第{n}种", "kind": kinds[n % 5], "unit": "人次" if n % 5 in {0, 2} else "份",
                "verb": "接受" if n % 5 == 2 else "发放", "steps": [1, 5, 10, 100],
                **({"topics": [f"{word}类咨询事项" for word in "社保,医保,户籍,就业,住房,教育,民政,残联".split(",")]} if n % 5 == 2 else {}),
                **({"stock": 3000} if n % 5 == 1 else {}),
            }
            for n in range(10)
        ],
    }  # fmt: skip


def _try_out(owner: Actor, today: datetime) -> None:
    """An event that was rehearsed once and is being rehearsed again."""
    later = {"starts_at": (today + timedelta(days=9, hours=9)).isoformat(), "venue": "社区广场", "contact_phone": "0371-66001234"}
    counters = [{"key": "heads", "name": "人数", "kind": "headcount", "unit": "人次"}]
    events.create(owner, {"slug": TRY_OUT, "title": "下周的敬老宣传", "kind": "outreach", "counters": counters, **later})
    events.publish(owner, TRY_OUT)
    rehearsals.start(owner, TRY_OUT)
    for last in (False, True):
        tap = {"id": str(uuid.uuid4()), "type": "tally", "counter": "heads", "quantity": 3, "at": datetime.now(ZoneInfo("UTC")).isoformat()}
        records.submit(owner, TRY_OUT, {"records": [tap]})
        if not last:
            rehearsals.reset(owner, TRY_OUT, 1, again=True)


def _full() -> dict[str, Any]:
    return {
        "slug": FULL, "title": "名额已满的讲座", "kind": "fair", "contact_phone": "0371-66001234", "venue": "社区活动室",
        "registration": {"capacity": 2, "max_party": 2, "waitlist": True},
        "checkpoints": [{"key": "gate", "name": "门口", "rule": "once", "entrance": True}],
    }  # fmt: skip


def _register(crowd: Crowd, owner: Actor) -> None:
    """One ticket of every kind."""
    for number, (kind, slug, size) in enumerate((("whole", BIG, 8), ("cancelled", BIG, 1), ("blocked", BIG, 2), ("taken", FULL, 2), ("waiting", FULL, 1))):
        said = {"name": LONG_NAME, "phone": f"1380000{number:04d}", "party_size": size, "consent": True, "answers": {"wish": "面塑" * 40} if slug == BIG else {}}
        said["sessions"] = [f"s-{n}" for n in range(2, 9)] if kind == "whole" else []
        crowd.tickets[kind] = registrations.register(owner, slug, said).registration
    for number, attendance in enumerate(("present", "stand_in", "leave", "absent"), 1):
        units.call(owner, BIG, f"u-{number}", attendance, 12 if number == 1 else None)
    registrations.cancel(owner, BIG, crowd.tickets["cancelled"].id)
    registrations.block(owner, BIG, crowd.tickets["blocked"].id, True)
    for ticket in crowd.tickets.values():
        db.session.refresh(ticket)
        db.session.expunge(ticket)


def _wait(crowd: Crowd, owner: Actor, today: datetime) -> None:
    """An evening in which places are held for some, others wait, and somebody was passed over."""
    begin = today + timedelta(days=9, hours=19)
    sessions = [
        {
            "key": f"s-{n}", "name": f"第{n}场 剪纸与面塑亲子体验（六至十二岁）", "capacity": (2, 2, 30)[n - 1],
            "starts_at": (begin + timedelta(hours=n - 1)).isoformat(), "ends_at": (begin + timedelta(hours=n - 1, minutes=40)).isoformat(),
        }
        for n in (1, 2, 3)
    ]  # fmt: skip
    registration = {"capacity": 6, "hold_hours": 48, "waitlist_rule": "fit", "reserve": 1}
    more = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=4)).isoformat(), "venue": "社区活动室", "contact_phone": "0371-66001234"}
    events.create(owner, {"slug": HELD, "title": "名额有限的剪纸体验", "kind": "course", "sessions": sessions, "registration": registration, **more})
    events.publish(owner, HELD)

    def come(number: int, size: int, *keys: str) -> Registration:
        said = {"name": LONG_NAME if number % 2 else "王桂芳", "phone": f"1381000{number:04d}", "party_size": size, "consent": True, "channel": "web"}
        return registrations.register(owner, HELD, {**said, "sessions": list(keys), "wait_for_sessions": True}).registration

    there, lining = come(0, 1, "s-1"), come(1, 3, "s-1", "s-2")
    come(2, 1, "s-1")
    for number in range(3, 9):
        come(number, 2, "s-3")
    offered = come(9, 1)
    registrations.cancel(owner, HELD, there.id)
    for kind, ticket in (("lining", lining), ("offered", offered)):
        db.session.refresh(ticket)
        db.session.expunge(ticket)
        crowd.tickets[kind] = ticket


def _number(crowd: Crowd, owner: Actor) -> None:
    """Stalls that give numbers: one is called, others wait, also the resident's own ticket."""
    for stall in ("stall-1", "stall-2"):
        queues.switch(owner, BIG, stall, True)
    for _ in range(3):
        queues.hand_out(owner, BIG, "stall-1")
    queues.call(owner, BIG, "stall-1")
    queues.take(owner, BIG, crowd.tickets["whole"].id, "stall-1")


STATUSES = ("confirmed",) * 17 + ("cancelled", "pending", "confirmed")


def register_many(slug: str, people: int, statuses: tuple[str, ...] = STATUSES) -> list[str]:
    """As many parties more, straight into the tables; their codes. Within an application context."""
    event = db.session.scalars(select(Event).where(Event.slug == slug)).one()
    now = datetime.now(ZoneInfo("UTC"))
    drawn = set(db.session.scalars(select(Registration.pickup_code).where(Registration.event_id == event.id)))
    free = (f"{number}" for number in range(100_000, 1_000_000) if f"{number}" not in drawn)
    parties, persons = [], []
    for number in range(people):
        key, seq, status = str(uuid.uuid4()), event.next_seq + number, statuses[number % len(statuses)]
        parties.append({
            "id": key, "event_id": event.id, "seq": seq, "roster_revision": seq, "status": status, "party_size": number % 3 + 1,
            "code": codes.mint(), "pickup_code": next(free), "channel": ("web", "phone", "desk", "proxy")[number % 4],
            "created_at": now, "updated_at": now,
        })  # fmt: skip
        name = LONG_NAME if number % 9 == 0 else f"王桂{'芳兰英香琴'[number % 5]}"
        phone = f"+8613{number:09d}"
        persons.append({"registration_id": key, "event_id": event.id, "name": name, "initials": " wgf ", "spelt": " wangguifang wgf ", "phone": phone, "phone_tail": phone[-4:]})
    db.session.execute(insert(Registration), parties)
    db.session.execute(insert(Person), persons)
    taken = sum(row["party_size"] for row in parties if row["status"] != "cancelled")
    changed = {"next_seq": event.next_seq + people, "roster_revision": event.next_seq + people, "places_taken": event.places_taken + taken}
    db.session.execute(update(Event).where(Event.id == event.id).values(changed))
    db.session.commit()
    return [row["code"] for row in parties]


def _phones(crowd: Crowd, owner: Actor) -> None:
    """Thirty phones, one of which has tapped 200 times, scanned, been refused, and differs from the server."""
    invited = devices.invite(owner, BIG, {"name": "东门检票口志愿者手机（夜市一组）", "max_uses": 40})
    for number in range(30):
        crowd.device_token = devices.join(invited.join_code, f"{LONG_NAME[:30]}{number}", uuid.uuid4().hex).token
    crowd.join_code = invited.join_code
    door = actors.authenticate(crowd.device_token)
    crowd.device_id = door.id.removeprefix("device:")
    start = datetime.now(ZoneInfo("UTC")) - timedelta(hours=3)
    happened: list[dict[str, Any]] = [
        {"type": "tally", "counter": f"c-{(0, 1, 2, 6, 7)[n % 5]}", "quantity": (1, 5, 10, 100)[n % 4], **({"topic": "社保类咨询事项"} if n % 5 in {2, 4} else {})}
        for n in range(200)
    ]
    codes_of = list(db.session.scalars(select(Registration.code).join(Event).where(Event.slug == BIG, Registration.status == "confirmed").limit(60)))
    happened += [{"type": "checkin", "checkpoint": "gate", "ticket": code, "count": 1} for code in [*codes_of, *codes_of[-6:]]]
    happened += [{"type": "checkin", "checkpoint": "gate", "ticket": crowd.tickets["cancelled"].code, "count": 1, "decided": "admitted"}]
    happened += [{"type": "checkin", "checkpoint": "gate", "ticket": "0" * 20, "count": 1}, {"type": "walkin", "checkpoint": "gate", "count": 3}]
    for number, record in enumerate(happened):
        record |= {"id": str(uuid.uuid4()), "at": (start + timedelta(seconds=30 * number)).isoformat(), "operator": LONG_NAME[:40]}
    sent = datetime.now(ZoneInfo("UTC")).isoformat()
    answers = records.submit(door, BIG, {"sent_at": sent, "queued": 7, "records": happened})["results"]
    assert [answer for answer in answers if answer["status"] == "rejected"] == []
    crowd.record_id = happened[0]["id"]
    crowd.lost_id = devices.join(invited.join_code, LONG_NAME[:40], uuid.uuid4().hex).device.id
    devices.revoke(owner, BIG, crowd.lost_id)
    lost = actors.stopped(actors.device_token(crowd.lost_id))
    held = [{**record, "id": str(uuid.uuid4())} for record in [*happened[:60], *happened[-4:], {**happened[0], "counter": "nothing"}]]
    quarantine.salvage(lost, BIG, {"sent_at": sent, "records": held})
    db.session.execute(update(Device).where(Device.id != crowd.device_id).values(queued=3))
    db.session.commit()
