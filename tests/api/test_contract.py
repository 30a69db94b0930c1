"""The contract's own examples, over HTTP: what goes in comes out, every member that it names is there."""

from __future__ import annotations

import io
import uuid
from datetime import datetime
from typing import Any

import openpyxl
import pytest

from tests.api.conftest import AT, Api, checkin, person, tally

EXAMPLE: dict[str, Any] = {
    "slug": "yangguang-zhengwu", "title": "阳光政务", "short_title": None, "kind": "outreach", "host": "管城区人民政府办公室", "undertaker": None, "co_host": None,
    "venue": "商都遗址城墙下", "contact_phone": None, "timezone": "Asia/Shanghai", "starts_at": None, "ends_at": None, "date_text": "近日",
    "registration": {"open": True, "opens_at": None, "closes_at": None, "capacity": 500, "max_party": 5, "waitlist": True, "approval": False,
                     "retention_days": 180, "questions": []},
    "areas": [{"key": "static", "name": "静态区", "kind": "zone", "parent": None, "note": "展示+体验+消费"}],
    "sessions": [{"key": "paper-cut", "name": "剪纸", "area": "static", "starts_at": "2026-08-14T19:00:00+08:00", "ends_at": "2026-08-14T20:00:00+08:00", "capacity": 20}],
    "checkpoints": [{"key": "gate", "name": "入口", "area": None, "rule": "once", "entrance": True, "sessions": [], "opens_at": None, "closes_at": None}],
    "counters": [{"key": "booklets", "name": "宣传册和宣传页", "kind": "handout", "unit": "册", "verb": "发放", "steps": [1, 5, 10, 100], "stock": 2000, "topics": [],
                  "reported": {"value": 1800, "qualifier": "over_yu", "source": "人工填报"}},
                 {"key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受", "topics": ["政务服务", "政务公开", "政府信息公开"]}],
}  # fmt: skip


def within(small: Any, large: Any, path: str = "") -> None:
    """Every member of ``small`` stands in ``large`` with the same value."""
    if isinstance(small, dict):
        for key, value in small.items():
            assert key in large, f"{path}.{key}"
            within(value, large[key], f"{path}.{key}")
    elif isinstance(small, list):
        assert len(small) == len(large), path
        for index, value in enumerate(small):
            within(value, large[index], f"{path}.{index}")
    else:
        assert small == large, path


def test_an_event_comes_back_as_it_went_in(api: Api) -> None:
    created = api("POST", "/events", api.owner, EXAMPLE)
    assert created.status_code == 201
    within(EXAMPLE, created.get_json())
    whole = api("GET", "/events/yangguang-zhengwu", api.owner).get_json()
    assert whole["status"] == "draft" and whole["places_left"] == 500 and whole["registration_state"] == "draft"
    again = api("PATCH", "/events/yangguang-zhengwu", api.owner, whole)
    assert again.status_code == 200 and again.get_json() == whole, "what was read may be sent back whole"
    taken = api("POST", "/events", api.owner, EXAMPLE)
    assert (taken.status_code, taken.get_json()["code"]) == (409, "slug_taken")


def test_only_three_members_are_required(api: Api) -> None:
    made = api("POST", "/events", api.owner, {"slug": "small", "title": "小", "kind": "course"}).get_json()
    within({"registration": {"open": True, "capacity": None, "max_party": 5}, "areas": [], "checkpoints": []}, made)


def test_the_public_reads_the_document_and_the_places_alone(api: Api) -> None:
    shown = api("GET", "/events/{slug}").get_json()
    mine = api("GET", "/events/{slug}", api.owner).get_json()
    assert shown == mine
    assert not {"id", "organization_id", "organization", "places_taken", "next_seq", "epoch", "revision"} & set(shown)


def test_turning_an_event(api: Api) -> None:
    states = []
    for verb in ("publish", "publish", "close", "close", "publish", "postpone", "cancel", "cancel"):
        answer = api("POST", f"/events/{{slug}}/{verb}", api.tokens["editor"])
        assert answer.status_code == 200, (verb, answer.get_json())
        states.append(answer.get_json()["status"])
    assert states == ["published", "published", "closed", "closed", "published", "published", "cancelled", "cancelled"]
    assert api("GET", "/events/{slug}").get_json()["date_text"] == "延期，时间另行通知"
    refused = api("POST", "/events/{slug}/registrations", None, person())
    assert (refused.status_code, refused.get_json()["code"]) == (409, "event_cancelled")


