"""Chinese first; English only for whoever pressed the switch. Also the switch of 长辈版 / 标准版: both live in cookies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, redirect, request
from flask_babel import Babel, gettext

from eventsvc.services import wording
from eventsvc.web.view import action, pages

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
CATALOGS = Path(__file__).resolve().parent.parent / "translations"  # kept by scripts/messages.py; the Chinese sentences are the keys
DISPLAYS = {"standard", "elder"}
YEAR = 31_536_000  # seconds


def init_app(app: Flask) -> None:
    """Set up translation and what every template knows: the language and the display."""
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh_Hans_CN")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Shanghai")
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", str(CATALOGS))
    Babel(app, locale_selector=chosen)
    app.context_processor(_known_to_templates)


def chosen() -> str:
    """The locale of this request."""
    return LANGUAGES.get(_wished("lang"), "zh_Hans_CN")


def _wished(name: str) -> str:
    """What this browser chose; the scanner's shell is stored in every look, so that its address may say which one."""
    told = request.args.get(name) if request.path.startswith("/scan") else None
    return told or request.cookies.get(name, "")


def english() -> bool:
    """Whether this request is answered in English."""
    return chosen() == "en"


def look() -> dict[str, str]:
    """The language and the display of this request, by the names that the forms send."""
    return {"lang": "en" if english() else "zh", "display": "elder" if _wished("display") == "elder" else "standard"}


def sentence_of_scan(message: str) -> str:
    """The door's sentence in the language of the page."""
    return wording.again(message, gettext) if english() else message


def _known_to_templates() -> dict[str, Any]:
    return {"display": look()["display"], "lang": "en" if english() else "zh-CN"}


@pages.post("/display")
@action("open")
def display() -> Response:
    """Switch 长辈版 on or off and go back to the page."""
    mode = request.form.get("mode", "")
    return _kept("display", mode if mode in DISPLAYS else "standard")


@pages.post("/language")
@action("open")
def language() -> Response:
    """Switch between Chinese and English and go back to the page."""
    chosen_one = request.form.get("lang", "")
    return _kept("lang", chosen_one if chosen_one in LANGUAGES else "zh")


def _kept(name: str, value: str) -> Response:
    response = redirect(local_path(request.form.get("next", "/")), 303)
    secure = current_app.config["EVENTSVC"].is_https
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax", path="/")
    return response  # type: ignore[return-value]


def local_path(text: str) -> str:
    """A path of this site, or the home page for anything that could lead elsewhere."""
    sane = text.startswith("/") and not text.startswith(("//", "/\\")) and text.isprintable() and "\\" not in text and len(text) <= 500
    return text if sane else "/"
