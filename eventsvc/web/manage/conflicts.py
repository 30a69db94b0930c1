"""What somebody has to look at: let in twice, let in against the rules; in words, with every phone that was in it, and who has looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Response, flash, g, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from eventsvc.services import conflicts as verbs
from eventsvc.web.manage.console import blueprint, event_of, may, show
from eventsvc.web.manage.lines import Said, all_said, said
from eventsvc.web.view import action


@dataclass(frozen=True)
class Shown:
    """A conflict in words."""

    record: Said
    others: tuple[Said, ...]
    seen_by: str | None
    seen_at: datetime | None


@blueprint.get("/e/<slug>/conflicts")
@action("report.read")
def conflicts(slug: str) -> Response:
    """The list: what nobody has looked at, then the rest."""
    event = event_of(slug)
    shown = [Shown(said(one.record), tuple(all_said(one.others)), one.seen_by, one.seen_at) for one in verbs.listed(g.actor, slug)]
    unseen = [one for one in shown if one.seen_at is None]
    seen = [one for one in shown if one.seen_at is not None]
    return show("conflicts/page.html", event, unseen=unseen, seen=seen, undo=may("record.undo", event), may_mark=may("conflict.mark", event))


@blueprint.post("/e/<slug>/conflicts/<record_id>")
@action("conflict.mark")
def conflict_seen(slug: str, record_id: str) -> AnyResponse:
    """Mark one as seen, or take the mark back."""
    seen = request.form.get("seen") == "1"
    verbs.mark(g.actor, slug, record_id, seen)
    flash(gettext("已标为看过。") if seen else gettext("已放回没看过的。"), "ok")
    return redirect(url_for("manage.conflicts", slug=slug), 303)
