"""No sentence without its English: the catalog is whole, in step and compiled, and no Chinese stands where no translation reaches it."""

from __future__ import annotations

import ast
import io
import re

import pytest
from babel.messages.catalog import Catalog
from jinja2 import Environment

from scripts import messages
from tests.guards import sources

HAN = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
SPEAKING = {"_", "gettext", "ngettext"}
CHINESE_ON_PURPOSE = {"中文"}  # a language is named in itself
KEPT_IN_ENGLISH = {"余（如1800余册）", "多（如20多份）", "一般写准确数。余、多要整篇一致。"}  # about the words of the brief
PYTHON = [path for path in sources.files("*.py", "eventsvc/web") if path.name != "filters.py"]  # dates are made there, in both languages


def test_the_catalog_is_whole_and_compiled() -> None:
    said: list[str] = []
    assert messages.main(["--check"], said.append) == 0, said


def test_english_is_english() -> None:
    for message in messages.kept():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        original = message.id[0] if isinstance(message.id, tuple) else message.id
        assert not message.id or original in KEPT_IN_ENGLISH or not any(HAN.search(text) for text in texts), original


def unspoken(template: str) -> list[str]:
    """Chinese in a template's text that no gettext call holds."""
    tokens = [token for token in Environment(extensions=["jinja2.ext.i18n"]).lex(template) if token[1] != "whitespace"]
    found = []
    for place, (line, kind, text) in enumerate(tokens):
        if kind not in {"data", "string"} or not HAN.search(text) or text.strip("'\"") in CHINESE_ON_PURPOSE:
            continue
        before = [token[2] for token in tokens[max(0, place - 4) : place]]
        spoken = kind == "string" and (before[-2:-1] and before[-2] in SPEAKING and before[-1] == "(" or before[:2] == ["ngettext", "("])
        if not spoken:
            found.append(f"line {line}: {text.strip()[:40]}")
    return found


def half_spoken(source: str) -> list[str]:
    """Chinese inside f-strings, which no catalog can hold."""
    joined = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.JoinedStr)]
    parts = [part for node in joined for part in node.values if isinstance(part, ast.Constant) and HAN.search(str(part.value))]
    return [f"line {part.lineno}: {part.value}" for part in parts]


@pytest.mark.parametrize("path", sources.files("*.html", "templates"), ids=str)
def test_templates_speak_by_the_catalog(path: sources.Path) -> None:
    assert unspoken(sources.read(path)) == []


@pytest.mark.parametrize("path", PYTHON, ids=str)
def test_pages_speak_by_the_catalog(path: sources.Path) -> None:
    assert half_spoken(sources.read(path)) == []


@pytest.mark.parametrize("template", ["<p>你好</p>", "<p title='你好'>", "{{ '你好' }}", "{{ x|join('、') }}", "{% set a = '余' %}", "<b>{{ _('好') }}：</b>"])
def test_the_guard_sees_templates(template: str) -> None:
    assert unspoken(template)


@pytest.mark.parametrize("template", ["{# 你好 #}{{ _('你好') }}", "{{ ngettext('%(num)d位', '%(num)d位', n) }}", "{{ '中文' if a }}", "{{ f(_('好'), _('不好')) }}"])
def test_the_guard_lets_the_spoken_through(template: str) -> None:
    assert unspoken(template) == []


def test_the_guard_sees_python() -> None:
    assert half_spoken('flash(f"共{n}位")') and not half_spoken('flash(gettext("共%(n)s位", n=f"{n:d}"))')


def test_sentences_of_the_services_are_found() -> None:
    source = b'"""\xe8\xaf\xb4\xe6\x98\x8e"""\nraise Conflict("full", "\xe5\x90\x8d\xe9\xa2\x9d\xe5\xb7\xb2\xe6\xbb\xa1")\ngettext("\xe8\xaf\xb4\xe6\x98\x8e")\nSURNAMES = "\xe5\x8d\x95"\n'
    assert [found[2] for found in messages.sentences(io.BytesIO(source))] == ["名额已满"]


def test_what_is_missing_is_told() -> None:
    catalog = Catalog(locale="en")
    catalog.add("只剩{room}位", "Only {room} left")
    assert messages.missing(catalog) == []
    catalog.add("名额已满", "")
    catalog.add("还有%(n)s处", "More to do")
    catalog.add(("%(num)d位", "%(num)d位"), ("%(num)d person", ""))
    assert [line.split(":")[0] for line in messages.missing(catalog)] == ["no English", "other places", "no English"]
