"""What messages say: short enough for one text message however long the names are, and whole sentences by mail and by voice."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from eventsvc.services.messages import texts

SIGN = "管城回族区政务公开领导小"  # 12 characters: the longest that carriers take
LONG = texts.Facts(
    title="“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动暨南关街街道新天地社区专场演出", host="中国共产党郑州市管城回族区委员会宣传部",
    venue="郑州市管城回族区南关街街道新天地社区文化广场东侧露天舞台", zone="Asia/Shanghai",
    starts_at=datetime(2026, 12, 28, 19, 30, tzinfo=ZoneInfo("Asia/Shanghai")), date_text="", contact_phone="0371-66666666转8023", party_size=99,
    pickup_code="123456", link="https://huodong.guancheng.gov.cn/t/0123456789ABCDEFGHJK", name="欧阳上官司马诸葛", position=12345,
)  # fmt: skip
SHORT = texts.Facts(title="茶会", host="", venue="", zone="Asia/Shanghai", starts_at=None, date_text="", contact_phone="", party_size=1, pickup_code="000001", link="https://x.cn/t/0")


@pytest.mark.parametrize("template", texts.TEMPLATES)
@pytest.mark.parametrize("facts", [LONG, SHORT], ids=["long", "short"])
def test_a_text_message_is_one_message(template: str, facts: texts.Facts) -> None:
    short = texts.sms(template, facts)
    assert len(f"【{SIGN}】{short.text}") <= texts.SMS_LENGTH
    assert all(value and len(value) <= texts.VALUE_LENGTH for value in short.values.values())
    assert re.sub(r"\{(\w+)\}", lambda found: short.values[found[1]], texts.TEMPLATES[template].sms) == short.text
    names = re.findall(r"\{(\w+)\}", texts.TEMPLATES[template].sms)
    assert list(short.values) == names and len(set(names)) == len(names), "a provider fills each place once, in this order"
    assert "http" not in short.text and "{" not in short.text


@pytest.mark.parametrize("template", texts.TEMPLATES)
@pytest.mark.parametrize("facts", [LONG, SHORT], ids=["long", "short"])
def test_a_mail_is_whole(template: str, facts: texts.Facts) -> None:
    text = texts.mail(template, facts)
    assert "None" not in text and "{" not in text and facts.title.replace("“", "‘").replace("”", "’") in text
    assert "\n" not in texts.subject(template, facts)
    if template != "event_cancelled":
        assert facts.link in text
    if facts.contact_phone:
        assert facts.contact_phone in text


@pytest.mark.parametrize("template", texts.TEMPLATES)
def test_what_is_spoken_is_one_sentence(template: str) -> None:
    said = texts.spoken(template, LONG)
    assert said.startswith("您好，我是中国共产党郑州市") and said.endswith("。") and said.count("。") == 1
    assert "工作人员" not in texts.spoken(template, SHORT) and "，，" not in texts.spoken(template, SHORT)


def test_a_number_is_never_cut() -> None:
    assert texts.sms("reminder", LONG).values["tel"] == "037166666666"
    assert texts.sms("reminder", replace(LONG, contact_phone="+86 371 6666 6666")).values["tel"] == "见活动页"


def test_times_as_people_say_them() -> None:
    assert texts.when(LONG) == "12月28日19:30"
    assert texts.when(SHORT) == "时间另行通知"
    assert "时间另行通知" in texts.sms("postponed", SHORT).text
