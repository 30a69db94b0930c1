"""The OpenAPI document is valid, holds every endpoint, and real answers obey it."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from eventsvc.api.operations import OPERATIONS
from tests.api.conftest import Api, checkin, person, tally


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    """The document as the server publishes it."""
    answer = api("GET", "/openapi.json")
    assert answer.status_code == 200
    return answer.get_json()


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1") and document["servers"] == [{"url": "https://example.test/api/v1"}]


def test_every_endpoint_is_in_it(document: dict[str, Any]) -> None:
    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert listed == {(made.method, made.path) for made in OPERATIONS.values()}
    for path, methods in document["paths"].items():
        for described in methods.values():
            assert described["summary"] and described["responses"]["401"], path


def obeys(document: dict[str, Any], name: str, value: Any) -> None:
    """Check a value by one of the document's shapes."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)


def test_answers_obey_it(api: Api, document: dict[str, Any]) -> None:
    made, phone = api.register(party_size=2), api.device("scan", "tally", "lookup")
    batch = {"records": [checkin(made["code"]), checkin("x"), tally(), {**tally(), "id": "bad"}]}
    obeys(document, "RecordsBody", {"records": batch["records"][:3]})
    asked = [
        ("POST", "/events/{slug}/records", phone, batch), ("POST", "/events/{slug}/lookup", phone, {"q": "王桂芳"}),
        ("GET", "/events/{slug}", None, None), ("GET", "/events", api.owner, None), ("POST", "/events/{slug}/registrations", None, person()),
        ("GET", f"/events/{{slug}}/registrations/{made['id']}", api.owner, None), ("GET", f"/events/{{slug}}/registrations/{made['id']}", api.tokens["viewer"], None),
        ("POST", "/events/{slug}/registrations/search", api.owner, {}), ("POST", "/events/{slug}/devices", api.owner, {}), ("GET", "/events/{slug}/devices", api.owner, None),
        ("GET", "/events/{slug}/roster", phone, None), ("GET", "/events/{slug}/quarantine", api.owner, None), ("GET", "/events/{slug}/stats", phone, None), ("POST", "/events/{slug}/finalize", api.owner, None), ("GET", "/events/{slug}/report", api.owner, None),
    ]  # fmt: skip
    for method, path, token, body in asked:
        answer = api(method, path, token, body)
        generic = path.replace(made["id"], "{registration_id}")
        described = document["paths"][generic][method.lower()]["responses"][str(answer.status_code)]
        obeys(document, described["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2], answer.get_json())
    obeys(document, "Problem", api("GET", "/events/nix").get_json())


def test_the_page_for_people(api: Api) -> None:
    page = api("GET", "/api/docs")
    text = page.get_data(as_text=True)
    assert page.status_code == 200 and "<script" not in text and " style=" not in text
    for made in OPERATIONS.values():
        assert f"{made.method} {made.path}" in text
