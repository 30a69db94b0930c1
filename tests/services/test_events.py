"""Events: the document in and out, every fault at once, states, keys that have records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from eventsvc.errors import Conflict, Forbidden, Invalid, Missing
from eventsvc.ports.clock import FakeClock
from eventsvc.services import event_document, events, organizations
from eventsvc.services.actors import PUBLIC, authenticate
from tests.services.world import FAIR, World, checkin, tally

pytestmark = pytest.mark.usefixtures("app_context")

CONTRACT: dict[str, Any] = {
    "slug": "yangguang-zhengwu", "title": "推进基层政务公开宣传活动", "short_title": None, "kind": "outreach", "host": "管城区人民政府办公室",
    "undertaker": None, "co_host": None, "venue": "商都遗址城墙下", "contact_phone": None, "timezone": "Asia/Shanghai",
    "starts_at": None, "ends_at": None, "date_text": "近日",
    "registration": {"open": True, "opens_at": None, "closes_at": None, "capacity": 500, "max_party": 5, "waitlist": True,
                     "approval": False, "retention_days": 180, "questions": []},
    "areas": [{"key": "static", "name": "静态区", "kind": "zone", "parent": None, "note": "展示+体验+消费"}],
    "sessions": [{"key": "paper-cut", "name": "剪纸", "area": "static", "starts_at": "2026-08-14T19:00:00+08:00",
                  "ends_at": "2026-08-14T20:00:00+08:00", "capacity": 20}],
    "checkpoints": [{"key": "gate", "name": "入口", "area": None, "rule": "once", "entrance": True, "sessions": [],
                     "opens_at": None, "closes_at": None}],
    "counters": [
        {"key": "booklets", "name": "宣传册和宣传页", "kind": "handout", "unit": "册", "verb": "发放", "steps": [1, 5, 10, 100],
         "stock": 2000, "topics": [], "reported": {"value": 1800, "qualifier": "over_yu", "source": "人工填报"}},
        {"key": "consult", "name": "群众咨询", "kind": "consultation", "unit": "人次", "verb": "接受",
         "topics": ["政务服务", "政务公开", "政府信息公开"]},
    ],
}  # fmt: skip


def covers(found: Any, wanted: Any) -> bool:
    """Whether ``found`` has everything that ``wanted`` says."""
    if isinstance(wanted, dict):
        return all(key in found and covers(found[key], value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(covers, found, wanted))
    return found == wanted


def test_the_contracts_document_goes_in_and_comes_out() -> None:
    owner = authenticate(organizations.create_token("demo"))
    event = events.create(owner, CONTRACT)
    shown = event_document.dump(event)
    assert covers(shown, CONTRACT)
    again = events.create(owner, {**shown, "slug": "again"})
    assert {**event_document.dump(again), "slug": shown["slug"]} == shown


def test_only_three_fields_are_needed() -> None:
    owner = authenticate(organizations.create_token("demo"))
    shown = event_document.dump(events.create(owner, {"slug": "a", "title": "会", "kind": "meeting"}))
    assert (shown["registration"]["open"], shown["registration"]["capacity"], shown["registration"]["max_party"]) == (True, None, 5)
    with pytest.raises(Invalid) as raised:
        events.create(owner, {})
    assert {fault.field for fault in raised.value.faults} == {"slug", "title", "kind"}


def test_the_first_checkpoint_is_the_entrance_unless_said() -> None:
    owner = authenticate(organizations.create_token("demo"))
    two = [{"key": "a", "name": "甲"}, {"key": "b", "name": "乙"}]
    event = events.create(owner, {"slug": "a", "title": "会", "kind": "fair", "checkpoints": two})
    assert [c.entrance for c in event.checkpoints] == [True, False]
    two[1] = {**two[1], "entrance": True}
    event = events.create(owner, {"slug": "b", "title": "会", "kind": "fair", "checkpoints": two})
    assert [c.entrance for c in event.checkpoints] == [False, True]


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"slug": "有字"}, "slug", "key"),
        ({"slug": None}, "slug", "type"),
        ({"title": "x" * 201}, "title", "too_long"),
        ({"title": "a\x00"}, "title", "characters"),
        ({"title": "\ud800"}, "title", "characters"),
        ({"kind": "party"}, "kind", "choice"),
        ({"starts_at": "2026-08-14T18:00:00"}, "starts_at", "time"),
        ({"starts_at": 5}, "starts_at", "time"),
        ({"ends_at": "2026-08-14T17:00:00+08:00"}, "ends_at", "order"),
        ({"timezone": "Mars"}, "timezone", "timezone"),
        ({"contact_phone": "abc"}, "contact_phone", "phone"),
        ({"registration": 5}, "registration", "object"),
        ({"registration": {"capacity": 0}}, "registration.capacity", "too_small"),
        ({"registration": {"capacity": "5"}}, "registration.capacity", "number"),
        ({"registration": {"max_party": 100}}, "registration.max_party", "too_large"),
        ({"checkpoints": [{"key": "a", "name": "x"}, {"key": "a", "name": "y"}]}, "checkpoints.1.key", "duplicate"),
        ({"checkpoints": [{"key": "a", "name": "x", "rule": "never"}]}, "checkpoints.0.rule", "choice"),
        ({"checkpoints": [{"key": "a", "name": "x", "sessions": ["no"]}]}, "checkpoints.0.sessions", "unknown_key"),
        ({"checkpoints": [{"key": "a b", "name": "x"}]}, "checkpoints.0.key", "key"),
        ({"checkpoints": {}}, "checkpoints", "type"),
        ({"counters": [{"key": "a", "name": "x", "steps": []}]}, "counters.0.steps", "too_short"),
        ({"counters": [{"key": "a", "name": "x", "parent": "b"}]}, "counters.0.parent", "unknown_key"),
        ({"counters": [{"key": "a", "name": "x", "reported": {"value": -1}}]}, "counters.0.reported.value", "too_small"),
        ({"areas": [{"key": "a", "name": ""}]}, "areas.0.name", "type"),
        ({"participation": "nobody"}, "participation", "unknown_key"),
    ],
)
def test_every_wrong_field_has_its_own_fault(change: dict[str, Any], field: str, code: str) -> None:
    owner = authenticate(organizations.create_token("demo"))
    with pytest.raises(Invalid) as raised:
        events.create(owner, {**FAIR, **change})
    assert [(fault.field, fault.code) for fault in raised.value.faults] == [(field, code)]
    assert raised.value.faults[0].sentence()


def test_slugs_are_global() -> None:
    World()
    elsewhere = authenticate(organizations.create_token("elsewhere"))
    with pytest.raises(Conflict) as raised:
        events.create(elsewhere, FAIR)
    assert raised.value.code == "slug_taken"


def test_patch_replaces_arrays_and_keeps_keys_with_records() -> None:
    world = World({"registration": {"capacity": 9}})
    phone = world.phone()
    world.send(phone, checkin(world.ticket()), tally("heads"))
    for part, kept in (("checkpoints", "gate"), ("counters", "heads")):
        others = [item for item in FAIR[part] if item["key"] != kept]
        with pytest.raises(Conflict) as raised:
            events.change(world.owner, world.slug, {part: others})
        assert raised.value.code == "key_in_use"
    event = events.change(world.owner, world.slug, {"checkpoints": FAIR["checkpoints"][:1], "registration": {"max_party": 2}})
    assert ([c.key for c in event.checkpoints], event.capacity, event.max_party) == (["gate"], 9, 2)
    with pytest.raises(Invalid):
        events.change(world.owner, world.slug, {"slug": "new-name"})


def test_states_are_idempotent_and_guarded() -> None:
    world = World()
    for verb, status in ((events.publish, "published"), (events.close, "closed"), (events.publish, "published"), (events.cancel, "cancelled")):
        for _ in range(2):
            assert verb(world.owner, world.slug).status == status
    with pytest.raises(Conflict):
        events.publish(world.owner, world.slug)
    events.create(world.owner, {"slug": "draft", "title": "草稿", "kind": "fair"})
    for verb in (events.close, events.cancel):
        with pytest.raises(Conflict):
            verb(world.owner, "draft")


def test_who_may(clock: FakeClock) -> None:
    world = World()
    events.create(world.owner, {"slug": "draft", "title": "草稿", "kind": "fair"})
    elsewhere = authenticate(organizations.create_token("elsewhere"))
    viewer = authenticate(organizations.create_token("demo", "viewer"))
    for actor, slug, refusal in ((PUBLIC, "draft", Missing), (elsewhere, "draft", Missing), (PUBLIC, "nothing", Missing)):
        with pytest.raises(refusal):
            events.read(actor, slug)
    assert events.read(PUBLIC, world.slug).title == "演示夜市"
    assert events.read(viewer, "draft").title == "草稿"
    for verb in (events.publish, events.close, events.cancel):
        with pytest.raises(Forbidden):
            verb(viewer, "draft")
        with pytest.raises(Missing):
            verb(elsewhere, "draft")
        with pytest.raises(Missing):
            verb(PUBLIC, "draft")
    with pytest.raises(Forbidden):
        events.create(viewer, {"slug": "mine", "title": "x", "kind": "fair"})
    assert [event.slug for event in events.published(clock.now())] == [world.slug]
    assert {event.slug for event in events.listed(viewer)[0]} == {world.slug, "draft"}
    assert events.listed(elsewhere)[0] == []


def test_listing_pages_through_everything(clock: FakeClock) -> None:
    world = World()
    for number in range(5):
        events.create(world.owner, {"slug": f"e{number}", "title": "会", "kind": "meeting"})
        clock.advance(seconds=1)
    seen, cursor = [], None
    while True:
        page, cursor = events.listed(world.owner, cursor, 2)
        seen += [event.slug for event in page]
        if cursor is None:
            break
    assert seen == ["e4", "e3", "e2", "e1", "ye-shi", "e0"] or seen == ["e4", "e3", "e2", "e1", "e0", "ye-shi"]


def test_postponing_keeps_the_length_or_says_so() -> None:
    world = World()
    event = events.postpone(world.owner, world.slug, {"starts_at": "2026-08-15T18:00:00+08:00"})
    assert event.ends_at == datetime.fromisoformat("2026-08-15T21:30:00+08:00")
    event = events.postpone(world.owner, world.slug, {})
    assert (event.starts_at, event.ends_at, event.date_text) == (None, None, "延期，时间另行通知")
    with pytest.raises(Invalid):
        events.postpone(world.owner, world.slug, {"starts_at": "tomorrow"})


@pytest.mark.parametrize("wrong", [{"date_text": "\x00"}, {"date_text": "\ud800"}, {"date_text": "久" * 61}, {"date_text": 5}, {"ends_at": "2026-08-15T18:00:00+08:00"}])
def test_postponing_to_what_no_event_can_hold_is_refused(wrong: dict[str, Any]) -> None:
    world = World()
    with pytest.raises(Invalid) as raised:
        events.postpone(world.owner, world.slug, wrong)
    assert raised.value.faults[0].field == ("starts_at" if "ends_at" in wrong else "date_text")


def test_postponing_moves_sessions_and_gates_along() -> None:
    gate = {"key": "gate", "name": "东门", "opens_at": "2026-08-14T17:30:00+08:00", "closes_at": "2026-08-14T21:00:00+08:00"}
    show = {"key": "show", "name": "观戏", "starts_at": "2026-08-14T19:00:00+08:00"}
    world = World({"checkpoints": [gate], "sessions": [show]})
    event = events.postpone(world.owner, world.slug, {"starts_at": "2026-08-21T18:30:00+08:00"})
    assert event.checkpoints[0].opens_at == datetime.fromisoformat("2026-08-21T18:00:00+08:00")
    assert event.checkpoints[0].closes_at == datetime.fromisoformat("2026-08-21T21:30:00+08:00")
    assert (event.sessions[0].starts_at, event.sessions[0].ends_at) == (datetime.fromisoformat("2026-08-21T19:30:00+08:00"), None)


OWN_TIMES: dict[str, Any] = {
    "registration": {"closes_at": "2026-08-14T12:00:00+08:00"},
    "sessions": [{"key": "late", "name": "晚场", "starts_at": "2026-08-14T20:00:00+08:00"}, {"key": "open", "name": "随时"}],
    "checkpoints": [{"key": "gate", "name": "东门", "opens_at": "2026-08-14T17:30:00+08:00", "closes_at": "2026-08-14T21:00:00+08:00"}],
}
NEW_DAY = {"starts_at": "2026-08-21T18:00:00+08:00"}


def days(event: Any) -> list[str]:
    """The days of everything that has a time, in the event's zone."""
    shown = event_document.dump(event)
    times = [shown["starts_at"], shown["ends_at"], shown["registration"]["closes_at"], shown["sessions"][0]["starts_at"]]
    times += [shown["checkpoints"][0]["opens_at"], shown["checkpoints"][0]["closes_at"]]
    return [time[8:10] for time in times]


