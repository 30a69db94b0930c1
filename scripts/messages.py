"""The catalog of the second language: collects every Chinese sentence of the interface, keeps messages.po in step, compiles it.

    python -m scripts.messages            bring messages.po and messages.mo up to date; says what is left to translate
    python -m scripts.messages --check    change nothing; exit 1 where something is missing, stale or not compiled
"""

from __future__ import annotations

import ast
import io
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "eventsvc" / "translations" / "en" / "LC_MESSAGES"
PO, MO = FOLDER / "messages.po", FOLDER / "messages.mo"

CHINESE = re.compile(r"[\u3400-\u9fff]")
SENTENCE = re.compile(r"[\u3400-\u9fff]{2}|[\u3400-\u9fff]\{|\}[\u3400-\u9fff]")  # not a lone surname
# The command line speaks both languages at once; what residents are told is Chinese in every language of the interface.
NOT_SHOWN = {"eventsvc/services/backups", "eventsvc/services/messages/texts.py"}
CALLS = {"gettext", "ngettext", "lazy_gettext", "_"}
KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}


def words(fileobj: BinaryIO, keywords: Any = (), comment_tags: Any = (), options: Any = None) -> Iterator[tuple[int, str, str, list[str]]]:
    """Every Chinese literal that no gettext call holds. Docstrings and f-strings are none."""
    yield from _literals(fileobj, CHINESE)


def sentences(fileobj: BinaryIO, keywords: Any = (), comment_tags: Any = (), options: Any = None) -> Iterator[tuple[int, str, str, list[str]]]:
    """The same without single characters: what the services refuse with."""
    yield from _literals(fileobj, SENTENCE)


def _literals(fileobj: BinaryIO, wanted: re.Pattern[str]) -> Iterator[tuple[int, str, str, list[str]]]:
    tree = ast.parse(fileobj.read())
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node, clean=False) is not None:
            skipped.add(id(node.body[0].value))  # type: ignore[attr-defined]
        inside = isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in CALLS)
        # A template of an event is content that the organizer edits, in the brief's own language.
        inside = inside or (isinstance(node, ast.Dict) and any(isinstance(key, ast.Constant) and key.value == "kind" for key in node.keys))
        inside = inside or (isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "compile")
        if inside:
            skipped.update(id(part) for part in ast.walk(node) if isinstance(part, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped and wanted.search(node.value):
            yield node.lineno, "gettext", node.value, []


METHODS: list[tuple[str, Any]] = [
    ("eventsvc/web/**.py", "python"),
    ("eventsvc/api/**.py", "python"),
    ("templates/**.html", "jinja2"),
]
LITERALS: list[tuple[str, Any]] = [
    ("eventsvc/errors.py", sentences),
    ("eventsvc/render/words.py", words),
    ("eventsvc/services/**.py", sentences),
    ("eventsvc/web/**.py", sentences),
]


def extracted(root: Path = ROOT) -> Catalog:
    """Every message of the interface, with where it stands."""
    catalog = Catalog(locale="en", project="eventsvc", charset="utf-8", fuzzy=False)
    for methods in (METHODS, LITERALS):
        for part in ("eventsvc", "templates"):
            chosen = [(pattern.removeprefix(f"{part}/"), method) for pattern, method in methods if pattern.startswith(f"{part}/")]
            if not chosen:
                continue
            for name, _line, message, comments, context in extract_from_dir(str(root / part), method_map=chosen, keywords=KEYWORDS):
                if f"{part}/{name}".startswith(tuple(NOT_SHOWN)) or not message:
                    continue
                catalog.add(message, None, [(f"{part}/{name}", 0)], auto_comments=comments, context=context)
    return catalog


def _texts(message: Any) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


def kept() -> Catalog:
    """The catalog as it is in the repository."""
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def together(fresh: Catalog, old: Catalog) -> Catalog:
    """The extracted messages with the translations that are known."""
    for message in fresh:
        known = old.get(message.id) if message.id else None
        if known is not None and known.string and "fuzzy" not in known.flags:
            message.string = known.string
    return fresh


def missing(catalog: Catalog) -> list[str]:
    """Messages without a translation, or with other places than the Chinese has."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        original = _texts(message.id)[0]
        strings = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
        if not all(strings):
            found.append(f"no English: {original}")
        elif any(places(text) != places(original) for text in strings):
            found.append(f"other places: {original} -> {strings}")
    return found


PLACE = re.compile(r"%\((\w+)\)[sd]|\{(\w+)\}")


def places(text: str) -> set[str]:
    """The names that are filled in."""
    return {first or second for first, second in PLACE.findall(text)}


def compiled(catalog: Catalog) -> bytes:
    """The catalog as Flask-Babel reads it."""
    buffer = io.BytesIO()
    catalog.creation_date = catalog.revision_date = datetime(2026, 1, 1, tzinfo=UTC)  # else every minute makes another file
    write_mo(buffer, catalog)
    return buffer.getvalue()


def written(catalog: Catalog) -> bytes:
    """The catalog as people read it: sorted, without places, so that a diff shows only what changed."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, sort_output=True, omit_header=False, no_location=True)
    return re.sub(rb'"(POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By|Report-Msgid-Bugs-To)[^\n]*\n', b"", buffer.getvalue())


def main(arguments: list[str], say: Callable[[str], Any] = print) -> int:
    """Check or renew the catalog; 0 where nothing is left to do."""
    fresh = together(extracted(), kept() if PO.exists() else Catalog(locale="en"))
    left = missing(fresh)
    text = written(fresh)
    if "--check" in arguments:
        stale = [path.name for path, body in ((PO, text), (MO, compiled(kept()))) if not path.exists() or path.read_bytes() != body]
        left += [f"{name} is not up to date: python -m scripts.messages" for name in stale]
    else:
        PO.write_bytes(text)
        MO.write_bytes(compiled(kept()))
    for line in left:
        say(line)
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
