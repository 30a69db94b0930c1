"""Every endpoint of the URL map declares its action, and every kind of caller gets what the table of permissions says."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask

from eventsvc import permissions
from eventsvc.api.operations import OPERATIONS, Operation
from tests.api.conftest import Api, person
from tests.services.world import FAIR

REFUSED = {401, 403, 404}
ROLES = ("viewer", "editor", "owner")


def test_every_endpoint_declares_its_action(app: Flask) -> None:
    assert bare_endpoints(app) == []


def bare_endpoints(app: Flask) -> list[str]:
    """Endpoints whose view says no action of the table."""
    return [
        f"{rule.rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        if getattr(app.view_functions[rule.endpoint], "_action", None) not in permissions.ACTIONS
    ]


def test_the_guard_sees_a_bare_endpoint(app: Flask) -> None:
    app.add_url_rule("/bare", "bare", lambda: "")
    assert bare_endpoints(app) == ["/bare (bare)"]


def test_the_api_has_no_endpoint_beside_its_operations(app: Flask) -> None:
    paths = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1")}
    assert paths == {f"/api/v1{made.path}" for made in OPERATIONS.values()}


def expected(made: Operation, caller: str) -> str:
    """What a caller must get: ``in`` (whatever the verb then says), or the refusal's status."""
    least, scopes, public = permissions.ACTIONS[made.action]
    if caller == "revoked" and made.stopped:
        return "in"
    if caller in {"forged", "revoked"}:
        return "401"
    if public:
        own_device = caller.startswith("device:")
        return "403" if own_device and made.action != "open" and caller.removeprefix("device:") not in scopes else "in"
    if caller == "anonymous":
        return "401"
    on_event = "{slug}" in made.path
    if caller in ROLES:
        return "in" if least is None or ROLES.index(caller) >= ROLES.index(least) else "403"
    if caller == "foreign":
        return "404" if on_event else "in"
    if caller == "other device":
        return "404" if on_event else "403"
    return "in" if on_event and caller.removeprefix("device:") in scopes else "403"


@pytest.fixture
def callers(api: Api) -> dict[str, str | None]:
    """A token for each kind of caller."""
    tokens: dict[str, str | None] = {"anonymous": None, "forged": "eo_forged", **api.tokens}
    for scope in permissions.SCOPES:
        tokens[f"device:{scope}"] = api.device(scope)
    tokens["revoked"] = api.device("scan", "tally", "register", "lookup")
    revoked = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
    last = next(row for row in revoked if tokens["revoked"] and row["id"] in tokens["revoked"])
    assert api("DELETE", f"/events/{{slug}}/devices/{last['id']}", api.owner).status_code == 204
    api("POST", "/events", api.owner, {**FAIR, "slug": "other"})
    api("POST", "/events/other/publish", api.owner)
    other = Api(api.app, "other", api.tokens)
    tokens["other device"] = other.device("scan", "tally", "register", "lookup")
    return tokens


def body_of(made: Operation) -> dict[str, Any] | None:
    """A body that the verb would take."""
    if not made.body:
        return None
    if made.path == "/events":
        return {"slug": f"e{uuid.uuid4().hex[:12]}", "title": "新活动", "kind": "fair"}
    if made.path.endswith("/registrations"):
        return person()
    if made.path.endswith(("/records", "/salvage")):
        return {"records": []}
    if made.path.endswith("/lookup"):
        return {"q": "王桂芳"}
    if made.path.endswith("/reset"):
        return {"records": 0}
    return {}


@pytest.mark.parametrize("name", OPERATIONS)
def test_role_by_url_by_status(api: Api, callers: dict[str, str | None], name: str) -> None:
    made = OPERATIONS[name]
    got = {}
    for caller, token in callers.items():
        registration = api.register()["id"] if "{registration_id}" in made.path else ""
        path = made.path.replace("{registration_id}", registration).replace("{device_id}", str(uuid.uuid4()))
        answer = api(made.method, path, token, body_of(made))
        problem = answer.get_json() if answer.is_json or "problem" in (answer.content_type or "") else {}
        own_missing = "{device_id}" in made.path and answer.status_code == 404  # allowed in, and there is no such phone
        inside = answer.status_code not in REFUSED or (own_missing and caller in {"owner", "editor"})
        got[caller] = "in" if inside else str(answer.status_code)
        assert answer.status_code < 500, (caller, problem)
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert "Set-Cookie" not in answer.headers
        assert not [header for header in answer.headers.keys() if header.lower().startswith("access-control-")]
    assert got == {caller: expected(made, caller) for caller in callers}


