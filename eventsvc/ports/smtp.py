"""Mail by SMTP: one connection for many mails, encrypted where the server can, a stable Message-ID (RFC 5321, 5322, 3207)."""

from __future__ import annotations

import contextlib
import ipaddress
import smtplib
import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from urllib.parse import parse_qs, unquote, urlsplit

from eventsvc.config import BadSetting
from eventsvc.ports.carrier import Down, Later, Letter, Never

SECONDS = 20  # to wait for each answer of the server


@dataclass
class SmtpMail:
    """A mail server from ``MAIL_URL``; not for several threads at once."""

    host: str
    port: int
    sender: str
    name: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    encrypted: bool = False  # from the first byte (smtps), else STARTTLS where it is offered
    _server: smtplib.SMTP | None = field(default=None, repr=False)

    def send(self, letter: Letter) -> None:
        """Hand one mail over; 5xx of the recipient is Never, 4xx Later, everything about the server itself Down."""
        message = self._message(letter)
        try:
            server = self._connected()
            refused = server.send_message(message, from_addr=self.sender, to_addrs=[letter.to])
        except smtplib.SMTPRecipientsRefused as error:
            self._reset()
            raise _by_code(next(iter(error.recipients.values()))[0]) from error
        except smtplib.SMTPSenderRefused as error:
            self.close()
            raise Down(f"smtp sender {error.smtp_code}") from error
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise Down(f"smtp auth {error.smtp_code}") from error
        except smtplib.SMTPDataError as error:
            self._reset()
            raise _by_code(error.smtp_code) from error
        except smtplib.SMTPNotSupportedError as error:
            self.close()
            raise Never("smtp unsupported address") from error
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise Down(f"smtp {type(error).__name__}") from error
        if refused:
            raise _by_code(next(iter(refused.values()))[0])

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = Address(self.name, addr_spec=self.sender)
        message["To"] = Address(addr_spec=letter.to)
        message["Subject"] = letter.subject
        message["Date"] = formatdate(usegmt=True)
        message["Message-ID"] = letter.message_id
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no machine answers it
        message.set_content(letter.text, cte="base64")
        return message

    def _connected(self) -> smtplib.SMTP:
        if self._server is not None:
            try:
                if self._server.noop()[0] == 250:
                    return self._server
            except (smtplib.SMTPException, OSError):
                pass
            self.close()
        context = ssl.create_default_context()
        server = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=SECONDS, context=context)
            if self.encrypted
            else smtplib.SMTP(self.host, self.port, timeout=SECONDS)
        )
        self._server = server
        server.ehlo_or_helo_if_needed()
        if not self.encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
        elif not self.encrypted and self.user and not _near(self.host):
            raise Down("smtp no encryption")
        if self.user:
            server.login(self.user, self.password)
        return server

    def _reset(self) -> None:
        if self._server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self._server.rset()

    def close(self) -> None:
        """Hang up."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.close()


def from_url(url: str) -> SmtpMail:
    """The mail server of ``smtp[s]://[user:password@]host[:port]?from=address&name=sender``. Raises BadSetting."""
    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    sender = asked.get("from", [user if "@" in user else ""])[0]
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or port == 0 or set(asked) - {"from", "name"}:
        raise BadSetting("MAIL_URL must look like smtp://user:password@mail.example.org:587?from=events@example.org (or smtps://…).")
    if parseaddr(sender)[1] != sender or "@" not in sender:
        raise BadSetting("MAIL_URL needs the sender's address: add ?from=events@example.org .")
    return SmtpMail(
        parts.hostname, port or (465 if parts.scheme == "smtps" else 587), sender, asked.get("name", [""])[0], user, password, parts.scheme == "smtps"
    )


def _by_code(code: int) -> Later | Never:
    return Never(f"smtp {code}") if code >= 500 else Later(f"smtp {code}")


def _near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
