"""Shapes of bodies and answers: what the OpenAPI document shows; bodies that no verb reads by itself are checked by these."""

from eventsvc.api.schemas.devices import DevicePage, InvitationAnswer, InvitationBody, JoinAnswer, JoinBody, LookupAnswer, LookupBody
from eventsvc.api.schemas.events import EventAnswer, EventChanges, EventPage, Postponement, Reset
from eventsvc.api.schemas.figures import FiguresAnswer, FrozenAnswer, ReportAnswer
from eventsvc.api.schemas.records import Accepted, QuarantineAnswer, RecordsAnswer, RecordsBody, Refused, SalvageAnswer
from eventsvc.api.schemas.registrations import (
    AcceptBody,
    BlockBody,
    ImportAnswer,
    ImportBody,
    RegistrationAnswer,
    RegistrationBody,
    RegistrationDetail,
    RegistrationEdit,
    RegistrationPage,
    SearchBody,
)
from eventsvc.api.schemas.roster import RosterPage, RosterQuery
from eventsvc.api.schemas.shape import Document, PageQuery, Problem

__all__ = [
    "Accepted",
    "AcceptBody",
    "BlockBody",
    "DevicePage",
    "Document",
    "EventAnswer",
    "EventChanges",
    "EventPage",
    "FiguresAnswer",
    "FrozenAnswer",
    "ImportAnswer",
    "ImportBody",
    "InvitationAnswer",
    "InvitationBody",
    "JoinAnswer",
    "JoinBody",
    "LookupAnswer",
    "LookupBody",
    "PageQuery",
    "Postponement",
    "Problem",
    "QuarantineAnswer",
    "RecordsAnswer",
    "RecordsBody",
    "Refused",
    "RegistrationAnswer",
    "RegistrationBody",
    "RegistrationDetail",
    "RegistrationEdit",
    "RegistrationPage",
    "ReportAnswer",
    "Reset",
    "RosterPage",
    "RosterQuery",
    "SalvageAnswer",
    "SearchBody",
]
