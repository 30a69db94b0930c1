"""What a scan says, as "big word · line": one sentence for each outcome, in the resident's terms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

SENTENCES = {
    "admitted": "请进 · {admitted}位",
    "exit": "已离场 · {admitted}位",
    "walkin": "请进 · 现场登记{admitted}位",
    "already_used": "已签到",
    "already_used_at": "已签到 · {first}",
    "too_many": "还可进{remaining}位",
    "too_many_for_ticket": "这张凭证只有{party_size}位",
    "unknown_ticket": "没查到 · 请报手机尾号",
    "wrong_event": "这是别的活动的码",
    "wrong_event_of": "这是“{event_title}”的码",
    "cancelled": "已取消 · 可现场登记",
    "waitlisted": "候补 · 暂未递补",
    "waitlisted_at": "候补第{position}位 · 暂未递补",
    "awaiting_approval": "主办方还没确认",
    "blocked": "请到服务台",
    "reissued": "已换新码 · 请打开新凭证",
    "wrong_session": "您没有报这一场",
    "wrong_session_of": "您报的是{sessions}场",
    "not_yet_open": "还没有开始入场",
    "not_yet_open_until": "{opens}开始入场",
    "closed": "已停止入场",
    "answers_needed": "还要问{questions}项",
    "counted": "已记上",
    "undone": "已撤销",
    "refused": "手机上已拒绝",
    "let_in": "已放行 · 待负责人核对（{message}）",
}
DATE = re.compile(r"(\d{1,2})月(\d{1,2})日(\d{2}:\d{2})")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(at: datetime, zone: str, now: datetime | None = None) -> str:
    """A time of day in the event's zone, with its date where that is another day than ``now``: 19:02, 8月14日19:02."""
    local = at.astimezone(ZoneInfo(zone))
    clock = f"{local:%H:%M}"
    if now is None or now.astimezone(ZoneInfo(zone)).date() == local.date():
        return clock
    return f"{local.month}月{local.day}日{clock}"


@lru_cache(maxsize=256)  # a queue is told the same again and again
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
    said = outcome
    if outcome == "admitted" and direction == "exit":
        said = "exit"
    elif outcome == "already_used" and first:
        said, first = "already_used_at", " ".join(part for part in (first, place, device) if part)
    elif outcome == "too_many" and remaining is None:
        said = "too_many_for_ticket"
    elif outcome == "wrong_event" and event_title:
        said = "wrong_event_of"
    elif outcome == "waitlisted" and position:
        said = "waitlisted_at"
    elif outcome == "wrong_session" and sessions:
        said = "wrong_session_of"
    elif outcome == "not_yet_open" and opens:
        said = "not_yet_open_until"
    return SENTENCES[said].format(
        admitted=admitted, remaining=remaining, party_size=party_size, first=first, event_title=event_title, position=position,
        sessions=sessions, opens=opens, questions=questions,
    )  # fmt: skip


def let_in(message: str) -> str:
    """The sentence where a volunteer let somebody in against what the system says."""
    return SENTENCES["let_in"].format(message=message.replace(" · ", "，"))


def again(message: str, translate: Callable[[str], str]) -> str:
    """A sentence of `scan` in another language; anything else is translated as it stands."""
    for template in sorted(SENTENCES.values(), key=lambda one: ("{" in one, -len(one))):
        pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(template))
        found = re.fullmatch(pattern, message)
        if found:
            parts = found.groupdict()
            if "message" in parts:
                parts["message"] = again(parts["message"].replace("，", " · "), translate)
            return translate(template).format(**{name: text if name == "event_title" else _dated(text) for name, text in parts.items()})
    return translate(message)


def _dated(text: str) -> str:
    """Dates and lists as English writes them: 14 Aug 19:02."""
    return DATE.sub(lambda found: f"{found[2]} {MONTHS[int(found[1]) - 1]} {found[3]}", text).replace("、", ", ")
