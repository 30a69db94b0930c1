"""体验排号: which stalls give numbers, and calling the next one."""

from __future__ import annotations

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict
from eventsvc.services import queues
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.view import action


@blueprint.get("/e/<slug>/queues")
@action("registration.list")
def queue_list(slug: str) -> Response:
    """Every stall, with the number that is called and how many wait."""
    event = event_of(slug)
    return show("queues/page.html", event, queues=queues.of_event(event, everything=True), editor=may("registration.edit", event))


@blueprint.post("/e/<slug>/queues/<area>/<deed>")
@action("registration.edit")
def queue_deed(slug: str, area: str, deed: str) -> AnyResponse:
    """Call the next (``next``, ``missed``), give a number on paper (``paper``), begin or stop giving numbers (``on``, ``off``)."""
    event_of(slug)
    try:
        if deed in {"next", "missed"}:
            # the page says which number it shows as called, so that a button pressed twice, or on two phones, calls one
            shown = next((str(queue.called or "") for queue in queues.of_event(event_of(slug)) if queue.key == area), "")
            if request.form.get("called", "") == shown:
                following = queues.call(g.actor, slug, area, missed=deed == "missed")
                flash(gettext("请%(n)s号", n=following.number) if following else gettext("没有人在等了"), "ok")
            else:
                flash(gettext("刚才已经叫过号了，现在是下面这个号"), "look")
        elif deed == "paper":
            flash(gettext("纸质号：%(n)s号，写给本人", n=queues.hand_out(g.actor, slug, area).number), "ok")
        elif deed in {"on", "off"}:
            queues.switch(g.actor, slug, area, deed == "on")
    except Conflict as refusal:
        flash(refusal.sentence(gettext), "stop")
    return redirect(url_for("manage.queue_list", slug=slug, _anchor=f"queue-{area}"), 303)
