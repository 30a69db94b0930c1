"""What an endpoint is: one decorator declares method, path, action and shapes, and answers for authorization and retries."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from eventsvc import permissions
from eventsvc.api import bodies
from eventsvc.errors import Forbidden, Invalid, Refusal, Unauthorized
from eventsvc.services import actors, idempotency
from eventsvc.services.actors import PUBLIC, Actor, Claim
from eventsvc.services.event_document import faults_of

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One endpoint as the router, the OpenAPI document and the tests see it; ``path`` is in OpenAPI's notation."""

    name: str
    method: str
    path: str
    action: str
    summary: str
    tag: str
    body: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: int = 200
    creates: bool = False
    body_optional: bool = False
    media_type: str = JSON
    refusals: tuple[str, ...] = ()
    example: dict[str, Any] | None = None
    stopped: bool = False  # phones that were revoked a short while ago may call it
    claims: bool = False  # its verb finds out in its own transaction which device calls

    @property
    def rule(self) -> str:
        """The path as Flask knows it: ``/events/<slug:slug>``."""
        return re.sub(r"\{(\w+)\}", lambda found: f"<{'slug' if found[1] == 'slug' else 'uuid_text'}:{found[1]}>", self.path)


@dataclass(frozen=True)
class Call:
    """One request, authenticated and parsed: who, what they sent, from where."""

    actor: Any  # an Actor; a Claim where the operation says so
    body: dict[str, Any] = field(default_factory=dict)
    query: Any = None

    @property
    def address(self) -> str:
        """The client's address, for the public limits."""
        return request.remote_addr or ""


OPERATIONS: dict[str, Operation] = {}


def operation(method: str, path: str, **described: Any) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make a function ``(call, **path) -> answer`` an endpoint; it may return a Response of its own. See Operation."""

    def declare(view: Callable[..., Any]) -> Callable[..., Response]:
        made = Operation(name=f"{view.__module__.rsplit('.', 1)[-1]}.{view.__name__}", method=method, path=path, **described)
        if made.action not in permissions.ACTIONS:
            raise KeyError(f"no such action: {made.action}")

        @functools.wraps(view)
        def endpoint(**arguments: str) -> Response:
            return _serve(made, view, arguments)

        endpoint._action = made.action  # type: ignore[attr-defined]
        OPERATIONS[made.name] = made
        blueprint.add_url_rule(made.rule, made.name.replace(".", "_"), endpoint, methods=[method])
        return endpoint

    return declare


def caller(authenticate: Callable[[str], Actor | Claim] = actors.authenticate) -> Actor | Claim:
    """Who calls, by the bearer token alone; a token that is no good is refused also where none is needed."""
    given = request.headers.get("Authorization")
    if given is None:
        return PUBLIC
    scheme, _, token = given.strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(message="需要有效的令牌")
    return authenticate(token.strip())


def authorize(actor: Actor, action: str, arguments: dict[str, str]) -> None:
    """Raise what this caller gets for this action whatever they sent: before anybody looks at the body."""
    if "slug" in arguments:
        actors.load_event(actor, arguments["slug"], action)
    elif not any(actor.may(action, organization) for organization in [None, *(org for org, _role in actor.organizations)]):
        raise Forbidden


def respond(data: Any, status: int = 200) -> Response:
    """A JSON answer that nobody stores."""
    return _plain(bodies.dumps(data), status)


def _plain(text: bytes | str, status: int) -> Response:
    return Response(text, status, {"Cache-Control": "no-store"}, content_type=JSON)


def _serve(made: Operation, view: Callable[..., Any], arguments: dict[str, str]) -> Response:
    actor = caller(actors.stopped if made.stopped else actors.claim if made.claims else actors.authenticate)
    if actor.kind == "public" and not permissions.allows(made.action, kind="public"):
        raise Unauthorized(message="需要有效的令牌")
    try:
        call = Call(actor, _body(made), _query(made))
    except (Refusal, HTTPException):
        authorize(actors.settled(actor), made.action, arguments)
        raise
    key = request.headers.get("Idempotency-Key") if made.creates else None
    if key is not None:
        authorize(actor, made.action, arguments)
        scope = f"{actor.name} {made.method} {request.path}"
        status, text = idempotency.once(
            scope, key, request.get_data(), lambda: (made.status, bodies.dumps(view(call, **arguments)).decode())
        )
        return _plain(text, status)
    answer = view(call, **arguments)
    return answer if isinstance(answer, Response) else respond(answer, made.status)


def _body(made: Operation) -> dict[str, Any]:
    return bodies.read(may_be_empty=made.body_optional) if made.body else {}


def _query(made: Operation) -> BaseModel | None:
    return parse(made.query, request.args.to_dict()) if made.query else None


def parse(model: type[BaseModel], data: dict[str, Any]) -> Any:
    """Check data by a model; raises Invalid with every fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Invalid(faults_of(error)) from error
