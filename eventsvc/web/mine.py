"""Finding one's own registrations by the whole phone number and the 签到码: one constant answer, and a lock after five failures."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext

from eventsvc.errors import Invalid, TooMany
from eventsvc.ports import clock
from eventsvc.services import events, registrations, rights
from eventsvc.web import activity, identity
from eventsvc.web import rights as rights_page
from eventsvc.web.forms import FindForm, text_of
from eventsvc.web.home import Own, own
from eventsvc.web.view import action, page, pages

MOST_PHONES = 4  # activities whose telephone is named; there are more on the first page


@pages.get("/my")
@action("open")
def my() -> Response:
    """What this browser has reported, then the two questions."""
    return _page(FindForm(formdata=None))


@pages.post("/my")
@action("open")
def my_found() -> Response:
    """What was found; this browser becomes its holder."""
    form = FindForm()
    if not form.sent():
        return _page(form, 400)
    try:
        found = registrations.find_mine(text_of(form.phone), text_of(form.pickup_code))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _page(form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return _page(form, 429, retry_after=refusal.retry_after)
    ids = [registration.id for registration in found]
    for registration in found:
        rights_page.remember(registration.id, rights.proof_of(registration.id))
    rows = [own(event, registration) for event, registration, _person in registrations.held(frozenset(ids))]
    return identity.hold(_page(FindForm(formdata=None), found=rows), *ids)


def _page(form: FindForm, status: int = 200, *, found: list[Own] | None = None, retry_after: int | None = None) -> Response:
    """The page: ``found`` by the two questions, else what this browser holds; and whom to ask when a 签到码 is lost."""
    held = [] if found else [own(event, registration) for event, registration, _person in registrations.held(identity.resident().holds)]
    listed = [one.event for one in found or held] or [one for one in map(activity.of, events.published(clock.now())) if not one.is_past]
    ask = list(dict.fromkeys((one.short_title or one.title, one.contact_phone) for one in listed if one.contact_phone))[:MOST_PHONES]
    phones = {phone for _name, phone in ask}
    only = phones.pop() if len(phones) == 1 else None  # then it stays in view, as on the activity's own page
    return page("my/page.html", status, secret=True, retry_after=retry_after, form=form, found=found, mine=held, ask=ask, contact_phone=only)
