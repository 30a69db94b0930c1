"""The records door: one answer a record, every record once, a bad one never sinks the others (behaviours A to C)."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from eventsvc.db import db, transaction
from eventsvc.errors import Forbidden, Invalid, Missing, TooLarge, Unauthorized
from eventsvc.models import Device, Person, Record, RecordDecision, RecordNote
from eventsvc.ports import clock
from eventsvc.ports.clock import FakeClock
from eventsvc.services import devices, events, figures, organizations, records, registrations, roster
from eventsvc.services.actors import PUBLIC, authenticate, device_token
from eventsvc.services.record_form import moment, read
from eventsvc.services.records.together import Job
from tests.services.world import FAIR, World, checkin, record, tally

pytestmark = pytest.mark.usefixtures("app_context")


def test_first_scan_admits_and_second_names_time_place_and_phone(clock: FakeClock) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    [first] = world.send(phone, checkin(ticket))
    assert (first["status"], first["outcome"], first["admitted"], first["used"], first["remaining"]) == ("recorded", "admitted", 1, 1, 0)
    assert (first["name"], first["party_size"], first["message"]) == ("王*芳", 1, "请进 · 1位")
    clock.advance(minutes=2)
    [second] = world.send(phone, checkin(ticket))
    assert (second["status"], second["outcome"], second["admitted"]) == ("recorded", "already_used", 0)
    assert second["first_at"] == "2026-08-14T18:00:00+08:00"
    assert (second["first_checkpoint"], second["first_device"]) == ("gate", "东门手机")
    assert second["message"] == "已签到 · 18:00 东门 东门手机"


def test_a_party_enters_in_parts() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(4)
    assert world.send(phone, checkin(ticket))[0]["remaining"] == 3
    assert world.send(phone, checkin(ticket, count=4))[0]["message"] == "还可进3位"
    assert world.send(phone, checkin(ticket, count=3))[0]["outcome"] == "admitted"
    assert world.send(phone, checkin(ticket))[0]["outcome"] == "already_used"


def test_checkpoints_count_independently() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(2)
    for place in ("gate", "stage", "daily"):
        assert world.send(phone, checkin(ticket, place, count=2))[0]["outcome"] == "admitted"
    found = figures.stats(world.owner, world.slug)
    assert [place.entries for place in found.by_checkpoint] == [2, 2, 2]
    assert (found.people_admitted, found.entries, found.scans) == (2, 2, 3)


@pytest.mark.parametrize("how", ["code", "lower", "url", "aim", "spaced", "wide", "pickup", "ref"])
def test_every_way_of_reading_a_code(how: str) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    code = ticket.code
    texts = {
        "code": code,
        "lower": code.lower(),
        "url": f"HTTPS://ELSEWHERE.EXAMPLE/T/{code}",
        "aim": f"]Q1https://example.test/t/{code.lower()}?x=1",
        "spaced": " ".join((code[:5], code[5:10], code[10:])),
        "wide": "".join(chr(ord(character) + 0xFEE0) for character in code),
        "pickup": f"{ticket.pickup_code[:3]} {ticket.pickup_code[3:]}",
    }
    sent = record("checkin", checkpoint="gate", ref=ticket.id) if how == "ref" else checkin(texts[how])
    assert world.send(phone, sent)[0]["outcome"] == "admitted"


def test_what_is_no_ticket_is_kept_as_a_fingerprint_only() -> None:
    world = World()
    phone = world.phone()
    secret = "https://pay.example/13500000000?secret=top"
    for text in (secret, "1", "not a code", "X" * 10_000, "\x00\ud800", str(world.ticket().seq)):
        [answer] = world.send(phone, checkin(text))
        assert (answer["status"], answer["outcome"]) == ("recorded", "unknown_ticket")
    kept = db.session.scalars(db.select(Record.scanned).order_by(Record.seq)).all()
    assert all(item and len(item) <= 60 for item in kept)
    assert "13500000000" not in repr(kept) and "secret" not in repr(kept)


def test_another_event_of_ours_and_of_strangers() -> None:
    world = World()
    other = World({"slug": "other", "title": "演示另一场", "short_title": "另一场"})
    strange_owner = authenticate(organizations.create_token("elsewhere"))
    events.create(strange_owner, {**FAIR, "slug": "strange"})
    events.publish(strange_owner, "strange")
    strange = registrations.register(PUBLIC, "strange", {"name": "李建国", "phone": "13900009999", "consent": True}).registration
    phone = world.phone()
    [ours, theirs] = world.send(phone, checkin(other.ticket()), checkin(strange))
    assert (ours["outcome"], ours["message"], ours["name"], ours["ref"]) == ("wrong_event", "这是“另一场”的码", None, None)
    assert theirs["outcome"] == "unknown_ticket"


def test_each_refusal_has_its_outcome_and_sentence(clock: FakeClock) -> None:
    session = {"key": "s20", "name": "剪纸", "starts_at": "2026-08-14T20:00:00+08:00"}
    world = World(
        {
            "sessions": [session, {"key": "s19", "name": "泥塑"}],
            "checkpoints": [
                {"key": "gate", "name": "东门"},
                {"key": "craft", "name": "体验区", "sessions": ["s19"]},
                {"key": "late", "name": "夜场", "opens_at": "2026-08-14T18:30:00+08:00"},
                {"key": "gone", "name": "早场", "closes_at": "2026-08-14T17:00:00+08:00"},
            ],
        }
    )
    phone = world.phone()
    cancelled, blocked, reissued = world.ticket(), world.ticket(), world.ticket()
    old = reissued.code
    registrations.cancel(world.owner, world.slug, cancelled.id)
    registrations.block(world.owner, world.slug, blocked.id)
    registrations.reissue(world.owner, world.slug, reissued.id)
    chosen = world.ticket(sessions=["s20"])
    said = {
        answer["outcome"]: answer["message"]
        for answer in world.send(
            phone, checkin(cancelled), checkin(blocked), checkin(old), checkin(chosen, "craft"), checkin(chosen, "late"), checkin(chosen, "gone")
        )
    }
    assert said == {
        "cancelled": "已取消 · 可现场登记",
        "blocked": "请到服务台",
        "reissued": "已换新码 · 请打开新凭证",
        "wrong_session": "您报的是20:00场",
        "not_yet_open": "18:30开始入场",
        "closed": "已停止入场",
    }
    assert world.send(phone, checkin(reissued))[0]["outcome"] == "admitted"


def test_a_later_day_is_named_with_its_date(clock: FakeClock) -> None:
    world = World({"starts_at": "2026-08-16T18:00:00+08:00", "ends_at": "2026-08-16T21:00:00+08:00"})
    assert world.send(world.phone(), checkin(world.ticket()))[0]["message"] == "8月16日00:00开始入场"


def test_waitlisted_says_its_place() -> None:
    world = World({"registration": {"capacity": 1}})
    phone = world.phone()
    world.ticket()
    world.ticket()
    assert world.send(phone, checkin(world.ticket()))[0]["message"] == "候补第2位 · 暂未递补"


def test_desk_questions_are_asked_and_answered() -> None:
    question = {"key": "band", "label": "年龄段", "required": True, "ask": "desk", "type": "choice", "choices": ["成人", "儿童"]}
    world = World({"registration": {"questions": [question]}})
    phone, ticket = world.phone(), world.ticket()
    [asked] = world.send(phone, checkin(ticket))
    assert (asked["outcome"], asked["message"]) == ("answers_needed", "还要问1项")
    assert [q["key"] for q in asked["questions"]] == ["band"]
    assert world.send(phone, checkin(ticket, answers={"band": "成人"}))[0]["outcome"] == "admitted"


def test_questions_that_may_stay_unanswered_are_asked_with_those_that_may_not() -> None:
    must = {"key": "band", "label": "年龄段", "required": True, "ask": "desk", "type": "age_band"}
    may = {"key": "from", "label": "从哪个社区来", "ask": "desk"}
    world = World({"registration": {"questions": [may, must]}})
    phone, ticket = world.phone(), world.ticket()
    [asked] = world.send(phone, checkin(ticket))
    assert (asked["message"], [q["key"] for q in asked["questions"]]) == ("还要问1项", ["from", "band"])
    assert world.send(phone, checkin(ticket, answers={"band": "60岁及以上", "from": ""}))[0]["outcome"] == "admitted"
    alone = World({"slug": "alone", "registration": {"questions": [may]}})
    assert alone.send(alone.phone(), checkin(alone.ticket()))[0]["outcome"] == "admitted", "never alone: nobody waits for it"


def test_what_the_first_part_of_a_party_answered_is_not_asked_again() -> None:
    question = {"key": "age", "label": "年龄段", "type": "choice", "choices": ["老人", "其他"], "required": True, "ask": "desk"}
    world = World({"registration": {"questions": [question]}})
    gate, stage, ticket = world.phone(), world.phone(), world.ticket(3)
    said = [world.send(gate, checkin(ticket, answers=answers))[0]["outcome"] for answers in (None, {"age": ""}, {"age": None}, {"age": "老人"})]
    assert said == ["answers_needed", "answers_needed", "answers_needed", "admitted"]
    assert world.send(stage, checkin(ticket))[0]["outcome"] == "admitted"
    other = world.ticket(2)
    both = world.send(gate, checkin(other, answers={"age": "其他"}), checkin(other))
    assert [answer["outcome"] for answer in both] == ["admitted", "admitted"]


def test_replay_returns_the_stored_answer_and_reuse_is_rejected() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(3)
    sent = checkin(ticket, count=2)
    [first] = world.send(phone, sent)
    [again] = world.send(phone, {**sent, "operator": "志愿者乙", "reason": "x", "decided": "admitted"})
    assert again == {**first, "status": "replayed"}
    [upper] = world.send(phone, {**sent, "id": sent["id"].upper(), "ticket": ticket.code.lower()})
    assert upper["status"] == "replayed"
    for other in ({"count": 1}, {"checkpoint": "stage"}, {"ticket": "000000"}, {"at": "2026-08-14T18:00:01+08:00"}):
        [answer] = world.send(phone, {**sent, **other})
        assert (answer["status"], answer["code"]) == ("rejected", "id_reused")
    elsewhere = World({"slug": "elsewhere"})
    assert elsewhere.send(elsewhere.phone(), {**sent})[0]["code"] == "id_reused"
    assert figures.stats(world.owner, world.slug).people_admitted == 2


def test_the_same_id_twice_in_one_batch() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(3)
    sent = checkin(ticket)
    first, second, third = world.send(phone, sent, sent, {**sent, "count": 2})
    assert (first["status"], second["status"], third["code"]) == ("recorded", "replayed", "id_reused")
    assert {**first, "status": "replayed"} == second


def test_bad_items_never_sink_the_good() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    good = checkin(ticket)
    bad = [
        None, 7, "x", [], {}, {"id": "no"}, record("dance"), {**checkin(ticket), "at": "2026-08-14T18:00:00"},
        {**checkin(ticket), "at": 5}, {**checkin(ticket), "count": 0}, {**checkin(ticket), "count": 100}, {**checkin(ticket), "count": True},
        {**checkin(ticket), "count": 1.5}, {**checkin(ticket), "direction": "exit"}, {**checkin(ticket), "decided": "maybe"},
        record("checkin", checkpoint="gate"), {**checkin(ticket), "ticket": 5}, tally("heads", 10_000), tally("heads", 0),
        {**tally("leaflets"), "direction": "out"}, record("undo"), record("undo", undoes="x"), {**checkin(ticket), "operator": "a\x00b"},
        {**checkin(ticket), "answers": {"a": "\ud800"}}, {**tally("consult"), "topic": "\ud800"},
    ]  # fmt: skip
    answers = world.send(phone, *bad[:12], good, *bad[12:])
    assert [answer["code"] for answer in answers if answer is not answers[12]] == ["malformed"] * len(bad)
    assert all(answer["message"] for answer in answers)
    assert answers[12]["outcome"] == "admitted"
    assert db.session.scalar(db.select(db.func.count()).select_from(Record)) == 1


def test_unknown_keys_and_missing_rights() -> None:
    world = World()
    ticket = world.ticket()
    scanner = world.phone("scan", checkpoints=("gate",))
    answers = world.send(
        scanner, checkin(ticket, "nowhere"), checkin(ticket, "stage"), tally("heads"), tally("nothing"), record("walkin", checkpoint="gate")
    )
    assert [answer["code"] for answer in answers] == ["unknown_checkpoint", "not_allowed", "not_allowed", "unknown_counter", "not_allowed"]
    assert world.send(world.phone("tally"), tally("boards"))[0]["code"] == "not_allowed"
    assert world.send(world.owner, tally("boards", 20))[0]["outcome"] == "counted"


def test_strangers_get_nothing() -> None:
    world = World()
    other = World({"slug": "other"})
    stranger = authenticate(organizations.create_token("elsewhere"))
    viewer = authenticate(organizations.create_token("demo", "viewer"))
    for actor, refusal in ((PUBLIC, Unauthorized), (stranger, Missing), (viewer, Forbidden), (other.phone(), Missing)):
        with pytest.raises(refusal):
            world.send(actor, tally("heads"))
    phone = world.phone()
    devices.revoke(world.owner, world.slug, phone.id)
    with pytest.raises(Unauthorized) as raised:
        authenticate(device_token(phone.id))
    assert raised.value.code == "device_revoked"


def test_the_envelope() -> None:
    world = World()
    phone = world.phone()
    for body in (None, [], {}, {"records": {}}, {"records": [], "sent_at": "yesterday"}, {"records": [], "queued": -1}):
        with pytest.raises(Invalid):
            records.submit(phone, world.slug, body)
    with pytest.raises(TooLarge):
        world.send(phone, *([None] * 501))
    assert world.send(phone) == []
    assert len(world.send(phone, *[tally("heads") for _ in range(120)])) == 120
    assert figures.stats(world.owner, world.slug).counters[0].total == 120


def test_walk_ins_are_one_step_and_leave_names_erasable() -> None:
    world = World()
    phone = world.phone()
    sent = record("walkin", checkpoint="gate", count=2, name="李建国", phone="0371-12345678", consent=True)
    [answer] = world.send(phone, sent)
    assert (answer["outcome"], answer["party_size"], answer["name"], answer["message"]) == ("admitted", 2, "李*国", "请进 · 现场登记2位")
    note = db.session.get_one(RecordNote, sent["id"])
    assert (note.name, note.phone) == ("李建国", "+8637112345678")
    assert world.send(phone, record("walkin", checkpoint="gate", name="李建国"))[0]["code"] == "malformed"
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.entries, found.walkins, found.inside, found.scans) == (2, 2, 2, 2, 0)


def test_undo_by_the_same_phone_within_a_quarter_of_an_hour(clock: FakeClock) -> None:
    world = World()
    phone, colleague, ticket = world.phone(), world.phone(name="西门手机"), world.ticket(2)
    first, second = checkin(ticket), checkin(ticket)
    world.send(phone, first, second)
    assert world.send(colleague, record("undo", undoes=first["id"]))[0]["code"] == "not_allowed"
    assert world.send(phone, record("undo", undoes=first["id"]))[0]["outcome"] == "undone"
    assert world.send(phone, checkin(ticket))[0]["outcome"] == "admitted"
    clock.advance(minutes=16)
    assert world.send(phone, record("undo", undoes=second["id"]))[0]["code"] == "not_allowed"
    assert world.send(world.owner, record("undo", undoes=second["id"]))[0]["code"] == "malformed"
    assert world.send(world.owner, record("undo", undoes=second["id"], reason="误扫"))[0]["outcome"] == "undone"
    assert figures.stats(world.owner, world.slug).people_admitted == 1


def test_undo_of_nothing_is_rejected_and_of_the_future_is_kept() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    refused = checkin("nothing")
    taken = tally("heads", 5)
    undo = record("undo", undoes=taken["id"])
    world.send(phone, refused, taken, undo)
    assert world.send(phone, record("undo", undoes=refused["id"]))[0]["code"] == "not_allowed"
    assert world.send(phone, record("undo", undoes=undo["id"]))[0]["code"] == "not_allowed"
    later = checkin(ticket)
    [early] = world.send(phone, record("undo", undoes=later["id"]))
    assert (early["outcome"], early["flags"]) == ("undone", ["target_missing"])
    world.send(phone, later)
    assert figures.stats(world.owner, world.slug).people_admitted == 0
    assert world.send(phone, checkin(ticket))[0]["outcome"] == "admitted"


def test_two_phones_offline_admit_one_ticket(clock: FakeClock) -> None:
    world = World()
    a, b, ticket = world.phone(name="甲"), world.phone(name="乙"), world.ticket()
    clock.advance(minutes=30)
    early = checkin(ticket, decided="admitted", at=clock.now() - timedelta(minutes=20))
    late = checkin(ticket, decided="admitted", at=clock.now() - timedelta(minutes=10))
    [first] = world.send(b, late)
    [second] = world.send(a, early)
    assert first["flags"] == [] and second["flags"] == ["conflict"]  # as they arrived
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.entries, found.conflicts) == (1, 1, 1)
    assert [line.id for line in figures.lines(world.owner, world.slug, "conflicts")] == [late["id"]]  # the later by its time


def test_decided_by_the_phone() -> None:
    world = World()
    phone, ticket, cancelled = world.phone(), world.ticket(), world.ticket()
    registrations.cancel(world.owner, world.slug, cancelled.id)
    [refused, let_in, unknown] = world.send(
        phone,
        checkin(ticket, decided="refused"),
        checkin(cancelled, decided="admitted", reason="熟人"),
        checkin("0" * 20, decided="admitted", reason="手机没电"),
    )
    assert (refused["outcome"], refused["admitted"]) == ("refused", 0)
    assert (let_in["outcome"], let_in["admitted"], let_in["flags"]) == ("cancelled", 1, ["conflict"])
    assert (unknown["outcome"], unknown["flags"]) == ("unknown_ticket", ["conflict", "unidentified"])
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.entries, found.unidentified, found.conflicts, found.refused) == (1, 2, 1, 2, 1)


def test_a_decision_that_comes_later_is_kept_beside_the_record() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    registrations.block(world.owner, world.slug, ticket.id)
    sent = checkin(ticket)
    assert world.send(phone, sent)[0]["outcome"] == "blocked"
    for _ in range(2):
        [again] = world.send(phone, {**sent, "decided": "admitted"})
        assert (again["status"], again["outcome"], again["flags"]) == ("replayed", "blocked", ["conflict"])
    assert db.session.scalar(db.select(db.func.count()).select_from(RecordDecision)) == 1
    assert figures.stats(world.owner, world.slug).people_admitted == 1


@pytest.mark.parametrize("order", [(None, "refused"), ("refused", None)])
def test_whoever_the_phone_turned_away_is_not_counted_whichever_upload_came_first(order: tuple[str | None, str | None]) -> None:
    """The server admits, the answer is lost, the phone cannot verify and turns the party away (behaviours 38)."""
    world = World()
    phone, ticket = world.phone(), world.ticket(2)
    sent = checkin(ticket, count=2)
    for decided in order:
        world.send(phone, sent if decided is None else {**sent, "decided": decided})
    told = figures.stats(world.owner, world.slug)
    assert (told.people_admitted, told.entries, told.inside, told.scans, told.refused, told.conflicts) == (0, 0, 0, 1, 1, 0)
    assert roster.read(phone, world.slug)["tickets"][0].get("entries", {}) == {}
    [back] = world.send(phone, checkin(ticket, count=2))
    assert (back["outcome"], back["used"], back["remaining"]) == ("admitted", 2, 0)


def test_a_decision_in_the_same_batch_as_its_record_is_kept() -> None:
    """Several requests share a transaction: the tap and the same tap with the phone's decision may well come together."""
    world = World()
    phone, ticket = world.phone(), world.ticket(2)
    sent = checkin(ticket, count=3)
    first, again, third = world.send(phone, sent, {**sent, "decided": "admitted"}, {**sent, "decided": "admitted"})
    assert (first["status"], first["outcome"], first["flags"]) == ("recorded", "too_many", [])
    assert (again["status"], again["flags"]) == ("replayed", ["conflict"]) == (third["status"], third["flags"])
    assert [decision.decided for decision in db.session.scalars(db.select(RecordDecision))] == ["admitted"]
    told = figures.stats(world.owner, world.slug)
    assert (told.people_admitted, told.refused, told.conflicts) == (2, 0, 1)


