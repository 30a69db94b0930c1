"""What holds for every page: the policy in its header and obeyed in its body, what may be kept, how light it is, what it says when it fails."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import brotli
import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from eventsvc import permissions
from eventsvc.db import db
from eventsvc.models import Registration
from eventsvc.services import registrations
from eventsvc.web import headers, statics
from eventsvc.web.manage import console
from tests.guards.test_templates import faults
from tests.services.world import World
from tests.web.conftest import NewWorld
from tests.web.visitor import Visitor, form_with

LIGHT = 60_000  # bytes over the wire for the registration page with all it loads
SECRET = ("/t/", "/T/", "/my", "/m/", "/join/", "/scan", "/manage")


class _Loads(HTMLParser):
    """What a browser fetches for a page by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        rel = (given.get("rel") or "").split()
        if tag in {"script", "img"} and given.get("src"):
            self.found.add(given["src"] or "")
        elif tag == "link" and ("stylesheet" in rel or rel == ["icon"] and (given.get("href") or "").endswith(".svg")):
            self.found.add(given["href"] or "")
        elif tag == "use":
            self.found.add((given.get("href") or "").split("#")[0])


def loads(page: TestResponse) -> set[str]:
    """Addresses that the page needs, modules imported by modules not yet among them."""
    reader = _Loads()
    reader.feed(page.text)
    return reader.found


@pytest.fixture
def world(new_world: NewWorld) -> World:
    """A fair with everything that a page can show."""
    return new_world(
        venue="商都遗址城墙下",
        description="剪纸、面塑。",
        sessions=[{"key": "paper", "name": "剪纸", "capacity": 5, "starts_at": "2026-08-14T19:00:00+08:00"}],
        areas=[{"key": "static", "name": "静态区", "kind": "zone"}],
        registration={"questions": [{"key": "wish", "label": "想学什么"}]},
    )


@pytest.fixture
def every_page(app: Flask, world: World, visitor: Visitor, new_volunteer: Callable[..., Visitor]) -> dict[str, TestResponse]:
    """Every page of residents and volunteers, in most of its states."""
    with app.app_context():
        waiting = world.ticket(1)
        registrations.cancel(world.owner, world.slug, waiting.id)
        ticket = world.ticket(2)
        gone = db.session.get_one(Registration, waiting.id)
        db.session.refresh(gone)
    stranger = visitor.get(f"/t/{ticket.code}")
    phone = new_volunteer(world)
    check = phone.get(f"/t/{ticket.code}")
    pages = {
        "faults": visitor.register(world.slug, phone="1", name='<b onclick="x()">'),
        "wrong number": visitor.send(stranger, form_with(stranger, "phone"), phone="13900000009"),
        "check-in": check,
        "verdict": phone.send(check, form_with(check, "checkpoint")),
        "scanner": phone.get("/scan"),
        "joining": visitor.get("/join/NOSUCH"),
        "not there": visitor.get("/nope"),
        "not allowed": visitor.post("/scan"),
        "no token": visitor.post("/display"),
    }
    visitor.get(f"/m/{registrations.manage_token(ticket.id)}")
    visitor.get(f"/m/{registrations.manage_token(gone.id)}")
    for address in ("/", f"/e/{world.slug}", f"/e/{world.slug}/privacy", "/my", f"/t/{ticket.code}", f"/t/{gone.code}"):
        pages[address] = visitor.get(address)
    return {"stranger": stranger, **pages}


def test_every_page_obeys_its_policy(every_page: dict[str, TestResponse]) -> None:
    for name, page in every_page.items():
        policy = page.headers["Content-Security-Policy"]
        assert policy == headers.STRICT and "unsafe" not in policy, name
        assert page.headers["X-Content-Type-Options"] == "nosniff" and "frame-ancestors 'none'" in policy, name
        assert page.headers["Strict-Transport-Security"] and page.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}, name
        assert page.mimetype == "text/html" and faults(page.text) == [], name
        assert "data-hook" in page.text or "<main" in page.text, name


