"""How Chinese characters are read. The dictionaries take some fifty megabytes, so a process loads them when it is first asked: most never are."""

from __future__ import annotations

import functools
import threading
from typing import Any

from eventsvc import config

_loading = threading.Lock()


@functools.lru_cache(maxsize=8192)
def readings(character: str) -> tuple[str, ...]:
    """Every reading of one character, without tones; none for what is no Chinese character."""
    library = _characters()
    found = library.pinyin(character, style=library.Style.NORMAL, heteronym=True)[0]
    return tuple(reading for reading in found if reading and reading[0].isascii())


def initials(text: str) -> str:
    """The first letter of each character as it is read in its words, ASCII runs as they are, nothing for all else."""
    library = _words()
    return "".join(library.lazy_pinyin(text, style=library.Style.FIRST_LETTER, errors=lambda run: run if run.isascii() else ""))


@functools.cache
def _characters() -> Any:
    """The library with its characters alone: a fifth of its memory, and all that names of people need."""
    config.for_libraries(PYPINYIN_NO_PHRASES="1", PYPINYIN_NO_DICT_COPY="1")  # read by it when it is imported
    import pypinyin

    return pypinyin


@functools.cache
def _words() -> Any:
    """The library with its words too: for titles, where 重 in 重庆 is another than in 重要."""
    library = _characters()
    with _loading:
        from pypinyin import phrases_dict

        library.load_phrases_dict(phrases_dict.phrases_dict)
    return library