def test_skewed_clocks_are_put_right(clock: FakeClock) -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket()
    behind = timedelta(hours=-3)
    sent = checkin(ticket, at=clock.now() + behind)
    [answer] = world.send(phone, sent, skew=behind)
    assert answer["flags"] == ["clock_skew"]
    row = db.session.get_one(Record, sent["id"])
    assert (row.at, row.corrected_at) == (clock.now() + behind, clock.now())
    [fine] = world.send(phone, tally("heads", at=clock.now() - timedelta(minutes=4)), skew=timedelta(minutes=-4))
    assert fine["flags"] == []
    [future] = records.submit(phone, world.slug, {"records": [tally("heads", at=clock.now() + timedelta(hours=1))]})["results"]
    assert future["flags"] == ["clock_skew"]


def test_late_uploads_after_the_close_are_kept(clock: FakeClock) -> None:
    world = World()
    phone, ticket, other = world.phone(), world.ticket(), world.ticket()
    clock.advance(hours=1)
    events.close(world.owner, world.slug)
    before = clock.now() - timedelta(minutes=30)
    late, now = world.send(phone, checkin(ticket, decided="admitted", at=before), checkin(other))
    assert (late["outcome"], late["flags"]) == ("admitted", [])
    assert now["outcome"] == "closed"