def test_a_key_with_records_stays(api: Api) -> None:
    api.send(api.device("tally"), tally())
    answer = api("PATCH", "/events/{slug}", api.owner, {"counters": []})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "key_in_use")


def test_pages_of_events(api: Api) -> None:
    for number in range(5):
        api("POST", "/events", api.owner, {"slug": f"e{number}", "title": "x", "kind": "fair"})
    seen, cursor = [], ""
    for _ in range(4):
        page = api("GET", f"/events?limit=2{cursor}", api.tokens["viewer"]).get_json()
        seen += [event["slug"] for event in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert sorted(seen) == ["e0", "e1", "e2", "e3", "e4", "ye-shi"]
    assert api("GET", "/events", api.tokens["foreign"]).get_json() == {"items": [], "next_cursor": None}


def test_registering(api: Api) -> None:
    made = api.register(party_size=3)
    promised = {"id", "status", "party_size", "code", "pickup_code", "qr_text", "ticket_url", "manage_token", "waitlist_position"}
    assert set(made) == promised | {"sessions", "waiting_sessions"} and made["sessions"] == made["waiting_sessions"] == []
    assert made["status"] == "confirmed" and made["party_size"] == 3 and made["waitlist_position"] is None
    assert len(made["code"]) == 20 and len(made["pickup_code"]) == 6
    assert made["qr_text"] == f"HTTPS://EXAMPLE.TEST/T/{made['code']}" and made["ticket_url"] == f"https://example.test/t/{made['code']}"
    desk = api("POST", "/events/{slug}/registrations", api.device("register"), {"name": "李", "channel": "phone"})
    assert desk.status_code == 201
    row = api("GET", f"/events/{{slug}}/registrations/{desk.get_json()['id']}", api.owner).get_json()
    assert row["channel"] == "phone" and row["phone"] is None


def test_the_full_event_and_its_waitlist(api: Api) -> None:
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"capacity": 3}})
    first = api.register(party_size=2)
    waiting = [api.register(party_size=size) for size in (2, 1)]
    assert [made["status"] for made in waiting] == ["waitlisted"] * 2, "while anyone waits, later arrivals wait"
    assert [made["waitlist_position"] for made in waiting] == [1, 2]
    assert api("GET", "/events/{slug}").get_json()["registration_state"] == "waitlist"
    cancelled = api("POST", f"/events/{{slug}}/registrations/{first['id']}/cancel", api.owner).get_json()
    assert cancelled["status"] == "cancelled"
    found = api("POST", "/events/{slug}/registrations/search", api.owner, {"status": "confirmed"}).get_json()["items"]
    assert [row["id"] for row in found] == [made["id"] for made in waiting]
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"waitlist": False}})
    full = api("POST", "/events/{slug}/registrations", None, person())
    assert (full.status_code, full.get_json()["code"]) == (409, "event_full")


def test_changing_a_registration(api: Api) -> None:
    made = api.register(party_size=2)
    path = f"/events/{{slug}}/registrations/{made['id']}"
    changed = api("PATCH", path, api.owner, {"party_size": 4, "name": "李桂芳", "note": "轮椅"}).get_json()
    assert (changed["party_size"], changed["name"], changed["note"], changed["code"]) == (4, "李桂芳", "轮椅", made["code"])
    reissued = api("POST", f"{path}/reissue", api.owner).get_json()
    assert reissued["code"] != made["code"]
    phone = api.device("scan")
    assert [row["outcome"] for row in api.send(phone, checkin(made["code"]), checkin(reissued["code"]))] == ["reissued", "admitted"]
    assert api("POST", f"{path}/block", api.owner).get_json()["blocked"] is True
    assert api.send(phone, checkin(reissued["code"]))[0]["outcome"] == "blocked"
    assert api("POST", f"{path}/block", api.owner, {"blocked": False}).get_json()["blocked"] is False
    too_few = api("PATCH", path, api.owner, {"party_size": 0})
    assert too_few.status_code == 422
    assert api("GET", path, api.owner).get_json()["used"] == {"gate": 1}
    assert api("GET", f"/events/{{slug}}/registrations/{uuid.uuid4()}", api.owner).status_code == 404


def test_approval(api: Api) -> None:
    api("PATCH", "/events/{slug}", api.owner, {"registration": {"approval": True}})
    made = api.register()
    assert made["status"] == "pending"
    path = f"/events/{{slug}}/registrations/{made['id']}/approve"
    assert [api("POST", path, api.owner).get_json()["status"] for _ in range(2)] == ["confirmed"] * 2


