"""打卡留念 for people who did not register: a card that is a random token in this browser, and its stamps."""

from __future__ import annotations

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext

from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.services import links, self_checkin, stamps
from eventsvc.web import activity, here, identity
from eventsvc.web.view import action, page, pages


@pages.get("/e/<event_slug:slug>/card")
@action("self.checkin")
def card(slug: str) -> Response:
    """This browser's card: the stamp points, and which of them it has."""
    event = self_checkin.event_of(identity.resident(), slug)
    if not stamps.cards_are_on(event):
        raise Missing
    token = identity.card()
    shown = stamps.of_card(event, token)
    return page("here/card.html", secret=True, event=activity.of(event), stamps=shown, address=links.to(f"/e/{slug}/card/{token}") if token else "")


@pages.get("/e/<event_slug:slug>/card/<code:token>")
@action("self.checkin")
def card_opened(slug: str, token: str) -> Response:
    """Take a card along into this browser, by the address that the other one shows."""
    event = self_checkin.event_of(identity.resident(), slug)
    if not stamps.cards_are_on(event) or not stamps.is_token(token.upper()):
        raise Missing
    return identity.keep_card(_to_card(slug), token.upper())


@pages.post("/e/<event_slug:slug>/here/<place>/card")
@action("self.checkin")
def card_stamped(slug: str, place: str) -> Response:
    """One stamp, for whoever showed the venue's code; pressed twice it is one."""
    form, address = here.HereForm(), request.remote_addr or ""
    if not form.sent():
        return here.show(slug, place, status=400, stamping=form)
    token = identity.card() or stamps.mint()
    try:
        event, found = self_checkin.find(identity.resident(), slug, place)
        if not here.is_here(event.id, place):
            self_checkin.prove(event, found, here.text_of(form.code), f"address {address}", rate=self_checkin.GUESSES)
            here.arrive(event.id, place)
        stamps.collect(slug, place, token, address)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return here.show(slug, place, status=422, stamping=form)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return here.show(slug, place, status=429, stamping=form, retry_after=refusal.retry_after)
    except Conflict as refusal:
        form.complain([], gettext("%(said)s。有疑问请找志愿者", said=here.said_at_the_door(refusal.message)))
        return here.show(slug, place, status=409, stamping=form)
    flash(gettext("打卡成功"), "ok")
    return identity.keep_card(_to_card(slug), token)


@pages.get("/e/<event_slug:slug>/here/<place>/card")
@action("open")
def card_again(slug: str, place: str) -> Response:
    """Back to the place, for whoever reloads what only a button may do."""
    return redirect(url_for("web.here", slug=slug, place=place), 303)  # type: ignore[return-value]


def _to_card(slug: str) -> Response:
    response = redirect(url_for("web.card", slug=slug), 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]
