"""Slips and stickers: the same tickets on two sheets, 8 to cut (105 x 74 mm) and 24 to peel off (70 x 37 mm, the common label sheet)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from eventsvc.render.paper.canvas import A4, Canvas, pdf

DPI = 400  # black and white, what an office's laser printer does well
LAYOUTS = ("slips", "stickers")


@dataclass(frozen=True)
class Heading:
    """What stands on every slip, in the words of the page's language."""

    title: str
    when: str
    venue: str
    phone: str
    mark: str = ""  # 演示
    words: tuple[str, ...] = ("时间", "地点", "6位签到码", "电话", "不用手机：进场时出示这张凭条，请保管好")


@dataclass(frozen=True)
class Slip:
    """One slip: the text of its QR code, its six digits, its number as printed, for how many."""

    text: str
    pickup_code: str
    number: str
    party: str


@dataclass(frozen=True)
class _Sheet:
    """A sheet: how many across and down, each how wide and high and from where (mm), what is the same on all and what is a slip's own."""

    across: int
    down: int
    wide: float
    high: float
    top: float
    same: Callable[[Canvas, Heading, float, float], None]
    own: Callable[[Canvas, Slip, float, float], None]
    cut: bool

    def places(self) -> list[tuple[float, float]]:
        """The upper left corners, row by row."""
        return [(column * self.wide, self.top + row * self.high) for row in range(self.down) for column in range(self.across)]


def slips_pdf(heading: Heading, slips: Sequence[Slip], layout: str = "slips") -> bytes:
    """The sheets of a batch as one PDF; KeyError for another layout than LAYOUTS."""
    numbers = f" {slips[0].number}–{slips[-1].number}" if slips else ""
    return pdf(_pages(heading, slips, _SHEETS[layout]), heading.title + numbers)


def _pages(heading: Heading, slips: Sequence[Slip], sheet: _Sheet) -> Iterator[Canvas]:
    places = sheet.places()
    whole: Canvas | None = None  # what is the same on every full page is drawn once
    for start in range(0, len(slips), len(places)):
        here = list(zip(slips[start : start + len(places)], places, strict=False))
        full = len(here) == len(places)
        canvas = whole.copy() if full and whole is not None else _same(heading, sheet, [corner for _slip, corner in here])
        if full and whole is None:
            whole = canvas.copy()
        for slip, (left, top) in here:
            sheet.own(canvas, slip, left, top)
        yield canvas


def _same(heading: Heading, sheet: _Sheet, corners: Sequence[tuple[float, float]]) -> Canvas:
    canvas = Canvas(DPI, "1")
    for left, top in corners:
        sheet.same(canvas, heading, left, top)
    for column in range(1, sheet.across if sheet.cut else 0):
        canvas.cut(column * sheet.wide, 0, column * sheet.wide, A4[1])
    for row in range(1, sheet.down if sheet.cut else 0):
        canvas.cut(0, row * sheet.high, A4[0], row * sheet.high)
    return canvas


def _slip(canvas: Canvas, heading: Heading, left: float, top: float) -> None:
    """What and when to the right of the code, the telephone below."""
    when, venue, pickup, phone, keep = heading.words
    end = canvas.text(f"{heading.mark}{heading.title}", left + 6, top + 6, 93, 6, bold=True, lines=2, least=0.6, lead=1.25)
    y = max(end + 1, top + 21)
    for label, said in ((when, heading.when), (venue, heading.venue)):
        if said:
            y = canvas.text(f"{label} {said}", left + 48, y, 51, 4, lines=2, least=0.7, lead=1.25) + 0.6
    canvas.text(pickup, left + 48, top + 44.5, 51, 3.6)
    if heading.phone:
        canvas.text(f"{phone} {heading.phone}", left + 48, top + 60.5, 51, 4.6, bold=True, least=0.6)
    canvas.text(keep, left + 48, top + 66.3, 51, 2.7, least=0.8)


def _slip_own(canvas: Canvas, slip: Slip, left: float, top: float) -> None:
    """The code (over 30 mm without its border), the number, the six digits."""
    canvas.code(slip.text, left + 4, top + 22, 42)
    canvas.text(f"{slip.number}　{slip.party}", left + 4, top + 62.5, 42, 4.6, bold=True, align="center")
    canvas.text(f"{slip.pickup_code[:3]} {slip.pickup_code[3:]}", left + 48, top + 48.3, 51, 10, bold=True, least=0.8, lead=1.15)


def _sticker(canvas: Canvas, heading: Heading, left: float, top: float) -> None:
    _when, _venue, pickup, _phone, _keep = heading.words
    y = canvas.text(f"{heading.mark}{heading.title}", left + 34, top + 3.4, 33, 3.3, bold=True, lines=2, least=0.8, lead=1.2)
    if heading.when:
        canvas.text(heading.when, left + 34, y + 0.4, 33, 2.6, lines=2, least=0.8, lead=1.2)
    canvas.text(pickup, left + 34, top + 18, 33, 2.5)
    if heading.phone:
        canvas.text(heading.phone, left + 34, top + 31, 33, 2.8, least=0.7)


def _sticker_own(canvas: Canvas, slip: Slip, left: float, top: float) -> None:
    """The code with its border 31 mm."""
    canvas.code(slip.text, left + 2.5, top + 3, 31)
    canvas.text(f"{slip.pickup_code[:3]} {slip.pickup_code[3:]}", left + 34, top + 20.4, 33, 6.6, bold=True, least=0.7, lead=1.1)
    canvas.text(f"{slip.number}　{slip.party}", left + 34, top + 27.5, 33, 3, bold=True, least=0.7)


_SHEETS = {
    "slips": _Sheet(2, 4, A4[0] / 2, A4[1] / 4, 0.0, _slip, _slip_own, cut=True),
    "stickers": _Sheet(3, 8, 70.0, 37.0, 0.5, _sticker, _sticker_own, cut=False),
}
