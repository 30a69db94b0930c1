"""The Chinese words of the documents: one word for one thing, the same in the brief, the report and the workbook."""

from __future__ import annotations

FIGURES = {
    "registrations": ("报名份数", "份"),
    "people_registered": ("报名人数", "人"),
    "waitlisted": ("候补人数", "人"),
    "people_admitted": ("到场人数", "人"),
    "entries": ("入场人次", "人次"),
    "inside": ("在场人数", "人"),
    "walkins": ("现场登记人数", "人"),
    "scans": ("扫码次数", "次"),
    "refused": ("未放行次数", "次"),
    "conflicts": ("待核对记录", "条"),
    "unidentified": ("无法对应凭证的入场人次", "人次"),
    "self_reported": ("自助签到的入场人次", "人次"),
    "unsynced": ("尚在手机上的记录", "条"),
}

DEFINITIONS = {
    "registrations": "已确认的报名凭证份数，一份凭证可含多人；候补、取消和现场登记不计。",
    "people_registered": "已确认的报名凭证上的人数之和；现场登记不计。",
    "waitlisted": "还在候补的人数。",
    "people_admitted": "来了多少人：每份凭证取各签到点中到场人数最多的一处，再相加；同一人走过几个签到点只算一人。每条现场登记各算一批人。",
    "entries": "入口放行了多少人次：每次放行的人数相加，同一人进两次算两人次；现场登记计入；超出凭证人数的放行不计。",
    "inside": "最后一条入口记录为“进”的人数。",
    "walkins": "现场登记的人数；已含在到场人数和入场人次内，不含在报名人数内。",
    "scans": "签到记录的条数，未放行的也算一次；不是人数。",
    "refused": "系统没有放行的签到记录条数。",
    "conflicts": "需要人工核对的记录，如两部断网手机放行了同一份凭证。不重复计人。",
    "unidentified": "凭证无法识别、由志愿者决定放行的人次；已含在入场人次内，不含在到场人数内。",
    "self_reported": "居民自己在入口签到的人次，没有志愿者看着；已含在入场人次内。",
    "unsynced": "已知还没有上传、因此没有计入的记录条数。",
}

PLAIN = {
    "people_registered": "报名里写的人数，候补的不算",
    "people_admitted": "来了多少人，同一人只算一次",
    "entries": "放进来多少人次，同一人进两次算两次",
    "inside": "现在还在里面的人，扫了“出”的不算",
    "headcount": "志愿者按人头点的，和扫码看到的是同一批人，两个数不相加",
    "counted": "志愿者点的数和补录的数，撤销的不计",
    "stocktake": "领取减剩余",
    "reported": "人给的数，没有现场记录",
}

KINDS = {"fair": "文化活动", "outreach": "宣传活动", "tour": "观摩活动", "meeting": "会议", "course": "课程"}

COUNTER_KINDS = {
    "headcount": "人数点数",
    "handout": "发放",
    "consultation": "咨询",
    "application": "受理",
    "material": "物料",
    "custom": "其他",
}

RULES = {"once": "每证入场一次", "daily": "每天一次", "each_time": "每次都计", "stamp": "集章"}

TYPES = {"checkin": "签到", "tally": "计数", "walkin": "现场登记", "undo": "撤销"}

DIRECTIONS = {"entry": "进", "exit": "出", "in": "进", "out": "出"}

BASES = {"tapped": "现场点数", "stocktake": "盘点", "paper": "纸质补录", "self": "自助签到"}

QUALIFIERS = {"exact": "准确数", "over_yu": "余", "over_duo": "多"}

DECISIONS = {"admitted": "放行", "refused": "未放行"}

OUTCOMES = {
    "admitted": "请进",
    "already_used": "已签到",
    "too_many": "超出人数",
    "unknown_ticket": "没查到",
    "wrong_event": "别的活动的码",
    "cancelled": "已取消",
    "waitlisted": "候补",
    "awaiting_approval": "主办方还没确认",
    "blocked": "请到服务台",
    "reissued": "已换新码",
    "wrong_session": "场次不符",
    "not_yet_open": "未到入场时间",
    "closed": "已停止入场",
    "answers_needed": "还要提问",
    "counted": "已计数",
    "undone": "已撤销",
    "walkin": "请进",
    "refused": "手机上已拒绝",
}

FLAGS = {
    "conflict": "待核对",
    "clock_skew": "手机时间不准",
    "target_missing": "所撤销的记录未到",
    "stock_negative": "库存不足",
    "below_zero": "库存不足",
    "unidentified": "无法对应凭证",
    "not_in_roster": "名单中尚无",
    "offline": "断网时记录",
    "spare": "备用码",
    "salvaged": "隔离后接受",
}

SIGNS = {"demo": "【演示】", "rehearsal": "【演练】", "cancelled": "【已取消】", "postponed": "【已延期】"}


def figure(name: str) -> str:
    """The word on the screen for a figure of ``stats``; an unknown name stays as it is."""
    return FIGURES[name][0] if name in FIGURES else name


def flags(names: tuple[str, ...]) -> str:
    """Flags of a record in Chinese words, joined by 、; an unknown flag stays as it is."""
    return "、".join(FLAGS.get(name, name) for name in names)
