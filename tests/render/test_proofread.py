"""Hand-edited text: each forbidden combination is found, and good sentences are left in peace."""

import pytest

from eventsvc.render.brief import check


@pytest.mark.parametrize(
    "text",
    [
        "发放近1800余册", "发放将近1800多册", "约20人左右", "约1800余册", "大约300人上下", "超过100人以上", "至少20人以上", "至少20多人",
        "20余人左右", "达500人之多", "达500余人之多", "约近500人", "1800册余", "3千人", "5百余人", "1,800余册", "23余份", "5多份",
        "3、4个月", "几10人", "560人(次)", "560人（次）", "减少2倍", "发放20面,悬挂10条", "咨询:20人次", "参加了\"活动\"", "２０面",
        "受理二十多份，发放1800余册", "到场(含居民)20人",
    ],
)  # fmt: skip
def test_faults_are_found(text: str) -> None:
    assert check(text), text


@pytest.mark.parametrize(
    "text",
    [
        "", "20多份", "1800余册", "1.2万人次", "1.2万余册", "三四个月", "几十人", "约560人次", "560人次左右", "超过100人", "100人以上",
        "8月14日多云", "截至20:15，累计入场812人次，在场430人，较19:30增加260人次。", "走访3、5、7号楼", "3千克", "增加到2倍", "余下20册",
        "发放手册20册余下10册", "由A社区主办的“阳光政务、民心所望”宣传活动", "请见https://example.org/e/feiyi", "增长3.5%",
        "受理20多份，发放1800余册",
    ],
)  # fmt: skip
def test_good_text_is_left_in_peace(text: str) -> None:
    assert check(text) == []


def test_each_fault_is_said_once_with_what_was_found() -> None:
    faults = check("近1800余册，又近1800余册")
    assert faults == ["“近1800余册”重复：“近、约”与“余、多”只用一个。"]
