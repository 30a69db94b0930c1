"""Finding one's own registrations by the whole phone number and the 签到码: one constant answer, and a lock after five failures."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext

from eventsvc.errors import Invalid, TooMany
from eventsvc.services import registrations, rights
from eventsvc.web import identity
from eventsvc.web import rights as rights_page
from eventsvc.web.forms import FindForm, text_of
from eventsvc.web.home import own
from eventsvc.web.view import action, page, pages


@pages.get("/my")
@action("open")
def my() -> Response:
    """The two questions."""
    return page("my/page.html", secret=True, form=FindForm(formdata=None), found=None)


@pages.post("/my")
@action("open")
def my_found() -> Response:
    """What was found; this browser becomes its holder."""
    form = FindForm()
    if not form.sent():
        return page("my/page.html", 400, secret=True, form=form, found=None)
    try:
        found = registrations.find_mine(text_of(form.phone), text_of(form.pickup_code))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return page("my/page.html", 422, secret=True, form=form, found=None)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return page("my/page.html", 429, secret=True, retry_after=refusal.retry_after, form=form, found=None)
    ids = [registration.id for registration in found]
    for registration in found:
        rights_page.remember(registration.id, rights.proof_of(registration.id))
    rows = [own(event, registration) for event, registration, _person in registrations.held(frozenset(ids))]
    return identity.hold(page("my/page.html", secret=True, form=FindForm(formdata=None), found=rows), *ids)
