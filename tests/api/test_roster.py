"""The roster over HTTP: every ticket once, masked, hashed; then only what changed; nothing missed, whatever the cursor."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from eventsvc.db import db, transaction
from eventsvc.models import SpareCode
from eventsvc.ports.clock import FakeClock
from eventsvc.services import codes, retention, roster, spares
from tests.api.conftest import Api, checkin, tally
from tests.services.world import FAIR


def hashed(text: str) -> str:
    """A hash as the phone makes it."""
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:12]).decode()


def pages(api: Api, token: str, cursor: str | None = None) -> list[dict[str, Any]]:
    """All pages from a cursor on."""
    found: list[dict[str, Any]] = []
    while True:
        answer = api("GET", "/events/{slug}/roster", token, query_string={"cursor": cursor} if cursor else {})
        assert answer.status_code == 200, answer.get_json()
        found.append(answer.get_json())
        cursor = found[-1]["cursor"]
        if not found[-1]["has_more"]:
            return found


class Phone:
    """A phone that keeps the roster as it comes."""

    def __init__(self, api: Api, token: str) -> None:
        self.api, self.token = api, token
        self.cursor: str | None = None
        self.tickets: dict[str, Any] = {}
        self.spares: set[str] = set()

    def poll(self) -> list[dict[str, Any]]:
        """Ask for what is new and keep it."""
        found = pages(self.api, self.token, self.cursor)
        for page in found:
            if page.get("reset"):
                self.tickets, self.spares = {}, set()
            self.spares |= set(page["spare"])
            for ref in page["removed"]:
                self.tickets.pop(ref, None)
            for ticket in page["tickets"]:
                self.tickets[ticket["ref"]] = ticket
                self.spares -= {ticket["hash"], *ticket.get("aliases", ()), *ticket.get("retired", ())}
            self.cursor = page["cursor"]
        return found


def settle(phone: Phone, clock: FakeClock) -> None:
    """Let so much time pass that PostgreSQL's newest rows are not looked at again (roster._OVERLAP)."""
    clock.advance(minutes=2)
    phone.poll()


@pytest.fixture
def phone(api: Api) -> Phone:
    """A phone that scans."""
    return Phone(api, api.device("scan", "register"))


def test_a_ticket_is_masked_hashed_and_short(api: Api, phone: Phone) -> None:
    made = api.register(name="王桂芳", phone="13900004321", party_size=2)
    [page] = phone.poll()
    [ticket] = page["tickets"]
    assert ticket == {
        "ref": made["id"], "hash": hashed(made["code"]), "pickup_hash": hashed(f"{page['salt']}:{made['pickup_code']}"), "party_size": 2,
        "status": "confirmed", "name": "王*芳", "initials": ["wgf", "ygf"], "phone_tail": "4321",
    }  # fmt: skip
    assert len(ticket["hash"]) == 16 and page["removed"] == [] and page["has_more"] is False and "reset" not in page
    assert page["event"]["slug"] == api.slug and page["event"]["epoch"] == 1 and page["event"]["closed_at"] is None and page["event"]["rehearsal"] is False
    text = api("GET", "/events/{slug}/roster", phone.token).get_data(as_text=True)
    assert made["code"] not in text and "桂" not in text and "13900004321" not in text and f'"{made["pickup_code"]}"' not in text


def test_the_second_call_brings_only_what_changed(api: Api, phone: Phone, clock: FakeClock) -> None:
    first, second = api.register(), api.register(party_size=3)
    phone.poll()
    [page] = phone.poll()
    assert (page["tickets"], page["spare"], page["removed"]) == ([], [], [])
    sent = checkin(second["code"], count=2)
    api.send(phone.token, sent)
    [page] = phone.poll()
    [ticket] = page["tickets"]
    assert (ticket["ref"], ticket["used"]) == (second["id"], {"gate": 2})
    assert ticket["entries"]["gate"] == [{"id": sent["id"], "count": 2, "at": ticket["entries"]["gate"][0]["at"], "device": "东门"}]
    settle(phone, clock)
    api("PATCH", f"/events/{{slug}}/registrations/{first['id']}", api.owner, {"note": "轮椅"})
    [page] = phone.poll()
    assert [(one["ref"], one["note"]) for one in page["tickets"]] == [(first["id"], "轮椅")]


