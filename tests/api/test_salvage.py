"""What a revoked phone still holds: handed in for 72 hours, kept apart, accepted as if it had come in time, or refused."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from eventsvc.ports.clock import FakeClock
from eventsvc.services import retention
from tests.api.conftest import Api, checkin, tally

AT = "2026-08-14T18:05:00+08:00"


class Phone:
    """A phone with its id and both of its tokens."""

    def __init__(self, api: Api, *scopes: str) -> None:
        invited = api("POST", "/events/{slug}/devices", api.owner, {"name": "东门", "scopes": list(scopes or ("scan", "tally", "register"))}).get_json()
        body = {"join_code": invited["join_code"], "operator": "甲", "nonce": uuid.uuid4().hex}
        joined = api("POST", "/devices/join", None, body).get_json()
        self.api, self.token, self.upload, self.id = api, joined["token"], joined["upload_token"], joined["device"]["id"]

    def revoke(self) -> None:
        """Stop it."""
        assert self.api("DELETE", f"/events/{{slug}}/devices/{self.id}", self.api.owner).status_code == 204

    def salvage(self, *sent: Any, token: str | None = None, **envelope: Any) -> Any:
        """Hand in what it holds."""
        return self.api("POST", "/events/{slug}/salvage", token or self.token, {"sent_at": "2026-08-14T18:10:00+08:00", "records": list(sent), **envelope})

    def decide(self, verb: str) -> Any:
        """An organizer accepts or refuses."""
        return self.api("POST", f"/events/{{slug}}/quarantine/{self.id}/{verb}", self.api.owner).get_json()


@pytest.fixture
def phone(api: Api, clock: FakeClock) -> Phone:
    """A phone, ten minutes after the opening."""
    clock.advance(minutes=10)
    return Phone(api)


def stats(api: Api) -> dict[str, Any]:
    """The figures."""
    return api("GET", "/events/{slug}/stats", api.owner).get_json()


def test_from_revocation_to_acceptance(api: Api, phone: Phone, clock: FakeClock) -> None:
    made = api.register(party_size=2)
    api.send(phone.token, queued=3)
    phone.revoke()
    assert stats(api)["unsynced"] == 3
    scan = checkin(made["code"], count=2, decided="admitted", operator="甲")
    tap, bad = tally(quantity=5), {**tally(), "id": "no"}
    answer = phone.salvage(scan, tap, bad, queued=0)
    assert answer.status_code == 200
    assert [(row["id"], row["status"], row["code"]) for row in answer.get_json()["results"]] == [
        (scan["id"], "quarantined", None), (tap["id"], "quarantined", None), ("no", "rejected", "malformed"),
    ]  # fmt: skip
    assert answer.get_json()["results"][0].keys() == {"id", "status", "code", "message"}
    assert [row["status"] for row in phone.salvage(scan, tap).get_json()["results"]] == ["quarantined"] * 2
    before = stats(api)
    assert (before["unsynced"], before["entries"]) == (2, 0)
    [waiting] = api("GET", "/events/{slug}/quarantine", api.owner).get_json()["items"]
    assert (waiting["device"], waiting["operator"], waiting["count"], waiting["types"]) == (phone.id, "甲", 2, {"checkin": 1, "tally": 1})
    clock.advance(days=1)
    assert phone.decide("accept") == {"accepted": 2, "left": 0}
    after = stats(api)
    assert (after["unsynced"], after["entries"], after["conflicts"]) == (0, 2, 0)
    assert next(one["total"] for one in after["counters"] if one["key"] == "leaflets") == 5
    assert phone.salvage(scan).get_json()["results"][0]["status"] == "quarantined"
    assert api("GET", "/events/{slug}/quarantine", api.owner).get_json()["items"] == []
    assert phone.decide("accept")["code"] == "not_found"


def test_the_time_that_counts_is_the_records_own(api: Api, phone: Phone, clock: FakeClock) -> None:
    """Three hours off, accepted two days after the gates were shut, one row not even decided: as if it had come in time."""
    first, second = api.register(), api.register()
    phone.revoke()
    scans = [checkin(first["code"], at="2026-08-14T21:05:00+08:00", decided="admitted"), checkin(second["code"], at="2026-08-14T21:06:00+08:00")]
    phone.salvage(*scans, sent_at="2026-08-14T21:10:00+08:00")
    api.send(api.owner, checkin(second["code"], at="2026-08-14T18:10:00+08:00"))  # later than the phone's own scan, seen earlier
    clock.advance(days=2)
    assert phone.decide("accept") == {"accepted": 2, "left": 0}
    found = stats(api)
    assert (found["entries"], found["people_admitted"], found["conflicts"], found["refused"]) == (2, 2, 1, 0)
    assert [hour["hour"] for hour in found["by_hour"]] == ["2026-08-14T18:00:00+08:00"]


def test_refused(api: Api, phone: Phone) -> None:
    phone.revoke()
    phone.salvage(tally(), tally())
    assert phone.decide("refuse") == {"refused": 2}
    assert stats(api)["unsynced"] == 0 and api("GET", "/events/{slug}/quarantine", api.owner).get_json() == {"items": []}


def test_what_the_door_would_not_have_waits_on(api: Api, phone: Phone) -> None:
    phone.revoke()
    phone.salvage(tally(), tally("nothing"), tally("boards"))
    assert phone.decide("accept") == {"accepted": 1, "left": 2}
    [waiting] = api("GET", "/events/{slug}/quarantine", api.owner).get_json()["items"]
    assert waiting["count"] == 2 and sorted(waiting["faults"].values()) == [1, 1]


def test_the_doors_of_a_revoked_token(api: Api, phone: Phone, clock: FakeClock) -> None:
    answer = phone.salvage(tally())
    assert (answer.status_code, answer.get_json()["code"]) == (409, "not_revoked")
    assert phone.salvage(tally(), token=api.owner).status_code == 409
    phone.revoke()
    for method, path, body in (("POST", "records", {"records": []}), ("GET", "roster", None), ("POST", "lookup", {"q": "王"}), ("GET", "stats", None), ("GET", "quarantine", None)):
        answer = api(method, f"/events/{{slug}}/{path}", phone.token, body)
        assert (answer.status_code, answer.get_json()["code"]) == (401, "device_revoked"), path
    assert phone.salvage(tally(), token=phone.upload).status_code == 200
    assert phone.salvage(*[tally()] * 501).status_code == 413
    clock.advance(seconds=timedelta(hours=72).total_seconds() - 1)
    assert phone.salvage(tally()).status_code == 200
    clock.advance(seconds=1)
    answer = phone.salvage(tally())
    assert (answer.status_code, answer.get_json()["code"]) == (401, "device_revoked")


def test_an_upload_token_uploads_and_nothing_else(api: Api, phone: Phone) -> None:
    made = api.register()
    api.send(phone.token, queued=2)
    [row] = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
    [answer] = api.send(phone.upload, checkin(made["code"], decided="admitted"))
    assert answer["outcome"] == "admitted"
    assert api("GET", "/events/{slug}/devices", api.owner).get_json()["items"] == [row], "the phone itself was not heard of"
    api.send(phone.upload, tally(), queued=0)
    assert stats(api)["unsynced"] == 0
    [other] = api.send(phone.token, {"id": str(uuid.uuid4()), "type": "undo", "undoes": answer["id"], "at": AT})
    assert other["outcome"] == "undone", "it was this phone's record"
    for method, path, body in (("GET", "roster", None), ("POST", "lookup", {"q": "王"}), ("GET", "stats", None), ("GET", "devices", None), ("POST", "registrations", {})):
        assert api(method, f"/events/{{slug}}/{path}", phone.upload, body).status_code == 403, path
    for forged in (phone.upload[:-1] + ("0" if phone.upload[-1] != "0" else "1"), f"eu_{phone.id}_{phone.token.rpartition('_')[2]}", "eu_", "eu__", "eu_x_y"):
        assert api("POST", "/events/{slug}/records", forged, {"records": []}).status_code == 401, forged
    assert api("POST", "/events/{slug}/records", phone.upload.replace("eu_", "ed_"), {"records": []}).status_code == 401


def test_retention_takes_what_nobody_decided_about(api: Api, phone: Phone) -> None:
    phone.revoke()
    phone.salvage({"id": str(uuid.uuid4()), "type": "walkin", "checkpoint": "gate", "count": 1, "name": "王桂芳", "consent": True, "at": AT})
    with api.app.app_context():
        retention.erase(api.slug)
    assert api("GET", "/events/{slug}/quarantine", api.owner).get_json() == {"items": []}


def test_what_is_in_the_ledger_already_does_not_wait(api: Api, phone: Phone) -> None:
    sent = tally()
    api.send(phone.token, sent)
    phone.revoke()
    assert phone.salvage(sent).get_json()["results"][0]["status"] == "quarantined"
    assert stats(api)["unsynced"] == 0
    assert phone.salvage({**sent, "quantity": 2}).get_json()["results"][0]["status"] == "quarantined"
    assert phone.decide("accept") == {"accepted": 0, "left": 1}, "another content under that id"
