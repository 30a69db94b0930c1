"""A browser of the organizer's side for tests: signs in, reads pages, fills in the forms as they stand on the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from eventsvc.db import db
from eventsvc.models import User
from eventsvc.ports import clock
from eventsvc.services import organizations
from eventsvc.services.actors import Actor, authenticate

BASE = "https://example.test"
PASSWORD = "abcd-1234"


class Fields(HTMLParser):
    """The fields of the form that posts to ``action`` (or of the last one), as a browser would send them."""

    def __init__(self, action: str | None = None) -> None:
        super().__init__()
        self.action, self.inside, self.found = action, False, {}
        self._select = self._area = ""
        self._blank = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = self.action is None or given.get("action") == self.action or (self.action == "" and "action" not in given)
            if self.inside and self.action is None:
                self.found = {}
        self._blank += tag == "template"
        name = given.get("name")
        if tag == "option" and self._select and self.inside and not self._blank and ("selected" in given or self._select not in self.found):
            self.found[self._select] = given.get("value") or ""
        if not self.inside or not name or self._blank:
            return
        if tag == "select":
            self._select = name
        if tag == "textarea":
            self._area = name
            self.found[name] = ""
        if tag == "input":
            if given.get("type") in {"checkbox", "radio"}:
                if "checked" in given:
                    self.found[name] = [*self.found.get(name, []), given.get("value", "on")]
            elif given.get("type") != "file":
                self.found[name] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        self._blank -= tag == "template"
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""
        if tag == "form":
            self.inside = False


class Console:
    """A member's browser."""

    def __init__(self, app: Flask, role: str = "owner", email: str = "", organization: str = "demo", signed_in: bool = True) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.email = email or f"{role}@example.test"
        with app.app_context():
            self.once = organizations.add_user(self.email, organization, role, "王主任")
        if signed_in:
            self._hold_a_session()

    def _hold_a_session(self) -> None:
        """As after signing in; argon2 would take half a second each time."""
        now = int(clock.now().timestamp())
        with self.app.app_context():
            user = db.session.scalar(select(User).where(User.email == self.email))
            session = {"user_id": user.id, "stamp": user.stamp, "since": now, "seen": now}
        with self.client.session_transaction(base_url=BASE) as kept:
            kept.update(session)

    def choose_password(self) -> None:
        """Change the one-time password for PASSWORD, which ends the sessions that there are."""
        with self.app.app_context():
            user = organizations.sign_in(self.email, self.once)
            organizations.change_password(user.id, self.once, PASSWORD)

    def get(self, path: str, status: int = 200) -> str:
        """A page's text."""
        answer = self.client.get(path, base_url=BASE)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.headers.get('Location', '')} {text_of(answer.text)[:600]}"
        return answer.text

    def send(self, path: str, page: str | None = None, action: str | None = None, **changes: Any) -> TestResponse:
        """Open ``page`` (or ``path``), change fields of its form, and post it to ``path``; None takes a field away."""
        fields = self.fields(page or path, action) | changes
        data = {name.replace("__", "-"): value for name, value in fields.items() if value is not None}
        return self.client.post(path, data=data, base_url=BASE)

    def fields(self, page: str, action: str | None = None) -> dict[str, Any]:
        """What the page's form would send as it is."""
        return fields_of(self.get(page), action)

    def sign_in(self, password: str, **more: Any) -> TestResponse:
        """Try to sign in."""
        return self.send("/manage/sign-in", email=self.email, password=password, **more)

    def actor(self) -> Actor:
        """An actor of the same organization, for calls behind the pages (inside an application context)."""
        return authenticate(organizations.create_token("demo"))


def fields_of(html: str, action: str | None = None) -> dict[str, Any]:
    """The fields of a form on a page."""
    reader = Fields(action)
    reader.feed(html)
    if action is None and "csrf_token" not in reader.found:
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
        reader.found["csrf_token"] = found.group(1) if found else ""
    return reader.found


def text_of(html: str) -> str:
    """What a reader sees of a page, on one line."""
    body = re.sub(r"<(script|style|template)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).strip()
