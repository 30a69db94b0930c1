"""Sheets that the server draws itself, to the tenth of a millimetre: poster, slips and stickers, as PDF and PNG.

Drawn with Pillow and the machine's own Chinese font; no browser, no page margins between a label and its code
(docs/decisions/0012-paper.md). Where there is no such font, `fonts.found()` says so and the pages print instead.
"""

from eventsvc.render.paper.fonts import found
from eventsvc.render.paper.poster import Poster, poster_pdf, poster_png
from eventsvc.render.paper.slips import LAYOUTS, Heading, Slip, slips_pdf

__all__ = ["LAYOUTS", "Heading", "Poster", "Slip", "found", "poster_pdf", "poster_png", "slips_pdf"]