@pytest.mark.parametrize("by", ["postpone", "change"])
def test_a_date_that_was_open_and_is_known_again_moves_everything(by: str) -> None:
    world = World(OWN_TIMES)
    event = events.postpone(world.owner, world.slug, {})
    assert (event.starts_at, event.date_text) == (None, "延期，时间另行通知")
    events.postpone(world.owner, world.slug, {})
    if by == "postpone":
        event = events.postpone(world.owner, world.slug, NEW_DAY)
    else:
        event = events.change(world.owner, world.slug, NEW_DAY | {"ends_at": "2026-08-21T21:30:00+08:00"})
    assert days(event) == ["21"] * 6 and event.date_text is None
    assert days(events.postpone(world.owner, world.slug, {"starts_at": "2026-08-28T18:00:00+08:00"})) == ["28"] * 6


def test_what_is_edited_together_with_the_new_date_stays_as_edited() -> None:
    world = World(OWN_TIMES)
    events.postpone(world.owner, world.slug, {})
    gate = [{**OWN_TIMES["checkpoints"][0], "opens_at": "2026-08-21T16:00:00+08:00", "closes_at": None}]
    event = events.change(world.owner, world.slug, NEW_DAY | {"checkpoints": gate})
    assert event_document.dump(event)["checkpoints"][0]["opens_at"] == "2026-08-21T16:00:00+08:00"
    assert event_document.dump(event)["sessions"][0]["starts_at"] == "2026-08-21T20:00:00+08:00"
