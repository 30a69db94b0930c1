"""A printed sheet as a camera sees it: the PDF rendered at 100 dpi, and the codes that zxing-cpp reads from it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

needs_poppler = pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm is missing (apt-get install poppler-utils)")


def rendered(pdf: bytes, folder: Path, dpi: int = 100) -> list[Image.Image]:
    """The pages of a PDF as a renderer that we did not write draws them."""
    file = folder / "sheet.pdf"
    file.write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", str(file), str(folder / "page")], check=True, timeout=120)
    return [Image.open(path) for path in sorted(folder.glob("page*.png"))]


def codes_on(page: Image.Image) -> list[str]:
    """The texts of the codes on a page, from the top left to the bottom right."""
    found = zxingcpp.read_barcodes(page.convert("L"))
    return [one.text for one in sorted(found, key=lambda one: (round(one.position.top_left.y, -1), one.position.top_left.x))]
