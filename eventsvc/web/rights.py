"""我的信息: what is kept of a registration, for its holder to see, take along, correct and delete; each after the whole number was typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response, flash, redirect, session, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Field, StringField

from eventsvc.errors import Conflict, Invalid, Missing, TooMany
from eventsvc.services import notices, rights
from eventsvc.services.persons import mask_name, mask_phone, show_phone
from eventsvc.web import activity, copies
from eventsvc.web.forms import Needed, PageForm, UnlockForm, text_of
from eventsvc.web.tickets import Found, find
from eventsvc.web.view import action, page, pages

PROOFS = "proofs"  # of the session: registration -> proof
MOST_PROOFS = 5


class CorrectForm(PageForm):
    """Name and number, as they should be."""

    name = StringField(lazy_gettext("姓名"), [Needed()])
    phone = StringField(lazy_gettext("电话号码"), [Needed()])
    companions: Sequence[Field] = ()


def correct_form(found: Found, **given: Any) -> CorrectForm:
    """The form of one registration: its companions' names as well, where the event asks for them."""
    most = found.registration.party_size - 1 if found.event.members == "names" else 0
    made = type("CorrectForm", (CorrectForm,), {f"members.{number}.name": StringField(lazy_gettext("第%(n)s位同行人", n=number + 1)) for number in range(most)})
    form: CorrectForm = made(**given)
    form.companions = [form[f"members.{number}.name"] for number in range(most)]
    return form


def remember(registration_id: str, proof: str) -> None:
    """Keep a proof in this browser's session; it ends by itself."""
    kept = {key: value for key, value in session.get(PROOFS, {}).items() if key != registration_id}
    session[PROOFS] = dict([*kept.items(), (registration_id, proof)][-MOST_PROOFS:])


def _proof(found: Found) -> str:
    proofs = session.get(PROOFS, {})
    return str(proofs.get(found.registration.id, "")) if isinstance(proofs, dict) else ""


def _shown(code: str, form: PageForm | None = None, status: int = 200, retry_after: int | None = None) -> Response:
    found = find(code)
    if not found.held or found.reissued:
        raise Missing
    event = activity.whole(found.event)
    copy = rights.copy(found.actor, found.event.slug, found.registration.id)
    erased = found.registration.erased_at is not None
    if copy.phone is None and not erased:  # no number was left: the link is all that there is
        remember(found.registration.id, rights.prove(found.actor, found.registration.id, ""))
    proven = rights.holds(_proof(found), found.registration.id)
    if form is None and not erased:
        said = {"name": copy.name, "phone": show_phone(copy.phone)} | {f"members.{number}.name": one["name"] for number, one in enumerate(copy.members)}
        form = correct_form(found, formdata=None, data=said) if proven else UnlockForm(formdata=None)
    return page(
        "tickets/data.html", status, secret=True, retry_after=retry_after, event=event, copy=copy, code=found.registration.code, proven=proven,
        erased=erased, form=form, name=copy.name if proven else mask_name(copy.name), phone=show_phone(copy.phone) if proven else mask_phone(copy.phone),
        version=copy.registration.consent_version, known=copy.registration.consent_version in notices.VERSIONS, **copies.words(),
    )  # fmt: skip


def _back(found: Found) -> AnyResponse:
    response = redirect(url_for("web.ticket_data", code=found.registration.code), 303)
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/t/<code:code>/data")
@action("open")
def ticket_data(code: str) -> AnyResponse:
    """What is kept, why and until when; the ticket itself for whoever is not its holder."""
    if not find(code).held:
        return redirect(url_for("web.ticket", code=code), 303)
    return _shown(code)


@pages.post("/t/<code:code>/data")
@action("open")
def ticket_prove(code: str) -> AnyResponse:
    """The whole number was typed: for a quarter of an hour everything may be seen and changed."""
    found, form = find(code), UnlockForm()
    if not form.sent():
        return _shown(code, form, 400)
    try:
        remember(found.registration.id, rights.prove(found.actor, found.registration.id, text_of(form.phone)))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(code, form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return _shown(code, form, 429, refusal.retry_after)
    return _back(found)


@pages.post("/t/<code:code>/correct")
@action("registration.create")
def ticket_correct(code: str) -> AnyResponse:
    """Another name, another number, other companions."""
    found = find(code)
    form = correct_form(found)
    if not form.sent():
        return _shown(code, form, 400)
    try:
        names = [text_of(one) for one in form.companions]
        rights.correct(found.actor, found.event.slug, found.registration.id, name=text_of(form.name), phone=text_of(form.phone), companions=names, proof=_proof(found))
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(code, form, 422)
    except TooMany as refusal:
        form.complain([], refusal.sentence(gettext))
        return _shown(code, form, 429, refusal.retry_after)
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
        return _back(found)
    remember(found.registration.id, rights.proof_of(found.registration.id))
    flash(gettext("已更正"), "ok")
    return _back(found)


@pages.get("/t/<code:code>/data.<any(txt, json):kind>")
@action("open")
def ticket_copy(code: str, kind: str) -> AnyResponse:
    """A copy to take along, as text or as JSON."""
    found = find(code)
    if not found.held:
        raise Missing
    if not rights.holds(_proof(found), found.registration.id):
        return _back(found)
    return copies.download(rights.copy(found.actor, found.event.slug, found.registration.id), kind)


@pages.get("/t/<code:code>/erase")
@action("open")
def ticket_erase_ask(code: str) -> AnyResponse:
    """What deleting does, before it is done: it cannot be undone."""
    found = find(code)
    if not found.held:
        return redirect(url_for("web.ticket", code=code), 303)
    if found.registration.erased_at is not None or not rights.holds(_proof(found), found.registration.id):
        return _back(found)
    return _ask(found)


def _ask(found: Found) -> Response:
    copy = rights.copy(found.actor, found.event.slug, found.registration.id)
    return page("tickets/erase.html", secret=True, event=activity.whole(found.event), copy=copy, code=found.registration.code)


@pages.post("/t/<code:code>/erase")
@action("registration.create")
def ticket_erase(code: str) -> AnyResponse:
    """Withdraw the consent and delete the person."""
    found = find(code)
    if not found.held:
        raise Missing
    try:
        rights.erase(found.actor, found.event.slug, found.registration.id, proof=_proof(found))
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "look")
    return _back(found)


