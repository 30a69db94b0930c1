"""What a message says: by mail with the ticket's link, as a text message of at most 70 characters, and as a sentence to be spoken.

The words are Chinese in every language of the interface: they are for residents. A text message is made of a template that
the operator registers with the provider and of short values (nothing longer than 12 characters), signature included it is one
message of 70 characters; a ticket's link of over 50 does not fit beside the rest, so that text messages bring the 签到码 instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

SMS_LENGTH = 70  # characters of one text message, the signature's too
VALUE_LENGTH = 12  # characters of one value in it
LATER = "时间另行通知"
INNER = str.maketrans("“”", "‘’")  # quotation marks within quotation marks (GB/T 15834)
NO_QUOTES = str.maketrans("", "", "“”‘’\"'《》")


@dataclass(frozen=True)
class Facts:
    """What of an event, a party and a cause stands in a message; the name and the rest are read when it is sent."""

    title: str
    host: str
    venue: str
    zone: str
    starts_at: datetime | None
    date_text: str
    contact_phone: str
    party_size: int
    pickup_code: str
    link: str
    short_title: str = ""
    name: str = ""
    position: int = 0
    until: datetime | None = None  # until when a place is held
    session: str = ""  # the name of the session that the message is about


@dataclass(frozen=True)
class Template:
    """One kind of message: the mail's subject and first sentence, the text message's words, and what a caller says."""

    subject: str
    sentence: str
    sms: str
    spoken: str
    ticket: bool = True  # whether the mail goes on with time, place, 签到码 and link


TEMPLATES = {
    "confirmed": Template(
        "报名成功：{title}", "您已报名“{title}”。", "您已报名“{short}”，{when}，签到码{code}。电话{tel}",
        "您报名的“{title}”已经登记好了，{long_when}{where}，签到码是{code}。",
    ),
    "waitlisted": Template(
        "已登记候补：{title}", "“{title}”名额已满，您在候补第{position}位，有名额时会通知您。", "您在“{short}”候补第{position}位，有名额时会通知您。电话{tel}",
        "您报名的“{title}”名额满了，您在候补第{position}位，有名额时再通知您。", ticket=False,
    ),
    "promoted": Template(
        "有名额了：{title}", "“{title}”有名额了，您已递补成功，可以参加。", "“{short}”您已递补，{when}，签到码{code}。电话{tel}",
        "您候补的“{title}”有名额了，已经给您报上，{long_when}{where}，签到码是{code}；不来的话请告诉我，好让给别人。",
    ),
    "offered": Template(
        "请确认名额：{title}", "“{title}”有名额了，给您保留到{long_until}，请在这之前打开报名凭证，按一下“我要来”。", "“{short}”有名额了，请在{until}前到凭证页确认。电话{tel}",
        "您候补的“{title}”有名额了，给您保留到{long_until}，您来的话现在告诉我，我替您确认。",
    ),
    "lapsed": Template(
        "名额已让给后面的人：{title}", "“{title}”的名额没有按时确认，已经让给后面的人。还想来，可以在报名凭证里重新排队。", "“{short}”没有按时确认，名额已给后面的人。电话{tel}",
        "您候补的“{title}”没有按时确认，名额已经让给后面的人，还想来的话可以重新排队。", ticket=False,
    ),
    "to_approve": Template(
        "有名额了，等主办方确认：{title}", "“{title}”有名额了，等主办方确认以后就可以参加。", "“{short}”有名额了，等主办方确认。电话{tel}",
        "您候补的“{title}”有名额了，等主办方确认以后再通知您。", ticket=False,
    ),
    "session_promoted": Template(
        "场次有名额了：{title}", "您在“{title}”候补的场次“{session}”有名额了，已经给您报上。", "“{short}”的{session}您已递补，签到码{code}。电话{tel}",
        "您在“{title}”候补的场次“{session}”有名额了，已经给您报上，签到码是{code}。",
    ),
    "session_offered": Template(
        "请确认场次：{title}", "您在“{title}”候补的场次“{session}”有名额了，给您保留到{long_until}，请在这之前打开报名凭证，按一下“我要去”。", "“{session}”有名额了，请在{until}前到凭证页确认。电话{tel}",
        "您在“{title}”候补的场次“{session}”有名额了，给您保留到{long_until}，您去的话现在告诉我，我替您确认。",
    ),
    "session_lapsed": Template(
        "场次名额已让给后面的人：{title}", "您在“{title}”候补的场次“{session}”没有按时确认，名额已经让给后面的人；活动本身的报名不变。", "“{session}”没有按时确认，名额已给后面的人。电话{tel}",
        "您在“{title}”候补的场次“{session}”没有按时确认，名额已经让给后面的人，活动本身的报名不变。",
    ),
    "resized": Template(
        "报名人数有变：{title}", "您报名的“{title}”现在是{size}位。", "您在“{short}”的报名改为{size}位，签到码{code}。电话{tel}",
        "您报名的“{title}”人数改成了{size}位，签到码还是{code}。",
    ),
    "cancelled": Template(
        "报名已取消：{title}", "您在“{title}”的报名已取消。如果不是您要取消的，请打电话问一下。", "您在“{short}”的报名已取消。如有疑问请电话{tel}",
        "您在“{title}”的报名已经取消，到时请不用来；有疑问可以现在问我。", ticket=False,
    ),
    "moved": Template(
        "时间或地点有变：{title}", "您报名的“{title}”时间或地点有变，请按下面的来。", "“{short}”改为{when}，{place}。电话{tel}",
        "您报名的“{title}”时间地点有变：{long_when}{where}，签到码不变，还是{code}。",
    ),
    "postponed": Template(
        "改期通知：{title}", "您报名的“{title}”改期了，报名仍然有效，请按新的时间来。", "“{short}”改期：{when}。签到码不变。电话{tel}",
        "您报名的“{title}”改期了：{long_when}{where}，报名仍然有效，签到码还是{code}。",
    ),
    "event_cancelled": Template(
        "活动取消：{title}", "“{title}”已取消，请不要前往。给您添麻烦了。", "“{short}”（{when}）已取消，请不要前往。电话{tel}",
        "您报名的“{title}”取消了，请不要前往，给您添麻烦了。", ticket=False,
    ),
    "reminder": Template(
        "明天见：{title}", "提醒您：您报名的“{title}”快到时间了。来不了请在凭证里取消，把名额让给别人。",
        "提醒：“{short}”{when}开始，签到码{code}。电话{tel}", "提醒一下，您报名的“{title}”是{long_when}{where}，签到码是{code}。",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Sms:
    """The values in the template's order, and the whole text as the reader gets it without the signature."""

    values: dict[str, str]
    text: str