def test_searching(api: Api) -> None:
    ids = [api.register(name=name)["id"] for name in ("王桂芳", "单小雨", "李强", "张三丰", "王强")]
    search = "/events/{slug}/registrations/search"
    assert [row["id"] for row in api("POST", search, api.owner, {"q": "王"}).get_json()["items"]] == [ids[0], ids[4]]
    assert [row["id"] for row in api("POST", search, api.owner, {"q": "sxy"}).get_json()["items"]] == [ids[1]]
    seen, cursor = [], None
    for _ in range(4):
        page = api("POST", search, api.owner, {"limit": 2, "cursor": cursor}).get_json()
        seen += [row["id"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids


def test_devices(api: Api) -> None:
    invited = api("POST", "/events/{slug}/devices", api.owner, {"name": "群", "scopes": ["scan", "tally"], "checkpoints": ["gate"], "max_uses": 2}).get_json()
    assert set(invited) == {"id", "join_code", "join_url"} and invited["join_url"].endswith(f"/join/{invited['join_code']}")
    join = {"join_code": invited["join_code"], "operator": "甲", "nonce": "nonce-number-1"}
    first = api("POST", "/devices/join", None, join).get_json()
    assert {"token", "device", "event", "scopes"} <= set(first) and first["event"]["slug"] == api.slug
    assert api("POST", "/devices/join", None, join).get_json()["token"] == first["token"], "the same nonce, the same phone"
    second = api("POST", "/devices/join", None, {**join, "nonce": "nonce-number-2"}).get_json()
    spent = api("POST", "/devices/join", None, {**join, "nonce": "nonce-number-3"})
    assert (spent.status_code, spent.get_json()["code"]) == (409, "join_used")
    assert api("POST", "/devices/join", None, {**join, "join_code": "WRONG"}).status_code == 404
    api.send(first["token"], checkin("x"), queued=7)
    page = api("GET", "/events/{slug}/devices", api.owner).get_json()
    row = next(row for row in page["items"] if row["id"] == first["device"]["id"])
    assert row["queued"] == 7 and datetime.fromisoformat(row["last_contact"]).utcoffset() and row["roster_age"] is None
    assert api("GET", "/events/{slug}/stats", api.owner).get_json()["unsynced"] == 7
    assert invited["join_code"] not in str(page)
    assert api.send(second["token"], checkin("x", checkpoint="stage"))[0]["code"] == "not_allowed"
    assert api("DELETE", f"/events/{{slug}}/devices/{first['device']['id']}", api.owner).status_code == 204
    assert api("GET", "/events/{slug}/stats", first["token"]).status_code == 401
    assert api("GET", "/events/{slug}/stats", second["token"]).status_code == 200
    assert api("DELETE", f"/events/{{slug}}/devices/{invited['id']}", api.owner).status_code == 204
    assert api("GET", "/events/{slug}/stats", second["token"]).get_json()["code"] == "device_revoked"


def test_looking_people_up(api: Api) -> None:
    made = api.register(name="张三丰", phone="13800001234", party_size=2)
    phone = api.device("lookup", "scan")
    for said in ("张三丰", "zsf", "1234", made["pickup_code"], made["code"], made["qr_text"]):
        rows = api("POST", "/events/{slug}/lookup", phone, {"q": said}).get_json()["items"]
        assert rows == [{"ref": made["id"], "name": "张*丰", "phone_tail": "1234", "party_size": 2, "status": "confirmed", "used": {}}], said
    by_ref = {**checkin("", count=2), "ticket": None, "ref": rows[0]["ref"]}
    assert api.send(phone, by_ref)[0]["outcome"] == "admitted"
    for _ in range(10):
        api.register(name="张三丰")
    assert len(api("POST", "/events/{slug}/lookup", phone, {"q": "张三丰"}).get_json()["items"]) == 8


def test_the_records_door(api: Api) -> None:
    made, phone = api.register(party_size=3), api.device("scan", "tally", "register")
    first = checkin(made["qr_text"], count=2)
    walkin = {"id": str(uuid.uuid4()), "type": "walkin", "checkpoint": "gate", "count": 2, "name": None, "phone": None, "consent": True, "at": AT}
    sent = [first, tally("consult", topic="政务公开", basis="tapped"), walkin, checkin(made["code"], count=2), tally("nix"), checkin("x", checkpoint="nix")]
    results = api.send(phone, *sent, sent_at=AT)
    members = {"id", "status", "outcome", "code", "message", "ref", "name", "party_size", "admitted", "used", "remaining", "questions",
               "first_at", "first_checkpoint", "first_device", "note", "flags"}  # fmt: skip
    assert all(set(row) == members for row in results)
    assert [(row["status"], row["outcome"], row["code"]) for row in results] == [
        ("recorded", "admitted", None), ("recorded", "counted", None), ("recorded", "admitted", None), ("recorded", "too_many", None),
        ("rejected", None, "unknown_counter"), ("rejected", None, "unknown_checkpoint"),
    ]  # fmt: skip
    assert results[0]["remaining"] == 1 and results[0]["name"] == "王*芳"
    again = api.send(phone, first, {**first, "count": 1})
    assert [(row["status"], row["code"]) for row in again] == [("replayed", None), ("rejected", "id_reused")]
    assert {**again[0], "status": "recorded"} == results[0]
    undo = {"id": str(uuid.uuid4()), "type": "undo", "undoes": first["id"], "reason": "误扫", "at": AT}
    assert api.send(phone, undo)[0]["outcome"] == "undone"


def test_figures(api: Api) -> None:
    made, phone = api.register(party_size=3), api.device("scan", "tally")
    api.send(phone, checkin(made["code"], count=2), checkin("x"), tally(quantity=10), tally("consult", topic="政务公开"))
    stats = api("GET", "/events/{slug}/stats", phone).get_json()
    assert {name: stats[name] for name in ("unsynced", "registrations", "people_registered", "waitlisted", "people_admitted", "entries", "inside", "scans", "refused", "conflicts", "unidentified")} == {
        "unsynced": 0, "registrations": 1, "people_registered": 3, "waitlisted": 0, "people_admitted": 2, "entries": 2, "inside": 2, "scans": 2, "refused": 1, "conflicts": 0, "unidentified": 0,
    }  # fmt: skip
    assert stats["as_of"] == "2026-08-14T18:00:00+08:00"
    within([{"key": "gate", "name": "东门", "people": 2, "entries": 2, "inside": 2}], stats["by_checkpoint"][:1])
    assert stats["by_hour"] == [{"hour": "2026-08-14T18:00:00+08:00", "entries": 2}]
    leaflets = next(counter for counter in stats["counters"] if counter["key"] == "leaflets")
    within({"unit": "份", "verb": "发放", "total": 10, "stock_left": 90, "by_topic": {}, "reported": None, "basis": "tapped"}, leaflets)
    consult = next(counter for counter in stats["counters"] if counter["key"] == "consult")
    assert consult["by_topic"] == {"政务服务": 0, "政务公开": 1}


def test_reports_in_every_form(api: Api) -> None:
    made, phone = api.register(party_size=3), api.device("scan", "tally")
    api.send(phone, checkin(made["code"], count=2))
    frozen = api("POST", "/events/{slug}/finalize", api.owner)
    assert frozen.status_code == 200 and frozen.get_json()["figures"]["entries"] == 2
    assert api("POST", "/events/{slug}/finalize", api.owner).get_json() == frozen.get_json()
    api.send(phone, checkin(made["code"], count=1))
    report = api("GET", "/events/{slug}/report", api.tokens["viewer"]).get_json()
    assert report["frozen"]["figures"]["entries"] == 2 and report["figures"]["entries"] == 3 and report["late"]["entries"] == 1
    for accept in ("*/*", "application/json", "image/png", ""):
        text = api("GET", "/events/{slug}/report.txt", api.owner, headers={"Accept": accept})
        assert text.status_code == 200 and text.content_type == "text/plain; charset=utf-8" and "定稿" in text.get_data(as_text=True)
        sheet = api("GET", "/events/{slug}/report.xlsx", api.owner, headers={"Accept": accept})
        assert sheet.status_code == 200 and sheet.headers["Content-Disposition"] == 'attachment; filename="ye-shi.xlsx"'
    assert "记录" in openpyxl.load_workbook(io.BytesIO(sheet.get_data())).sheetnames


@pytest.mark.parametrize("path", ["/events/{slug}", "/events/{slug}/stats", "/events/{slug}/report.txt", "/events"])
def test_answers_are_stored_nowhere(api: Api, path: str) -> None:
    assert api("GET", path, api.owner).headers["Cache-Control"] == "no-store"
