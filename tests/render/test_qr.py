"""The ticket's QR is read from the PNG as printed and as shown on a page, and is the same file each time."""

import io
import re
from xml.etree import ElementTree

import pytest
import zxingcpp
from PIL import Image

from eventsvc.render import qr

TICKET = "HTTPS://EXAMPLE.ORG/T/0123456789ABCDEFGHJK"
TEXTS = [TICKET, TICKET.lower(), "0123456789ABCDEFGHJK", "HTTP://10.20.30.40:18000/T/0123456789ABCDEFGHJK", "https://例子.中国/t/阳光政务"]


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def read(image: Image.Image) -> zxingcpp.Barcode:
    found = zxingcpp.read_barcodes(image.convert("L"), formats=zxingcpp.BarcodeFormat.QRCode)
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("text", TEXTS)
def test_read_at_full_size_and_on_a_page(text: str) -> None:
    image = opened(qr.ticket_png(text))
    assert read(image).text == text
    for side in (240, qr.css_width(text)):
        for filtering in (Image.Resampling.NEAREST, Image.Resampling.BILINEAR, Image.Resampling.LANCZOS):
            assert read(image.convert("L").resize((side, side), filtering)).text == text


@pytest.mark.parametrize("text", TEXTS)
def test_the_card_is_white_around_and_sharp(text: str) -> None:
    image = opened(qr.ticket_png(text))
    modules = qr.matrix(text)
    side = len(modules)
    assert image.width == image.height >= 720
    assert image.width % side == 0 and qr.css_width(text) % side == 0 and 240 <= qr.css_width(text) <= 330
    scale = image.width // side
    assert qr.QUIET == 4
    edge = image.convert("L").crop((0, 0, image.width, 4 * scale))
    assert edge.getextrema() == (255, 255)
    small = image.convert("L").resize((side, side), Image.Resampling.NEAREST)
    assert [[small.getpixel((x, y)) == 0 for x in range(side)] for y in range(side)] == modules


def test_read_on_a_dark_page() -> None:
    image = opened(qr.ticket_png(TICKET)).convert("L").resize((240, 240))
    page = Image.new("L", (600, 600), 0)
    page.paste(image, (180, 180))
    assert read(page).text == TICKET


def test_small_file_few_modules_same_bytes() -> None:
    png = qr.ticket_png(TICKET)
    assert len(png) < 2500
    assert opened(png).mode == "1"
    assert png == qr.ticket_png(TICKET)
    assert len(qr.matrix(TICKET)) - 8 == 29  # version 3 in alphanumeric mode
    assert len(qr.matrix(TICKET.lower())) >= len(qr.matrix(TICKET))
    assert len(qr.matrix("0123456789ABCDEFGHJK")) - 8 == 21


def test_error_correction_is_raised_where_it_is_free() -> None:
    levels = {text: read(opened(qr.ticket_png(text))).ec_level for text in TEXTS}
    assert set(levels.values()) <= {"M", "Q", "H"}
    assert read(opened(qr.ticket_png("A" * 8))).ec_level == "H"
    assert read(opened(qr.ticket_png("A" * 15))).ec_level == "Q"
    assert read(opened(qr.ticket_png("A" * 20))).ec_level == "M"


def test_the_drawing_for_posters_is_the_same_code() -> None:
    drawing = qr.svg(TICKET)
    assert "style" not in drawing and "script" not in drawing
    root = ElementTree.fromstring(drawing)
    side = int(root.attrib["viewBox"].split()[2])
    image = Image.new("L", (side * 8, side * 8), 255)
    path = root[1].attrib["d"]
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        image.paste(0, (int(x) * 8, int(y) * 8, (int(x) + int(width)) * 8, (int(y) + 1) * 8))
    assert read(image).text == TICKET
    assert re.fullmatch(r"(M\d+ \d+h\d+v1h-\d+z)+", path)


@pytest.mark.parametrize("text", ["", "文" * 3000])
def test_what_cannot_be_drawn_is_said(text: str) -> None:
    with pytest.raises(ValueError):
        qr.ticket_png(text)
