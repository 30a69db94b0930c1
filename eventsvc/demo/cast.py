"""The demo's cast: residents who are made up, with telephone numbers of a range that is made up; some are called so (演示)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resident:
    """Somebody who registers: how many come, to which sessions, and how many of them are already in."""

    name: str
    phone: str
    party_size: int = 1
    sessions: tuple[str, ...] = ()
    channel: str = "web"
    came: int = 0


RESIDENTS = (
    Resident("王桂芳", "13900000001", 2, ("opera",), "web", 2),
    Resident("李建国", "13900000002", 4, (), "web", 1),
    Resident("张秀英", "13900000003", 1, ("paper-cut",), "proxy", 1),
    Resident("陈小雨", "13900000004", 3, ("paper-cut", "chorus"), "web", 3),
    Resident("演示居民甲", "13900000005", 1, ("dough",), "web", 1),
    Resident("演示居民乙", "13900000006", 2, ("opera",), "web", 2),
    Resident("演示居民丙", "13900000007", 5, (), "web", 4),
    Resident("演示居民丁", "13900000008", 2, ("dough",), "proxy"),
    Resident("演示居民戊", "13900000009", 1, ("chorus",), "web"),
    Resident("演示居民己", "13900000010", 3, (), "web"),
    Resident("演示居民庚", "13900000011", 2, ("opera", "chorus"), "web"),
    Resident("演示居民辛", "13900000012", 1, (), "proxy"),
)
CONTACT = "13900000000"
VOLUNTEER = "演示志愿者"
