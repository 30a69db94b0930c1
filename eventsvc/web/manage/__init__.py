"""The organizer's console under /manage: one file a noun, each view parses, calls one verb, shows one template."""

from __future__ import annotations

from flask import Flask

from eventsvc.web.manage import (
    bulk,
    conflicts,
    devices,
    events,
    figures,
    exports,
    home,
    imports,
    journal,
    live,
    members,
    messages,
    new,
    paper,
    paper_list,
    quarantine,
    queues,
    registrations,
    rehearsal,
    report,
    rights,
    self_checkin,
    series,
    session,
    slips,
    states,
    tallies,
    transfer,
    units,
    waitlist,
)
from eventsvc.web.manage.console import blueprint

VIEWS = (session, home, new, events, states, transfer, registrations, bulk, rights, imports, exports, devices, live, figures, conflicts, quarantine, report, tallies, journal, members, messages, rehearsal, paper, paper_list, slips, units, waitlist, series, queues, self_checkin)  # importing them fills the blueprint


def init_app(app: Flask) -> None:
    """Register the console's pages."""
    app.register_blueprint(blueprint)
