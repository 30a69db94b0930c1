"""自助签到 in the console: the day's words, the screens' addresses, the posters; exchanged when they went where they should not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict, Missing
from eventsvc.ports import clock
from eventsvc.render import paper
from eventsvc.services import events, figures, links, organizations, self_checkin, stamps, venue_codes
from eventsvc.web import filters
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.paper import no_address
from eventsvc.web.view import action


@dataclass(frozen=True)
class Spot:
    """A checkpoint where residents check in by themselves: what is shown there, and how many did."""

    key: str
    name: str
    how: str  # screen | word
    word: str
    screen: str
    people: int
    by_oneself: int


@blueprint.get("/e/<slug>/self-checkin")
@action("record.checkin")
def self_checkin_page(slug: str) -> Response:
    """Every place with its code of today; for those who may let people in themselves."""
    event = event_of(slug)
    figures_now = figures.of_event(event)
    counted = {point.key: point for point in figures_now.by_checkpoint}
    now = clock.now()
    spots = [
        Spot(
            place.key, place.name, place.by_oneself, venue_codes.word(event, place.key, now) if place.by_oneself == "word" else "",
            url_for("web.here_screen", slug=slug, place=place.key, token=venue_codes.screen_token(event, place.key)) if place.by_oneself == "screen" else "",
            counted[place.key].entries, counted[place.key].self_reported,
        )
        for place in self_checkin.places(event)
    ]  # fmt: skip
    cards = next((counter for counter in figures_now.counters if counter.key == stamps.COUNTER), None)
    return show(
        "self_checkin/page.html", event, spots=spots, today=now, may_edit=may("event.edit", event), points=stamps.points(event), cards=cards,
        card_url=links.to(f"/e/{slug}/card"),
    )  # fmt: skip


@blueprint.post("/e/<slug>/self-checkin/cards")
@action("event.edit")
def self_checkin_cards(slug: str) -> AnyResponse:
    """Begin (``on`` 1) or stop giving stamps to people who did not register."""
    event_of(slug)
    try:
        stamps.switch(g.actor, slug, request.form.get("on") == "1")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    else:
        flash(gettext("已记下。"), "ok")
    return redirect(url_for("manage.self_checkin_page", slug=slug, _anchor="cards"), 303)


@blueprint.post("/e/<slug>/self-checkin/exchange")
@action("event.edit")
def self_checkin_exchange(slug: str) -> AnyResponse:
    """Other words, codes and screen addresses at once."""
    event_of(slug)
    self_checkin.exchange(g.actor, slug)
    flash(gettext("已换一套：口令变了，大屏幕要重新打开，海报不用换。"), "ok")
    return redirect(url_for("manage.self_checkin_page", slug=slug), 303)


@blueprint.get("/e/<slug>/self-checkin/<place>/word")
@action("record.checkin")
def self_checkin_word(slug: str, place: str) -> Response:
    """The day's word on a sheet of its own, to put beside the poster."""
    event = event_of(slug)
    spot, now = _with_a_word(event, place), clock.now()
    return show("self_checkin/word.html", event, place=spot, word=venue_codes.word(event, place, now), today=now)


def _with_a_word(event: Any, key: str) -> Any:
    """The place of that key, where one types the day's word. Raises Missing."""
    spot = next((one for one in self_checkin.places(event) if one.key == key and one.by_oneself == "word"), None)
    if spot is None:
        raise Missing
    return spot


@blueprint.get("/e/<slug>/self-checkin/<place>/poster.pdf")
@action("record.checkin")
def self_checkin_poster(slug: str, place: str) -> Response:
    """The poster of a place with a word: its code leads to the place's page and opens nothing; the word is not on it, since it changes daily."""
    event = event_of(slug)
    spot = _with_a_word(event, place)
    if current_app.config["EVENTSVC"].is_loopback:
        return no_address(event, gettext("自助签到海报"))
    if not paper.found():
        return show("paper/no_font.html", event, 409)
    facts, address = events.facts(event), links.to(f"/e/{slug}/here/{place}")
    told = ((gettext("地点"), spot.name), (gettext("时间"), filters.when(facts).striptags()))
    stamp = spot.rule == "stamp"
    steps = (gettext("打开微信“扫一扫”"), gettext("选到了几位"), gettext("填今天的口令"), gettext("看到“已打卡”就好了") if stamp else gettext("看到“已签到”就好了"))
    host = (facts.host or organizations.name_of(organizations.known(g.actor)[0])) + (gettext("【演示】") if facts.demo else "")
    drawn = paper.poster_pdf(paper.Poster(
        host, facts.title, tuple(one for one in told if one[1]), address, address, gettext("扫码打卡") if stamp else gettext("扫码签到"), steps,
        gettext("口令问志愿者；不会用手机，也找志愿者"), facts.contact_phone or "", event.kind == "fair",
    ))  # fmt: skip
    response = Response(drawn, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{event.slug}-{place}-check-in.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response