def subject(template: str, facts: Facts) -> str:
    """The mail's subject."""
    return TEMPLATES[template].subject.format(**_values(facts))


def mail(template: str, facts: Facts) -> str:
    """The mail's text."""
    kind, values = TEMPLATES[template], _values(facts)
    lines = [f"{facts.name}，您好：" if facts.name else "您好：", "", kind.sentence.format(**values), ""]
    if kind.ticket:
        lines += [f"时间：{values['long_when']}"]
        lines += [f"地点：{facts.venue}"] if facts.venue else []
        lines += [f"人数：{facts.party_size}位", f"签到码：{facts.pickup_code}"]
    if template != "event_cancelled":
        lines += [f"报名凭证：{facts.link}"]
    if facts.contact_phone:
        lines += [f"电话：{facts.contact_phone}"]
    lines += ["", facts.host, "这是自动发出的邮件，不用回复。收不到邮件也不影响：报名凭证和签到码一直有效。"]
    return "\n".join(lines) + "\n"


def sms(template: str, facts: Facts) -> Sms:
    """The text message, every value short enough that one message holds it."""
    pattern, values = TEMPLATES[template].sms, _values(facts)
    used = sorted((name for name in values if f"{{{name}}}" in pattern), key=lambda name: pattern.index(f"{{{name}}}"))
    chosen = {name: short(values[name], VALUE_LENGTH) for name in used}
    return Sms(chosen, pattern.format(**chosen))


def spoken(template: str, facts: Facts) -> str:
    """One sentence for whoever telephones."""
    who = f"我是{facts.host}的工作人员，" if facts.host else ""
    return f"您好，{who}{TEMPLATES[template].spoken.format(**_values(facts))}"


def short(text: str, most: int) -> str:
    """The text, or its beginning with … where it is longer than ``most`` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def when(facts: Facts) -> str:
    """8月15日18:00, 8月15日 where there is no hour, the date as somebody wrote it, or 时间另行通知."""
    return _short_moment(facts.starts_at, facts.zone) if facts.starts_at else facts.date_text or LATER


def _short_moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.month}月{local.day}日" + ("" if local.time() == time(0) else f"{local:%H:%M}")


def _long_when(facts: Facts) -> str:
    return _moment(facts.starts_at, facts.zone) if facts.starts_at else facts.date_text or LATER


def _moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    day = f"{local.month}月{local.day}日（周{'一二三四五六日'[local.weekday()]}）"
    return day + ("" if local.time() == time(0) else f"{local:%H:%M}")


def _dialled(phone: str) -> str:
    """A telephone number without hyphens and extension, as short as it is dialled; none where that is longer than a value may be."""
    found = re.match(r"\+?[\d\s-]+", phone)
    digits = re.sub(r"[\s-]", "", found[0]) if found else ""
    return digits if len(digits) <= VALUE_LENGTH else ""


def _values(facts: Facts) -> dict[str, str]:
    said = when(facts)
    return {
        "title": facts.title.translate(INNER),
        "short": (facts.short_title or facts.title).translate(NO_QUOTES),
        "when": LATER if facts.starts_at is None and LATER in said else said,
        "long_when": _long_when(facts),
        "where": f"，在{facts.venue}" if facts.venue else "",
        "place": facts.venue or "地点见活动页",
        "code": facts.pickup_code,
        "size": str(facts.party_size),
        "position": str(facts.position),
        "until": _short_moment(facts.until, facts.zone) if facts.until else "期限",
        "long_until": _moment(facts.until, facts.zone) if facts.until else "期限",
        "session": facts.session.translate(NO_QUOTES) or "场次",
        "tel": _dialled(facts.contact_phone) or "见活动页",
    }
