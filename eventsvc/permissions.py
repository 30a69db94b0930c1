"""Who may do what: one pure table of actions, asked by every verb; a test walks it against the whole URL map.

Organization members have a role, each role includes the ones below it: owner > editor > viewer. Devices have scopes.
``system`` is the command line. Authorization is decided before validation; strangers are told 404 by the loader.
"""

from __future__ import annotations

from typing import Final

ROLES: Final = ("viewer", "editor", "owner")
SCOPES: Final = ("scan", "tally", "register", "lookup")

# action -> (least role or None, any of these device scopes, public?)
ACTIONS: Final[dict[str, tuple[str | None, frozenset[str], bool]]] = {
    "open": (None, frozenset(SCOPES), True),  # pages and calls that anyone may make; they load what the caller may see
    "event.list": ("viewer", frozenset(), False),
    "event.create": ("editor", frozenset(), False),
    "event.read": ("viewer", frozenset(SCOPES), False),
    "event.edit": ("editor", frozenset(), False),
    "event.publish": ("editor", frozenset(), False),
    "event.finalize": ("editor", frozenset(), False),
    "registration.create": (None, frozenset({"register"}), True),
    "self.checkin": (None, frozenset(), True),  # a resident, of a ticket that they hold, with the code shown at the venue
    "registration.list": ("viewer", frozenset(), False),
    "registration.edit": ("editor", frozenset(), False),
    "slip.name": ("editor", frozenset({"register"}), False),
    "device.list": ("viewer", frozenset(), False),
    "device.edit": ("editor", frozenset(), False),
    "record.submit": ("editor", frozenset(SCOPES), False),
    "record.checkin": ("editor", frozenset({"scan"}), False),
    "record.tally": ("editor", frozenset({"tally"}), False),
    "record.walkin": ("editor", frozenset({"register"}), False),
    "record.undo": ("editor", frozenset(SCOPES), False),
    "record.salvage": ("editor", frozenset(SCOPES), False),
    "roster.read": ("editor", frozenset({"scan"}), False),
    "quarantine.read": ("viewer", frozenset(), False),
    "quarantine.decide": ("editor", frozenset(), False),
    "conflict.mark": ("editor", frozenset(), False),
    "lookup": ("editor", frozenset({"lookup"}), False),
    "figures.read": ("viewer", frozenset(SCOPES), False),
    "report.read": ("viewer", frozenset(), False),
    "organization.read": ("viewer", frozenset(), False),
    "organization.manage": ("owner", frozenset(), False),
}


def allows(action: str, *, kind: str, role: str | None = None, scopes: frozenset[str] = frozenset()) -> bool:
    """Whether a caller may do ``action``; ``kind`` is ``public`` · ``device`` · ``member`` · ``system``; KeyError for an unknown action."""
    least, any_scope, public = ACTIONS[action]
    if kind == "system":
        return True
    if kind == "member":
        if least is None:
            return True
        return role in ROLES and ROLES.index(role) >= ROLES.index(least)
    if kind == "device":
        return bool(scopes & any_scope)
    return public
