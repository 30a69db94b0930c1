"""A plain table as a workbook or as CSV: text stays text, long numbers keep their digits, nothing in a cell is ever a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook

from eventsvc.render.cells import FONT, Page, clean

Cell = str | int | datetime | None
CSV_MIME = "text/csv; charset=utf-8"
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_MOST_DIGITS = 11  # more are rounded by spreadsheets


def workbook(name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int], zone: str, notes: Sequence[str] = ()) -> bytes:
    """One sheet with a frozen row of headings, ``notes`` above it; every column is text, so that numbers typed in stay as typed."""
    file = BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = Workbook(file, options | {"default_format_properties": {"font_name": FONT, "font_size": 11}})
    page = Page(book, clean(name)[:31], list(widths), ZoneInfo(zone))
    typed = book.add_format({"num_format": "@"})
    for column, width in enumerate(widths):
        page.sheet.set_column(column, column, width, typed)
    for note in notes:
        page.title(note, "note")
    page.headings(list(headings))
    for row in rows:
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                page.moment(column, value)
            elif isinstance(value, int):
                page.number(column, value)
            else:
                page.text(column, value)
        page.next()
    book.close()
    return file.getvalue()


def separated(headings: Sequence[str], rows: Iterable[Sequence[Cell]], zone: str) -> bytes:
    """CSV in UTF-8 with BOM, as Excel and WPS open it; what would be read as a formula or lose digits is held as text."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow(headings)
    writer.writerows([_plain(value, zone) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig", "replace")


def _plain(value: Cell, zone: str) -> str:
    if isinstance(value, datetime):
        return value.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    if value.isdecimal() and (value.startswith("0") or len(value) > _MOST_DIGITS):
        return f"\t{value}"
    return f"'{value}" if value.startswith(_RISKY) else value