def test_handouts_below_zero_are_recorded_and_flagged() -> None:
    world = World()
    phone = world.phone()
    taken = tally("leaflets", 90)
    assert world.send(phone, taken)[0]["flags"] == []
    assert [answer["flags"] for answer in world.send(phone, tally("leaflets", 10), tally("leaflets"))] == [[], ["below_zero"]]
    world.send(phone, record("undo", undoes=taken["id"]))
    assert world.send(phone, tally("leaflets"))[0]["flags"] == []
    leaflets = figures.stats(world.owner, world.slug).counters[1]
    assert (leaflets.total, leaflets.stock_left) == (12, 88)


def test_headcounts_topics_and_stocktakes() -> None:
    world = World()
    phone = world.phone()
    world.send(
        phone, tally("heads", 5), tally("heads", 2, direction="out"), tally("consult", topic="政务公开"), tally("consult", 2),
        tally("leaflets", 30), tally("leaflets", 35, basis="stocktake"),
    )  # fmt: skip
    heads, leaflets, consult, _boards = figures.stats(world.owner, world.slug).counters
    assert (heads.total, heads.taken_in, heads.taken_out) == (5, 5, 2)
    assert (leaflets.total, leaflets.tapped, leaflets.stocktake, leaflets.basis) == (30, 30, 35, "tapped")
    assert (consult.total, consult.by_topic) == (3, {"政务服务": 0, "政务公开": 1})
    document = [{**counter, "basis": "stocktake"} if counter["key"] == "leaflets" else counter for counter in FAIR["counters"]]
    events.change(world.owner, world.slug, {"counters": document})
    leaflets = figures.stats(world.owner, world.slug).counters[1]
    assert (leaflets.total, leaflets.stock_left, leaflets.basis) == (35, 65, "stocktake")


