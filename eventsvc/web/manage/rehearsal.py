"""演练: beginning one, putting its records aside (each loudly said), and taking them out afterwards."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.errors import Conflict
from eventsvc.render import xlsx
from eventsvc.services import figures, rehearsals
from eventsvc.web.manage.console import blueprint, event_of, show
from eventsvc.web.manage.report import workbook_file
from eventsvc.web.view import action


@blueprint.get("/e/<slug>/rehearsal")
@action("event.read")
def rehearsal(slug: str) -> Response:
    """What a rehearsal is, and where this event stands with it."""
    return _shown(slug)


def _shown(slug: str, refused: str = "", status: int = 200) -> Response:
    event = event_of(slug, "event.read")
    return show(
        "rehearsal/page.html", event, status, records=rehearsals.count(event), past=rehearsals.past(event), refused=refused,
        unsynced=figures.of_event(event).unsynced, in_wechat="MicroMessenger" in request.headers.get("User-Agent", ""),
    )  # fmt: skip


@blueprint.post("/e/<slug>/rehearsal/begin")
@action("event.publish")
def rehearsal_begin(slug: str) -> AnyResponse:
    """Open the doors for trying out."""
    return _done(slug, lambda: rehearsals.start(g.actor, slug), gettext("演练开始了：现在扫码、计数都只是试一试。"))


@blueprint.post("/e/<slug>/rehearsal/reset")
@action("event.publish")
def rehearsal_reset(slug: str) -> AnyResponse:
    """Put the records aside; ``records`` is the number that stood on the page, ``again`` goes on rehearsing."""
    seen, again = request.form.get("records", ""), request.form.get("again") == "1"
    said = gettext("已清零，可以再练一遍。") if again else gettext("演练已结束，数字从零开始。演练的记录在下面，随时可以下载。")
    return _done(slug, lambda: rehearsals.reset(g.actor, slug, int(seen) if seen.isdecimal() else -1, again=again), said)


def _done(slug: str, run: Any, said: str) -> AnyResponse:
    try:
        run()
    except Conflict as refusal:
        return _shown(slug, refusal.sentence(gettext), 409)
    flash(said, "ok")
    return redirect(url_for("manage.rehearsal", slug=slug), 303)


@blueprint.get("/e/<slug>/rehearsal/<int:epoch>.xlsx")
@action("report.read")
def rehearsal_xlsx(slug: str, epoch: int) -> Response:
    """The workbook of a rehearsal that was put aside."""
    told, lines = rehearsals.take_out(g.actor, slug, epoch)
    return workbook_file(xlsx.workbook(told, lines), told)
