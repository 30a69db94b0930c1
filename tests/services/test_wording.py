"""The door's sentences obey the shared cases, the same ones that the phone's own sentences obey."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from eventsvc.services import wording

PROJECT = Path(__file__).resolve().parents[2]
CASES = json.loads((PROJECT / "tests/cases/sentences.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["zh"])
def test_sentence(case: dict[str, Any]) -> None:
    said = wording.let_in(case["lets_in"]) if "lets_in" in case else wording.scan(**case["says"])
    assert said == case["zh"]


def test_the_phone_has_the_same_sentences() -> None:
    source = (PROJECT / "static/js/lib/door-words.js").read_text("utf-8")
    table = source.partition("SENTENCES = {")[2].partition("};")[0]
    assert dict(re.findall(r"^  (\w+): '(.*)',$", table, re.MULTILINE)) == wording.SENTENCES
