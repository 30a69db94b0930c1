"""The console's home: the organization's events by state, each with its next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, g, request, url_for
from flask_babel import gettext

from eventsvc.ports import clock
from eventsvc.services import events, organizations
from eventsvc.services.reports import EventFacts
from eventsvc.web.manage.console import blueprint, may, show
from eventsvc.web.view import action

PAGE = 40


@dataclass(frozen=True)
class Card:
    """An event in the list: its facts and the next thing to do."""

    facts: EventFacts
    next_text: str
    next_url: str
    group: str


@blueprint.get("/")
@action("event.list")
def home() -> Response:
    """The events: under way or to come, drafts, over."""
    found, cursor = events.listed(g.actor, request.args.get("cursor") or None, PAGE)
    cards = [_card(event) for event in found]
    groups = [
        (gettext("正在进行和将要进行"), [card for card in cards if card.group == "live"]),
        (gettext("草稿"), [card for card in cards if card.group == "draft"]),
        (gettext("已结束、已取消"), [card for card in cards if card.group == "over"]),
    ]
    can_create = any(g.actor.may("event.create", organization) for organization, _role in g.actor.organizations)
    unnamed = next((one for one in organizations.known(g.actor) if not organizations.name_of(one) and g.actor.may("organization.manage", one.id)), None)
    more = url_for("manage.home", cursor=cursor) if cursor else None
    return show("home/page.html", groups=groups, any_events=bool(cards) or bool(request.args.get("cursor")), can_create=can_create, more=more, unnamed=unnamed)


def _card(event: Any) -> Card:
    now, slug = clock.now(), event.slug
    editor = may("event.edit", event)
    end = event.ends_at or event.starts_at
    if event.status == "draft":
        text = gettext("看一遍，然后发布") if editor else gettext("查看")
        return Card(events.facts(event), text, url_for("manage.event", slug=slug), "draft")
    if event.status == "cancelled":
        return Card(events.facts(event), gettext("查看"), url_for("manage.event", slug=slug), "over")
    if event.status == "closed" or (end is not None and end < now and not event.rehearsal):
        return Card(events.facts(event), gettext("看简报"), url_for("manage.report", slug=slug), "over")
    if event.starts_at is not None and event.starts_at <= now:
        return Card(events.facts(event), gettext("看实时数字"), url_for("manage.live", slug=slug), "live")
    return Card(events.facts(event), gettext("看准备情况"), url_for("manage.event", slug=slug), "live")
