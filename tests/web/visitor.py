"""A visitor without JavaScript: reads the forms of a page as a browser would and sends them back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

BASE = "https://example.test"


@dataclass
class Form:
    """A form as it stands in the page; ``fields`` holds what a browser would send untouched."""

    action: str
    hook: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def filled(self, **changes: Any) -> dict[str, Any]:
        """The fields with some of them filled in; None leaves a field out."""
        return {name: value for name, value in (self.fields | changes).items() if value is not None}


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Form] = []
        self.open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value if value is not None else "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("data-hook", "")))
            self.open = True
        elif self.open and tag in {"input", "textarea"} and given.get("name"):
            form = self.found[-1]
            form.names.add(given["name"])
            ticked = given.get("type") not in {"radio", "checkbox"} or "checked" in given
            if ticked and "disabled" not in given:
                form.fields.setdefault(given["name"], []).append(given.get("value", "" if tag == "textarea" else "on" if given.get("type") == "checkbox" else ""))

    def handle_endtag(self, tag: str) -> None:
        self.open = self.open and tag != "form"


def forms(page: TestResponse) -> list[Form]:
    """Every form of a page."""
    reader = _Forms()
    reader.feed(page.text)
    return reader.found


def form_with(page: TestResponse, name: str) -> Form:
    """The form that has a field of that name."""
    return next(form for form in forms(page) if name in form.names)


class Visitor:
    """One browser, with cookies of its own, on https."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, path: str, **more: Any) -> TestResponse:
        """Open an address; redirects are not followed."""
        return self.client.get(path, base_url=BASE, **more)

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """Send something; nothing is added to it."""
        return self.client.post(path, data=data, base_url=BASE, **more)

    def send(self, page: TestResponse, form: Form, **changes: Any) -> TestResponse:
        """Send a form back to where it wants to go, with some fields filled in."""
        return self.post(form.action or page.request.path, form.filled(**changes))

    def hooked(self, page: TestResponse, hook: str, **changes: Any) -> TestResponse:
        """Send the form with that data-hook."""
        return self.send(page, next(form for form in forms(page) if form.hook == hook), **changes)

    def register(self, slug: str, **said: Any) -> TestResponse:
        """Fill in an activity's form; the name, the number and the consent are given unless said otherwise."""
        page = self.get(f"/e/{slug}")
        filled = {"name": "王桂芳", "phone": "13800001234", "consent": "1"} | said
        return self.send(page, form_with(page, "phone"), **filled)

    def cookie(self, name: str) -> str | None:
        """A cookie that this browser holds."""
        found = self.client.get_cookie(name, domain="example.test")
        return found.value if found else None