def test_nothing_is_untranslated_or_unfilled(every_page: dict[str, TestResponse]) -> None:
    for name, page in every_page.items():
        text = re.sub(r"<[^>]+>", " ", page.text)
        assert not re.search(r"%\(|\{\w+\}|\bNone\b|Undefined|This field is required|Not a valid", text), name


def test_what_holds_a_secret_is_stored_nowhere(every_page: dict[str, TestResponse]) -> None:
    for name, page in every_page.items():
        wanted = {"no-store"} if page.request.path.startswith(SECRET) or page.status_code in {404, 405} else {"no-store", "private, no-cache"}
        assert page.headers["Cache-Control"] in wanted, name


def test_the_camera_is_the_scanners(every_page: dict[str, TestResponse]) -> None:
    for name, page in every_page.items():
        assert ("camera=(self)" in page.headers["Permissions-Policy"]) == (page.request.path == "/scan"), name


def test_only_the_decode_worker_may_compile(app: Flask, visitor: Visitor) -> None:
    with app.test_request_context():
        worker = statics.static_url(headers.WORKER)
        others = [statics.static_url(path) for path in ("js/page.js", "js/scan/page.js", "css/theme.css", "icons/sprite.svg")]
    assert "script-src 'self' 'wasm-unsafe-eval';" in visitor.get(worker).headers["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in visitor.get("/static/" + headers.WORKER).headers["Content-Security-Policy"]
    for path in others:
        assert visitor.get(path).headers["Content-Security-Policy"] == headers.STRICT


def test_static_files_are_kept_by_their_hash(app: Flask, visitor: Visitor) -> None:
    version = app.config["STATIC_VERSION"]
    kept = visitor.get(f"/static/{version}/css/theme.css")
    assert kept.headers["Cache-Control"] == statics.FOREVER and kept.mimetype == "text/css"
    for other in ("/static/0123456789ab/css/theme.css", "/static/css/theme.css"):
        answer = visitor.get(other)
        assert answer.status_code == 200 and answer.data == kept.data and answer.headers["Cache-Control"] == statics.ASK_AGAIN
    again = visitor.get("/static/css/theme.css", headers={"If-None-Match": visitor.get("/static/css/theme.css").headers["ETag"]})
    assert again.status_code == 304
    for bad in ("/static/css/nope.css", f"/static/{version}/", f"/static/{version}/../app.py", "/static/..%2fapp.py", "/static/../eventsvc/config.py"):
        assert visitor.get(bad).status_code == 404, bad


def test_the_hash_follows_the_files(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a")
    first = statics.version_of.__wrapped__(str(tmp_path))
    (tmp_path / "a.css").write_text("b")
    second = statics.version_of.__wrapped__(str(tmp_path))
    (tmp_path / "a.css").rename(tmp_path / "b.css")
    assert len({first, second, statics.version_of.__wrapped__(str(tmp_path))}) == 3


def test_answers_are_compressed(app: Flask, world: World, visitor: Visitor) -> None:
    for path in ("/", f"/static/{app.config['STATIC_VERSION']}/css/theme.css"):
        plain = visitor.get(path)
        packed = visitor.get(path, headers={"Accept-Encoding": "gzip, deflate, br"})
        assert packed.headers["Content-Encoding"] == "br" and "Accept-Encoding" in packed.headers["Vary"]
        assert len(packed.data) < len(plain.data) / 2 and int(packed.headers["Content-Length"]) == len(packed.data)
        assert brotli.decompress(packed.data)[:60] == plain.data[:60]
    wasm = visitor.get("/static/vendor/zxing-wasm-3.1.4/zxing_reader.wasm", headers={"Accept-Encoding": "br"})
    assert wasm.mimetype == "application/wasm" and len(wasm.data) < 500_000
    assert visitor.get("/", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"


def test_the_registration_page_is_light(world: World, visitor: Visitor) -> None:
    br = {"Accept-Encoding": "br"}
    page = visitor.get(f"/e/{world.slug}")
    sizes = {page.request.path: len(visitor.get(page.request.path, headers=br).data)}
    wanted = loads(page)
    while wanted:
        address = wanted.pop()
        answer = visitor.get(address, headers=br)
        assert answer.status_code == 200, address
        sizes[address] = len(answer.data) + 300  # with about as many bytes of headers
        text = brotli.decompress(answer.data).decode("utf-8", "replace") if answer.headers.get("Content-Encoding") == "br" else ""
        if address.endswith(".js"):
            folder = address.rsplit("/", 1)[0]
            wanted |= {f"{folder}/{name}" for name in re.findall(r"""from ["']\./([^"']+)["']""", text)} - set(sizes)
        if address.endswith(".css"):
            wanted |= {_beside(address, name) for name in re.findall(r"""url\(["']?([^"')]+)["']?\)""", text) if not name.startswith("data:")} - set(sizes)
    total = sum(sizes.values())
    assert total <= LIGHT, f"{total} bytes: {sorted(sizes.items(), key=lambda item: -item[1])}"
    assert len(sizes) > 5


def _beside(address: str, name: str) -> str:
    parts = address.split("/")[:-1]
    for part in name.split("/"):
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts)


def test_robots_leave_tickets_alone(visitor: Visitor) -> None:
    lines = visitor.get("/robots.txt").text.splitlines()
    for path in ("/t/", "/m/", "/my", "/join", "/scan", "/manage"):
        assert f"Disallow: {path}" in lines


def test_every_endpoint_declares_its_action(app: Flask) -> None:
    bare = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "_action", None) not in permissions.ACTIONS
    }
    assert {name for name in bare if name.startswith(("web.", "health.", "static"))} == set()