def test_sub_counters_add_up() -> None:
    parts = [{"key": "all", "name": "册和页"}, {"key": "books", "name": "册", "parent": "all"}, {"key": "pages", "name": "页", "parent": "all"}]
    world = World({"counters": parts})
    world.send(world.phone(), tally("books", 3), tally("pages", 4), tally("all", 1))
    assert [counter.total for counter in figures.stats(world.owner, world.slug).counters] == [8, 3, 4]


def test_exits_move_inside_and_nothing_else(clock: FakeClock) -> None:
    world = World({"checkpoints": [{"key": "stage", "name": "舞台", "rule": "each_time"}]})
    phone, ticket = world.phone(), world.ticket(3)
    for direction, inside in (("entry", 2), ("exit", 0), ("exit", 0), ("entry", 2)):
        assert world.send(phone, checkin(ticket, "stage", count=2, direction=direction))[0]["outcome"] == "admitted"
        assert figures.stats(world.owner, world.slug).inside == inside
        clock.advance(seconds=10)
    found = figures.stats(world.owner, world.slug)
    assert (found.people_admitted, found.entries) == (2, 4)


def test_contact_and_queue_of_a_phone(clock: FakeClock) -> None:
    world = World()
    phone = world.phone()
    world.send(phone, tally("heads"), queued=3)
    assert figures.stats(world.owner, world.slug).unsynced == 3
    clock.advance(minutes=1)
    world.send(phone, queued=0)
    device = db.session.get_one(Device, phone.id, populate_existing=True)
    assert (device.last_seen_at, device.queued) == (clock.now(), 0)


