"""The brief (简报): a lead from the event's own facts, one sentence of figures, one line for "how many now?".

The template brings 此次…共, the counters bring their verbs. A figure is either computed from records or typed by a
person, never a sum of both: where the records say more than nothing they are used, else what was typed, as typed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from eventsvc.render import words
from eventsvc.render.phrase import as_typed, clock, phrase, when
from eventsvc.render.proofread import check
from eventsvc.services.reports import CounterFigure, EventFacts, Figures, Report

__all__ = [
    "Earlier",
    "Segment",
    "check",
    "earlier",
    "lead",
    "noun",
    "oneliner",
    "paragraph",
    "phrase",
    "segments",
    "sentence",
    "settled",
    "shown",
]

ORDER = ("制作", "悬挂", "受理", "接受", "发放")  # domain.md 6.4; other verbs follow in the event's own order
NOUNS = (
    "志愿服务活动", "文化活动", "宣传活动", "观摩活动", "展演活动", "体验活动", "惠民活动", "活动",
    "推进会", "座谈会", "动员会", "培训会", "会议", "培训班", "训练班", "讲座", "课程",
)  # fmt: skip


@dataclass(frozen=True)
class Segment:
    """A piece of the sentence; ``figure`` names the figure that it shows (``entries``, ``counter:KEY``), if any."""

    text: str
    figure: str | None = None


@dataclass(frozen=True)
class Earlier:
    """What a later line is compared with: so many entries (人次) at that moment."""

    as_of: datetime
    entries: int


def settled(report: Report) -> Figures:
    """The figures that are handed in: the frozen ones after 定稿, else those of now."""
    return report.frozen.figures if report.frozen else report.figures


def noun(event: EventFacts) -> str:
    """What follows 此次: the kind of thing that the short title (else the title) ends with, the short title, or the kind's word.

    新条例宣传活动 → 宣传活动; 非遗夜市 → 非遗夜市; a long title without such an ending → 文化活动, 会议, … by kind.
    """
    name = (event.short_title or event.title).strip()
    for word in NOUNS:
        if name.endswith(word):
            return word
    return (event.short_title or "").strip() or words.KINDS.get(event.kind, "活动")


def lead(event: EventFacts, as_of: datetime | None = None) -> str:
    """The first sentence: when, by whom, what, where; a part that is missing leaves no hole.

    With ``as_of`` before the start it says 将…举行; a cancelled event is said to be cancelled, not held; a rehearsal says so
    first. A draft is still to come; of one that is nothing but a title so far, only the title is said.
    """
    sign = words.SIGNS["rehearsal"] if tried_out(event) else ""
    hosts = [
        f"{name.strip()}{role}"
        for name, role in ((event.host, "主办"), (event.undertaker, "承办"), (event.co_host, "协办"))
        if name and name.strip()
    ]
    subject = f"由{'、'.join(hosts)}的{event.title}" if hosts else event.title
    if event.status == "cancelled":
        return f"{sign}{subject}已取消。"
    time = when(event)
    place = f"在{event.venue.strip()}" if event.venue and event.venue.strip() else ""
    future = event.status == "draft" or (as_of is not None and event.starts_at is not None and as_of < event.starts_at)
    if event.status == "draft" and not (hosts or time or place):
        return f"{sign}{subject}。"
    return f"{sign}{time}{'，' if time else ''}{subject}{'将' if future else ''}{place}举行。"


def tried_out(event: EventFacts) -> bool:
    """Whether the figures are a rehearsal's: the demo's live copy is one, too, beside being 演示."""
    return event.rehearsal


def shown(counter: CounterFigure) -> str | None:
    """A counter's number as the brief writes it, or None for zero and nothing. Applications are always exact."""
    if counter.total > 0:
        mode = "exact" if counter.kind == "application" else counter.qualifier
        return phrase(counter.total, counter.unit, mode)
    if counter.reported is not None and counter.reported.value > 0:
        return as_typed(counter.reported, counter.unit)
    return None


def segments(report: Report) -> list[Segment]:
    """The sentence of figures in pieces, so that a page can open each number; empty where there is nothing to say."""
    figures = settled(report)
    clauses = [clause for clause in [_participation(report, figures)] if clause]
    clauses += _grouped(c for c in figures.counters if c.kind != "headcount" and c.key != report.participation)
    if not clauses:
        return []
    pieces = [Segment(f"此次{noun(report.event)}共")]
    for index, clause in enumerate(clauses):
        pieces += ([Segment("，")] if index else []) + clause
    return _merged([*pieces, Segment("。")])


def sentence(report: Report) -> str:
    """The sentence of figures; empty where every figure is zero or absent."""
    return "".join(segment.text for segment in segments(report))


def paragraph(report: Report) -> str:
    """Lead and sentence together: what an organizer copies, or starts editing from."""
    return lead(report.event, settled(report).as_of) + sentence(report)


def earlier(figures: Figures, at: datetime) -> Earlier:
    """The entries up to ``at``, a quarter of an hour's boundary, out of the figures of now (by the records' own times)."""
    return Earlier(at, sum(count for start, count in figures.by_quarter if start < at))


