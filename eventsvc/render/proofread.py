"""What is wrong with the numbers and the punctuation of a brief edited by hand: sentences to show beside it."""

from __future__ import annotations

import re

_NUMBER = r"(?:\d+(?:\.\d+)?[万亿]?|[一二三四五六七八九十百千万亿两]{2,})"
_UNIT = r"(?:人次|[人个名位份件册本张页条面块幅家处场次袋把台支户天])"
_HAN = r"[\u3400-\u9fff]"

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(rf"(?:将近|接近|近|约|大约|大概)\s*{_NUMBER}(?:余|多){_UNIT}?(?:左右|上下|以上)?"),
        "“{found}”重复：“近、约”与“余、多”只用一个。",
    ),
    (
        re.compile(rf"(?:将近|接近|近|约|大约|大概)\s*{_NUMBER}{_UNIT}?(?:左右|上下|以上)"),
        "“{found}”重复：“近、约”与“左右、以上”只用一个。",
    ),
    (
        re.compile(rf"(?:超过|超|至少|不少于|不低于)\s*{_NUMBER}(?:余|多)?{_UNIT}?(?:以上|左右|上下)"),
        "“{found}”重复：“超过、至少”与“以上、左右”只用一个。",
    ),
    (
        re.compile(rf"(?:超过|超|至少|不少于|不低于)\s*{_NUMBER}(?:余|多){_UNIT}?(?!以上|左右|上下)"),
        "“{found}”重复：“超过、至少”与“余、多”只用一个。",
    ),
    (
        re.compile(rf"(?<![\d约近概超过少于低]){_NUMBER}(?:余|多){_UNIT}?(?:左右|上下|以上)"),
        "“{found}”重复：“余、多”与“左右、以上”只用一个。",
    ),
    (re.compile(rf"达\s*{_NUMBER}(?:余|多)?{_UNIT}?之多"), "“{found}”重复：“达”与“之多”只用一个。"),
    (re.compile(r"(?:约近|近约|约超过|超过约)"), "“{found}”重复：只用一个。"),
    (re.compile(rf"\d+{_UNIT}余(?![下额款地])"), "“{found}”：“余”放在数字后、量词前，如1800余册。"),
    (re.compile(r"\d[十百千](?![万亿分克米瓦卡赫货姓大佳强])"), "“{found}”：阿拉伯数字不与“十、百、千”连用，写全数字。"),
    (re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)"), "“{found}”：简报中的数字不分节，不加逗号。"),
    (re.compile(r"\d几|几\d"), "“{found}”：带“几”的概数用汉字，如几十人。"),
    (re.compile(r"人[(（]次[)）]"), "“{found}”：写“人次”。"),
    (re.compile(r"(?:减少|下降|降低|缩小)[到了至]?\s*[\d.一二三四五六七八九十两]+倍"), "“{found}”：减少不用倍数，用百分比或“减少到……”。"),
    (re.compile(r"[０-９]+"), "“{found}”：数字用半角。"),
    (
        re.compile(rf"(?:(?<={_HAN})|(?<=[”》）]))[,;:?!]|[,;:?!](?={_HAN})|(?<={_HAN})\.|\([^()]*{_HAN}[^()]*\)|\"[^\"]*\""),
        "“{found}”：中文中的标点用全角。",
    ),
)
_OVER = re.compile(r"(?<![\d.])(\d+)(余|多)(?![万亿云])")
_NEIGHBOURS = re.compile(r"(?<!\d)(\d)、(\d)(?=个|人|名|位|天|月|年|次|份|场|家|件)")
_HAN_OVER = re.compile(r"[一二三四五六七八九十两]+[十百千][余多]|十[余多]")


def check(text: str) -> list[str]:
    """Every fault found, in Chinese sentences, each once; an empty list is a clean text (domain.md 6.1)."""
    faults: list[str] = []
    for pattern, sentence in _PATTERNS:
        faults += [sentence.format(found=match.group()) for match in pattern.finditer(text)]
    for match in _OVER.finditer(text):
        number, word = int(match.group(1)), match.group(2)
        if number < 10 or number % 10:
            faults.append(f"“{match.group()}”：“{word}”只跟在整十、整百数后面，如20{word}、1800{word}。")
    for match in _NEIGHBOURS.finditer(text):
        if int(match.group(2)) - int(match.group(1)) == 1:
            faults.append(f"“{match.group()}”：相邻两数表示的概数用汉字，如三四个。")
    arabic = [m for m in _OVER.finditer(text) if int(m.group(1)) >= 10]
    if arabic and (han := _HAN_OVER.search(text)):
        faults.append(f"“{arabic[0].group()}”与“{han.group()}”：同一篇里概数用一种写法。")
    return list(dict.fromkeys(faults))