def test_the_table_sees_an_open_door(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "allows", lambda *_args, **_more: True)
    assert expected(OPERATIONS["events.change"], "viewer") == "403"
    assert api("PATCH", "/events/{slug}", api.tokens["viewer"], {"title": "改"}).status_code == 200


@pytest.mark.parametrize("name", [name for name, made in OPERATIONS.items() if made.body and made.action != "open"])
def test_authorization_comes_before_the_body(api: Api, name: str) -> None:
    made = OPERATIONS[name]
    phone = api.device("tally" if "tally" not in permissions.ACTIONS[made.action][1] else "scan")
    path = made.path.replace("{registration_id}", str(uuid.uuid4()))
    for data in (b"{", b"[]", b"\xff", b'{"limit": "x", "q": 5}', b"x" * (1 << 20) + b"x"):
        if not permissions.allows(made.action, kind="device", scopes=frozenset({"tally"})):
            assert api(made.method, path, phone, data=data).status_code == 403, data[:10]
        if not permissions.allows(made.action, kind="public"):
            assert api(made.method, path, data=data).status_code == 401, data[:10]
        foreign = api(made.method, path, api.tokens["foreign"], data=data).status_code
        assert foreign == 404 or "{slug}" not in path or permissions.allows(made.action, kind="public"), data[:10]


def test_cookies_are_no_token(api: Api) -> None:
    client = api.app.test_client()
    client.set_cookie("device", api.device("scan"))
    client.set_cookie("token", api.owner)
    assert client.get(f"/api/v1/events/{api.slug}/stats").status_code == 401


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", "Basic eDp5", "Token x", "Bearer \u00ff", "Bearer " + "x" * 5000, "Bearer ed_x_y", "Bearer ed__"])
@pytest.mark.parametrize("path", ["/events", "/events/ye-shi", "/openapi.json"])
def test_a_bad_token_is_refused_everywhere_and_locks_nobody(api: Api, given: str, path: str) -> None:
    for _ in range(3):
        answer = api("GET", path, headers={"Authorization": given})
        assert answer.status_code == 401 and answer.get_json()["code"] == "unauthorized"
    assert api("GET", path, api.owner).status_code == 200


def test_a_revoked_phone_is_told_so(api: Api, callers: dict[str, str | None]) -> None:
    answer = api("GET", "/events/{slug}/stats", callers["revoked"])
    assert (answer.status_code, answer.get_json()["code"]) == (401, "device_revoked")


def test_drafts_are_nobody_elses(api: Api) -> None:
    api("POST", "/events", api.owner, {**FAIR, "slug": "draft"})
    for token in (None, api.tokens["foreign"], api.device("scan")):
        assert api("GET", "/events/draft", token).status_code == 404
        assert api("POST", "/events/draft/registrations", token, person()).status_code == 404
    assert api("GET", "/events/draft", api.tokens["viewer"]).status_code == 200


def test_a_viewer_gets_no_secrets(api: Api) -> None:
    made = api.register()
    path = f"/events/{{slug}}/registrations/{made['id']}"
    seen = api("GET", path, api.tokens["viewer"]).get_data(as_text=True) + api(
        "POST", "/events/{slug}/registrations/search", api.tokens["viewer"], {}
    ).get_data(as_text=True)
    assert made["code"] not in seen and made["manage_token"] not in seen and f'"{made["pickup_code"]}"' not in seen
    assert api("GET", path, api.tokens["editor"]).get_json()["code"] == made["code"]


def test_viewers_see_masked_persons_and_nothing_that_opens_a_ticket(api: Api) -> None:
    made = api.register(name="王桂芳", phone="13900007777")
    path = f"/events/{{slug}}/registrations/{made['id']}"
    whole = api("GET", path, api.owner).get_json()
    assert (whole["name"], whole["phone"], whole["code"]) == ("王桂芳", "+8613900007777", made["code"])
    for shown in (
        api("GET", path, api.tokens["viewer"]).get_json(),
        api("POST", "/events/{slug}/registrations/search", api.tokens["viewer"], {"q": "7777"}).get_json()["items"][0],
    ):
        assert (shown["name"], shown["phone"]) == ("王*芳", "139****7777")
        assert not {"code", "pickup_code", "manage_token", "qr_text", "ticket_url"} & shown.keys()
