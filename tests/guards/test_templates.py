"""No inline script, style or handler in any template (the Content-Security-Policy would block it), nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from tests.guards import sources

DATA_BLOCKS = {"application/json", "application/ld+json"}  # data, not run
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "audio": "src", "video": "src"}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        where = f"line {self.getpos()[0]}: <{tag}>"
        if tag == "script" and "src" not in given and given.get("type") not in DATA_BLOCKS:
            self.found.append(f"{where} without src")
        if tag == "style":
            self.found.append(f"{where} inline")
        for name, value in attrs:
            text = value or ""
            if name == "style":
                self.found.append(f"{where} has style=")
            if re.fullmatch(r"on[a-z]+", name):
                self.found.append(f"{where} has {name}=")
            if re.match(r"\s*javascript:", text, re.IGNORECASE):
                self.found.append(f"{where} {name}=javascript:")
            if LOADING.get(tag) == name and re.match(r"\s*(https?:)?//", text, re.IGNORECASE):
                if not (tag == "link" and given.get("rel") in {"canonical", "alternate"}):
                    self.found.append(f"{where} loads from elsewhere: {text[:60]}")


def faults(template: str) -> list[str]:
    """What in a template's text the policy would block."""
    text = re.sub(r"\{#.*?#\}", lambda m: "\n" * m.group().count("\n"), template, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}", lambda m: " " + "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", lambda m: "X" + "\n" * m.group().count("\n"), text, flags=re.DOTALL)
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.found


@pytest.mark.parametrize("path", sources.files("*.html", "templates"), ids=str)
def test_no_inline_script_or_style(path: sources.Path) -> None:
    assert faults(sources.read(path)) == []


@pytest.mark.parametrize(
    "template",
    [
        "<script>alert(1)</script>",
        '<script type="module">import "/x.js"</script>',
        "<style>p { color: red }</style>",
        '<p style="color: red">x</p>',
        '<p {% if a %}style="width: {{ n }}%"{% endif %}>x</p>',
        '<button onclick="go()">x</button>',
        '<a href="javascript:go()">x</a>',
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
    ],
)
def test_the_guard_sees(template: str) -> None:
    assert faults(template)


def test_the_guard_lets_the_allowed_through() -> None:
    assert faults(
        '{# <script>old</script> #}<script type="module" src="{{ url_for(\'static\', filename=\'js/a.js\') }}"></script>'
        '<script type="application/json">{{ data|tojson }}</script><a href="https://example.org">x</a><p data-on="x" class="{{ c }}">y</p>'
    ) == []
