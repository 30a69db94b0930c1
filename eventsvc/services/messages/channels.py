"""The channels in force: which of mail and text messages are set up, and which one reaches a person."""

from __future__ import annotations

from datetime import time

from eventsvc.models import Person
from eventsvc.ports.carrier import Mail, Sms
from eventsvc.services.persons import is_mobile

_mail: Mail | None = None
_sms: Sms | None = None
_remind_at: time | None = time(18, 0)


def use(mail: Mail | None, sms: Sms | None, remind_at: time | None = time(18, 0)) -> None:
    """Send by these from now on; None: not at all. ``remind_at``: the hour of the evening before, in the event's zone."""
    global _mail, _sms, _remind_at
    _mail, _sms, _remind_at = mail, sms, remind_at


def mail() -> Mail | None:
    """The mail server, if one is set up."""
    return _mail


def sms() -> Sms | None:
    """The text message service, if one is set up."""
    return _sms


def remind_at() -> time | None:
    """When the reminder goes out on the day before; None: there are no reminders."""
    return _remind_at


def mail_is_on() -> bool:
    """Whether people may leave an e-mail address: only where mails are sent."""
    return _mail is not None


def any_is_on() -> bool:
    """Whether anything can be sent at all."""
    return _mail is not None or _sms is not None


def reaching(person: Person) -> str | None:
    """``mail`` or ``sms``, whichever reaches this person, mail first as it holds the link; None: only a telephone call does."""
    if person.email and _mail is not None:
        return "mail"
    if is_mobile(person.phone) and _sms is not None:
        return "sms"
    return None
