"""Characters are read alike with and without the dictionary of words, which most processes never load."""

from __future__ import annotations

import subprocess
import sys

from eventsvc.services import pinyin

CHARACTERS = "单曾仇解区查重长行乐都朝着还"
LATER = f"""
import sys
from eventsvc import create_app
from eventsvc.services import pinyin
assert "pypinyin" not in sys.modules
before = [pinyin.readings.__wrapped__(one) for one in {CHARACTERS!r}]
assert "pypinyin.phrases_dict" not in sys.modules
print(pinyin.initials("重庆重要会议 2026 Book"))
assert before == [pinyin.readings.__wrapped__(one) for one in {CHARACTERS!r}]
"""


def test_readings_and_initials() -> None:
    assert set(pinyin.readings("重")) >= {"zhong", "chong"}
    assert pinyin.readings("。") == ()
    assert pinyin.initials("重庆重要会议 2026") == "cqzyhy 2026"


def test_nothing_is_loaded_before_it_is_asked_for() -> None:
    ran = subprocess.run([sys.executable, "-c", LATER], capture_output=True, text=True, check=False)
    assert (ran.stdout.strip(), ran.stderr) == ("cqzyhy 2026 Book", "")
