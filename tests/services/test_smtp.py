"""Mail by SMTP against a real server on this machine: what arrives, what a refusal means, and what a bad setting says."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from aiosmtpd.controller import Controller

from eventsvc.config import BadSetting
from eventsvc.ports import smtp
from eventsvc.ports.carrier import Down, Later, Letter, Never
from tests.postgres import free_port


class Sink:
    """Keeps every mail; answers what it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.rcpt, self.data, self.sessions = "250 OK", "250 OK", set[str]()

    async def handle_RCPT(self, _server: Any, session: Any, envelope: Any, address: str, _options: Any) -> str:
        """Answer RCPT TO."""
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        self.sessions.add(str(session.peer))
        return self.rcpt

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail."""
        if self.data.startswith("250"):
            self.mails.append(cast(EmailMessage, message_from_bytes(envelope.content, policy=default)))
        return self.data


@pytest.fixture
def sink() -> Iterator[tuple[Sink, smtp.SmtpMail]]:
    """The server and a client of it."""
    handler, port = Sink(), free_port()
    server = Controller(handler, hostname="127.0.0.1", port=port)
    server.start()
    mail = smtp.from_url(f"smtp://127.0.0.1:{port}?from=events@example.org&name=管城区活动")
    yield handler, mail
    mail.close()
    server.stop()


def letter(number: int = 1) -> Letter:
    """A mail in Chinese."""
    return Letter("wang@example.com", "报名成功：“观夜戏·品非遗”", "王桂芳，您好：\n签到码：123456\n", f"<{number}.abc@example.test>")


def test_it_arrives_as_it_was_written(sink: tuple[Sink, smtp.SmtpMail]) -> None:
    handler, mail = sink
    for number in range(3):
        mail.send(letter(number))
    first = handler.mails[0]
    assert (first["To"], first["Subject"], first["Message-ID"]) == ("wang@example.com", "报名成功：“观夜戏·品非遗”", "<0.abc@example.test>")
    assert str(first["From"]) == "管城区活动 <events@example.org>" and first["Auto-Submitted"] == "auto-generated" and first["Date"]
    assert first.get_content().replace("\r\n", "\n") == "王桂芳，您好：\n签到码：123456\n"
    assert len(handler.mails) == 3 and len(handler.sessions) == 1, "one connection for all"


@pytest.mark.parametrize(("where", "answer", "kind"), [("rcpt", "550 no", Never), ("rcpt", "451 later", Later), ("data", "554 no", Never), ("data", "452 full", Later)])
def test_refusals(sink: tuple[Sink, smtp.SmtpMail], where: str, answer: str, kind: type[Exception]) -> None:
    handler, mail = sink
    setattr(handler, where, answer)
    with pytest.raises(kind) as refused:
        mail.send(letter())
    assert str(refused.value) == f"smtp {answer[:3]}"
    setattr(handler, where, "250 OK")
    mail.send(letter())
    assert len(handler.mails) == 1


def test_nobody_there() -> None:
    with pytest.raises(Down) as down:
        smtp.from_url(f"smtp://127.0.0.1:{free_port()}?from=a@example.org").send(letter())
    assert str(down.value) == "smtp ConnectionRefusedError"


def test_a_connection_that_was_cut_is_made_anew(sink: tuple[Sink, smtp.SmtpMail]) -> None:
    handler, mail = sink
    mail.send(letter(1))
    assert mail._server is not None and mail._server.sock is not None
    mail._server.sock.close()
    mail.send(letter(2))
    assert len(handler.mails) == 2


@pytest.mark.parametrize(
    "url", ["mail.example.org", "http://x", "smtp://", "smtp://mail.example.org", "smtp://h?from=nobody", "smtp://h:99999?from=a@b.cn", "smtp://h?from=a@b.cn&to=x"]
)
def test_bad_settings(url: str) -> None:
    with pytest.raises(BadSetting, match="MAIL_URL"):
        smtp.from_url(url)


def test_what_a_setting_means() -> None:
    mail = smtp.from_url("smtps://events%40example.org:p%40ss@smtp.example.org")
    assert (mail.host, mail.port, mail.user, mail.password, mail.sender, mail.encrypted) == (
        "smtp.example.org", 465, "events@example.org", "p@ss", "events@example.org", True,
    )  # fmt: skip
    assert "p@ss" not in repr(mail)