@pytest.mark.parametrize("clock_of_phone", [timedelta(0), timedelta(hours=3), timedelta(minutes=-40)])
def test_a_request_that_was_long_under_way_does_not_say_what_the_phone_holds_now(clock: FakeClock, clock_of_phone: timedelta) -> None:
    world = World()
    phone = world.phone()

    def sent(*batch: dict[str, Any], ago: int = 0, **said: Any) -> int:
        world.send(phone, *batch, skew=clock_of_phone - timedelta(seconds=ago), **said)
        return int(figures.stats(world.owner, world.slug).unsynced)

    assert sent(tally("heads"), queued=0) == 0
    clock.advance(seconds=4)
    assert sent(tally("heads", at=clock.now() - timedelta(seconds=30)), queued=0) == 0  # the same number as before, from the queue
    assert sent(tally("heads"), ago=2, queued=1) == 0  # new, and yet older: its browser was killed
    assert sent(ago=1, queued=7) == 0
    assert sent(tally("heads"), queued=3) == 3
    clock.advance(seconds=9)
    assert sent(queued=2) == 2
    assert sent(ago=5, queued=0) == 2  # nor that the rest has come
    assert sent(queued=0) == 0


def test_two_requests_of_one_phone_that_are_kept_together() -> None:
    world = World()
    phone = world.phone()
    world.send(phone, queued=0)
    caller = authenticate(device_token(phone.id))
    transaction(records._take)([
        Job(world.slug, 1, records._Work(caller, [read(tally("heads"))], clock.now(), {"queued": queued})) for queued in (1, 0)
    ])  # fmt: skip
    assert figures.stats(world.owner, world.slug).unsynced == 0


