"""Hand-built facts and figures for the tests of render: the source's outreach and fair, and a small evening of records."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from eventsvc.services.reports import CheckpointFigure, CounterFigure, EventFacts, Figures, RecordLine, Report, Reported

# 1900 and 2015 in Zhengzhou are 1100 and 1215 UTC.
EVENING = datetime(2020, 8, 14, 11, 0, tzinfo=UTC)
NOW = datetime(2020, 8, 14, 12, 15, tzinfo=UTC)

OUTREACH = EventFacts(
    slug="yangguang-zhengwu",
    title="推进基层政务公开暨“阳光政务、民心所望”新《中华人民共和国政府信息公开条例》宣传活动",
    short_title=None,
    kind="outreach",
    status="published",
    host="管城区人民政府办公室",
    undertaker=None,
    co_host=None,
    venue="商都遗址城墙下",
    contact_phone=None,
    zone="Asia/Shanghai",
    starts_at=None,
    ends_at=None,
    date_text="近日",
)
FAIR = EventFacts(
    slug="feiyi",
    title="“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动",
    short_title=None,
    kind="fair",
    status="published",
    host="管城区委宣传部",
    undertaker=None,
    co_host=None,
    venue="南关街街道新天地社区",
    contact_phone="0371-60000000",
    zone="Asia/Shanghai",
    starts_at=datetime(2020, 8, 14, 7, 0, tzinfo=UTC),
    ends_at=None,
    date_text="8月14日下午",
    year_inferred=True,
)
# The figures of the newspaper, typed from the source: value and qualifier apart.
REPORTED = (
    ("boards", "宣传展板", "material", "面", "制作", Reported(20)),
    ("banners", "宣传条幅", "material", "条", "悬挂", Reported(10)),
    ("foi", "依申请公开件", "application", "份", "现场受理", Reported(20, "over_duo")),
    ("consult", "群众咨询", "consultation", "人次", "接受", Reported(560)),
    ("booklets", "宣传册和宣传页", "handout", "册", "发放", Reported(1800, "over_yu")),
)


def counter(key: str, name: str, kind: str, unit: str, verb: str, total: int = 0, **more: Any) -> CounterFigure:
    """A counter whose total was tapped."""
    return CounterFigure(key, name, kind, unit, verb, total, **({"tapped": total} | more))


def figures(**more: Any) -> Figures:
    """Figures that are all nothing, but for what is said."""
    nothing: dict[str, Any] = dict.fromkeys(
        (
            "unsynced", "registrations", "people_registered", "waitlisted", "people_admitted", "entries",
            "inside", "walkins", "scans", "refused", "conflicts", "unidentified",
        ),
        0,
    )  # fmt: skip
    return Figures(**(nothing | {"as_of": NOW, "by_checkpoint": (), "by_hour": (), "by_quarter": (), "counters": ()} | more))


def outreach() -> Report:
    """The outreach as the newspaper reports it: typed figures only."""
    return Report(OUTREACH, figures(counters=tuple(counter(*row[:5], reported=row[5]) for row in REPORTED)))


def fair(**more: Any) -> Report:
    """The fair with whatever figures are said, its one entrance included."""
    entries = more.get("entries", 0)
    gate = CheckpointFigure("gate", "入口", "each_time", True, more.get("people_admitted", 0), entries, more.get("inside", 0))
    return Report(FAIR, figures(**({"by_checkpoint": (gate,)} | more)))


def line(number: int, kind: str = "checkin", **more: Any) -> RecordLine:
    """A ledger row: by default one person let in at the gate, a minute after the one before."""
    at = EVENING + timedelta(minutes=number)
    row = RecordLine(
        seq=number, id=str(uuid.UUID(int=number)), type=kind, at=at, received_at=at, place="入口", place_key="gate", ticket="…GHJK",
        person="张*丰", quantity=1, direction="entry", topic=None, basis=None, outcome="admitted", decided=None, undone=False, flags=(),
        device="东门一号", operator="志愿者甲", reason=None, note=None,
    )  # fmt: skip
    return replace(row, **more)
