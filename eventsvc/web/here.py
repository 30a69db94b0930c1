"""自助签到 at the venue: the code scanned or typed there, one's own tickets, how many came; without JavaScript."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, flash, redirect, request, session, url_for
from flask_babel import gettext, lazy_gettext
from wtforms import HiddenField, StringField

from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.ports import clock
from eventsvc.render import qr
from eventsvc.services import links, registrations, self_checkin, stamps, venue_codes
from eventsvc.web import activity, identity, language
from eventsvc.web.forms import FindForm, Needed, PageForm, text_of, whole_of
from eventsvc.web.view import action, page, pages

PRESENT_FOR = timedelta(minutes=10)  # so long a browser that showed the venue's code is believed to be there
_HERE = "here"


class HereForm(PageForm):
    """Which ticket, how many came, and what is shown at the venue."""

    registration = HiddenField()
    nonce = HiddenField()
    count = StringField(lazy_gettext("到了几位"), [Needed()])
    code = StringField("", [Needed()])


@dataclass(frozen=True)
class Own:
    """A ticket of this browser's for the event, as the place sees it."""

    id: str
    code: str
    name: str
    party_size: int
    status: str
    done: int
    last: Any  # services.self_checkin.Passage or none

    @property
    def remaining(self) -> int:
        """How many of the party may still come in here."""
        return max(0, self.party_size - self.done) if self.status == "confirmed" else 0


@pages.get("/e/<event_slug:slug>/here")
@action("self.checkin")
def here_where(slug: str) -> Response:
    """Where one can check in by oneself; the only place at once."""
    event = self_checkin.event_of(identity.resident(), slug)
    places = self_checkin.places(event)
    if len(places) == 1:
        return redirect(url_for("web.here", slug=slug, place=places[0].key), 303)  # type: ignore[return-value]
    return page("here/where.html", event=activity.of(event), places=places)


@pages.get("/e/<event_slug:slug>/here/<place>")
@action("self.checkin")
def here(slug: str, place: str) -> Response:
    """One's own tickets at the place; opening it changes nothing."""
    return show(slug, place)


@pages.get("/e/<event_slug:slug>/here/<place>/<proof>")
@action("self.checkin")
def here_scanned(slug: str, place: str, proof: str) -> Response:
    """The screen's code was scanned: this browser is there for ten minutes; the address that is left holds no code to pass on."""
    try:
        event, found = self_checkin.find(identity.resident(), slug, place)
        self_checkin.prove(event, found, proof, f"link {request.remote_addr}", guessable=False)
    except Invalid:
        flash(gettext("这个码已经换了，请再扫一次屏幕上现在的码"), "look")
    except Conflict:
        pass  # the page says so
    else:
        arrive(event.id, place)
    response = redirect(url_for("web.here", slug=slug, place=place), 303)
    response.headers["Cache-Control"] = "no-store"
    return response  # type: ignore[return-value]


