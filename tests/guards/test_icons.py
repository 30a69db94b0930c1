"""Every icon that a template names is drawn, the small sprite repeats the large one, and no style asks for a data: image."""

from __future__ import annotations

import re

import pytest

from tests.guards import sources

NAMED = re.compile(r"\bicon\('([a-z]+)'")
SYMBOL = re.compile(r'<symbol id="([a-z]+)"(.*)</symbol>')
DATA_IMAGE = re.compile(r"""url\(\s*["']?data:""")


def symbols(name: str) -> dict[str, str]:
    """The icons of a sprite: id and drawing."""
    return dict(SYMBOL.findall((sources.PROJECT / "static/icons" / name).read_text(encoding="utf-8")))


def missing(template: str, drawn: dict[str, str]) -> list[str]:
    """Icons that a template names and nobody drew."""
    return [name for name in NAMED.findall(template) if name not in drawn]


@pytest.mark.parametrize("path", sources.files("*.html", "templates"), ids=str)
def test_icons_are_drawn(path: sources.Path) -> None:
    assert missing(sources.read(path), symbols("sprite.svg")) == []


def test_the_small_sprite_is_part_of_the_large_one() -> None:
    core = symbols("core.svg")
    named = re.search(r"CORE = '([^']+)'", sources.read(sources.Path("templates/macros/icons.html")))
    assert core and core.items() <= symbols("sprite.svg").items()
    assert named and named.group(1).split() == list(core)


@pytest.mark.parametrize("path", sources.files("*.css", "static"), ids=str)
def test_no_data_images(path: sources.Path) -> None:
    """The Content-Security-Policy refuses them: the mark would silently be missing."""
    assert not DATA_IMAGE.search(sources.read(path))


def test_the_guard_sees() -> None:
    assert missing("{{ icon('phone') }}{{ icon('nosuch', _('x')) }}", {"phone": ""}) == ["nosuch"]
    assert DATA_IMAGE.search('background: url("data:image/svg+xml,x")') and not DATA_IMAGE.search("url(../icons/select.svg)")