def test_without_an_hour_what_was_sent_before_cannot_say_that_more_wait(clock: FakeClock) -> None:
    world = World()
    phone, lost, retried = world.phone(), tally("heads"), tally("heads")
    world.send(phone, lost, retried, queued=1, sent_at=None)
    world.send(phone, tally("heads"), queued=0, sent_at=None)
    world.send(phone, lost, queued=2, sent_at=None)
    assert figures.stats(world.owner, world.slug).unsynced == 0
    world.send(phone, tally("heads"), queued=2, sent_at=None)
    world.send(phone, lost, queued=1, sent_at=None)
    assert figures.stats(world.owner, world.slug).unsynced == 1


def test_a_phone_whose_clock_was_set_back_is_believed(clock: FakeClock) -> None:
    world = World()
    phone = world.phone()
    world.send(phone, queued=4, skew=timedelta(hours=3))
    clock.advance(minutes=1)
    world.send(phone, queued=0)
    assert figures.stats(world.owner, world.slug).unsynced == 0
    world.send(phone, tally("heads"), queued=2)
    assert figures.stats(world.owner, world.slug).unsynced == 2


def test_the_ledger_only_grows() -> None:
    world = World()
    world.send(world.phone(), tally("heads"))
    row = db.session.scalars(db.select(Record)).one()
    row.quantity = 9
    with pytest.raises(RuntimeError):
        db.session.commit()
    db.session.rollback()
    db.session.delete(db.session.scalars(db.select(Record)).one())
    with pytest.raises(RuntimeError):
        db.session.commit()
    db.session.rollback()
    for statement in ("UPDATE records SET quantity = 9", "DELETE FROM records"):
        with pytest.raises(Exception, match="only grows"):
            db.session.execute(db.text(statement))
        db.session.rollback()