@pages.post("/e/<event_slug:slug>/here/<place>")
@action("self.checkin")
def here_sent(slug: str, place: str) -> Response:
    """Check in: one record through the one door; a page sent twice is the same record."""
    actor, form = identity.resident(), HereForm()
    if not form.sent():
        return show(slug, place, form, 400)
    try:
        event, found = self_checkin.find(actor, slug, place)
        chosen = text_of(form.registration)
        if chosen not in actor.holds:
            raise Missing
        if not is_here(event.id, place):
            self_checkin.prove(event, found, text_of(form.code), chosen)
            arrive(event.id, place)
        count = whole_of(form.count)
        answer = self_checkin.check_in(actor, slug, place, chosen, count if isinstance(count, int) else 0, text_of(form.nonce)[:64])
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show(slug, place, form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return show(slug, place, form, 429, retry_after=refusal.retry_after)
    except Conflict:
        return show(slug, place)
    if answer["outcome"] != "admitted":
        form.complain([], _refused(answer))
        return show(slug, place, form, 409)
    flash(gettext("打卡成功") if found.rule == "stamp" else language.sentence_of_scan(answer["message"]), "ok")
    return redirect(url_for("web.here", slug=slug, place=place), 303)  # type: ignore[return-value]


@pages.post("/e/<event_slug:slug>/here/<place>/find")
@action("self.checkin")
def here_find(slug: str, place: str) -> Response:
    """Make this browser the holder, by the whole number and the 签到码, as on 我的报名."""
    form = FindForm()
    if not form.sent():
        return show(slug, place, status=400, finding=form)
    try:
        found = registrations.find_mine(text_of(form.phone), text_of(form.pickup_code))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show(slug, place, status=422, finding=form)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return show(slug, place, status=429, finding=form, retry_after=refusal.retry_after)
    response = redirect(url_for("web.here", slug=slug, place=place), 303)
    return identity.hold(response, *[one.id for one in found])  # type: ignore[arg-type]


@pages.get("/e/<event_slug:slug>/here/<place>/find")
@action("open")
def here_again(slug: str, place: str) -> Response:
    """Back to the place, for whoever reloads what only a button may do."""
    return redirect(url_for("web.here", slug=slug, place=place), 303)  # type: ignore[return-value]


@pages.get("/e/<event_slug:slug>/here/<place>/screen/<token>")
@action("open")
def here_screen(slug: str, place: str, token: str) -> Response:
    """The screen at the venue: a code that changes every half minute. The address is the key to it, so that no projector has to be signed in."""
    event, found = self_checkin.find(identity.resident(), slug, place)
    if found.by_oneself != "screen" or not venue_codes.opens_screen(event, place, token):
        raise Missing
    now = clock.now()
    address = links.to(f"/e/{slug}/here/{place}/{venue_codes.link_code(event, place, now)}")
    response = page(
        "here/screen.html", secret=True, event=activity.of(event), place=found, left=venue_codes.left(now), short=venue_codes.short_code(event, place, now),
        picture=base64.b64encode(qr.svg(address).encode()).decode(), typed=links.to(f"/e/{slug}/here"),
    )  # fmt: skip
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def show(
    slug: str, place: str, form: HereForm | None = None, status: int = 200, *, finding: FindForm | None = None, stamping: HereForm | None = None,
    retry_after: int | None = None,
) -> Response:
    """The page: what was checked in already, the form of one ticket, or how to find one's own; ``stamping``: of a card without a person."""
    try:
        event, found = self_checkin.find(identity.resident(), slug, place)
    except Conflict as refusal:
        event = self_checkin.event_of(identity.resident(), slug)
        return page("here/page.html", 409, secret=True, event=activity.of(event), closed=refusal.sentence(gettext), place=None, own=[])
    own = _own(event, found)
    wanted = (text_of(form.registration) if form else "") or request.args.get("of", "")
    waiting = [one for one in own if one.remaining]
    chosen = next((one for one in own if one.id == wanted), waiting[0] if len(waiting) == 1 else None)
    if form is None or not form.faulty:
        form = HereForm(formdata=None)
    if chosen is not None:
        form.registration.data, form.nonce.data = chosen.id, secrets.token_hex(16)
        form.count.data = form.count.data or str(chosen.remaining or chosen.party_size)
    stamping = stamping or HereForm(formdata=None)
    for asked in (form, stamping):
        asked.code.label.text = gettext("屏幕上的6个数字") if found.by_oneself == "screen" else gettext("今天的口令（4个数字）")
    return page(
        "here/page.html", status, secret=True, retry_after=retry_after, event=activity.of(event), place=found, own=own, chosen=chosen, form=form,
        finding=finding or FindForm(formdata=None), is_here=is_here(event.id, place), closed="", stamping=stamping,
        card=_card(event, found) if not own else None,
    )  # fmt: skip


def _card(event: Any, place: Any) -> stamps.Stamp | None:
    """The place on this browser's card, where people without a ticket get stamps."""
    if place.rule != "stamp" or not stamps.cards_are_on(event):
        return None
    return next(stamp for stamp in stamps.of_card(event, identity.card()) if stamp.key == place.key)


def _own(event: Any, place: Any) -> list[Own]:
    """This browser's tickets for the event, cancelled ones last."""
    shown = []
    for of, registration, person in registrations.held(identity.resident().holds):
        if of.id != event.id or registration.erased_at is not None:
            continue
        passed = self_checkin.passages_of(event, registration, place)
        status = "blocked" if registration.blocked and registration.status != "cancelled" else registration.status
        done = sum(passage.count for passage in passed)
        shown.append(Own(registration.id, registration.code, person.name if person else "", registration.party_size, status, done, passed[-1] if passed else None))
    return sorted(shown, key=lambda one: one.status == "cancelled")


def _refused(answer: dict[str, Any]) -> str:
    """Why not, for the resident: what the door says, and who can help."""
    if answer["outcome"] == "answers_needed":
        return gettext("主办方要当面问您一两句，请找志愿者签到")
    if answer["status"] == "rejected":
        return gettext("没有记上，请找志愿者")
    return gettext("%(said)s。有疑问请找志愿者", said=said_at_the_door(answer["message"] or ""))


def said_at_the_door(sentence: str) -> str:
    """A sentence of the door in the page's language, on one line."""
    return language.sentence_of_scan(sentence)


def arrive(event_id: str, place: str) -> None:
    """Remember in this browser that it showed the place's code."""
    session[_HERE] = {f"{event_id} {place}": int(clock.now().timestamp())}


def is_here(event_id: str, place: str) -> bool:
    """Whether this browser showed the place's code in the last ten minutes."""
    said = session.get(_HERE)
    at = said.get(f"{event_id} {place}") if isinstance(said, dict) else None
    return isinstance(at, int) and 0 <= clock.now().timestamp() - at < PRESENT_FOR.total_seconds()
