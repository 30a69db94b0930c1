"""Writing cells of a workbook: text is never a formula, times are real dates in the event's zone, print setup is ready."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

FONT = "宋体"
LONGEST = 32_767  # characters that one cell can hold
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'")
_EPOCH = datetime(1899, 12, 30)
_DAY = timedelta(days=1)


def clean(text: str) -> str:
    """Text that a cell can hold: lone surrogates replaced, cut at the cell's limit."""
    return text if text.isascii() and len(text) < 200 else text.encode("utf-8", "replace").decode("utf-8")[:LONGEST]


def serial(at: datetime, zone: ZoneInfo) -> float:
    """A moment as Excel's day number on the wall clock of ``zone``."""
    return (at.astimezone(zone).replace(tzinfo=None) - _EPOCH) / _DAY


class Page:
    """One worksheet, written from the top down (the workbook keeps one row in memory)."""

    def __init__(self, book: Workbook, name: str, widths: list[int], zone: ZoneInfo) -> None:
        self.name, self.zone, self.row = name, zone, 0
        self.sheet: Worksheet = book.add_worksheet(name)
        self.columns = len(widths)
        self._formats = _formats(book)
        for column, width in enumerate(widths):
            self.sheet.set_column(column, column, width)
        self.sheet.set_landscape()
        self.sheet.set_paper(9)  # A4
        self.sheet.fit_to_pages(1, 0)
        self.sheet.hide_gridlines(0)  # shown and printed, so that no cell needs a border of its own
        self.sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        self.sheet.set_footer(f"&L{name}&R第&P页，共&N页")

    def text(self, column: int, value: str | None, style: str = "plain") -> None:
        """Text as text, whatever it begins with; nothing for None and the empty text."""
        if value:
            risky = style == "plain" and value.startswith(_RISKY)
            self.sheet.write_string(self.row, column, clean(value), self._formats["quoted" if risky else style])

    def number(self, column: int, value: int | float | None, style: str = "number") -> None:
        """A number; nothing for None."""
        if value is not None:
            self.sheet.write_number(self.row, column, value, self._formats[style])

    def moment(self, column: int, at: datetime | None, style: str = "moment") -> None:
        """A real Excel date in the event's zone; nothing for None."""
        if at is not None:
            self.sheet.write_number(self.row, column, serial(at, self.zone), self._formats[style])

    def formula(self, column: int, formula: str, value: int | str, style: str = "proof") -> None:
        """A live formula with the value that it has now, for readers that do not calculate."""
        self.sheet.write_formula(self.row, column, formula, self._formats[style], value)

    def height(self, points: float) -> None:
        """The height of the row that is about to be written."""
        self.sheet.set_row(self.row, points)

    def title(self, text: str, style: str = "title") -> None:
        """A line across the page, in its first cell."""
        self.sheet.write_string(self.row, 0, clean(text), self._formats[style])
        self.row += 1

    def headings(self, words: list[str], freeze: bool = True) -> int:
        """The row of column headings; frozen and repeated on each printed page. Returns the first row below, from 0."""
        for column, word in enumerate(words):
            self.sheet.write_string(self.row, column, word, self._formats["heading"])
        if freeze:
            self.sheet.freeze_panes(self.row + 1, 0)
            self.sheet.repeat_rows(self.row)
        self.row += 1
        return self.row

    def next(self) -> None:
        """Go to the next row."""
        self.row += 1


def _formats(book: Workbook) -> dict[str, Format]:
    """The formats of the workbook, made once."""
    made: dict[str, Format] | None = getattr(book, "eventsvc_formats", None)
    if made is None:
        line: dict[str, Any] = {"valign": "vcenter"}
        made = {
            name: book.add_format({"font_name": FONT, "font_size": 11} | spec)
            for name, spec in {
                "plain": line,
                "quoted": line | {"quote_prefix": True},
                "wrapped": {"text_wrap": True, "valign": "top"},
                "title": {"bold": True, "font_size": 16},
                "note": {"font_color": "#595959"},
                "warning": {"bold": True, "font_color": "#C00000"},
                "heading": line | {"border": 1, "border_color": "#BFBFBF", "bold": True, "bg_color": "#DDEBF7", "align": "center", "text_wrap": True},
                "number": line | {"num_format": "0"},
                "signed": line | {"num_format": "+0;-0;0"},
                "proof": line | {"num_format": "0", "bg_color": "#F2F2F2"},
                "moment": line | {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "center"},
                "hour": line | {"num_format": 'm"月"d"日"h"时"', "align": "center"},
            }.items()
        }
        book.eventsvc_formats = made
    return made
