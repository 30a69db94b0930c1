"""A fair on a real server for the scanner's tests: its tickets, its join links, its ledger, and a volunteer's phone."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from playwright.sync_api import Locator, Page, Request, expect
from sqlalchemy import select

from eventsvc.db import db
from eventsvc.models import Device, Event, Record, RecordNote
from eventsvc.services import devices, events, figures, organizations, registrations
from eventsvc.services.actors import SYSTEM, Actor
from eventsvc.services.reports import Figures
from tests.live import LiveServer

SCOPES = ("scan", "tally", "register", "lookup")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ticket:
    """A registered party."""

    id: str
    code: str
    pickup: str


class Fair:
    """One event of its own on a server that other tests share; speaks to the same database in this process."""

    def __init__(self, server: LiveServer, app: Flask, **changes: Any) -> None:
        self.server = server
        self.app = app
        self.slug = f"fair-{next(_numbers)}-{uuid.uuid4().hex[:6]}"
        today = datetime.now(ZoneInfo("Asia/Shanghai")).replace(hour=0, minute=0, second=0, microsecond=0)
        document: dict[str, Any] = {
            "slug": self.slug,
            "title": "欢乐社区行",
            "kind": "fair",
            "starts_at": (today - timedelta(days=1)).isoformat(),
            "ends_at": (today + timedelta(days=2)).isoformat(),
            "checkpoints": [{"key": "gate", "name": "入口", "rule": "once", "entrance": True}],
            "counters": [
                {"key": "heads", "name": "广场人流", "kind": "headcount", "unit": "人次", "verb": "到场"},
                {"key": "booklets", "name": "宣传册", "kind": "handout", "unit": "册", "verb": "发放", "steps": [1, 5, 10, 100], "stock": 2000},
                {"key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受", "topics": ["政务服务", "政务公开"]},
                {"key": "boards", "name": "宣传展板", "kind": "material", "unit": "面", "verb": "制作"},
            ],
        } | changes
        with app.app_context():
            organization = organizations.ensure("demo", "演示机构")
            self.owner = Actor("member", id="user:test", organizations=((organization.id, "owner"),))
            events.create(self.owner, document)
            events.publish(self.owner, self.slug)

    def ticket(self, name: str = "王桂芬", party_size: int = 1) -> Ticket:
        """Register a party."""
        said = {"name": name, "phone": f"1380000{next(_numbers) % 10_000:04d}", "party_size": party_size, "consent": True}
        with self.app.app_context():
            made = registrations.register(self.owner, self.slug, said).registration
            return Ticket(made.id, made.code, made.pickup_code)

    def link(self, *scopes: str) -> str:
        """A fresh join link's path."""
        with self.app.app_context():
            made = devices.invite(self.owner, self.slug, {"name": "东门手机", "scopes": list(scopes or SCOPES), "max_uses": 5})
            return f"{self.server.url}/join/{made.join_code}"

    def revoke_all(self) -> None:
        """Stop every phone of this event."""
        with self.app.app_context():
            for device in devices.listed(self.owner, self.slug)[1]:
                devices.revoke(self.owner, self.slug, device.id)

    def ledger(self) -> list[Record]:
        """Every record of this event, in the order of arrival."""
        with self.app.app_context():
            return list(db.session.scalars(select(Record).join(Event, Event.id == Record.event_id).where(Event.slug == self.slug).order_by(Record.seq)))

    def operators(self) -> list[str | None]:
        """Who made each record, in the order of arrival."""
        with self.app.app_context():
            query = select(RecordNote.operator).join(Record, Record.id == RecordNote.record_id).join(Event, Event.id == Record.event_id)
            return list(db.session.scalars(query.where(Event.slug == self.slug).order_by(Record.seq)))

    def phones(self) -> list[Device]:
        """The joined phones."""
        with self.app.app_context():
            return devices.listed(self.owner, self.slug)[1]

    def figures(self) -> Figures:
        """The figures now."""
        with self.app.app_context():
            return figures.stats(SYSTEM, self.slug)

    def counter(self, key: str) -> int:
        """A counter's total now."""
        return next(counter.total for counter in self.figures().counters if counter.key == key)


SIGN_OF_LIFE = " (a sign of life)"  # an empty batch: the phone tells how it is, and brings no record


def _says_only(request: Request) -> bool:
    return request.url.endswith("/records") and '"records":[]' in (request.post_data or "")


class Phone:
    """A volunteer's phone: the page after joining, with the hooks as methods."""

    def __init__(self, page: Page, link: str, operator: str = "志愿者甲") -> None:
        self.page = page
        self.sent: list[str] = []
        page.on("request", lambda request: self.sent.append(f"{request.method} {request.url}{SIGN_OF_LIFE if _says_only(request) else ''}"))
        page.goto(link)
        page.fill("input[name=operator]", operator)
        page.press("input[name=operator]", "Enter")
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Until the scanner has its session."""
        expect(self.page.locator("[data-scan][data-mode=ready]")).to_be_visible(timeout=20_000)

    def hook(self, name: str) -> Locator:
        """The element of a hook."""
        return self.page.locator(f"[data-hook={name}]")

    @property
    def result(self) -> Locator:
        """The answer."""
        return self.hook("result")

    def type(self, text: str) -> None:
        """Type a code and press Enter."""
        self.hook("code-input").fill(text)
        self.hook("code-input").press("Enter")

    def expect(self, outcome: str) -> None:
        """Wait for an answered outcome."""
        expect(self.result).to_have_attribute("data-outcome", outcome)
        expect(self.result).to_have_attribute("data-pending", "0")

    def expect_pending(self, count: int) -> None:
        """Wait until so many records wait for upload."""
        expect(self.hook("pending")).to_have_text(str(count), timeout=20_000)

    def counter(self, key: str, hook: str) -> Locator:
        """A part of one counter."""
        return self.page.locator(f"[data-hook=counter][data-key={key}] [data-hook={hook}]")

    def asked(self, part: str) -> list[str]:
        """The requests so far whose address holds ``part``."""
        return [line for line in self.sent if part in line]


Opener = Callable[..., Page]
