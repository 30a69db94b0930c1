"""The poster: who, what, when, where, the code of the activity's page, what to do, and the telephone; one A4 page in colour."""

from __future__ import annotations

from dataclasses import dataclass

from eventsvc.render.paper.canvas import A4, Canvas, pdf

DPI = 300


@dataclass(frozen=True)
class Poster:
    """What stands on the poster, in the words of the page's language."""

    host: str
    title: str
    facts: tuple[tuple[str, str], ...]  # label, text
    url: str  # shown below
    text: str  # what the code holds
    how: str
    steps: tuple[str, ...]
    ask: str
    phone: str
    fair: bool = False


def poster_png(poster: Poster) -> bytes:
    """The poster as a picture of 2480 x 3508 pixels, for a chat group."""
    return _drawn(poster).png()


def poster_pdf(poster: Poster) -> bytes:
    """The poster as an A4 page to print."""
    return pdf([_drawn(poster)], poster.title)


def _drawn(poster: Poster) -> Canvas:
    ink, tint = ("#8a3b00", "#fff1e0") if poster.fair else ("#0b4689", "#e6effa")
    canvas = Canvas(DPI, "RGB")
    for top in (0.0, A4[1] - 6):
        canvas.draw.rectangle((0, canvas.px(top), canvas.px(A4[0]), canvas.px(top + 6)), fill=ink)
    y = canvas.text(poster.host, 14, 14, 182, 6.2, align="center", fill="#222222", least=0.6, lines=2) + 3
    y = canvas.text(poster.title, 14, y, 182, 16, bold=True, lines=3, least=0.5, align="center", fill=ink, lead=1.25) + 6
    y = _facts(canvas, poster, y, tint)
    bottom = A4[1] - 6 - 46
    side = min(96.0, bottom - y - 12)
    top = y + (bottom - y - side) / 2
    wide = canvas.code(poster.text, 14, top, side)
    canvas.draw.rectangle((canvas.px(13), canvas.px(top - 1), canvas.px(15 + wide), canvas.px(top + wide + 1)), outline=ink, width=canvas.px(0.8))
    right, room = 14 + side + 8, A4[0] - 14 - (14 + side + 8)
    line = canvas.text(poster.how, right, top, room, 12.5, bold=True, fill=ink) + 4
    for number, step in enumerate(poster.steps, 1):
        canvas.text(f"{number}.", right, line, 9, 7.4, bold=True)
        line = canvas.text(step, right + 9, line, room - 9, 7.4, bold=True, lines=1 if len(step) <= 14 else 2, least=0.6, lead=1.3) + 4
    _foot(canvas, poster, bottom, ink)
    return canvas


def _facts(canvas: Canvas, poster: Poster, y: float, tint: str) -> float:
    """The band with time and place; it is measured first, then drawn beneath."""
    for draw in (False, True):
        page = canvas if draw else Canvas(DPI // 6, "RGB")
        end = y + 5
        for label, said in poster.facts:
            page.text(label, 14, end, 22, 8.4, fill="#222222")
            end = page.text(said, 37, end, 159, 8.4, bold=True, lines=3, least=0.7, lead=1.35) + 2
        if not draw:
            canvas.draw.rectangle((0, canvas.px(y), canvas.px(A4[0]), canvas.px(end + 3)), fill=tint)
    return end + 3


def _foot(canvas: Canvas, poster: Poster, y: float, ink: str) -> None:
    canvas.draw.line((canvas.px(14), canvas.px(y), canvas.px(196), canvas.px(y)), fill=ink, width=canvas.px(0.6))
    if poster.phone:
        y = canvas.text(poster.ask, 14, y + 3, 182, 7, align="center") + 0.5
        y = canvas.text(poster.phone, 14, y, 182, 15, bold=True, align="center", fill=ink, lead=1.2)
    canvas.text(poster.url, 14, y + 2, 182, 4.6, align="center", fill="#222222", lines=2, least=0.7)
