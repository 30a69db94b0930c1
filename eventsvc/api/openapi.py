"""The OpenAPI 3.1 document, made from the endpoints' own declarations and the shapes' models."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from eventsvc import permissions
from eventsvc.api.operations import OPERATIONS, Operation
from eventsvc.api.schemas import Problem
from eventsvc.services import links

TEMPLATE = "#/components/schemas/{model}"
TAGS = ("events", "registrations", "devices", "at the door", "figures", "description")
MEANT = {
    "400": "The body cannot be parsed or is no object.",
    "401": "No token where one is needed, or a bad or revoked one.",
    "403": "The caller's own event, but role or scope is missing.",
    "404": "Not there, or another organization's.",
    "409": "The state does not allow it.",
    "413": "More than 1 MiB, or more than 500 records.",
    "422": "Fields are wrong; all of them are named in `errors`.",
    "429": "Too many; wait for `Retry-After` seconds.",
    "503": "Busy, or without the database; wait for `Retry-After` seconds.",
}
PARAMETERS = {
    "slug": "The event's slug.",
    "registration_id": "The registration's id, never its code.",
    "device_id": "The id of a joined phone, or of an invitation.",
}
DESCRIPTION = """\
Times are RFC 3339 with offset. Errors are RFC 9457 `application/problem+json`. Codes, names and phone numbers travel in bodies,
never in paths or queries. An *organization token* (`flask --app app token create`) sees its organization's events by role
(owner, editor, viewer); a *device token* (from `/devices/join`) one event, by its scopes. `Idempotency-Key` on a POST that
creates makes it safe to repeat for 24 hours: the same key and body get the same status and body."""


def document() -> dict[str, Any]:
    """The whole document."""
    used = {model for made in OPERATIONS.values() for model in (made.body, made.answer) if model} | {Problem}
    modes: list[tuple[type[BaseModel], Any]] = [(model, "validation") for model in sorted(used, key=lambda model: model.__name__)]
    named, definitions = models_json_schema(modes, ref_template=TEMPLATE)
    paths: dict[str, dict[str, Any]] = {}
    for made in ordered():
        paths.setdefault(made.path, {})[made.method.lower()] = _operation(made, {model: named[(model, "validation")] for model in used})
    return {
        "openapi": "3.1.0",
        "info": {"title": "eventsvc", "version": "1", "description": DESCRIPTION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": links.to("/api/v1")}],
        "tags": [{"name": tag} for tag in TAGS],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "An organization token or a device token."}},
        },
    }


def ordered() -> list[Operation]:
    """The endpoints by the order of their tags."""
    return sorted(OPERATIONS.values(), key=lambda made: TAGS.index(made.tag))


def _operation(made: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": made.name,
        "summary": made.summary,
        "description": f"{who(made)} Action: `{made.action}`.",
        "tags": [made.tag],
        "security": security(made),
        "parameters": _parameters(made),
        "responses": _responses(made, schemas),
    }
    if made.body:
        described["requestBody"] = {"required": not made.body_optional, "content": {"application/json": {"schema": schemas[made.body]}}}
    return described


def who(made: Operation) -> str:
    """Who may call it, in one sentence."""
    least, scopes, public = permissions.ACTIONS[made.action]
    if public and least is None and made.action == "open":
        return "Public."
    parts = [f"members from {least} up" if least else "members of any role"]
    if scopes:
        parts.append(f"devices with {' or '.join(sorted(scopes))}")
    if public:
        parts.append("the public")
    return f"For {', '.join(parts)}."


def security(made: Operation) -> list[dict[str, list[str]]]:
    """A token; none is fine too where the action is public."""
    return [{"token": []}, {}] if permissions.allows(made.action, kind="public") else [{"token": []}]


def _parameters(made: Operation) -> list[dict[str, Any]]:
    text = {"type": "string"}
    inside = [
        {"name": name, "in": "path", "required": True, "description": sentence, "schema": text}
        for name, sentence in PARAMETERS.items()
        if f"{{{name}}}" in made.path
    ]
    if made.query and "limit" in made.query.model_fields:
        inside.append({"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}})
    if made.query:
        inside.append({"name": "cursor", "in": "query", "schema": text})
    if made.creates:
        described = "Makes repeating safe for 24 hours."
        inside.append({"name": "Idempotency-Key", "in": "header", "description": described, "schema": {"type": "string", "maxLength": 255}})
    return inside


def _responses(made: Operation, schemas: dict[type[BaseModel], Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done." if made.status == 204 else made.summary}
    if made.answer:
        good["content"] = {made.media_type: {"schema": schemas[made.answer]}}
    elif made.status != 204:
        good["content"] = {made.media_type: {"schema": {"type": "string"}}}
    responses = {str(made.status): good}
    for status in _refused(made):
        sentence = MEANT[status]
        if status == "409" and made.refusals:
            sentence += " Codes: " + ", ".join(f"`{code}`" for code in made.refusals)
        responses[status] = {"description": sentence, "content": {"application/problem+json": {"schema": schemas[Problem]}}}
    return responses


def _refused(made: Operation) -> list[str]:
    """The statuses with which this endpoint may refuse."""
    statuses = {"401", "503"}
    if made.action != "open":
        statuses |= {"403"}
    if "{" in made.path or made.path == "/devices/join":
        statuses |= {"404"}
    if made.body:
        statuses |= {"400", "413", "422"}
    if made.query:
        statuses |= {"422"}
    if made.refusals or made.creates:
        statuses |= {"409"}
    if made.action in {"registration.create", "lookup"} or made.path == "/devices/join":
        statuses |= {"429"}
    return sorted(statuses)
