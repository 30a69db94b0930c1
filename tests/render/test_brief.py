"""The brief says what the newspaper said, clause by clause, and nothing where there is nothing to say."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventsvc.render import brief
from eventsvc.render.text import late, txt
from eventsvc.services.reports import Frozen, Report, Reported

from .cast import FAIR, NOW, OUTREACH, counter, fair, figures, outreach

# As printed, with the scan's line breaks and half-width punctuation.
NEWSPAPER = """此次宣传活动共制作宣传展板20面,悬挂宣传条幅10条,现场受理依申请公开件20多份,接受群众咨询560人次,发放宣传册和宣传页1800余册。"""
NEWSPAPER_LEAD = """近日,由管城区人民政府 办公室主办的推进基层政务公开暨"阳 光政务、民心所望"新《中华人民共和国 政府信息公开条例》宣传活动在商都遗 址城墙下拉开帷幕。"""


def clauses(text: str) -> list[str]:
    """The clauses of a sentence, spaces and the kind of punctuation aside."""
    for half, full in ((",", "，"), (".", "。"), ("“", '"'), ("”", '"')):
        text = text.replace(half, full)
    return text.replace(" ", "").rstrip("。").split("，")


def test_the_outreach_reads_as_in_the_newspaper() -> None:
    assert clauses(brief.sentence(outreach())) == clauses(NEWSPAPER)


def test_the_sentence_is_that_of_the_house_to_the_letter() -> None:
    assert brief.sentence(outreach()) == (
        "此次宣传活动共制作宣传展板20面，悬挂宣传条幅10条，现场受理依申请公开件20多份，接受群众咨询560人次，发放宣传册和宣传页1800余册。"
    )


def test_the_lead_reads_as_in_the_newspaper() -> None:
    ours, theirs = clauses(brief.lead(OUTREACH)), clauses(NEWSPAPER_LEAD)
    assert ours[0] == theirs[0]
    assert ours[1].removesuffix("举行") == theirs[1].removesuffix("拉开帷幕")
    assert brief.lead(OUTREACH).endswith("在商都遗址城墙下举行。")


def test_the_order_is_the_verbs_order_not_the_events() -> None:
    report = outreach()
    mixed = replace(report, figures=replace(report.figures, counters=report.figures.counters[::-1]))
    assert brief.sentence(mixed) == brief.sentence(report)


def test_a_short_title_of_the_same_kind_changes_nothing() -> None:
    report = outreach()
    assert brief.sentence(replace(report, event=replace(OUTREACH, short_title="新条例宣传活动"))) == brief.sentence(report)


@pytest.mark.parametrize(
    ("title", "short_title", "kind", "word"),
    [
        ("“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动", None, "fair", "文化活动"),
        ("欢乐社区行", "非遗夜市", "fair", "非遗夜市"),
        ("欢乐社区行", None, "fair", "文化活动"),
        ("工作推进会", None, "meeting", "推进会"),
        ("逐街道观摩", None, "tour", "观摩活动"),
        ("剪纸入门", None, "course", "课程"),
        ("某事", None, "meeting", "会议"),
    ],
)
def test_what_follows_this_time(title: str, short_title: str | None, kind: str, word: str) -> None:
    assert brief.noun(replace(FAIR, title=title, short_title=short_title, kind=kind)) == word


def test_a_fair_without_figures_prints_none() -> None:
    report = fair()
    assert brief.sentence(report) == ""
    assert brief.segments(report) == []
    assert brief.paragraph(report) == (
        "2020年8月14日下午，由管城区委宣传部主办的“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动在南关街街道新天地社区举行。"
    )


@pytest.mark.parametrize(
    ("missing", "text"),
    [
        ({"host": None}, "近日，T在V举行。"),
        ({"venue": None}, "近日，由H主办的T举行。"),
        ({"date_text": None}, "由H主办的T在V举行。"),
        ({"host": None, "venue": None, "date_text": None}, "T举行。"),
        ({"undertaker": "U", "co_host": "C"}, "近日，由H主办、U承办、C协办的T在V举行。"),
        ({"host": " ", "undertaker": "U"}, "近日，由U承办的T在V举行。"),
        ({"status": "cancelled"}, "由H主办的T已取消。"),
        ({"status": "draft"}, "近日，由H主办的T将在V举行。"),
        ({"status": "draft", "host": None, "venue": None, "date_text": None}, "T。"),
        ({"rehearsal": True}, "【演练】近日，由H主办的T在V举行。"),
        ({"rehearsal": True, "demo": True}, "【演练】近日，由H主办的T在V举行。"),
    ],
)
def test_missing_parts_leave_no_holes(missing: dict, text: str) -> None:
    event = replace(OUTREACH, title="T", host="H", venue="V")
    assert brief.lead(replace(event, **missing)) == text


def test_what_has_not_begun_is_not_said_to_have_been_held() -> None:
    assert brief.lead(FAIR, FAIR.starts_at - timedelta(hours=1)).endswith("将在南关街街道新天地社区举行。")
    assert "将" not in brief.lead(FAIR, FAIR.starts_at)


def test_zero_and_absent_are_left_out() -> None:
    report = outreach()
    kept = [replace(c, reported=None if c.key == "boards" else c.reported) for c in report.figures.counters]
    kept = [replace(c, reported=Reported(0)) if c.key == "banners" else c for c in kept]
    text = brief.sentence(replace(report, figures=replace(report.figures, counters=tuple(kept))))
    assert text.startswith("此次宣传活动共现场受理依申请公开件20多份，")
    assert "展板" not in text and "条幅" not in text


def test_computed_and_reported_are_never_mixed() -> None:
    both = counter("booklets", "宣传册", "handout", "册", "发放", 1823, reported=Reported(1800, "over_yu"))
    assert brief.sentence(Report(OUTREACH, figures(counters=(both,)))) == "此次宣传活动共发放宣传册1823册。"
    rounded = replace(both, qualifier="over_yu", total=1999)
    assert brief.sentence(Report(OUTREACH, figures(counters=(rounded,)))) == "此次宣传活动共发放宣传册1900余册。"
    typed = replace(both, total=0, tapped=0)
    assert brief.sentence(Report(OUTREACH, figures(counters=(typed,)))) == "此次宣传活动共发放宣传册1800余册。"


def test_applications_are_counted_exactly() -> None:
    foi = counter("foi", "政府信息公开申请", "application", "件", "受理", 23, qualifier="over_duo")
    assert brief.sentence(Report(OUTREACH, figures(counters=(foi,)))) == "此次宣传活动共受理政府信息公开申请23件。"


def test_one_verb_stands_once_and_parts_are_left_to_their_sum() -> None:
    counters = (
        counter("books", "宣传册", "handout", "册", "发放", 300),
        counter("sheets", "宣传页", "handout", "张", "发放", 50, parent="books"),
        counter("bags", "发放宣传袋", "handout", "个", "发放", 20),
        counter("desks", "咨询台", "custom", "个", "设立", 3),
        counter("stalls", "摊位", "material", "个", "", 4),
    )
    assert brief.sentence(Report(OUTREACH, figures(counters=counters))) == (
        "此次宣传活动共发放宣传册300册、宣传袋20个，设立咨询台3个，有摊位4个。"
    )


def test_a_name_with_a_pause_of_its_own_is_not_listed_with_others() -> None:
    counters = (counter("a", "宣传册、宣传页", "handout", "份", "发放", 30), counter("b", "宣传袋", "handout", "个", "发放", 5))
    assert brief.sentence(Report(OUTREACH, figures(counters=counters))) == "此次宣传活动共发放宣传册、宣传页30份，发放宣传袋5个。"


def test_participation_is_the_organizers_choice() -> None:
    heads = (
        counter("east", "东门", "headcount", "人次", "", 800, taken_in=800, taken_out=300),
        counter("west", "西门", "headcount", "人次", "", 100, taken_in=100),
    )
    report = fair(entries=812, counters=heads)
    assert brief.sentence(report) == "此次文化活动共有812人次参加。"
    assert brief.sentence(replace(report, participation="headcount")) == "此次文化活动共有900人次参加。"
    assert brief.sentence(replace(report, participation="west")) == "此次文化活动共有100人次参加。"
    assert brief.sentence(replace(report, participation="none")) == ""
    asked = (counter("ask", "群众咨询", "consultation", "人次", "接受", 40),)
    assert brief.sentence(replace(fair(counters=asked), participation="ask")) == "此次文化活动共有40人次参加。"


def test_a_reported_headcount_is_used_where_nobody_tapped() -> None:
    heads = (counter("east", "东门", "headcount", "人次", "", reported=Reported(2000, "over_yu")),)
    assert brief.sentence(replace(fair(counters=heads), participation="headcount")) == "此次文化活动共有2000余人次参加。"
    two = (*heads, counter("west", "西门", "headcount", "人次", "", reported=Reported(55)))
    assert brief.sentence(replace(fair(counters=two), participation="headcount")) == "此次文化活动共有2050余人次参加。"


def test_each_number_is_a_piece_of_its_own() -> None:
    report = outreach()
    pieces = brief.segments(report)
    assert "".join(piece.text for piece in pieces) == brief.sentence(report)
    assert [(piece.text, piece.figure) for piece in pieces if piece.figure] == [
        ("20面", "counter:boards"),
        ("10条", "counter:banners"),
        ("20多份", "counter:foi"),
        ("560人次", "counter:consult"),
        ("1800余册", "counter:booklets"),
    ]
    assert [piece.figure for piece in brief.segments(fair(entries=3)) if piece.figure] == ["entries"]


@given(st.lists(st.tuples(st.integers(0, 99_999), st.sampled_from(["exact", "over_yu", "over_duo"])), max_size=6))
def test_what_the_house_writes_passes_its_own_proofreading(rows: list[tuple[int, str]]) -> None:
    verbs = ("制作", "悬挂", "受理", "接受", "发放", "发放")
    counters = tuple(
        counter(f"c{i}", f"宣传物{'甲乙丙丁戊己'[i]}", "custom", "份", verbs[i], n, qualifier=mode) for i, (n, mode) in enumerate(rows)
    )
    text = brief.paragraph(Report(OUTREACH, figures(counters=counters)))
    assert brief.check(text) == []
    assert bool(brief.sentence(Report(OUTREACH, figures(counters=counters)))) == any(n for n, _ in rows)


# --- one line to copy ------------------------------------------------------------------------------------------------


def test_how_many_now() -> None:
    report = fair(entries=812, inside=430)
    then = brief.Earlier(NOW - timedelta(minutes=45), 552)
    assert brief.oneliner(report, then) == "截至20:15，累计入场812人次，在场430人，较19:30增加260人次。"
    assert brief.oneliner(report) == "截至20:15，累计入场812人次，在场430人。"
    assert brief.oneliner(report, figures(as_of=NOW - timedelta(minutes=45), entries=812)).endswith("，与19:30持平。")
    assert brief.oneliner(report, brief.Earlier(NOW - timedelta(minutes=45), 815)).endswith("，较19:30减少3人次。")
    assert brief.oneliner(fair()) == "截至20:15，累计入场0人次，在场0人。"


def test_how_many_now_says_what_is_still_on_phones_and_which_day() -> None:
    assert brief.oneliner(fair(entries=1, inside=1, unsynced=3)) == "截至20:15，累计入场1人次，在场1人（另有3条记录待上传）。"
    tomorrow = brief.oneliner(fair(entries=1, inside=1, as_of=NOW + timedelta(days=1)))
    assert tomorrow.startswith("截至8月15日20:15，")


def test_the_earlier_entries_come_out_of_the_figures_of_now() -> None:
    quarters = tuple((NOW - timedelta(minutes=15 * step), step) for step in (4, 3, 2, 1))
    assert brief.earlier(figures(by_quarter=quarters), NOW - timedelta(minutes=30)) == brief.Earlier(NOW - timedelta(minutes=30), 7)


def test_how_many_now_where_there_is_no_entrance() -> None:
    counters = (
        counter("booklets", "宣传册", "handout", "册", "发放", 1823, qualifier="over_yu"),
        counter("consult", "群众咨询", "consultation", "人次", "接受", 56),
        counter("boards", "宣传展板", "material", "面", "制作", 20),
    )
    assert brief.oneliner(Report(OUTREACH, figures(counters=counters))) == "截至20:15，接受群众咨询56人次，发放宣传册1823册。"
    assert brief.oneliner(Report(OUTREACH, figures())) == "截至20:15，暂无现场记录。"
    assert brief.oneliner(outreach()).startswith("截至20:15，暂无现场记录；人工填报：制作宣传展板20面，")


def test_how_many_now_by_headcount() -> None:
    heads = (counter("east", "东门", "headcount", "人次", "", 800, taken_in=800, taken_out=300),)
    assert brief.oneliner(Report(OUTREACH, figures(counters=heads))) == "截至20:15，累计入场800人次，在场500人。"


# --- report.txt ------------------------------------------------------------------------------------------------------


def test_the_report_as_text() -> None:
    text = txt(replace(outreach(), event=replace(OUTREACH, demo=True, year_inferred=True)))
    assert text.startswith("【演示】推进基层政务公开暨")
    assert brief.sentence(outreach()) in text
    assert "数据截至：2020年8月14日20:15（北京时间）" in text
    assert "注：年份为推断，原文没有写年份。" in text
    assert "宣传册和宣传页：1800余册（人工填报）" in text
    assert text.endswith("\n") and "None" not in text


def test_each_figure_names_its_ground() -> None:
    consult = counter("consult", "群众咨询", "consultation", "人次", "接受", 56, records=41, reported=Reported(60))
    bags = counter("bags", "宣传袋", "handout", "个", "发放", 90, tapped=85, stocktake=90, basis="stocktake")
    text = txt(fair(entries=812, people_admitted=700, people_registered=650, registrations=300, counters=(consult, bags)))
    assert "群众咨询：56人次（计数记录41条）" in text
    assert "群众咨询：60人次（人工填报）" in text
    assert "宣传袋：90个（盘点，领取减剩余；现场点数85个）" in text
    assert "报名人数：650人（报名凭证300份）" in text
    assert "到场人数：700人" in text


def test_what_was_handed_in_stays_and_later_records_stand_apart() -> None:
    consult = counter("consult", "群众咨询", "consultation", "人次", "接受", 56)
    then = fair(entries=812, counters=(consult,)).figures
    now = replace(then, entries=815, counters=(replace(consult, total=58),))
    report = replace(fair(), figures=now, frozen=Frozen(NOW, "区委宣传部经办人", then))
    assert "共有812人次参加，接受群众咨询56人次。" in brief.sentence(report)
    text = txt(report)
    assert "定稿：2020年8月14日20:15，区委宣传部经办人" in text
    assert "定稿后：入场人次+3，群众咨询+2（未计入上文）" in text
    assert late(replace(report, late={"entries": -1, "counter:consult": 0})) == {"entries": -1}
    assert "定稿：2020年8月14日20:15\n" in txt(replace(report, frozen=Frozen(NOW, "member:7f3a", then)))
    assert "定稿后：没有变化" in txt(replace(report, figures=then))