def oneliner(report: Report, previous: Figures | Earlier | None = None) -> str:
    """"How many now?" in one line to copy; live figures, times in the event's zone.

    截至20:15，累计入场812人次，在场430人，较19:30增加260人次。 Then, or without entrances alone,
    what was tapped: 截至20:15，接受群众咨询56人次，发放宣传册300册。 Typed figures only where nothing was recorded.
    """
    figures, zone = report.figures, report.event.zone
    head = f"截至{clock(figures.as_of, zone, report.event.starts_at)}，"
    parts: list[str] = []
    heads = _headcounts(report, figures) or ([] if figures.entries else _top_headcounts(figures))
    entrance = any(point.entrance for point in figures.by_checkpoint)
    tapped = [c for c in figures.counters if c.total > 0 and c.kind not in {"material", "headcount"}]
    if any(c.total > 0 for c in heads):
        parts.append(f"累计入场{sum(c.total for c in heads)}人次")
        if any(c.taken_out for c in heads):
            parts.append(f"在场{max(0, sum(c.taken_in - c.taken_out for c in heads))}人")
    elif figures.entries > 0 or (entrance and not tapped):
        parts += [f"累计入场{figures.entries}人次", f"在场{figures.inside}人", *_compared(figures, previous, zone)]
    parts += _said(tapped, exact=True)
    if not parts:
        typed = _said(c for c in figures.counters if c.kind != "headcount" and c.total == 0)
        parts.append("暂无现场记录" + (f"；人工填报：{'，'.join(typed)}" if typed else ""))
    waiting = f"（另有{figures.unsynced}条记录待上传）" if figures.unsynced else ""
    sign = "（演练）" if tried_out(report.event) else ""
    return f"{head}{'，'.join(parts)}{waiting}{sign}。"


def _compared(figures: Figures, previous: Figures | Earlier | None, zone: str) -> list[str]:
    if previous is None:
        return []
    then, more = clock(previous.as_of, zone, figures.as_of), figures.entries - previous.entries
    if more == 0:
        return [f"与{then}持平"]
    return [f"较{then}{'增加' if more > 0 else '减少'}{abs(more)}人次"]


def _said(counters: Iterable[CounterFigure], exact: bool = False) -> list[str]:
    return ["".join(segment.text for segment in clause) for clause in _grouped(counters, exact)]


def _top_headcounts(figures: Figures) -> list[CounterFigure]:
    return [c for c in figures.counters if c.kind == "headcount" and c.parent is None]


def _headcounts(report: Report, figures: Figures) -> list[CounterFigure]:
    """The counter that the organizer chose as 参加人次 by its key; ``headcount`` alone means all headcounts."""
    if report.participation in {"entries", "none"}:
        return []
    chosen = [c for c in figures.counters if c.key == report.participation]
    return chosen or (_top_headcounts(figures) if report.participation == "headcount" else [])


def _participation(report: Report, figures: Figures) -> list[Segment]:
    """有812人次参加, by the organizer's choice; entries and headcounts see the same people and are never added up."""
    if report.participation == "none":
        return []
    if report.participation == "entries":
        return _attended(f"{figures.entries}人次", "entries") if figures.entries > 0 else []
    heads = _headcounts(report, figures)
    name = f"counter:{heads[0].key}" if len(heads) == 1 else "headcount"
    total = sum(c.total for c in heads)
    if total > 0:
        mode = heads[0].qualifier if len({c.qualifier for c in heads}) == 1 else "exact"
        return _attended(phrase(total, "人次", mode), name)
    typed = [c.reported for c in heads if c.reported and c.reported.value > 0]
    if len(typed) == 1:
        return _attended(as_typed(typed[0], "人次"), name)
    if typed:  # 1800余 and 50 together are more than 1850, so rounding down stays true
        rounded = any(reported.qualifier != "exact" for reported in typed)
        value = sum(reported.value for reported in typed)
        return _attended(f"{value // 10 * 10}余人次" if rounded and value >= 10 else f"{value}人次", name)
    return []


def _attended(number: str, name: str) -> list[Segment]:
    return [Segment("有"), Segment(number, name), Segment("参加")]


def _grouped(counters: Iterable[CounterFigure], exact: bool = False) -> list[list[Segment]]:
    """One clause for each verb, in the brief's order: 发放 + 宣传册300册、宣传袋50个; parts of a sum are left to their sum."""
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for counter in counters:
        number = f"{counter.total}{counter.unit}" if exact else shown(counter)
        if number is None or counter.parent is not None:
            continue
        verb = counter.verb.strip() or "有"
        groups.setdefault(verb, []).append((counter.name.strip().removeprefix(verb), number, f"counter:{counter.key}"))
    clauses: list[list[Segment]] = []
    for verb in sorted(groups, key=_rank):
        listed = any("、" in name for name, _, _ in groups[verb])  # then 、 cannot also part the members
        clause: list[Segment] = []
        for name, number, figure in groups[verb]:
            if clause and listed:
                clauses.append(clause)
                clause = []
            clause += [Segment(f"、{name}" if clause else f"{verb}{name}"), Segment(number, figure)]
        clauses.append(clause)
    return clauses


def _rank(verb: str) -> int:
    return next((place for place, word in enumerate(ORDER) if word in verb), len(ORDER))


def _merged(pieces: list[Segment]) -> list[Segment]:
    """Neighbouring pieces of plain text as one."""
    merged: list[Segment] = []
    for piece in pieces:
        if merged and piece.figure is None and merged[-1].figure is None:
            merged[-1] = Segment(merged[-1].text + piece.text)
        else:
            merged.append(piece)
    return merged
