"""A Chinese font of this machine, regular and bold; rare surnames (䶮 㐂 𠮷) are in the first of them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", "C:/Windows/Fonts")
_KNOWN = (  # regular, bold, family within a collection; the best first
    ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc", "SC"),
    ("NotoSansCJKsc-Regular.otf", "NotoSansCJKsc-Bold.otf", ""),
    ("NotoSansSC-Regular.otf", "NotoSansSC-Bold.otf", ""),
    ("SourceHanSansSC-Regular.otf", "SourceHanSansSC-Bold.otf", ""),
    ("SourceHanSansCN-Regular.otf", "SourceHanSansCN-Bold.otf", ""),
    ("PingFang.ttc", "PingFang.ttc", "SC"),
    ("msyh.ttc", "msyhbd.ttc", ""),
    ("wqy-microhei.ttc", "wqy-microhei.ttc", ""),
    ("wqy-zenhei.ttc", "wqy-zenhei.ttc", ""),
    ("DroidSansFallbackFull.ttf", "DroidSansFallbackFull.ttf", ""),
)


@lru_cache(maxsize=1)
def _files() -> tuple[tuple[Path, int], tuple[Path, int]] | None:
    there = {path.name: path for folder in _FOLDERS for path in Path(folder).rglob("*.[to]t[cf]")}
    for regular, bold, family in _KNOWN:
        if regular in there:
            heavy = there.get(bold, there[regular])
            return (there[regular], _face(there[regular], family)), (heavy, _face(heavy, family))
    return None


def _face(path: Path, family: str) -> int:
    """Which face of a collection is the simplified Chinese one."""
    for index in range(16 if family else 0):
        try:
            name = ImageFont.truetype(str(path), 20, index=index).getname()[0] or ""
        except OSError:
            break
        if name.endswith(family) and "Mono" not in name:
            return index
    return 0


def found() -> bool:
    """Whether this machine has a Chinese font that we know."""
    return _files() is not None


@lru_cache(maxsize=256)
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """The font so many pixels high. Raises LookupError where there is none."""
    files = _files()
    if files is None:
        raise LookupError("no Chinese font")
    path, index = files[bold]
    return ImageFont.truetype(str(path), size, index=index)
