"""The seed's activities as event documents: real titles, places and figures as printed, nothing added.

Figures of the source are reported totals (人工填报) with their qualifier, apart from whatever is computed from records.
Of ``activities.json`` the checklist (GUATU) is not loaded: it is a list of duties with its own states, not an activity.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from eventsvc.services import events
from eventsvc.services.actors import SYSTEM

FILE = Path(__file__).resolve().parent.parent / "demo_data" / "activities.json"
SOURCE = "人工填报"
ZONE_KEYS = ("dynamic", "static")
MODULE_KEYS = ("together", "play", "stalls", "stamps")


def activities() -> dict[str, dict[str, Any]]:
    """The activities of the file, by code."""
    return {activity["code"]: activity for activity in json.loads(FILE.read_text(encoding="utf-8"))["events"]}


def load(organization_id: str, year: int) -> None:
    """Make, publish and close the seed's activities, and label those whose date needed a year."""
    found = activities()
    documents = [tour(found["GUANMO"], year), meeting(found["LIANGJK"], year), outreach(found["ZHENGWU"]), fair(found["FEIYI"], year)]
    for document in documents:
        event = events.create(SYSTEM, {**document, "registration": {"open": False}}, organization_id)
        events.publish(SYSTEM, event.slug)
        events.close(SYSTEM, event.slug)
        events.mark(event.id, year_inferred=str(year) in (document["date_text"] or ""))


def _reported(activity: dict[str, Any], code: str) -> dict[str, Any]:
    """A figure as the source prints it: number, qualifier, unit."""
    metric = next(metric for metric in activity["metrics"] if metric["code"] == code)
    return {"unit": metric["unit"], "reported": {"value": metric["value"], "qualifier": metric["qualifier"], "source": SOURCE}}


def fair(activity: dict[str, Any], year: int) -> dict[str, Any]:
    """The 非遗 fair: four modules and two zones, independent of one another; the source gives no figure of its visitors."""
    return {
        "slug": f"feiyi-{year}",
        "title": activity["title"],
        "kind": "fair",
        "host": activity["host"],
        "venue": activity["venue"],
        "date_text": f"{year}年{activity['date_in_seed']}",
        "description": "系列文化活动开幕。动态项目和静态项目同时进行。",
        "participation": "none",
        "areas": areas(activity),
    }


def areas(activity: dict[str, Any]) -> list[dict[str, Any]]:
    """The fair's modules, then its zones with what they hold in the source's own words."""
    modules = [{"key": key, "name": name, "kind": "module"} for key, name in zip(MODULE_KEYS, activity["modules"], strict=True)]
    zones = [
        {"key": key, "name": name, "kind": "zone", "note": ("、" if key == "dynamic" else "+").join(parts)}
        for key, (name, parts) in zip(ZONE_KEYS, activity["zones"].items(), strict=True)
    ]
    return [*modules, *zones]


def outreach(activity: dict[str, Any]) -> dict[str, Any]:
    """The 政务公开 outreach with its five reported figures, in the order and with the verbs of the source."""

    def counter(key: str, code: str, name: str, kind: str, verb: str, **more: Any) -> dict[str, Any]:
        return {"key": key, "name": name, "kind": kind, "verb": verb, **_reported(activity, code), **more}

    return {
        "slug": "yangguang-zhengwu",
        "title": activity["title"],
        "short_title": activity["short_title"],
        "kind": "outreach",
        "host": activity["host"],
        "venue": activity["venue"],
        "date_text": activity["date_in_seed"],
        "participation": "none",
        "counters": [
            counter("boards", "boards", "宣传展板", "material", "制作"),
            counter("banners", "banners", "宣传条幅", "material", "悬挂"),
            counter("applications", "foi_onsite", "依申请公开件", "application", "现场受理"),
            counter("consult", "consultations", "群众咨询", "consultation", "接受", topics=["政务服务", "政务公开", "政府信息公开"]),
            counter("booklets", "handouts", "宣传册和宣传页", "handout", "发放", steps=[1, 5, 10, 100]),
        ],
    }


def tour(activity: dict[str, Any], year: int) -> dict[str, Any]:
    """The 观摩 tour: six points of which the source names two; the other four wait for their names (待补)."""
    named = activity["named_points"]
    total = next(metric["value"] for metric in activity["metrics"] if metric["code"] == "observation_points")
    names = [*named, *(f"第{number}观摩点（待补）" for number in range(len(named) + 1, total + 1))]
    return {
        "slug": f"guanmo-{year}",
        "title": activity["title"],
        "kind": "tour",
        "date_text": f"{year}年{activity['date_in_seed']}",
        "description": f"内容：{'、'.join(activity['content_aspects'])}。攻坚：{'、'.join(activity['topics'])}。",
        "areas": [{"key": f"point-{n}", "name": name, "kind": "point"} for n, name in enumerate(names, 1)],
        "checkpoints": [
            {"key": f"point-{n}", "name": name, "rule": "stamp", "area": f"point-{n}"} for n, name in enumerate(names, 1)
        ],
        "counters": [
            {"key": "units", "name": "参加观摩的街道、园区", "kind": "material", "verb": "", **_reported(activity, "delegation_units")},
            {"key": "points", "name": "观摩点", "kind": "material", "verb": "观摩", **_reported(activity, "observation_points")},
        ],
    }


def meeting(activity: dict[str, Any], year: int) -> dict[str, Any]:
    """The 推进会: its title and its day; the source counts nothing there."""
    return {
        "slug": f"tuijinhui-{year}",
        "title": activity["title"],
        "kind": "meeting",
        "date_text": f"{year}年{activity['date_in_seed']}",
        "participation": "none",
    }
