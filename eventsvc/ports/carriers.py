"""Which carriers the settings ask for."""

from __future__ import annotations

from eventsvc.config import Config
from eventsvc.ports import smtp
from eventsvc.ports import sms as sms_services
from eventsvc.ports.carrier import Console, Mail, Sms


def mail(config: Config) -> Mail | None:
    """The mail server of MAIL_URL, or None where there is none. Raises BadSetting."""
    if not config.mail_url:
        return None
    return Console() if config.mail_url == "console" else smtp.from_url(config.mail_url)


def sms(config: Config) -> Sms | None:
    """The text message service of SMS_BACKEND, or None where there is none. Raises BadSetting."""
    return sms_services.from_settings(config)
