"""The journal for owners: who published, changed, took out, froze, undid; when, and at which event."""

from __future__ import annotations

from flask import Response, g
from flask_babel import lazy_gettext

from eventsvc.services import audit
from eventsvc.web.manage.console import blueprint, show
from eventsvc.web.view import action

WORDS = {
    "event.create": lazy_gettext("新建活动"),
    "event.edit": lazy_gettext("修改活动"),
    "event.published": lazy_gettext("发布活动"),
    "event.closed": lazy_gettext("结束活动"),
    "event.cancelled": lazy_gettext("取消活动"),
    "event.postpone": lazy_gettext("改期"),
    "event.finalize": lazy_gettext("定稿"),
    "rehearsal.begin": lazy_gettext("开始演练"),
    "rehearsal.reset": lazy_gettext("演练清零"),
    "rehearsal.end": lazy_gettext("结束演练"),
    "registration.edit": lazy_gettext("修改报名"),
    "registration.cancel": lazy_gettext("取消报名"),
    "registration.approve": lazy_gettext("确认报名"),
    "registration.reissue": lazy_gettext("换新码"),
    "registration.reveal": lazy_gettext("查看了加密的回答"),
    "registration.block": lazy_gettext("暂停报名"),
    "registration.unblock": lazy_gettext("恢复报名"),
    "registration.paused": lazy_gettext("暂停了号码网上报名"),
    "registration.excused": lazy_gettext("免计报名未到"),
    "registration.accept": lazy_gettext("替对方确认了名额"),
    "registration.sessions": lazy_gettext("改了场次"),
    "registration.unpaused": lazy_gettext("恢复号码网上报名"),
    "registration.import": lazy_gettext("导入名单"),
    "registration.import_undo": lazy_gettext("撤销导入"),
    "rights.copy": lazy_gettext("应本人要求取副本"),
    "rights.correct": lazy_gettext("本人更正信息"),
    "rights.erase": lazy_gettext("删除个人信息"),
    "retention.purge": lazy_gettext("到期删除个人信息"),
    "registration.bulk": lazy_gettext("批量处理报名"),
    "registration.export": lazy_gettext("导出名单"),
    "slip.make": lazy_gettext("备凭条"),
    "slip.print": lazy_gettext("打印凭条"),
    "slip.void": lazy_gettext("作废没用过的凭条"),
    "slip.name": lazy_gettext("给凭条记姓名"),
    "paper.enter": lazy_gettext("补录纸质名单"),
    "message.resend": lazy_gettext("重发通知"),
    "calls.read": lazy_gettext("查看电话名单"),
    "calls.tick": lazy_gettext("记下电话通知"),
    "unit.call": lazy_gettext("单位点名"),
    "device.invite": lazy_gettext("生成加入链接"),
    "device.revoke": lazy_gettext("停用手机"),
    "quarantine.accept": lazy_gettext("接受停用手机的记录"),
    "quarantine.refuse": lazy_gettext("丢弃停用手机的记录"),
    "record.undo": lazy_gettext("撤销记录"),
    "report.export": lazy_gettext("下载数据"),
    "password.change": lazy_gettext("修改密码"),
    "registration.restore": lazy_gettext("撤回取消"),
    "organization.name": lazy_gettext("改单位名称"),
    "member.add": lazy_gettext("添加成员"),
    "member.role": lazy_gettext("改成员的角色"),
    "member.password": lazy_gettext("重发一次性密码"),
    "member.remove": lazy_gettext("移出成员"),
    "token.create": lazy_gettext("生成程序接口令牌"),
    "token.revoke": lazy_gettext("作废程序接口令牌"),
}
CALLERS = {"public": lazy_gettext("居民"), "member": lazy_gettext("工作人员"), "device": lazy_gettext("志愿者手机"), "system": lazy_gettext("命令行"), "token": lazy_gettext("程序接口")}


@blueprint.get("/journal")
@action("organization.manage")
def journal() -> Response:
    """The latest hundred entries."""
    return show("journal/page.html", lines=audit.recent(g.actor), words=WORDS, callers=CALLERS)
