"""report.txt: the whole brief with what stands behind each figure, as plain text that survives any chat window."""

from __future__ import annotations

from collections.abc import Iterator

from eventsvc.render import words
from eventsvc.render.brief import lead, sentence, settled, tried_out
from eventsvc.render.phrase import as_typed, signed, stamp
from eventsvc.services.reports import CounterFigure, Figures, Report

_HEADLINE = ("people_registered", "people_admitted", "entries", "inside", "walkins", "scans", "refused", "conflicts", "unidentified", "self_reported")


def txt(report: Report) -> str:
    """The report as text: title, lead, sentence, 定稿 and 定稿后, then every figure with its 依据; ends with a newline."""
    figures = settled(report)
    lines = [title(report), "", lead(report.event, figures.as_of)]
    lines += [told] if (told := sentence(report)) else []
    lines += ["", *notes(report), "", "数字与依据"]
    lines += [f"{name}：{value}（{basis}）" for _key, name, value, basis in grounds(figures)] or ["没有数字。"]
    return "\n".join(lines) + "\n"


def title(report: Report) -> str:
    """The event's title with its signs: 【演示】, 【演练】, 【已取消】."""
    demo = words.SIGNS["demo"] if report.event.demo else ""
    return demo + (words.SIGNS["rehearsal"] if tried_out(report.event) else "") + words.SIGNS.get(report.event.status, "") + report.event.title


def notes(report: Report) -> list[str]:
    """As of when, frozen when and by which post, what came later, what is still on phones, what is only inferred."""
    event, figures = report.event, settled(report)
    zone = "北京时间" if event.zone == "Asia/Shanghai" else event.zone
    lines = [f"数据截至：{stamp(figures.as_of, event.zone)}（{zone}）"]
    if report.frozen:
        by = "" if report.frozen.by.isascii() else f"，{report.frozen.by}"  # a post, not an account's kind and id
        lines.append(f"定稿：{stamp(report.frozen.at, event.zone)}{by}")
        later = late(report)
        listed = "，".join(f"{_name(figures, key)}{signed(n)}" for key, n in later.items())
        lines.append(f"定稿后：{listed}（未计入上文）" if listed else "定稿后：没有变化")
    if report.figures.unsynced:
        lines.append(f"尚有{report.figures.unsynced}条记录在手机上没有上传，未计入。")
    if event.year_inferred:
        lines.append("注：年份为推断，原文没有写年份。")
    if event.demo:
        lines.append("注：【演示】数据，不是真实活动的统计。")
    if tried_out(event):
        lines.append("注：【演练】数据，不是真实活动的统计，不要上报。")
    return lines


def late(report: Report) -> dict[str, int]:
    """定稿后 +n by figure name (``entries``, ``counter:KEY``): as told, else the difference to the frozen figures; no zeros."""
    if report.frozen is None:
        return {}
    told = report.late or _difference(report.frozen.figures, report.figures)
    return {name: n for name, n in told.items() if n}


def grounds(figures: Figures) -> Iterator[tuple[str, str, str, str]]:
    """Each figure that is not nothing: its key (``entries``, ``counter:KEY``), its name, its number with unit, and what it rests on."""
    for name in _HEADLINE:
        if value := getattr(figures, name):
            word, unit = words.FIGURES[name]
            yield name, word, f"{value}{unit}", _ground(figures, name)
    for counter in figures.counters:
        if counter.total:
            parts = [c for c in figures.counters if c.parent == counter.key]
            yield f"counter:{counter.key}", counter.name, f"{counter.total}{counter.unit}", _counter_ground(counter, parts)
        if counter.reported is not None:
            yield f"counter:{counter.key}", counter.name, as_typed(counter.reported, counter.unit), counter.reported.source


def _ground(figures: Figures, name: str) -> str:
    if name == "people_registered":
        return f"报名凭证{figures.registrations}份"
    if name == "entries":
        told = [p.records for p in figures.by_checkpoint if p.entrance]
        if told and all(n is not None for n in told):
            return f"入口签到记录{sum(n or 0 for n in told)}条"
        return "入口签到记录"
    return {
        "people_admitted": "签到和现场登记记录，每份凭证只计一次",
        "walkins": "现场登记记录",
        "conflicts": "需人工核对，不重复计人",
        "unidentified": "志愿者决定放行，已含在入场人次内",
        "self_reported": "自助签到记录，已含在入场人次内",
    }.get(name, "签到记录")


def _counter_ground(counter: CounterFigure, parts: list[CounterFigure]) -> str:
    if counter.basis == "stocktake":
        return f"盘点，领取减剩余；现场点数{counter.tapped}{counter.unit}"
    told = [c.records for c in (counter, *parts) if c.records is not None]
    ground = f"计数记录{sum(told)}条" if told else "计数记录"
    if parts:
        ground += f"，含{'、'.join(c.name for c in parts)}"
    if counter.stocktake is not None:
        ground += f"；盘点{counter.stocktake}{counter.unit}"
    return ground


def _name(figures: Figures, key: str) -> str:
    wanted = key.removeprefix("counter:")
    return next((c.name for c in figures.counters if c.key == wanted), words.figure(key))


def _difference(frozen: Figures, now: Figures) -> dict[str, int]:
    later = {name: getattr(now, name) - getattr(frozen, name) for name in ("people_admitted", "entries", "scans", "refused", "conflicts")}
    before = {c.key: c.total for c in frozen.counters}
    return later | {f"counter:{c.key}": c.total - before.get(c.key, 0) for c in now.counters}
