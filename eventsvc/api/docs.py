"""The API described: /api/v1/openapi.json for programs, /api/docs for people, both without a token."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from eventsvc.api import bodies, openapi, schemas
from eventsvc.api.operations import Operation, operation
from eventsvc.services import links

blueprint = Blueprint("api_docs", __name__, url_prefix="/api")


@operation("GET", "/openapi.json", action="open", tag="description", summary="This document", answer=schemas.Document)
def openapi_json(_call: Any) -> Response:
    """The OpenAPI document."""
    return Response(bodies.dumps(openapi.document()), 200, {"Cache-Control": "public, no-cache"}, content_type="application/json")


@blueprint.get("/docs")
def page() -> Response:
    """The same for people: every endpoint, who may call it, what it takes and gives."""
    document = openapi.document()
    shown = [(made, _described(made, document)) for made in openapi.ordered()]
    response = make_response(
        render_template("api/page.html", base=links.to("/api/v1"), operations=shown, tags=openapi.TAGS,
                        schemas=_schemas(document), meant=openapi.MEANT)
    )  # fmt: skip
    response.headers["Cache-Control"] = "public, no-cache"
    return response


page._action = "open"  # type: ignore[attr-defined]


def _described(made: Operation, document: dict[str, Any]) -> dict[str, Any]:
    return {**document["paths"][made.path][made.method.lower()], "who": openapi.who(made)}


def _schemas(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Each shape as rows: member, type, whether it is required."""
    shapes = []
    for name, schema in sorted(document["components"]["schemas"].items()):
        required = set(schema.get("required", ()))
        members = [(member, _type(said), member in required) for member, said in schema.get("properties", {}).items()]
        shapes.append({"name": name, "sentence": schema.get("description", "").split("\n")[0], "members": members})
    return shapes


def _type(schema: dict[str, Any]) -> str:
    """A member's type in a few words: string · integer 1–99 · array of RecordResult · "entry" | "exit"."""
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(way) for way in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(f'"{value}"' for value in schema["enum"])
    if "const" in schema:
        return f'"{schema["const"]}"'
    kind = schema.get("format") or schema.get("type", "any")
    if kind == "array":
        return f"array of {_type(schema.get('items', {}))}"
    if "minimum" in schema or "maximum" in schema:
        return f"{kind} {schema.get('minimum', '')}–{schema.get('maximum', '')}"
    return f"{kind}, at most {schema['maxLength']}" if "maxLength" in schema else kind
