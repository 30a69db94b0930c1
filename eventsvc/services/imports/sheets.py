"""Reading what organizers have: XLSX, CSV in any Chinese encoding, rows of text; bounded, whatever the file claims to be.

A sheet is plain text: every cell as its reader would say it (138..., not 1.38E+10 where Excel still knows the digits),
rows numbered as in the file, empty rows left out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from eventsvc.errors import Invalid, TooLarge

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 5000  # rows with people; titles and headings come on top
MOST_COLUMNS = 60
LONGEST_CELL = 2000  # characters; what is longer is a fault of its field anyway
_HEAD_ROOM = 20  # titles, notes and headings above the people
_UNPACKED = 64 * 1024 * 1024  # bytes that one part of a workbook may unpack to
_PARTS = 2000  # files in a workbook
_GAP = 3000  # empty rows in a row after which nothing more is looked for
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True)
class Sheet:
    """A table of texts. ``kind``: csv · xlsx; ``rows``: (number in the file from 1, cells); ``tab``: the worksheet's name."""

    kind: str
    rows: list[tuple[int, list[str]]]
    tab: str = ""


def read(raw: bytes) -> Sheet:
    """The table in a file, told by its content and not by its name. Raises Invalid or TooLarge, each with its sentence."""
    if len(raw) > MOST_BYTES:
        raise TooLarge(message="文件最大10 MB，请分成几个文件")
    if not raw.strip():
        raise Invalid.one("file", "required", "文件是空的，请换一个")
    if raw.startswith(_OLD_EXCEL):
        raise Invalid.one("file", "old_excel", "这是旧的.xls文件（或加了密码），请在Excel或WPS里另存为.xlsx再上传")
    sheet = _workbook(raw) if raw.startswith(b"PK\x03\x04") else _separated(raw)
    if not sheet.rows:
        raise Invalid.one("file", "required", "文件里没有内容，请换一个")
    return sheet


def told(value: Any) -> str:
    """A cell's value as text: whole numbers without a point, dates as 2026-08-14, the rest as it is; trimmed and bounded."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    if isinstance(value, (date, time)):
        return value.isoformat()
    return str(value).replace("\x00", "\x01").strip()[:LONGEST_CELL]  # NUL is no JSON; another control is refused as well


def _kept(rows: Iterable[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, each cut behind its last filled cell. Raises Invalid for more than can be imported."""
    kept = []
    empty = 0
    for number, cells in rows:
        while cells and not cells[-1]:
            cells.pop()
        empty = 0 if cells else empty + 1
        if cells:
            kept.append((number, cells))
        if len(kept) > MOST_ROWS + _HEAD_ROOM:
            raise Invalid.one("file", "too_many", "一次最多导入{most}行，这个文件有更多；请分成几个文件", most=MOST_ROWS)
        if empty > _GAP:
            break
    return kept


# --- text ----------------------------------------------------------------------------------------------------------------


def decoded(raw: bytes) -> str:
    """The text of bytes in UTF-8 (with BOM or without), UTF-16 with BOM, or GB18030. Raises Invalid."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid.one("file", "unreadable", "这个文件读不出文字，请用Excel或WPS另存为.xlsx再上传")


def _separated(raw: bytes) -> Sheet:
    text = decoded(raw).replace("\x00", "\x01")
    if sum(character < " " and character not in "\t\r\n" for character in text[:4000]) > 20:
        raise Invalid.one("file", "unreadable", "这不是表格文件，请上传.xlsx或CSV")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))

    def rows() -> Iterator[tuple[int, list[str]]]:
        line = 1
        for cells in reader:
            yield line, [told(cell) for cell in cells[:MOST_COLUMNS]]
            line = reader.line_num + 1

    try:
        return Sheet("csv", _kept(rows()))
    except csv.Error as error:
        raise Invalid.one("file", "unreadable", "CSV第{line}行读不懂，请检查引号", line=reader.line_num) from error


def _delimiter(text: str) -> str:
    """What separates the cells: the one of tab, semicolon, comma (full-width too) that most lines have, and most often."""
    lines = [line for line in text.splitlines()[:50] if line.strip()]

    def weight(mark: str) -> tuple[int, int]:
        return sum(mark in line for line in lines), sum(line.count(mark) for line in lines)

    return max((",", "\t", ";", "，", "；"), key=weight)


# --- workbooks -----------------------------------------------------------------------------------------------------------


def _workbook(raw: bytes) -> Sheet:
    from openpyxl import load_workbook  # 60 ms that only an import needs

    broken = Invalid.one("file", "unreadable", "这个Excel文件打不开，请在Excel或WPS里另存为.xlsx再上传")
    try:
        _bounded(raw)
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True, keep_links=False)
        for page in book.worksheets:
            if page.sheet_state != "visible":
                continue
            rows = _kept(_page_rows(page))
            if rows:
                return Sheet("xlsx", rows, str(page.title))
    except (Invalid, TooLarge):
        raise
    except Exception as error:  # whatever a hand-made file makes the reader stumble over
        raise broken from error
    return Sheet("xlsx", [])


def _bounded(raw: bytes) -> None:
    """Refuse what would unpack to more than a list of people can be."""
    with zipfile.ZipFile(io.BytesIO(raw)) as parts:
        listed = parts.infolist()
        if "xl/workbook.xml" not in parts.namelist():
            raise Invalid.one("file", "unreadable", "这不是表格文件，请上传.xlsx或CSV")
        if len(listed) > _PARTS or any(part.file_size > _UNPACKED for part in listed if part.filename.endswith((".xml", ".rels"))):
            raise TooLarge(message="这个Excel文件展开后太大，请只保留报名名单再上传")


def _page_rows(page: Any) -> Iterator[tuple[int, list[str]]]:
    page.reset_dimensions()  # what the file says of its own size is often wrong
    for number, row in enumerate(page.iter_rows(max_col=MOST_COLUMNS, values_only=True), 1):
        yield number, [told(value) for value in row]