def test_undos_decisions_and_tallies(api: Api, phone: Phone, clock: FakeClock) -> None:
    made = api.register()
    sent = checkin(made["code"])
    api.send(phone.token, sent)
    phone.poll()
    undo = {"id": "6b0f7a3e-0000-4000-8000-000000000001", "type": "undo", "undoes": sent["id"], "at": sent["at"]}
    api.send(phone.token, undo)
    [page] = phone.poll()
    assert [(one.get("used"), one["undone"]) for one in page["tickets"]] == [(None, [sent["id"]])]
    settle(phone, clock)
    api.send(api.owner, tally("boards", 3))
    assert phone.poll()[0]["tickets"] == []
    api("POST", f"/events/{{slug}}/registrations/{made['id']}/block", api.owner)
    phone.poll()
    refused = checkin(made["code"])
    api.send(phone.token, refused)
    assert phone.poll()[-1]["tickets"][0].get("used") is None and phone.tickets[made["id"]]["blocked"] is True
    api.send(phone.token, {**refused, "decided": "admitted"})  # the phone had let them in meanwhile
    [page] = phone.poll()
    assert page["tickets"][0]["used"] == {"gate": 1}


def test_spares(api: Api, phone: Phone) -> None:
    [page] = phone.poll()
    assert len(page["spare"]) == 500 == len(set(page["spare"]))
    made = api.register()
    assert hashed(made["code"]) in phone.spares, "a ticket issued after the download is known"
    [page] = phone.poll()
    assert len(page["spare"]) == 1 and len(phone.spares) == 500
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"capacity": 5000}})
    phone.poll()
    assert len(phone.spares) == 1000


def test_a_promoted_ticket_has_a_spare_and_both_codes_open_it(api: Api, phone: Phone) -> None:
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"capacity": 1}})
    first = api.register()
    second = api.register()
    assert second["status"] == "waitlisted"
    phone.poll()
    assert hashed(second["code"]) not in phone.spares
    api("POST", f"/events/{{slug}}/registrations/{first['id']}/cancel", api.owner)
    now = api("GET", f"/events/{{slug}}/registrations/{second['id']}", api.owner).get_json()
    assert now["status"] == "confirmed" and now["code"] != second["code"] and hashed(now["code"]) in phone.spares
    phone.poll()
    assert phone.tickets[second["id"]]["aliases"] == [hashed(second["code"])]
    [answer] = api.send(phone.token, checkin(second["code"]))
    assert (answer["outcome"], answer["ref"]) == ("admitted", second["id"])
    assert api.send(phone.token, checkin(now["code"]))[0]["outcome"] == "already_used"
    found = api("POST", "/events/{slug}/lookup", api.owner, {"q": second["code"]}).get_json()["items"]
    assert [row["ref"] for row in found] == [second["id"]]
    api("POST", f"/events/{{slug}}/registrations/{second['id']}/reissue", api.owner)
    phone.poll()
    assert set(phone.tickets[second["id"]]["retired"]) == {hashed(second["code"]), hashed(now["code"])}
    for code in (second["code"], now["code"]):
        assert api.send(phone.token, checkin(code))[0]["outcome"] == "reissued"


def test_an_approved_ticket_has_a_spare(api: Api, phone: Phone) -> None:
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"approval": True}})
    made = api.register()
    phone.poll()
    assert made["status"] == "pending" and hashed(made["code"]) not in phone.spares
    api("POST", f"/events/{{slug}}/registrations/{made['id']}/approve", api.owner)
    now = api("GET", f"/events/{{slug}}/registrations/{made['id']}", api.owner).get_json()
    assert hashed(now["code"]) in phone.spares
    assert api.send(phone.token, checkin(made["code"]))[0]["outcome"] == "admitted"


