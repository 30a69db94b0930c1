"""A published event behind the API, and callers of every kind."""

from __future__ import annotations

import itertools
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from eventsvc.services import events, organizations
from eventsvc.services.actors import authenticate
from tests.services.world import FAIR

AT = "2026-08-14T18:05:00+08:00"
_numbers = itertools.count(1)


@dataclass
class Api:
    """The API as programs use it; ``token`` is a bearer token, none is the public."""

    app: Flask
    slug: str = FAIR["slug"]
    tokens: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, token: str | None = None, body: Any = None, **more: Any) -> TestResponse:
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **more.pop("headers", {})}
        if body is not None:
            more |= {"data": json.dumps(body).replace(" Infinity", " 1e999"), "content_type": "application/json"}
        path = path.replace("{slug}", self.slug)
        return self.app.test_client().open(path if path.startswith("/api") else f"/api/v1{path}", method=method, headers=headers, **more)

    @property
    def owner(self) -> str:
        """An owner's organization token."""
        return self.tokens["owner"]

    def device(self, *scopes: str, **more: Any) -> str:
        """The token of a phone that joined with these scopes."""
        invited = self("POST", "/events/{slug}/devices", self.owner, {"name": "东门", "scopes": list(scopes), **more}).get_json()
        joined = self("POST", "/devices/join", None, {"join_code": invited["join_code"], "operator": "甲", "nonce": uuid.uuid4().hex})
        return joined.get_json()["token"]

    def register(self, token: str | None = None, **more: Any) -> dict[str, Any]:
        """A registration under a phone number of its own."""
        answer = self("POST", "/events/{slug}/registrations", token, person(**more))
        assert answer.status_code == 201, answer.get_json()
        return answer.get_json()

    def send(self, token: str, *sent: Any, **envelope: Any) -> list[dict[str, Any]]:
        """Send a batch; the results."""
        answer = self("POST", "/events/{slug}/records", token, {"records": list(sent), **envelope})
        assert answer.status_code == 200, answer.get_json()
        return answer.get_json()["results"]


def person(**more: Any) -> dict[str, Any]:
    """A registration's body with a phone number that nobody else has."""
    return {"name": "王桂芳", "phone": f"139{next(_numbers):08d}", "party_size": 1, "consent": True, **more}


def checkin(ticket: str, **more: Any) -> dict[str, Any]:
    """A check-in at the gate."""
    return {"id": str(uuid.uuid4()), "type": "checkin", "checkpoint": "gate", "ticket": ticket, "count": 1, "at": AT, **more}


def tally(counter: str = "leaflets", quantity: int = 1, **more: Any) -> dict[str, Any]:
    """A tap."""
    return {"id": str(uuid.uuid4()), "type": "tally", "counter": counter, "quantity": quantity, "at": AT, **more}


@pytest.fixture
def api(app: Flask) -> Api:
    """The demo organization with a published fair, a foreign one, and a token for every role."""
    made = Api(app)
    with app.app_context():
        for role in ("owner", "editor", "viewer"):
            made.tokens[role] = organizations.create_token("demo", role)
        made.tokens["foreign"] = organizations.create_token("elsewhere", "owner")
        owner = authenticate(made.tokens["owner"])
        events.create(owner, FAIR)
        events.publish(owner, FAIR["slug"])
    return made
