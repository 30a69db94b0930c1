"""The demo: the real activities of the seed, and one live rehearsal copy of the fair (演示) that is on today.

Loading is one transaction and happens once: where there is any event already, nothing is loaded and nothing changed.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventsvc.db import transaction
from eventsvc.demo import live, seed
from eventsvc.services import events, links, organizations
from eventsvc.services.actors import SYSTEM

ORGANIZATION = "demo"
ORGANIZER = "organizer@demo.example"
YEAR = 2020  # inferred: in 2020 the 12th of August is a Wednesday, the 14th a Friday; the source names no year


@dataclass(frozen=True)
class DemoLinks:
    """What the person at the keyboard is told, once: the password and the join code are kept as hashes only."""

    resident_url: str
    volunteer_url: str
    organizer_url: str
    organizer_email: str
    password: str


@transaction
def load(year: int = YEAR) -> DemoLinks | None:
    """Load the demo into a database without events; None, and nothing changed, where there are some.

    ``year`` is the one in which the dated activities of the seed are said to have been (shown as 年份为推断).
    """
    if events.listed(SYSTEM, limit=1)[0]:
        return None
    organization = organizations.ensure(ORGANIZATION, "演示机构")
    seed.load(organization.id, year)
    invited = live.load(organization.id)
    password = organizations.add_user(ORGANIZER, ORGANIZATION, "owner", "演示负责人")
    return DemoLinks(
        resident_url=links.event(live.SLUG),
        volunteer_url=invited.join_url,
        organizer_url=links.to("/manage"),
        organizer_email=ORGANIZER,
        password=password,
    )