def test_it_goes_on_where_it_broke_off(api: Api, phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roster, "PAGE", 3)
    made = [api.register() for _ in range(8)]
    found = phone.poll()
    assert [len(page["tickets"]) for page in found[:2]] == [3, 3] and set(phone.tickets) == {one["id"] for one in made}
    for one in made:
        api.send(phone.token, checkin(one["code"]))
    late = Phone(api, phone.token)
    late.cursor = found[0]["cursor"]
    late.poll()
    assert {one["id"] for one in made} - {ticket["ref"] for ticket in found[0]["tickets"]} <= set(late.tickets)
    phone.poll()
    fresh = Phone(api, phone.token)
    fresh.poll()
    assert phone.tickets == fresh.tickets and all(ticket["used"] == {"gate": 1} for ticket in phone.tickets.values())


@pytest.mark.parametrize("cursor", ["x", "", "a.b.c", "0", ".".join("9" * 10), "1.1.1.1.1.1.1.1.1.1", "\u0000", "9" * 3000])
def test_an_unreadable_cursor_begins_anew(api: Api, phone: Phone, cursor: str) -> None:
    api.register()
    answer = api("GET", "/events/{slug}/roster", phone.token, query_string={"cursor": cursor}).get_json()
    assert answer["reset"] is True and len(answer["tickets"]) == 1 and len(answer["spare"]) == 500


def test_another_events_cursor_begins_anew(api: Api, phone: Phone) -> None:
    phone.poll()
    api("POST", "/events", api.owner, {**FAIR, "slug": "other"})
    api("POST", "/events/other/publish", api.owner)
    answer = api("GET", "/events/other/roster", api.owner, query_string={"cursor": phone.cursor})
    assert answer.get_json()["reset"] is True


def test_the_erased_are_removed(api: Api, phone: Phone) -> None:
    made = [api.register() for _ in range(3)]
    phone.poll()
    with api.app.app_context():
        retention.erase(api.slug)
    phone.poll()
    assert phone.tickets == {}
    [page] = pages(api, phone.token)
    assert page["tickets"] == [] and page["removed"] == [], f"{len(made)} that a new phone never had"


def test_it_counts_as_contact(api: Api, phone: Phone) -> None:
    phone.poll()
    [row] = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
    assert row["heard_of"] == "now" and row["roster_age"] is None
    api.send(phone.token, queued=4, roster_at="2026-08-14T17:58:00+08:00", version="r12")
    [row] = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
    assert (row["queued"], row["roster_age"], row["version"]) == (4, 120, "r12")


def test_a_change_of_shift_is_told_at_once_and_a_bad_name_holds_nothing_up(api: Api) -> None:
    token = api.device("scan", "tally")

    def listed() -> str:
        [row] = api("GET", "/events/{slug}/devices", api.owner).get_json()["items"]
        return row["operator"]

    api.send(token, tally(), operator="甲")
    api.send(token, operator=" 志愿者 乙 ")  # seconds later, with nothing to upload
    assert listed() == "志愿者 乙"
    for bad in (7, "", "甲\u202e乙", None):
        assert [one["status"] for one in api.send(token, tally(), operator=bad)] == ["recorded"]
    assert listed() == "志愿者 乙"
    api.send(token, operator="长" * 90)
    assert listed() == "长" * 40


@pytest.mark.parametrize("wrong", [{"roster_at": "gestern"}, {"version": "x" * 41}, {"version": 5}, {"queued": -1}])
def test_a_bad_envelope(api: Api, phone: Phone, wrong: dict[str, Any]) -> None:
    assert api("POST", "/events/{slug}/records", phone.token, {"records": [], **wrong}).status_code == 422


def test_an_event_of_before_gets_its_spares(api: Api, phone: Phone) -> None:
    with api.app.app_context():
        transaction(lambda: db.session.execute(db.delete(SpareCode)))()
    made = api.register()
    assert re.fullmatch(f"[{codes.ALPHABET}]{{20}}", made["code"])
    with api.app.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(SpareCode)) == spares.LEAST
        transaction(lambda: db.session.execute(db.delete(SpareCode)))()
    phone.poll()
    assert len(phone.spares) == spares.LEAST


def test_it_is_compressed(api: Api, phone: Phone) -> None:
    answer = api("GET", "/events/{slug}/roster", phone.token, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip" and answer.headers["Cache-Control"] == "no-store"
