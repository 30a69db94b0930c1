"""Four kinds of activity to start from: what each one usually has, in the words and units of the brief; nothing invented."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Template:
    """A start for a new event: its name and a line on the screen, and the part of a document that it fills in."""

    key: str
    name: str
    line: str
    document: dict[str, Any]

    def fresh(self) -> dict[str, Any]:
        """The document, to be changed at will."""
        return copy.deepcopy(self.document)


_GATE = {"key": "gate", "name": "入口", "rule": "once", "entrance": True}
_LEAFLETS = {
    "key": "leaflets", "name": "宣传册、宣传页", "kind": "handout", "unit": "份", "verb": "发放", "steps": [1, 5, 10, 100],
}  # fmt: skip
_HEADS = {"key": "heads", "name": "现场人数", "kind": "headcount", "unit": "人次", "verb": "", "steps": [1, 5, 10]}

TEMPLATES = (
    Template(
        "fair",
        "夜市、展演",
        "入口扫码，分区摆摊、演出，发放宣传册",
        {
            "kind": "fair",
            "areas": [
                {"key": "stage", "name": "演出区", "kind": "zone"},
                {"key": "stalls", "name": "摊位区", "kind": "zone"},
                {"key": "taste", "name": "体验区", "kind": "zone"},
            ],
            "checkpoints": [_GATE],
            "counters": [_LEAFLETS, _HEADS],
            "participation": "entries",
        },
    ),
    Template(
        "outreach",
        "广场宣传",
        "不用报名；志愿者点数：受理申请、接受咨询、发放宣传册",
        {
            "kind": "outreach",
            "registration": {"open": False},
            "counters": [
                {"key": "boards", "name": "宣传展板", "kind": "material", "unit": "面", "verb": "制作"},
                {"key": "banners", "name": "宣传条幅", "kind": "material", "unit": "条", "verb": "悬挂"},
                {"key": "applications", "name": "政府信息公开申请", "kind": "application", "unit": "件", "verb": "受理"},
                {
                    "key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受",
                    "topics": ["政务服务", "政务公开", "政府信息公开"],
                },
                _LEAFLETS,
            ],
            "participation": "none",
        },
    ),
    Template(
        "tour",
        "观摩",
        "集合点扫码，每个观摩点盖一次章",
        {
            "kind": "tour",
            "areas": [{"key": f"point-{n}", "name": f"第{n}观摩点", "kind": "point"} for n in (1, 2, 3)],
            "checkpoints": [
                {"key": "meet", "name": "集合点", "rule": "once", "entrance": True},
                *({"key": f"point-{n}", "name": f"第{n}观摩点", "rule": "stamp", "area": f"point-{n}"} for n in (1, 2, 3)),
            ],
            "counters": [
                {"key": "units", "name": "参加单位", "kind": "material", "unit": "个", "verb": ""},
                {"key": "papers", "name": "观摩手册", "kind": "handout", "unit": "份", "verb": "发放"},
            ],
            "participation": "entries",
        },
    ),
    Template(
        "meeting",
        "会议",
        "签到处扫码，一人一证，发放会议材料",
        {
            "kind": "meeting",
            "registration": {"max_party": 1},
            "checkpoints": [{"key": "desk", "name": "签到处", "rule": "once", "entrance": True}],
            "counters": [{"key": "papers", "name": "会议材料", "kind": "handout", "unit": "份", "verb": "发放"}],
            "participation": "entries",
        },
    ),
)


def by_key(key: str) -> Template | None:
    """The template of that key, or None."""
    return next((template for template in TEMPLATES if template.key == key), None)
