"""Registrations: the list and its search, one party with its history, registering at the desk, and changing what stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response, abort, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, StringField

from eventsvc.errors import Conflict, Invalid
from eventsvc.services import evidence, figures, idempotency, links, questions, registrations, rights
from eventsvc.services.messages import overview
from eventsvc.services.persons import mask_name, mask_phone, show_phone
from eventsvc.web import copies, session_choices
from eventsvc.web.forms import AGES, Needed, PageForm, companions_of, registration_form, text_of, whole_of
from eventsvc.web.manage.console import blueprint, event_of, form_key, may, show
from eventsvc.web.manage.lines import all_said
from eventsvc.web.manage.messages import words
from eventsvc.web.view import action

PAGE = 50
STATUSES = [
    ("", lazy_gettext("全部")),
    ("confirmed", lazy_gettext("已报名")),
    ("waitlisted", lazy_gettext("候补")),
    ("pending", lazy_gettext("待确认")),
    ("cancelled", lazy_gettext("已取消")),
    ("blocked", lazy_gettext("暂停报名")),
]
CHANNELS = [("desk", lazy_gettext("当面登记")), ("phone", lazy_gettext("电话报名")), ("proxy", lazy_gettext("代报名"))]
CHANNEL_WORDS = {"web": lazy_gettext("网上报名"), "phone": lazy_gettext("电话报名"), "desk": lazy_gettext("当面登记"), "proxy": lazy_gettext("代报名"), "paper": lazy_gettext("纸质凭条")}


ORDERS = ("arrival", "newest", "name")
MANY = {
    "approve": lazy_gettext("确认报名"), "message": lazy_gettext("再发一次凭证"), "reissue": lazy_gettext("换新码"), "block": lazy_gettext("暂停报名"),
    "unblock": lazy_gettext("解除暂停"), "cancel": lazy_gettext("取消报名"), "restore": lazy_gettext("恢复报名"),
}  # fmt: skip
FILTERS = ("status", "session", "channel", "arrived", "answered", "double", "order")


class SearchForm(PageForm):
    """What is looked for; sent in the body, so that names and numbers stand in no address and no log."""

    q = StringField(lazy_gettext("姓名、拼音、手机尾号或签到码"))
    cursor = HiddenField()


def sieve_of(said: Mapping[str, str]) -> registrations.Sieve:
    """What the list is narrowed to and sorted by: words and keys only, so they may stand in an address."""
    chosen = {name: value if (value := said.get(name, "")[:64]).isprintable() else "" for name in FILTERS if name != "double"}
    statuses = {value for value, _word in STATUSES}
    chosen["status"] = chosen["status"] if chosen["status"] in statuses else ""
    chosen["order"] = chosen["order"] if chosen["order"] in ORDERS else "arrival"
    return registrations.Sieve(**chosen, double=said.get("double") == "1")  # type: ignore[arg-type]


def told_of(sieve: registrations.Sieve) -> dict[str, str]:
    """The same as parts of an address; what narrows nothing is left out."""
    parts = {name: getattr(sieve, name) for name in FILTERS if name not in {"double", "order"} and getattr(sieve, name)}
    return parts | ({"double": "1"} if sieve.double else {}) | ({"order": sieve.order} if sieve.order != "arrival" else {})


def _choices(event: Any) -> dict[str, list[tuple[str, Any]]]:
    """What can be chosen of each filter at this event."""
    found = {
        "status": STATUSES,
        "channel": [("", gettext("全部")), *CHANNEL_WORDS.items()],
        "arrived": [("", gettext("全部")), ("no", gettext("还没到")), ("yes", gettext("已到"))],
        "order": [("arrival", gettext("先报的在前")), ("newest", gettext("后报的在前")), ("name", gettext("按姓名拼音"))],
    }
    if event.sessions:
        found["session"] = [("", gettext("全部")), *((session.key, session.name) for session in event.sessions)]
    if event.questions:
        found["answered"] = [("", gettext("全部")), *((question["key"], question["label"]) for question in event.questions)]
    return found


class PartyForm(PageForm):
    """Changing a party: how many, name, note."""

    party_size = StringField(lazy_gettext("一共几位"), [Needed()])
    name = StringField(lazy_gettext("姓名"), [Needed()])
    phone = StringField(lazy_gettext("电话号码"))
    note = StringField(lazy_gettext("备注（手机上会显示）"))


class RevealForm(PageForm):
    """Why a sealed answer is wanted in plain."""

    reason = StringField(lazy_gettext("为什么要看（会记在操作记录里）"))


@blueprint.get("/e/<slug>/registrations", endpoint="registrations")
@action("registration.list")
def listed(slug: str) -> Response:
    """The list, narrowed and sorted, a page at a time."""
    return _listed(slug, None, sieve_of(request.args), request.args.get("cursor"))


@blueprint.post("/e/<slug>/registrations/search")
@action("registration.list")
def search(slug: str) -> AnyResponse:
    """The registrations that match; an empty search is the list."""
    form = SearchForm()
    form.sent()
    said, sieve = text_of(form.q).strip(), sieve_of(request.form)
    if not said:
        return redirect(url_for("manage.registrations", slug=slug, **told_of(sieve)), 303)
    return _listed(slug, said, sieve, text_of(form.cursor) or None)


def _listed(slug: str, said: str | None, sieve: registrations.Sieve, cursor: str | None) -> Response:
    event = event_of(slug)
    rows, following = registrations.search(g.actor, slug, said, cursor=cursor, limit=PAGE, sieve=sieve)
    came = registrations.parties_in(event, [registration for registration, _person in rows])
    form = SearchForm(formdata=None, data={"q": said or "", "cursor": following or ""})
    editor = may("registration.edit", event)
    return show(
        "registrations/list.html", event, form=form, rows=[_row(registration, person, came[registration.id]) for registration, person in rows], said=said,
        sieve=sieve, told=told_of(sieve), choices=_choices(event), following=following, first=cursor is None, figures=figures.stats(g.actor, slug),
        may_register=editor, deeds=MANY if editor else {},
    )  # fmt: skip


def _row(registration: Any, person: Any, came: int = 0) -> dict[str, Any]:
    return {
        "id": registration.id,
        "seq": registration.seq,
        "name": mask_name(person.name) if person else gettext("（已删除）"),
        "phone": mask_phone(person.phone) if person else "",
        "party_size": registration.party_size,
        "came": came,
        "status": "blocked" if registration.blocked else registration.status,
        "pickup_code": registration.pickup_code,
        "channel": CHANNEL_WORDS.get(registration.channel, registration.channel),
    }


@blueprint.get("/e/<slug>/registrations/<registration_id>")
@action("registration.list")
def registration(slug: str, registration_id: str) -> Response:
    """One party with everything that happened to its ticket, refused scans too."""
    return _shown(slug, registration_id)


def _shown(slug: str, registration_id: str, form: PartyForm | None = None, status: int = 200, opened: dict[str, Any] | None = None) -> Response:
    event, found, person = rights.look(g.actor, slug, registration_id)
    given = registrations.answers_of(event, found, person)
    editor = may("registration.edit", event)
    name, phone = (person.name, show_phone(person.phone)) if person else (gettext("（已删除）"), "")
    if form is None:
        data = {"party_size": str(found.party_size), "name": name, "phone": phone, "note": person.note if person else ""}
        form = PartyForm(data=data)
    return show(
        "registrations/page.html", event, status, form=form, registration=found, row=_row(found, person), editor=editor,
        name=name if editor else mask_name(name), phone=phone if editor else mask_phone(person.phone if person else None),
        note=person.note if person else None, answers=_answers(event, opened or questions.shown(event.questions, given)) if editor else [],
        sealed=editor and opened is None and any(map(questions.is_sealed, given.values())), reveal=RevealForm(), ages=dict(AGES),
        unit=next((unit.name for unit in event.units if unit.key == found.unit), None),
        members=person.members if person and editor else [], guardian=person.guardian if person and editor else None,
        doubles=registrations.doubles_of(event, found, person) if editor else [],
        lines=all_said(evidence.lines_of(event, "ticket", found.id)), position=registrations.position(found),
        people_in=registrations.people_in(event, found), ticket_url=links.ticket(found.code),
        manage_url=links.manage(registrations.manage_token(found.id)) if editor else None,
        chosen=[session.name for session in event.sessions if session.key in found.sessions],
        waits=[one for one in session_choices.choices(event, found) if one.waits or one.offered_until], told=overview.of_registration(found),
        seen=rights.accesses(found) if editor else [], roles=copies.ROLES, deeds=copies.DEEDS, **words(),
    )  # fmt: skip


def _answers(event: Any, given: dict[str, Any]) -> list[tuple[str, str]]:
    told = []
    for question in event.questions:
        value = given.get(question["key"])
        if value not in (None, "", []):
            text = gettext("、").join(map(str, value)) if isinstance(value, list) else {True: gettext("是"), False: gettext("否")}.get(value, str(value))
            told.append((question["label"], text))
    return told


@blueprint.post("/e/<slug>/registrations/<registration_id>")
@action("registration.edit")
def change(slug: str, registration_id: str) -> AnyResponse:
    """Change party, name, phone, note; the code stays."""
    form = PartyForm()
    if not form.sent():
        return _shown(slug, registration_id, form, 400)
    _event, _found, person = registrations.read(g.actor, slug, registration_id)
    wanted: dict[str, Any] = {"party_size": whole_of(form.party_size), "name": text_of(form.name), "note": text_of(form.note).strip() or None}
    typed = text_of(form.phone).strip()
    if typed and typed != show_phone(person.phone if person else None):
        wanted["phone"] = typed
    try:
        registrations.change(g.actor, slug, registration_id, wanted)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return _shown(slug, registration_id, form, 422)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return _shown(slug, registration_id, form, 409)
    flash(gettext("已保存。"), "ok")
    return redirect(url_for("manage.registration", slug=slug, registration_id=registration_id), 303)


@blueprint.post("/e/<slug>/registrations/<registration_id>/sealed")
@action("registration.edit")
def sealed(slug: str, registration_id: str) -> AnyResponse:
    """Real name and ID number in plain, this once, for whoever says why; the journal keeps it."""
    form = RevealForm()
    if not form.sent():
        return _shown(slug, registration_id, status=400)
    try:
        plain = registrations.reveal(g.actor, slug, registration_id, text_of(form.reason))
    except Invalid as refusal:
        flash(refusal.faults[0].sentence(gettext), "stop")
        return redirect(url_for("manage.registration", slug=slug, registration_id=registration_id), 303)
    response = _shown(slug, registration_id, opened=plain)
    response.headers["Cache-Control"] = "no-store"
    return response


DEEDS = {
    "cancel": (lazy_gettext("取消这份报名"), (lazy_gettext("凭证作废，名额马上让给候补。"), lazy_gettext("已有人入场的，只退没来的人数。")), lazy_gettext("已取消。")),
    "reissue": (lazy_gettext("换一个新码"), (lazy_gettext("旧的二维码马上不能用，扫到会提示“已换新码”。"), lazy_gettext("签到码不变。")), lazy_gettext("已换新码。")),
    "block": (lazy_gettext("暂停这份报名"), (lazy_gettext("扫码时提示“请到服务台”，名额保留。"),), lazy_gettext("已暂停。")),
    "unblock": (lazy_gettext("恢复这份报名"), (lazy_gettext("凭证又能正常使用。"),), lazy_gettext("已恢复。")),
    "pause": (lazy_gettext("暂停这个号码网上报名"), (lazy_gettext("30天内这个号码不能在网上报名，贵单位的活动都一样。"), lazy_gettext("打电话、当面登记不受影响，已经报上的也不变。")), lazy_gettext("已暂停，在“候补”页可以随时恢复。")),
    "excuse": (lazy_gettext("不计这个号码的报名未到"), (lazy_gettext("90天内不因报名未到只能候补；正在暂停的也恢复。"),), lazy_gettext("已记下。")),
    "approve": (lazy_gettext("确认这份报名"), (lazy_gettext("凭证马上可以使用。"),), lazy_gettext("已确认。")),
}


@blueprint.get("/e/<slug>/registrations/<registration_id>/<deed>")
@action("registration.edit")
def deed(slug: str, registration_id: str, deed: str) -> Response:
    """What this would do to the party, and the button."""
    event_of(slug)
    event, found, person = registrations.read(g.actor, slug, registration_id)
    title, effects, _done = DEEDS.get(deed) or abort(404)
    return show("registrations/deed.html", event, form=PageForm(), registration=found, row=_row(found, person), deed=deed, words=title, effects=effects)


@blueprint.post("/e/<slug>/registrations/<registration_id>/<deed>")
@action("registration.edit")
def done(slug: str, registration_id: str, deed: str) -> AnyResponse:
    """Do it."""
    _title, _effects, told = DEEDS.get(deed) or abort(404)
    try:
        if deed in {"block", "unblock"}:
            registrations.block(g.actor, slug, registration_id, deed == "block")
        else:
            getattr(registrations, deed)(g.actor, slug, registration_id)
        flash(str(told), "ok")
    except Invalid as refusal:
        flash(refusal.faults[0].sentence(gettext), "stop")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.registration", slug=slug, registration_id=registration_id), 303)


@blueprint.get("/e/<slug>/desk")
@action("registration.edit")
def desk(slug: str) -> Response:
    """The form for somebody who calls or stands at the desk."""
    event = event_of(slug)
    return show("registrations/desk.html", event, form=_desk_form(event))


@blueprint.post("/e/<slug>/desk")
@action("registration.edit")
def register(slug: str) -> AnyResponse:
    """Register the party; the same form sent twice is one registration."""
    event = event_of(slug)
    form = _desk_form(event)
    if not form.sent():
        return show("registrations/desk.html", event, 400, form=form)
    document = form.document() | {"consent": True}
    body = json.dumps(document, sort_keys=True, default=str).encode()

    def run() -> tuple[int, str]:
        return 201, json.dumps({"id": registrations.register(g.actor, slug, document).registration.id})

    try:
        _status, answer = idempotency.once(f"{g.actor.name} desk {event.id}", form_key(text_of(form.nonce), body), body, run)
    except Invalid as refusal:
        form.complain(refusal.faults)
        return show("registrations/desk.html", event_of(slug), 422, form=form)
    except Conflict as refusal:
        form.complain([], refusal.sentence(gettext))
        return show("registrations/desk.html", event_of(slug), 409, form=form)
    flash(gettext("已登记。请把签到码告诉本人。"), "ok")
    return redirect(url_for("manage.registration", slug=slug, registration_id=json.loads(answer)["id"]), 303)


def _desk_form(event: Any) -> Any:
    """The residents' form with the desk's channels instead of 给自己报名."""
    form = registration_form([(session.key, session.name) for session in event.sessions], event.questions, companions_of(event), event.units)
    form.channel.label.text = gettext("怎么报的")
    form.channel.choices = CHANNELS
    if event.units:
        form.unit.label.text = gettext("代表哪个单位")
    if request.method == "GET":
        form.channel.data = "desk"
    return form
