"""What is printed before an event, each on one A4 page: the poster with the registration's QR code, and the team's sheet."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.render import paper, qr, words
from eventsvc.services import devices, events, links, organizations
from eventsvc.web import filters
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.view import action

NAMED = 3  # people at a point; more are counted
LONGEST = 12  # characters of a name: the sheet has one page
COUNTED = {"headcount", "handout", "consultation", "application", "custom"}


@dataclass(frozen=True)
class Post:
    """A line of the team's sheet: a point or a counter, its rule or unit, who stands there."""

    name: str
    what: str
    who: str


@blueprint.get("/e/<slug>/poster")
@action("event.read")
def poster(slug: str) -> Response:
    """The poster; refused while the links in it would lead nobody here."""
    event = event_of(slug)
    if current_app.config["EVENTSVC"].is_loopback:
        return no_address(event, gettext("海报"))
    picture = base64.b64encode(qr.svg(links.event(event.slug)).encode()).decode()
    return show("paper/poster.html", event, picture=picture, public_url=links.event(event.slug))


def no_address(event: Any, what: str) -> Response:
    """Why nothing with a link in it is printed while BASE_URL leads to this machine alone; ``what`` it would have been."""
    return show("paper/no_address.html", event, 409, base_url=links.to(""), what=what)


@blueprint.get("/e/<slug>/poster.pdf")
@action("event.read")
def poster_pdf(slug: str) -> Response:
    """The same as an A4 file to print."""
    return _poster_file(slug, paper.poster_pdf, "pdf", "application/pdf")


@blueprint.get("/e/<slug>/poster.png")
@action("event.read")
def poster_png(slug: str) -> Response:
    """The same as a picture for a chat group."""
    return _poster_file(slug, paper.poster_png, "png", "image/png")


def _poster_file(slug: str, draw: Callable[[paper.Poster], bytes], ending: str, kind: str) -> Response:
    event = event_of(slug)
    if current_app.config["EVENTSVC"].is_loopback:
        return no_address(event, gettext("海报"))
    if not paper.found():
        return show("paper/no_font.html", event, 409)
    facts, address = events.facts(event), links.event(event.slug)
    shown = filters.when(facts).striptags()
    marks = (gettext("【演示】") if facts.demo else "") + (gettext("【已取消】") if event.status == "cancelled" else "")
    told = ((gettext("时间"), shown), (gettext("地点"), facts.venue or ""))
    how, steps, ask = _register() if event.registration_open else _just_come()
    drawn = draw(paper.Poster(
        (facts.host or organizations.name_of(organizations.known(g.actor)[0])) + marks, facts.title, tuple(one for one in told if one[1]), address, address, how, steps, ask,
        facts.contact_phone or "", event.kind == "fair",
    ))  # fmt: skip
    response = Response(drawn, mimetype=kind)
    response.headers["Content-Disposition"] = f'inline; filename="{event.slug}-poster.{ending}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def _register() -> tuple[str, tuple[str, ...], str]:
    steps = (gettext("打开微信“扫一扫”"), gettext("填姓名、电话、几个人"), gettext("截图，记下6位签到码"), gettext("当天出示，就能进场"))
    return gettext("扫码报名"), steps, gettext("不会用手机？打电话就能报名")


def _just_come() -> tuple[str, tuple[str, ...], str]:
    steps = (gettext("不用报名，直接来"), gettext("扫码看时间和节目"), gettext("时间有变，扫码就知道"), gettext("带上家人一起来"))
    return gettext("扫码看活动"), steps, gettext("有事打电话")


@blueprint.get("/e/<slug>/team-sheet")
@action("event.read")
def team_sheet(slug: str) -> Response:
    """Where, when, who stands where, what is counted, what to bring; no link and no code that opens anything."""
    event = event_of(slug)
    joined = [phone for phone in devices.listed(g.actor, slug)[1] if phone.revoked_at is None]
    rules = {key: gettext(word) for key, word in words.RULES.items()}
    points = [Post(one.name, rules[one.rule], _people([p for p in joined if "scan" in p.scopes and one.key in p.checkpoints])) for one in event.checkpoints]
    counters = [Post(one.verb + one.name, one.unit, "") for one in event.counters if one.kind in COUNTED]
    stock = [Post(one.name, f"{one.stock}{one.unit}" if one.stock else "", "") for one in event.counters if one.kind == "material" or one.stock]
    return show(
        "paper/team_sheet.html", event, points=points, counters=counters, stock=stock,
        roaming=_people([p for p in joined if "scan" in p.scopes and not p.checkpoints]), counting=_people([p for p in joined if "tally" in p.scopes and "scan" not in p.scopes]),
    )  # fmt: skip


def _people(phones: list[Any]) -> str:
    """Who holds these phones, the first few by name."""
    names = list(dict.fromkeys(_short(phone.operator or phone.name) for phone in reversed(phones)))
    listed = gettext("、").join(names[:NAMED])
    return gettext("%(names)s等%(n)s人", names=listed, n=len(names)) if len(names) > NAMED else listed


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


@blueprint.post("/e/<slug>/ticks/<name>")
@action("event.edit")
def tick(slug: str, name: str) -> AnyResponse:
    """Tick a line of the checklist, or take the tick away."""
    events.tick(g.actor, slug, name, request.form.get("done") == "1")
    flash(gettext("已记下。"), "ok")
    return redirect(f"{url_for('manage.event', slug=slug)}#ready", 303)
