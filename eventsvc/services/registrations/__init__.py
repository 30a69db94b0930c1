"""Registration: a party under one name and one code, never beyond the places, in order of arrival.

Everything that changes places holds the event's row (PostgreSQL: FOR NO KEY UPDATE, which no check-in waits for; SQLite:
the write transaction itself). ``places_taken`` is kept in the same transaction as the registration that takes them.
"""

from eventsvc.services.registrations.answers import Double, answers_of, desk_answers, doubles_of, reveal
from eventsvc.services.registrations.changing import (
    approve,
    block,
    cancel,
    change,
    reissue,
    restore,
)
from eventsvc.services.registrations.exporting import Listed, export
from eventsvc.services.registrations.finding import (
    MOST_FOUND,
    Found,
    by_code,
    find_mine,
    held,
    lookup,
    may_see,
    prove,
    read,
    reported_before,
    same_person,
    search,
)
from eventsvc.services.registrations.many import register_many
from eventsvc.services.registrations.places import (
    CLOSED,
    parties_in,
    people_in,
    places_left,
    position,
    promote,
    state,
    take_places,
    touch,
    used_at,
    waiting,
)
from eventsvc.services.registrations.reading import Wanted, read_form
from eventsvc.services.registrations.registering import (
    CONSENT_VERSION,
    Registered,
    manage_token,
    read_manage_token,
    register,
)

__all__ = [
    "CLOSED",
    "CONSENT_VERSION",
    "Double",
    "Found",
    "Listed",
    "MOST_FOUND",
    "Registered",
    "Wanted",
    "answers_of",
    "approve",
    "block",
    "by_code",
    "cancel",
    "change",
    "desk_answers",
    "doubles_of",
    "export",
    "find_mine",
    "held",
    "lookup",
    "manage_token",
    "may_see",
    "parties_in",
    "people_in",
    "places_left",
    "position",
    "promote",
    "prove",
    "read",
    "read_form",
    "read_manage_token",
    "register",
    "register_many",
    "reissue",
    "reported_before",
    "restore",
    "reveal",
    "same_person",
    "search",
    "state",
    "take_places",
    "touch",
    "used_at",
    "waiting",
]