def test_a_cancelled_party_keeps_those_who_are_in() -> None:
    world = World({"registration": {"capacity": 5}})
    phone, ticket = world.phone(), world.ticket(4)
    world.send(phone, checkin(ticket, count=1))
    registrations.cancel(world.owner, world.slug, ticket.id)
    event, registration, _person = registrations.read(world.owner, world.slug, ticket.id)
    assert (registration.status, registration.party_size, event.places_taken) == ("confirmed", 1, 1)


def test_erasing_a_person_leaves_every_figure() -> None:
    world = World()
    phone, ticket = world.phone(), world.ticket(2)
    world.send(phone, checkin(ticket, count=2))
    before = figures.stats(world.owner, world.slug)
    db.session.delete(db.session.get_one(Person, ticket.id))
    db.session.commit()
    after = figures.stats(world.owner, world.slug)
    assert (before.people_admitted, before.entries, before.people_registered) == (after.people_admitted, after.entries, after.people_registered)
    [again] = world.send(phone, checkin(ticket))
    assert (again["outcome"], again["name"]) == ("already_used", None)


def test_ids_are_the_phones_own(app_context: Flask) -> None:
    world = World()
    sent = tally("heads")
    world.send(world.phone(), sent)
    assert db.session.get_one(Record, str(uuid.UUID(sent["id"]))).quantity == 1


@pytest.mark.parametrize("said", ["2026-08-14T18:00:00Z", "2026-08-14t18:00:00z", "2026-08-14 18:00:00.5Z", "2026-08-14T18:00:00.123456789+08:00"])
def test_every_writing_of_a_time_that_rfc_3339_allows_is_read(said: str) -> None:
    found = moment(said)
    assert found is not None
    assert found.utcoffset() is not None
    assert found.isoformat()[:16] == "2026-08-14T18:00"
