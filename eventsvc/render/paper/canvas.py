"""A page in millimetres to draw on: text that fits its box, QR codes with whole pixels a module, and the page as PNG or in a PDF."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageDraw

from eventsvc.render import qr
from eventsvc.render.paper.fonts import font

A4 = (210.0, 297.0)  # mm
_RUNS = re.compile(r"[0-9A-Za-z:./\-–()]+\s?|\s|[^0-9A-Za-z\s]")
_NEVER_FIRST = "，。、；：！？）》”’·"


class Canvas:
    """An A4 page. ``mode`` ``1`` is black and white, as a laser printer prints it; ``RGB`` has colours."""

    def __init__(self, dpi: int, mode: str) -> None:
        self.dpi = dpi
        self.image = Image.new(mode, (self.px(A4[0]), self.px(A4[1])), "white" if mode == "RGB" else 1)
        self.draw = ImageDraw.Draw(self.image)
        if mode == "1":
            self.draw.fontmode = "1"
        self.black: str | int = "black" if mode == "RGB" else 0

    def copy(self) -> Canvas:
        """Another page with the same on it."""
        other = Canvas.__new__(Canvas)
        other.dpi, other.image, other.black = self.dpi, self.image.copy(), self.black
        other.draw = ImageDraw.Draw(other.image)
        other.draw.fontmode = self.draw.fontmode
        return other

    def px(self, mm: float) -> int:
        """Millimetres in pixels."""
        return round(mm * self.dpi / 25.4)

    def text(
        self, said: str, x: float, y: float, width: float, size: float, *, bold: bool = False, lines: int = 1, least: float = 0.55,
        align: str = "left", fill: str | int | None = None, lead: float = 1.3,
    ) -> float:  # fmt: skip
        """Write within ``width`` mm, at most ``size`` mm high: smaller down to ``least`` of it, on at most ``lines`` lines, then cut with …; where it ends (mm)."""
        box = self.px(width)
        for step in range(11):
            part = 1 - (1 - least) * step / 10
            pixels = max(6, self.px(size * part))
            chosen, rows = font(pixels, bold), list(_wrapped(said, pixels, bold, box))
            if len(rows) <= lines:
                break
        else:
            rows = rows[:lines]
            while rows[-1] and chosen.getlength(rows[-1] + "…") > box:
                rows[-1] = rows[-1][:-1]
            rows[-1] += "…"
        if align == "center" and 1 < len(rows) == len(_wrapped(said, pixels, bold, box)):
            rows = _balanced(said, pixels, bold, box, rows)
        height = size * part * lead
        for number, row in enumerate(rows):
            spare = box - chosen.getlength(row)
            left = self.px(x) + (spare / 2 if align == "center" else spare if align == "right" else 0)
            self.draw.text((left, self.px(y + number * height + height / 2)), row, font=chosen, fill=self.black if fill is None else fill, anchor="lm")
        return y + len(rows) * height

    def code(self, text: str, x: float, y: float, side: float) -> float:
        """A QR code with its white border at (x, y), at most ``side`` mm wide, every module a whole number of pixels; how wide it is (mm)."""
        picture = _modules(text)
        pixels = self.px(side) // picture.width * picture.width
        self.image.paste(picture.resize((pixels, pixels), Image.Resampling.NEAREST).convert(self.image.mode), (self.px(x), self.px(y)))
        return pixels * 25.4 / self.dpi

    def cut(self, x1: float, y1: float, x2: float, y2: float) -> None:
        """A dotted line to cut along."""
        long, step = max(abs(x2 - x1), abs(y2 - y1)), 2.0
        for start in range(0, int(long / step), 2):
            at, to = start * step / long, min(1.0, (start + 1) * step / long)
            ends = [(self.px(x1 + (x2 - x1) * part), self.px(y1 + (y2 - y1) * part)) for part in (at, to)]
            self.draw.line(ends, fill=self.black, width=max(1, self.px(0.15)))

    def png(self) -> bytes:
        """The page as a picture that says its size."""
        file = BytesIO()
        self.image.save(file, "PNG", dpi=(self.dpi, self.dpi))
        return file.getvalue()


@lru_cache(maxsize=512)
def _modules(text: str) -> Image.Image:
    matrix = qr.matrix(text)
    picture = Image.new("1", (len(matrix), len(matrix)), 1)
    picture.putdata([0 if dark else 255 for row in matrix for dark in row])
    return picture


@lru_cache(maxsize=1024)
def _wrapped(said: str, pixels: int, bold: bool, box: int) -> tuple[str, ...]:
    """The lines of a text: words and numbers whole where they fit, Chinese anywhere but before a closing sign."""
    rows: list[str] = []
    row, measure = "", font(pixels, bold).getlength
    for run in _RUNS.findall(said):
        for part in [run] if measure(run) <= box else list(run):
            if row and measure((row + part).rstrip()) > box and part not in _NEVER_FIRST:
                rows.append(row.rstrip())
                row = ""
            row += part if row or part.strip() else ""
    return (*rows, row.rstrip()) if row.strip() or not rows else tuple(rows)


def _balanced(said: str, pixels: int, bold: bool, box: int, rows: list[str]) -> list[str]:
    """The same number of lines, about equally long: no title ends in two lost characters."""
    for narrow in range(box // len(rows), box, max(1, box // 60)):
        tried = _wrapped(said, pixels, bold, narrow)
        if len(tried) == len(rows) and all(font(pixels, bold).getlength(row) <= box for row in tried):
            return list(tried)
    return rows


def pdf(pages: Iterable[Canvas], title: str) -> bytes:
    """A4 pages in one PDF (1.7): each its picture, to be printed at its true size."""
    parts: list[bytes] = []
    kids = []
    for canvas in pages:
        picture, number = canvas.image, 5 + len(parts)
        colour, bits = ("DeviceRGB", 8) if picture.mode == "RGB" else ("DeviceGray", 1)
        data = zlib.compress(picture.tobytes(), 6)
        width, height = (side * 72 / 25.4 for side in A4)
        drawn = f"q {width:.3f} 0 0 {height:.3f} 0 0 cm /P Do Q".encode()
        head = f"<</Type/XObject/Subtype/Image/Width {picture.width}/Height {picture.height}/ColorSpace/{colour}/BitsPerComponent {bits}/Filter/FlateDecode/Length {len(data)}>>"
        parts.append(head.encode() + b"stream\n" + data + b"\nendstream")
        parts.append(f"<</Length {len(drawn)}>>stream\n".encode() + drawn + b"\nendstream")
        page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width:.3f} {height:.3f}]/Resources<</XObject<</P {number} 0 R>>>>/Contents {number + 1} 0 R>>"
        parts.append(page.encode())
        kids.append(number + 2)
    named = ("\ufeff" + title).encode("utf-16-be").hex()
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    first = [
        b"<</Type/Catalog/Pages 2 0 R/Lang(zh-CN)/ViewerPreferences<</PrintScaling/None/DisplayDocTitle true>>>>",
        f"<</Type/Pages/Kids[{listed}]/Count {len(kids)}>>".encode(),
        f"<</Title<{named}>>>".encode(),
        b"null",
    ]
    return _file([*first, *parts])


def _file(objects: list[bytes]) -> bytes:
    out = BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    table = out.tell()
    rows = "".join(f"{place:010d} 00000 n \n" for place in places)
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{rows}trailer\n<</Size {len(objects) + 1}/Root 1 0 R/Info 3 0 R>>\nstartxref\n{table}\n%%EOF\n".encode())
    return out.getvalue()
