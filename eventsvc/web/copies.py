"""A person's copy in words: as a page, as text to be read or printed, as JSON for another program."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from flask import Response, render_template
from flask_babel import lazy_gettext

from eventsvc.render import words as ledger
from eventsvc.services.persons import show_phone
from eventsvc.services.rights import Copy
from eventsvc.web import filters
from eventsvc.web.forms import AGES

ROLES = {
    "owner": lazy_gettext("主办方负责人"),
    "editor": lazy_gettext("主办方编辑"),
    "viewer": lazy_gettext("主办方查看者"),
    "member": lazy_gettext("主办方工作人员"),
    "device": lazy_gettext("现场志愿者"),
    "program": lazy_gettext("主办方的程序"),
    "system": lazy_gettext("系统"),
    "self": lazy_gettext("您自己"),
}
DEEDS = {
    "registration.view": lazy_gettext("查看了完整信息"),
    "registration.edit": lazy_gettext("修改了报名"),
    "registration.approve": lazy_gettext("确认了报名"),
    "registration.cancel": lazy_gettext("取消了报名"),
    "registration.restore": lazy_gettext("恢复了报名"),
    "registration.reissue": lazy_gettext("换了新码"),
    "registration.block": lazy_gettext("暂停了报名"),
    "registration.unblock": lazy_gettext("解除了暂停"),
    "registration.paused": lazy_gettext("暂停了号码网上报名"),
    "registration.excused": lazy_gettext("免计报名未到"),
    "registration.accept": lazy_gettext("替对方确认了名额"),
    "registration.sessions": lazy_gettext("改了场次"),
    "registration.reveal": lazy_gettext("查看了加密的回答"),
    "slip.name": lazy_gettext("记下了您的姓名"),
    "registration.export": lazy_gettext("导出了名单"),
    "calls.read": lazy_gettext("打开了电话名单"),
    "calls.tick": lazy_gettext("打电话通知后做了记号"),
    "rights.copy": lazy_gettext("应要求取了一份副本"),
    "rights.correct": lazy_gettext("更正了信息"),
    "rights.erase": lazy_gettext("删除了个人信息"),
}
TEMPLATES = {
    "confirmed": lazy_gettext("报名成功"), "waitlisted": lazy_gettext("候补"), "promoted": lazy_gettext("递补成功"), "resized": lazy_gettext("人数有变"),
    "cancelled": lazy_gettext("报名已取消"), "moved": lazy_gettext("时间地点有变"), "postponed": lazy_gettext("改期"),
    "event_cancelled": lazy_gettext("活动取消"), "reminder": lazy_gettext("前一天提醒"),
}  # fmt: skip
CHANNELS = {"mail": lazy_gettext("邮件"), "sms": lazy_gettext("短信")}
STATES = {
    "waiting": lazy_gettext("待发送"), "later": lazy_gettext("稍后再试"), "sent": lazy_gettext("已发出"), "failed": lazy_gettext("没发出去"),
    "call": lazy_gettext("要打电话"), "call_reached": lazy_gettext("已电话通知"), "call_not_reached": lazy_gettext("没打通"), "dropped": lazy_gettext("不用发了"),
}  # fmt: skip
OUTCOMES = ledger.OUTCOMES
WAYS = {"web": lazy_gettext("网上报名"), "phone": lazy_gettext("电话报名"), "desk": lazy_gettext("当面登记"), "proxy": lazy_gettext("代报名"), "paper": lazy_gettext("纸质凭条")}


def words() -> dict[str, Any]:
    """What a template needs beside the copy."""
    return {
        "roles": ROLES, "deeds": DEEDS, "templates": TEMPLATES, "channels": CHANNELS, "states": STATES, "outcomes": OUTCOMES, "ways": WAYS,
        "show_phone": show_phone, "ages": dict(AGES),
    }  # fmt: skip


def download(copy: Copy, kind: str) -> Response:
    """The copy as a file: ``txt`` or ``json``; it is stored nowhere on the way."""
    if kind == "json":
        body, mime = json.dumps(document(copy), ensure_ascii=False, indent=2) + "\n", "application/json"
    else:
        body, mime = "\ufeff" + render_template("tickets/copy.txt", copy=copy, event=copy.event, **words()).strip() + "\n", "text/plain; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{copy.event.slug}-my-data.{kind}"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, content_type=mime)


def document(copy: Copy) -> dict[str, Any]:
    """The copy as JSON, named as in the API; times with the event's offset."""
    of = copy.registration

    def at(moment: datetime | None) -> str | None:
        return filters.local(moment, copy.event.timezone).isoformat(timespec="seconds") if moment else None

    return {
        "event": {"slug": copy.event.slug, "title": copy.event.title, "host": copy.event.host, "contact_phone": copy.event.contact_phone},
        "registration": {
            "id": of.id, "status": of.status, "party_size": of.party_size, "sessions": list(copy.sessions), "pickup_code": of.pickup_code,
            "code": of.code, "channel": of.channel, "created_at": at(of.created_at), "updated_at": at(of.updated_at), "cancelled_at": at(of.cancelled_at),
        },
        "person": {"name": copy.name, "phone": copy.phone, "email": copy.email, "note": copy.note, "answers": [{"question": q, "answer": a} for q, a in copy.answers],
                   "members": list(copy.members), "guardian": copy.guardian},
        "consent": {"version": of.consent_version, "at": at(of.consent_at)}, "guardian_consent": {"version": of.guardian_version, "at": at(of.guardian_at)},
        "kept_until": at(copy.until),
        "messages": [{"at": at(one.at), "kind": one.template, "channel": one.channel, "state": one.state} for one in copy.told],
        "scans": [{"at": at(one.at), "place": one.place, "people": one.quantity, "outcome": one.outcome, "undone": one.undone} for one in copy.passages],
        "accesses": [{"at": at(one.at), "by": one.role, "deed": one.action, "plain": one.plain} for one in copy.accesses],
        "made_at": at(copy.made_at),
    }  # fmt: skip
