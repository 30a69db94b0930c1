"""What a phone stores to open the scanner without a network: the same for everybody, whole, and told apart by its version."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from eventsvc.web import headers, shell
from tests.guards.sources import PROJECT
from tests.web.conftest import NewWorld
from tests.web.visitor import Visitor


def told(visitor: Visitor) -> dict[str, list[str]]:
    """What the worker has to store."""
    script = visitor.get("/scan/worker.js").text
    return json.loads(script.partition("\n")[0].removeprefix("const SHELL = ").removesuffix(";"))


def asked(html: str) -> set[str]:
    """The addresses of the files that a page names itself."""
    return {address.partition("#")[0] for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', html)}


def test_the_worker_may_answer_for_the_scanner_alone(visitor: Visitor) -> None:
    answer = visitor.get("/scan/worker.js")
    assert answer.mimetype == "text/javascript" and answer.headers["Service-Worker-Allowed"] == "/scan"
    assert answer.headers["Cache-Control"] == "no-cache" and answer.headers["Content-Security-Policy"] == headers.STRICT


def test_all_that_the_pages_name_is_stored_and_is_there(visitor: Visitor) -> None:
    listed = told(visitor)
    assert {page.partition("?")[0] for page in listed["pages"]} == {"/scan", "/scan/help"}
    for page in listed["pages"]:
        html = visitor.get(page).text
        assert f'data-shell="{listed["version"]}"' in html
        assert {name for name in asked(html) if not name.endswith(".webmanifest") and "print" not in name} <= set(listed["files"])
    for name in listed["files"]:
        answer = visitor.get(name)
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"], name


def test_everything_that_a_module_loads_later_is_stored(visitor: Visitor) -> None:
    names = {re.sub(r"^(/scan)?/static/[^/]+/", "", name) for name in told(visitor)["files"]}
    for path in (PROJECT / "static/js/scan").glob("*.js"):
        later = re.findall(r"""(?:import\(|from )'(\.[^']+)'""", path.read_text(encoding="utf-8"))
        for name in later:
            assert (path.parent / name).resolve().relative_to(PROJECT / "static").as_posix() in names, f"{path.name}: {name}"
    assert any(name.endswith("zxing_reader.wasm") for name in names)


def test_the_pages_are_the_same_for_everybody(new_world: NewWorld, visitor: Visitor, new_volunteer: Callable[..., Visitor]) -> None:
    phone = new_volunteer(new_world())
    for page in told(visitor)["pages"]:
        assert phone.get(page).text == visitor.get(page).text and "csrf" not in visitor.get(page).text


def test_the_first_reader_gets_the_language_that_was_asked_for(app: Flask, visitor: Visitor) -> None:
    app.config["SHELL_VERSION"] = None  # it is made while this very page is
    assert "扫码" not in visitor.get("/scan?lang=en&display=standard").text


def test_every_look_is_a_page_of_its_own(visitor: Visitor) -> None:
    assert 'lang="en" data-display="elder"' in visitor.get("/scan?lang=en&display=elder").text
    assert 'lang="zh-CN" data-display="standard"' in visitor.get("/scan?lang=zh&display=standard").text


def test_a_changed_sentence_or_file_is_a_new_version(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def version() -> str:
        app.config["SHELL_VERSION"] = None
        with app.test_request_context():
            return shell.version()

    first = version()
    assert version() == first
    monkeypatch.setattr(shell, "_rendered", lambda address: address)
    assert (second := version()) != first
    app.config["STATIC_VERSION"] = "0" * 12
    assert version() not in {first, second}


def test_the_decode_worker_lies_in_the_scope_with_its_own_policy(visitor: Visitor) -> None:
    address = next(name for name in told(visitor)["files"] if name.endswith("decode-worker.js"))
    assert address.startswith("/scan/static/")
    assert visitor.get(address).headers["Content-Security-Policy"] == headers.WITH_WASM


def test_the_language_is_switched_by_our_own_script_or_by_a_form_with_its_token(visitor: Visitor) -> None:
    def switch(**sent: str) -> TestResponse:
        return visitor.post("/language", {"lang": "en", "next": "/scan"}, headers=sent)

    assert switch().status_code == 400
    assert switch(**{"X-Requested-With": "scan"}).status_code == 303
    assert 'lang="en"' in visitor.get("/scan").text
