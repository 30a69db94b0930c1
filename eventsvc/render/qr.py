"""The ticket's QR code as a white card, in PNG or SVG: the same bytes for the same text, small, and read at 240 pixels.

An upper-case address needs the alphanumeric mode only, so the code stays at 25 to 33 modules, which decides whether a
blurred camera reads it (measured: fewer modules beat a signature inside the code). The card brings its own quiet zone
of four modules, because a code without it on a dark page is read by nothing.
"""

from __future__ import annotations

from io import BytesIO

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_H, ERROR_CORRECT_M, ERROR_CORRECT_Q

QUIET = 4  # modules of white around the code (ISO/IEC 18004)
SCREEN = 240  # least width on a page, in CSS pixels
PRINT = 3  # image pixels for each CSS pixel: 720 pixels or more, sharp on paper and on dense screens

Matrix = list[list[bool]]


def matrix(text: str) -> Matrix:
    """The modules, quiet zone included: error correction M, or Q or H where they fit into the same size.

    Raises ValueError for an empty text and for one that no QR code can hold (about 2,300 bytes).
    """
    if not text:
        raise ValueError("a QR code needs a text")
    chosen = _code(text, ERROR_CORRECT_M)
    least = chosen.best_fit()
    if least <= 20:  # a ticket has version 1 to 5; long texts take what they need
        better = (_code(text, level) for level in (ERROR_CORRECT_H, ERROR_CORRECT_Q))
        chosen = next((code for code in better if code.best_fit() == least), chosen)
    chosen.make(fit=True)
    return chosen.get_matrix()


def ticket_png(text: str) -> bytes:
    """A black-and-white PNG of at least 720 x 720 pixels, every module a whole number of pixels; about 1 KB.

    Shown ``css_width(text)`` CSS pixels wide (240 or a little more) every module is a whole number of those, too.
    """
    modules = matrix(text)
    side = len(modules)
    small = Image.new("1", (side, side), 1)
    small.putdata([0 if dark else 1 for row in modules for dark in row])
    card = small.resize((PRINT * _width(side),) * 2, Image.Resampling.NEAREST)
    file = BytesIO()
    card.save(file, "PNG", optimize=True)
    return file.getvalue()


def css_width(text: str) -> int:
    """How many CSS pixels wide the PNG is shown at its sharpest: the least multiple of its modules from 240 on."""
    return _width(len(matrix(text)))


def svg(text: str) -> str:
    """The same card as an SVG drawing for posters: one path, no style, no script, any size."""
    modules = matrix(text)
    side = len(modules)
    path = "".join(_runs(row, y) for y, row in enumerate(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def _width(side: int) -> int:
    return -(-SCREEN // side) * side


def _code(text: str, level: int) -> qrcode.QRCode:
    code = qrcode.QRCode(error_correction=level, border=QUIET)
    code.add_data(text, optimize=0)
    return code


def _runs(row: list[bool], y: int) -> str:
    """Each run of dark modules in a row as one rectangle."""
    drawn, start = "", None
    for x, dark in enumerate([*row, False]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            drawn += f"M{start} {y}h{x - start}v1h-{x - start}z"
            start = None
    return drawn