def test_every_page_of_an_event_is_under_one_tab(app: Flask) -> None:
    held = [module for modules in console.TABS.values() for module in modules]
    assert len(held) == len(set(held))
    inside = {rule.endpoint for rule in app.url_map.iter_rules() if rule.endpoint.startswith("manage.") and "slug" in rule.arguments}
    assert {app.view_functions[name].__module__.rpartition(".")[2] for name in inside} == set(held)


def test_the_error_page_says_no_more_than_it_should(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr("eventsvc.web.home.events.published", broken)
    app.testing = False
    page = visitor.get("/")
    assert page.status_code == 500 and "系统出了点问题" in page.text and "secret inside" not in page.text and "Traceback" not in page.text
    assert page.headers["X-Request-ID"] in page.text and page.headers["Content-Security-Policy"] == headers.STRICT


def test_a_lost_database_is_a_503(app: Flask, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("connection refused"))

    monkeypatch.setattr("eventsvc.web.home.events.published", lost)
    page = visitor.get("/")
    assert page.status_code == 503 and int(page.headers["Retry-After"]) > 0 and "SELECT" not in page.text


def test_elder_mode_and_language_are_cookies(world: World, visitor: Visitor) -> None:
    page = visitor.get("/")
    assert 'data-display="standard"' in page.text and 'lang="zh-CN"' in page.text
    form = form_with(page, "next")
    for target, leads in (("/my", "/my"), ("https://evil.example/", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"), ("/a\r\nX: y", "/")):
        answer = visitor.post("/display", form.filled(mode="elder", next=target))
        assert (answer.status_code, answer.headers["Location"]) == (303, leads), target
    assert 'data-display="elder"' in visitor.get(f"/e/{world.slug}").text
    assert 'lang="zh-CN"' in visitor.get("/", headers={"Accept-Language": "en"}).text  # Chinese first, unless the switch was pressed
    assert visitor.post("/language", form.filled(lang="en")).status_code == 303
    english = visitor.get("/").text
    assert 'lang="en"' in english and "家门口的活动" not in english and "Register" in visitor.get(f"/e/{world.slug}").text


def test_links_come_from_the_setting_not_from_the_request(app: Flask, world: World, visitor: Visitor) -> None:
    with app.app_context():
        ticket = world.ticket(1)
    visitor.get(f"/m/{registrations.manage_token(ticket.id)}")
    page = visitor.get(f"/t/{ticket.code}", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil.example" not in page.text and f"https://example.test/t/{ticket.code}" in page.text
