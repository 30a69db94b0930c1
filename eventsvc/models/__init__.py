"""Facts: tables, constraints and relations; no rules."""

from eventsvc.models.device import Device, Invitation
from eventsvc.models.event import Area, Checkpoint, Counter, Event, EventSession, Unit
from eventsvc.models.journal import AuditEntry, FigureRollup, FrozenFigures, RememberedAnswer
from eventsvc.models.message import Message
from eventsvc.models.organization import AccessToken, Membership, Organization, User
from eventsvc.models.paper import Slip
from eventsvc.models.record import QuarantinedRecord, Record, RecordDecision, RecordNote, SeenConflict
from eventsvc.models.registration import Pause, Person, QueueNumber, Registration, RegistrationChange, RetiredCode, SessionWait, SpareCode
from eventsvc.models.staging import Import, ImportRow

__all__ = [
    "AccessToken",
    "Area",
    "AuditEntry",
    "Checkpoint",
    "Counter",
    "Device",
    "Event",
    "EventSession",
    "FigureRollup",
    "FrozenFigures",
    "Import",
    "ImportRow",
    "Invitation",
    "Membership",
    "Message",
    "Organization",
    "Pause",
    "Person",
    "QuarantinedRecord",
    "QueueNumber",
    "Record",
    "RecordDecision",
    "RecordNote",
    "Registration",
    "RegistrationChange",
    "RememberedAnswer",
    "RetiredCode",
    "SeenConflict",
    "SessionWait",
    "Slip",
    "SpareCode",
    "Unit",
    "User",
]
