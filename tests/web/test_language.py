"""English is the second language: asked for by the switch, whole on the residents' pages, with every place filled in."""

from __future__ import annotations

import re
from typing import BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from tests.guards.sources import PROJECT
from tests.web.conftest import NewWorld
from tests.web.visitor import Visitor, form_with, forms

CATALOGUE = PROJECT / "translations/en/LC_MESSAGES/messages.po"
PUBLIC = ("home", "events", "tickets", "my", "errors", "privacy", "macros")
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def spoken(text: object) -> str:
    return str(text[0] if isinstance(text, tuple | list) else text)


def test_the_compiled_catalogue_is_the_readable_one() -> None:
    with CATALOGUE.open("rb") as readable, CATALOGUE.with_suffix(".mo").open("rb") as compiled:
        first, second = ({spoken(m.id): list(m.string) for m in read(file) if m.id} for read, file in ((_po, readable), (read_mo, compiled)))
    assert first == second, "run: pybabel compile -d translations"


def _po(file: BinaryIO) -> Catalog:
    return read_po(file, locale="en")


def test_every_place_of_a_sentence_is_kept() -> None:
    with CATALOGUE.open("rb") as file:
        for message in read_po(file, locale="en"):
            texts = message.string if isinstance(message.string, tuple) else (message.string,)
            for text in texts if message.id else ():
                assert set(PLACES.findall(text)) == set(PLACES.findall(spoken(message.id))), message.id


def test_the_residents_pages_are_translated() -> None:
    with CATALOGUE.open("rb") as file:
        known = {spoken(message.id) for message in read_po(file, locale="en") if message.string}
    wanted = set()
    for folder in PUBLIC:
        found = extract_from_dir(PROJECT / "templates" / folder, method_map=[("**.html", "jinja2")])
        wanted |= {spoken(text) for _file, _line, text, _comments, _context in found}
    missing = sorted(wanted - known)
    assert len(missing) <= len(wanted) // 20, missing  # a new sentence may wait for its translation, a new page may not


def test_the_switch(new_world: NewWorld, visitor: Visitor) -> None:
    new_world()
    page = visitor.get("/e/ye-shi")
    switch = next(form for form in forms(page) if form.action == "/language")
    assert visitor.send(page, switch, lang="en").headers["Location"] == "/e/ye-shi"
    page = visitor.register("ye-shi", name="", party_size="9")
    assert page.status_code == 422 and 'lang="en"' in page.text
    assert "Please give a name" in page.text and "At most 5 people in one registration" in page.text and "2 entries need a change" in page.text
    answer = visitor.send(page, form_with(page, "phone"), name="Wang", party_size="2")
    ticket = visitor.get(answer.headers["Location"])
    assert ticket.status_code == 200 and "6-digit check-in code" in ticket.text
