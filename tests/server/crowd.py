"""Many clients at one moment: each with its own connection, all let go together; and a published event for them to race on."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from eventsvc.db import db
from eventsvc.services import organizations
from tests.live import LiveServer

PATIENCE = 60  # seconds that one answer may take on a busy machine
_phones = itertools.count(1)
Answer = tuple[int, dict[str, Any]]


@dataclass
class Client:
    """One keep-alive connection to one server."""

    server: LiveServer
    token: str | None = None
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE)

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Status and JSON of one request; OSError or HTTPException where the server is gone."""
        headers |= {"Content-Type": "application/json", **({"Authorization": f"Bearer {self.token}"} if self.token else {})}
        self.connection.request(method, f"/api/v1{path}", json.dumps(body) if body is not None else None, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else {}


@dataclass
class Town:
    """A published event on one or more servers that share a database."""

    servers: Sequence[LiveServer]
    slug: str = field(default_factory=lambda: f"e{uuid.uuid4().hex[:12]}")
    changes: dict[str, Any] = field(default_factory=dict)
    owner: str = ""

    def __post_init__(self) -> None:
        app = self.servers[0].app()
        with app.app_context():
            self.owner = organizations.create_token("demo")
            db.session.remove()
            db.engine.dispose()
        event = {
            "slug": self.slug, "title": "夜市", "kind": "fair", "checkpoints": [{"key": "gate", "name": "东门"}],
            "counters": [{"key": "leaflets", "name": "宣传页", "kind": "handout", "unit": "份"}], **self.changes,
        }  # fmt: skip
        call = Client(self.servers[0], self.owner)
        for path, body in (("/events", event), (f"/events/{self.slug}/publish", None)):
            status, answer = call("POST", path, body)
            assert status in {200, 201}, answer

    def client(self, number: int = 0, token: str | None = None) -> Client:
        """A client of one of the servers in turn; without a token it is the public."""
        return Client(self.servers[number % len(self.servers)], token)

    def get(self, what: str = "/stats") -> dict[str, Any]:
        """What the owner reads of the event."""
        status, body = self.client(token=self.owner)("GET", f"/events/{self.slug}{what}")
        assert status == 200, body
        return body

    def phone(self, number: int = 0, *scopes: str) -> Client:
        """A joined phone on one of the servers."""
        call = self.client(number, self.owner)
        invited = call("POST", f"/events/{self.slug}/devices", {"scopes": list(scopes or ("scan", "tally"))})[1]
        joined = call("POST", "/devices/join", {"join_code": invited["join_code"], "operator": "甲", "nonce": uuid.uuid4().hex})
        return self.client(number, joined[1]["token"])

    def ticket(self, party_size: int = 1) -> dict[str, Any]:
        """A resident's registration."""
        status, made = self.client()("POST", f"/events/{self.slug}/registrations", person(party_size))
        assert status == 201, made
        return made

    def together(self, path: str, bodies: Sequence[Any], clients: Sequence[Client], **headers: str) -> list[Answer]:
        """POST every body at the same moment, each on its own connection; the answers in order."""
        answers: list[Answer | BaseException] = [(0, {})] * len(bodies)
        start = threading.Barrier(len(bodies))

        def send(place: int) -> None:
            try:
                clients[place].connection.connect()
                start.wait(PATIENCE)
                answers[place] = clients[place]("POST", path.replace("{slug}", self.slug), bodies[place], **headers)
            except BaseException as error:  # noqa: BLE001 - shown below
                answers[place] = error

        threads = [threading.Thread(target=send, args=(place,)) for place in range(len(bodies))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * PATIENCE)
        failed = [answer for answer in answers if isinstance(answer, BaseException)]
        assert not failed, failed[:3]
        return answers  # type: ignore[return-value]


def person(party_size: int = 1) -> dict[str, Any]:
    """A registration's body with a phone number of its own."""
    return {"name": "王桂芳", "phone": f"138{next(_phones):08d}", "party_size": party_size, "consent": True}


def now() -> str:
    """This moment as a phone writes it."""
    return datetime.now(UTC).isoformat()


def checkin(ticket: str, count: int = 1, **more: Any) -> dict[str, Any]:
    """A check-in under a fresh id."""
    return {"id": str(uuid.uuid4()), "type": "checkin", "checkpoint": "gate", "ticket": ticket, "count": count, "at": now(), **more}


def tally(quantity: int = 1) -> dict[str, Any]:
    """A tap under a fresh id."""
    return {"id": str(uuid.uuid4()), "type": "tally", "counter": "leaflets", "quantity": quantity, "at": now()}


def batch(*records: Any) -> dict[str, Any]:
    """A batch of records."""
    return {"records": list(records)}
