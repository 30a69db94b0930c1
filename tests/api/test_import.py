"""`POST registrations/import`: each row answered for, all or none where wanted, a retry registers nobody twice."""

from __future__ import annotations

from typing import Any

from eventsvc.services import imports
from eventsvc.services.actors import SYSTEM
from tests.api.conftest import Api

PATH = "/events/{slug}/registrations/import"
ROWS = [{"name": "王桂芳", "phone": "13800001234", "party_size": 2}, {"name": "", "phone": "1380000"}, {"name": "王桂芳", "phone": "13800001234"}]


def bring(api: Api, rows: list[Any], **more: Any) -> Any:
    return api("POST", PATH, api.owner, {"rows": rows, "consent": True, **more})


def test_each_row_is_answered_for(api: Api) -> None:
    answer = bring(api, ROWS)
    assert answer.status_code == 201, answer.text
    body = answer.get_json()
    assert body["created"] == 1 and [row["status"] for row in body["results"]] == ["created", "faulty", "double"]
    assert {fault["field"] for fault in body["results"][1]["errors"]} == {"name", "phone"}
    assert body["results"][0]["registration_status"] == "confirmed" and len(body["results"][0]["pickup_code"]) == 6
    listed = api("POST", "/events/{slug}/registrations/search", api.owner, {}).get_json()["items"]
    assert [(row["name"], row["party_size"], row["channel"]) for row in listed] == [("王桂芳", 2, "desk")]
    with api.app.app_context():
        assert imports.undo(SYSTEM, api.slug, body["import_id"]) == (1, 0)


def test_all_or_none_names_every_fault_by_its_row(api: Api) -> None:
    answer = bring(api, ROWS, all_or_nothing=True)
    assert answer.status_code == 422
    assert {"rows.1.name", "rows.1.phone", "rows.2.phone"} <= {fault["field"] for fault in answer.get_json()["errors"]}
    assert api("POST", "/events/{slug}/registrations/search", api.owner, {}).get_json()["items"] == []


def test_consent_and_shape(api: Api) -> None:
    assert bring(api, ROWS, consent=False).get_json()["errors"][0]["field"] == "consent"
    assert api("POST", PATH, api.owner, {"consent": True}).status_code == 422
    assert bring(api, ROWS, channel="web").status_code == 422
    assert bring(api, []).get_json()["results"] == []


def test_doubles_are_registered_where_wanted(api: Api) -> None:
    assert [row["status"] for row in bring(api, ROWS, doubles="import").get_json()["results"]] == ["created", "faulty", "created"]


def test_a_retry_gets_the_same_answer(api: Api) -> None:
    body = {"rows": ROWS[:1], "consent": True}
    first, second = (api("POST", PATH, api.owner, body, headers={"Idempotency-Key": "list-1"}) for _ in range(2))
    assert first.status_code == 201 and first.get_json() == second.get_json()
