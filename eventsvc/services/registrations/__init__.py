"""Registration: a party under one name and one code, never beyond the places, in order of arrival.

Everything that changes places holds the event's row (PostgreSQL: FOR NO KEY UPDATE, which no check-in waits for; SQLite:
the write transaction itself). ``places_taken`` is kept in the same transaction as the registration that takes them.
"""

from eventsvc.services.registrations.answers import Double, answers_of, desk_answers, doubles_of, reveal
from eventsvc.services.registrations.arrivals import parties_in, people_in, used_at
from eventsvc.services.registrations.arriving import CONSENT_VERSION, register_many
from eventsvc.services.registrations.changing import (
    approve,
    block,
    cancel,
    change,
    reissue,
    restore,
)
from eventsvc.services.registrations.choosing import accept, choose_sessions, revise
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
)
from eventsvc.services.registrations.line import hold_until, promote, settle
from eventsvc.services.registrations.listing import Sieve, search
from eventsvc.services.registrations.pauses import Paused, excuse, lift, pause, paused
from eventsvc.services.registrations.places import (
    CLOSED,
    anyone_waits,
    give_all_back,
    holds_places,
    places_left,
    position,
    reserve_left,
    room_for,
    session_position,
    session_waits,
    sessions_waited_for,
    size_in,
    state,
    touch,
    waiting,
)
from eventsvc.services.registrations.reading import Wanted, read_form
from eventsvc.services.registrations.registering import (
    Registered,
    manage_token,
    read_manage_token,
    register,
)
from eventsvc.services.registrations.waitlists import MOST_SHOWN, Line, Waiting, lines

__all__ = [
    "CLOSED",
    "CONSENT_VERSION",
    "Double",
    "Found",
    "Listed",
    "Line",
    "MOST_FOUND",
    "MOST_SHOWN",
    "Paused",
    "Registered",
    "Sieve",
    "Waiting",
    "Wanted",
    "accept",
    "anyone_waits",
    "answers_of",
    "approve",
    "block",
    "by_code",
    "cancel",
    "change",
    "choose_sessions",
    "desk_answers",
    "doubles_of",
    "excuse",
    "export",
    "find_mine",
    "give_all_back",
    "held",
    "hold_until",
    "holds_places",
    "lift",
    "lines",
    "lookup",
    "manage_token",
    "may_see",
    "parties_in",
    "people_in",
    "pause",
    "paused",
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
    "reserve_left",
    "restore",
    "reveal",
    "revise",
    "room_for",
    "same_person",
    "search",
    "session_position",
    "session_waits",
    "sessions_waited_for",
    "settle",
    "size_in",
    "state",
    "touch",
    "used_at",
    "waiting",
]
