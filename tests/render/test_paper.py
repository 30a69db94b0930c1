"""Poster, slips and stickers as PDF: every code is read at 100 dpi, nothing is cut off, long texts fit, sizes are true."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from PIL import Image

from eventsvc.render import paper
from eventsvc.render.paper import canvas, fonts
from tests.render.sheets import codes_on, needs_poppler, rendered

pytestmark = pytest.mark.skipif(not paper.found(), reason="no Chinese font (apt-get install fonts-noto-cjk)")
HEADING = paper.Heading("“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动", "2026年8月14日（周五）18:00–21:30", "南关街街道新天地社区", "0371-12345678", "【演示】")
LONG = paper.Heading("很长的活动名称" * 20, "2026年8月14日（周五）18:00–21:30" * 3, "很长的地点" * 30, "0371-12345678转8001", "【演示】")


def slips(count: int, host: str = "EXAMPLE.TEST") -> list[paper.Slip]:
    return [paper.Slip(f"HTTPS://{host}/T/{n:05d}ABCDEFGHJKMNPQR", f"{n * 4711 % 1_000_000:06d}", f"凭条{n:03d}", "2位") for n in range(1, count + 1)]


@needs_poppler
@pytest.mark.parametrize("layout", paper.LAYOUTS)
@pytest.mark.parametrize(("heading", "host"), [(HEADING, "EXAMPLE.TEST"), (LONG, "HUODONG.ZHENGWU.GUANCHENGQU.EXAMPLE.GOV.CN")])
def test_every_code_on_every_sheet_is_read_at_100_dpi(layout: str, heading: paper.Heading, host: str, tmp_path: Path) -> None:
    made = slips(27, host)
    pages = rendered(paper.slips_pdf(heading, made, layout), tmp_path)
    assert [code for page in pages for code in codes_on(page)] == [slip.text for slip in made]
    assert {page.size for page in pages} == {(827, 1170)}, "A4 at its true size"
    for page in pages:
        edge = page.convert("L")
        for box in ((0, 40, 8, 260), (819, 40, 827, 260)):  # 2 mm left and right, between the lines to cut along
            assert edge.crop(box).getextrema()[0] > 200, "nothing where a printer cannot print"


@needs_poppler
@pytest.mark.parametrize("title", ["夜市", "“观夜戏·品非遗 欢乐社区行”非遗主题系列文化活动", "很长的活动名称" * 25])
def test_the_posters_code_is_read_and_its_text_stays_on_the_page(title: str, tmp_path: Path) -> None:
    address = "https://example.test/e/ye-shi"
    poster = paper.Poster("管城回族区人民政府办公室" * 3, title, (("时间", HEADING.when), ("地点", "商都遗址城墙下" * 6)), address, address, "扫码报名",
                          ("打开微信“扫一扫”", "填姓名、电话、几个人"), "不会用手机？打电话就能报名", "0371-12345678", fair=True)  # fmt: skip
    [page] = rendered(paper.poster_pdf(poster), tmp_path)
    assert codes_on(page) == [address]
    picture = Image.open(io.BytesIO(paper.poster_png(poster)))
    assert picture.size == (2480, 3508) and codes_on(picture) == [address]
    strip = page.convert("RGB").crop((30, 1149, 797, 1168))
    assert len(strip.getcolors(10_000) or []) == 1, "the band at the bottom is free of text"


def test_the_code_of_a_slip_is_more_than_three_centimetres() -> None:
    for slip in (slips(1)[0], slips(1, "HUODONG.ZHENGWU.GUANCHENGQU.EXAMPLE.GOV.CN")[0]):
        page = canvas.Canvas(400, "1")
        wide = page.code(slip.text, 4, 4, 42)
        modules = canvas._modules(slip.text).width
        assert wide * (modules - 8) / modules >= 30 and wide <= 42


def test_a_text_is_cut_at_words_and_shrinks_before_it_is_cut() -> None:
    page = canvas.Canvas(100, "1")
    assert page.text("很短", 10, 10, 60, 6) == pytest.approx(10 + 6 * 1.3)
    assert page.text("稍微长一点的一行字不会换行", 10, 10, 60, 6, least=0.5) < 10 + 6 * 1.3
    rows = canvas._wrapped("到 2026年8月14日，在example.test/e/ye-shi", 24, False, 300)
    assert "example.test/e/ye-shi" in " ".join(rows) and not any(row.startswith("，") for row in rows)
    assert page.text("很长" * 200, 10, 10, 60, 6, lines=2) == pytest.approx(10 + 2 * 6 * 0.55 * 1.3)


def test_the_file_is_a_pdf_that_asks_for_its_true_size() -> None:
    made = paper.slips_pdf(HEADING, slips(9))
    assert made.startswith(b"%PDF-1.7") and made.rstrip().endswith(b"%%EOF") and b"/PrintScaling/None" in made and b"/Count 2" in made
    place = int(re.search(rb"startxref\n(\d+)", made).group(1))  # type: ignore[union-attr]
    rows = re.findall(rb"(\d{10}) 00000 n", made[place:])
    assert all(made[int(row) :].startswith(f"{number} 0 obj".encode()) for number, row in enumerate(rows, 1))
    assert len(made) < 600_000


def test_a_machine_without_a_font_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fonts._files.cache_clear()
    fonts.font.cache_clear()
    monkeypatch.setattr(fonts, "_FOLDERS", ("/nowhere",))
    try:
        assert not paper.found()
        with pytest.raises(LookupError):
            fonts.font(12)
    finally:
        monkeypatch.undo()
        fonts._files.cache_clear()
