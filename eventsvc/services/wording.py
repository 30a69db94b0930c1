"""What a scan says, as "big word · line": one sentence for each outcome, in the resident's terms."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo


def moment(at: datetime, zone: str, now: datetime | None = None) -> str:
    """A time of day in the event's zone, with its date where that is another day than ``now``: 19:02, 8月14日19:02."""
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    if now is None or now.astimezone(ZoneInfo(zone)).date() == local.date():
        return clock
    return f"{local.month}月{local.day}日{clock}"


def scan(
    outcome: str,
    *,
    admitted: int = 0,
    direction: str = "entry",
    remaining: int | None = None,
    party_size: int = 1,
    first: str = "",
    place: str = "",
    device: str = "",
    event_title: str = "",
    position: int | None = None,
    sessions: str = "",
    opens: str = "",
    questions: int = 0,
) -> str:
    """The sentence for one outcome; every argument is already text or a number that may be shown to a volunteer."""
    if outcome == "admitted" and direction == "exit":
        return f"已离场 · {admitted}位"
    if outcome == "already_used":
        return "已签到" + (f" · {' '.join(part for part in (first, place, device) if part)}" if first else "")
    if outcome == "too_many":
        return f"还可进{remaining}位" if remaining is not None else f"这张凭证只有{party_size}位"
    if outcome == "wrong_event":
        return f"这是“{event_title}”的码" if event_title else "这是别的活动的码"
    if outcome == "waitlisted":
        return f"候补第{position}位 · 暂未递补" if position else "候补 · 暂未递补"
    if outcome == "wrong_session":
        return f"您报的是{sessions}场" if sessions else "您没有报这一场"
    if outcome == "not_yet_open":
        return f"{opens}开始入场" if opens else "还没有开始入场"
    return {
        "admitted": f"请进 · {admitted}位",
        "unknown_ticket": "没查到 · 请报手机尾号",
        "cancelled": "已取消 · 可现场登记",
        "awaiting_approval": "主办方还没确认",
        "blocked": "请到服务台",
        "reissued": "已换新码 · 请打开新凭证",
        "closed": "已停止入场",
        "answers_needed": f"还要问{questions}项",
        "counted": "已记上",
        "undone": "已撤销",
        "walkin": f"请进 · 现场登记{admitted}位",
    }[outcome]
