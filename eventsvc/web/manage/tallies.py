"""Numbers that people bring afterwards: what was reported, stocktakes, paper tallies; and how the brief writes a counter."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Response, abort, flash, g, redirect, request, url_for
from flask_babel import gettext, lazy_gettext
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, SelectField, StringField

from eventsvc.errors import Invalid
from eventsvc.ports import clock
from eventsvc.services import event_document, events, figures
from eventsvc.web.forms import Needed, PageForm, text_of
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.manage.event_form import number, spoken
from eventsvc.web.manage.figures import submit
from eventsvc.web.view import action

QUALIFIERS = [("exact", lazy_gettext("准确数")), ("over_yu", lazy_gettext("余（如1800余册）")), ("over_duo", lazy_gettext("多（如20多份）"))]
BASES = [("tapped", lazy_gettext("现场点数")), ("stocktake", lazy_gettext("盘点"))]


class CounterForm(PageForm):
    """A counter's typed figure and how the brief writes its computed one."""

    value = StringField(lazy_gettext("人工填报的数"))
    reported_qualifier = SelectField(lazy_gettext("写成"), choices=QUALIFIERS, validate_choice=False)
    source = StringField(lazy_gettext("数从哪里来"), default=lazy_gettext("人工填报"))
    qualifier = SelectField(lazy_gettext("系统算的数写成"), choices=QUALIFIERS, validate_choice=False)
    basis = SelectField(lazy_gettext("简报用哪个数"), choices=BASES, validate_choice=False)


class RecordForm(PageForm):
    """A stocktake or a paper tally; its id is minted with the page, so that pressing twice is one record."""

    record_id = HiddenField()
    at = HiddenField()
    taken = StringField(lazy_gettext("领取"), [Needed()])
    left = StringField(lazy_gettext("剩余"), [Needed()])
    quantity = StringField(lazy_gettext("数量"), [Needed()])
    topic = StringField(lazy_gettext("分类"))
    note = StringField(lazy_gettext("说明，如谁的表、第几张"))


@blueprint.get("/e/<slug>/tallies")
@action("event.edit")
def tallies(slug: str) -> Response:
    """The counters, each with its numbers."""
    event = event_of(slug)
    return show("report/tallies.html", event, counters=figures.stats(g.actor, slug).counters)


@blueprint.get("/e/<slug>/tallies/<key>")
@action("event.edit")
def tally(slug: str, key: str) -> Response:
    """One counter: what is known, and the forms."""
    return _shown(slug, key)


def _shown(slug: str, key: str, counter_form: CounterForm | None = None, record_form: RecordForm | None = None, status: int = 200) -> Response:
    event = event_of(slug, "event.edit")
    counter = next((one for one in figures.stats(g.actor, slug).counters if one.key == key), None)
    own = next((one for one in event.counters if one.key == key), None)
    if counter is None or own is None:
        abort(404)
    reported = counter.reported
    fresh = {
        "value": str(reported.value) if reported else "",
        "reported_qualifier": reported.qualifier if reported else "exact",
        "source": reported.source if reported else gettext("人工填报"),
        "qualifier": counter.qualifier,
        "basis": own.basis,
    }
    minted = {"record_id": str(uuid.uuid4()), "at": clock.now().isoformat()}
    return show(
        "report/tally.html", event, status, counter=counter, topics=own.topics, form=counter_form or _filled(CounterForm, fresh),
        record=record_form or _filled(RecordForm, minted),
    )  # fmt: skip


def _filled(kind: type[PageForm], data: dict[str, Any]) -> Any:
    """A form that shows the data, whatever else the request has sent."""
    return kind(formdata=None, data=data)


@blueprint.post("/e/<slug>/tallies/<key>")
@action("event.edit")
def tally_saved(slug: str, key: str) -> AnyResponse:
    """Keep the typed figure with its source, and how the brief writes the counter."""
    event = event_of(slug)
    form = CounterForm()
    if not form.sent():
        return _shown(slug, key, form, status=400)
    typed = number(text_of(form.value))
    reported = None
    if typed is not None:
        reported = {"value": typed, "qualifier": form.reported_qualifier.data or "exact", "source": text_of(form.source).strip() or gettext("人工填报")}
    rows = event_document.dump(event)["counters"]
    if all(row["key"] != key for row in rows):
        abort(404)
    for row in rows:
        if row["key"] == key:
            row |= {"reported": reported, "qualifier": form.qualifier.data or row["qualifier"], "basis": form.basis.data or row["basis"]}
    try:
        events.change(g.actor, slug, {"counters": rows})
    except Invalid as refusal:
        names = {"reported.value": "value", "reported.qualifier": "reported_qualifier", "reported.source": "source"}
        for fault in spoken(refusal.faults):
            inner = fault.field.split(".", 2)[-1]
            field = form.find(names.get(inner, inner))
            if field is not None:
                field.errors = [*field.errors, fault.sentence(gettext)]
            else:
                form.complain([fault])
        return _shown(slug, key, form, status=422)
    flash(gettext("已保存，简报已更新。"), "ok")
    return redirect(url_for("manage.tally", slug=slug, key=key), 303)


@blueprint.post("/e/<slug>/tallies/<key>/<basis>")
@action("event.edit")
def tally_added(slug: str, key: str, basis: str) -> AnyResponse:
    """Keep a stocktake (taken − left) or a paper tally as a record of its own."""
    if basis not in {"stocktake", "paper"}:
        abort(404)
    event_of(slug)
    form = RecordForm()
    if not form.sent():
        return _shown(slug, key, record_form=form, status=400)
    quantity = _quantity(form, basis)
    if any(field.errors for field in form):
        return _shown(slug, key, record_form=form, status=422)
    record = {"type": "tally", "counter": key, "quantity": quantity, "basis": basis, "topic": text_of(form.topic).strip() or None}
    told = submit(slug, record | {"note": text_of(form.note).strip()[:300] or None}, text_of(form.record_id), text_of(form.at))
    if told:
        form.complain([], told)
        return _shown(slug, key, record_form=form, status=422)
    flash(gettext("已记上。记错了，可以点开这个数字撤销。"), "ok")
    return redirect(url_for("manage.tally", slug=slug, key=key), 303)


def _quantity(form: RecordForm, basis: str) -> int:
    """The number of the record, with faults beside the fields where there is none."""
    names = ("taken", "left") if basis == "stocktake" else ("quantity",)
    values = {name: number(text_of(form[name])) for name in names}
    for name, value in values.items():
        if not isinstance(value, int):
            form[name].errors = [gettext("请填数字")]
    if any(not isinstance(value, int) for value in values.values()):
        return 0
    if basis == "paper":
        quantity = values["quantity"]
        if not 1 <= quantity <= 9999:
            form.quantity.errors = [gettext("一次填1到9999，多的分几次填")]
        return quantity
    quantity = values["taken"] - values["left"]
    if not 1 <= quantity <= 9999:
        form.left.errors = [gettext("剩余要比领取少；一次最多差9999")]
    return quantity
