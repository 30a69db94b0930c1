"""Registration: never beyond the places, in order of arrival, every fault at once (behaviours G, contract section 4)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from eventsvc.db import db
from eventsvc.errors import Conflict, Forbidden, Invalid, Missing, TooMany
from eventsvc.models import Event, EventSession, Person, Registration
from eventsvc.ports.clock import FakeClock
from eventsvc.services import codes, events, organizations, persons, registrations
from eventsvc.services.actors import PUBLIC, Actor, authenticate
from tests.services.world import World, checkin, examples

pytestmark = pytest.mark.usefixtures("app_context")


def try_register(slug: str, **data: Any) -> registrations.Registered:
    return registrations.register(PUBLIC, slug, {"name": "王桂芳", "phone": "13900000001", "consent": True, **data})


def faults(slug: str, actor: Actor = PUBLIC, **data: Any) -> dict[str, str]:
    with pytest.raises(Invalid) as raised:
        registrations.register(actor, slug, data)
    return {fault.field: fault.code for fault in raised.value.faults}


def test_a_party_gets_one_code_and_a_derived_manage_token() -> None:
    world = World()
    found = try_register(world.slug, party_size=3)
    assert (found.registration.status, found.registration.party_size, found.waitlist_position) == ("confirmed", 3, None)
    assert codes.parse(found.registration.code).kind == "code"
    assert len(found.registration.pickup_code) == 6 and found.registration.pickup_code.isdigit()
    assert found.qr_text == f"HTTPS://EXAMPLE.TEST/T/{found.registration.code}"
    assert registrations.read_manage_token(found.manage_token) == found.registration.id
    forged = found.manage_token[:-1] + ("0" if found.manage_token[-1] != "0" else "1")
    assert registrations.read_manage_token(forged) is None
    for wrong in ("", "x" * 64, "0" * 64, found.manage_token[:-1]):
        assert registrations.read_manage_token(wrong) is None


def test_every_fault_is_said_at_once() -> None:
    world = World()
    assert faults(world.slug) == {"name": "required", "phone": "required", "consent": "required"}
    wrong = faults(world.slug, name="\x00", phone="1381234567", party_size=6, sessions=["nope"], consent=False, answers=[])
    assert wrong == {
        "name": "characters", "phone": "phone_length", "party_size": "too_many", "sessions": "unknown_key",
        "consent": "required", "answers": "object",
    }  # fmt: skip
    assert faults(world.slug, name=["x"], phone=13800001234, party_size="3", consent="yes") == {
        "name": "type", "phone": "type", "party_size": "number", "consent": "required",
    }  # fmt: skip
    with pytest.raises(Invalid):
        registrations.register(PUBLIC, world.slug, [])


@pytest.mark.parametrize(
    ("said", "stored"),
    [
        ("13800001234", "+8613800001234"),
        ("138 0000 1234", "+8613800001234"),
        ("１３８００００１２３４", "+8613800001234"),
        ("+86 138-0000-1234", "+8613800001234"),
        ("0371-66668888", "+8637166668888"),
        ("037166668888", "+8637166668888"),
        ("+852 6123 4567", "+85261234567"),
        ("19900001234", "+8619900001234"),
    ],
)
def test_mobile_and_landline_numbers(said: str, stored: str) -> None:
    assert persons.read_phone(said) == (stored, None)


@pytest.mark.parametrize("said", ["", "abc", "1381234567", "138000012345", "12345", "00000000000", "1" * 60, "\ud800", "1380000123a"])
def test_numbers_that_are_none(said: str) -> None:
    number, fault = persons.read_phone(said)
    assert number is None and fault is not None and fault.sentence()


def test_the_sentence_for_ten_digits_counts_them() -> None:
    _number, fault = persons.read_phone("1381234567")
    assert fault is not None and fault.sentence() == "手机号应为11位数字，现在是10位"


def test_names_are_masked_and_found_by_initials() -> None:
    assert [persons.mask_name(name) for name in ("王", "张伟", "王桂芳", "欧阳小雨")] == ["王", "张*", "王*芳", "欧**雨"]
    assert persons.mask_name_in_public("王桂芳") == "王**"
    assert " wgf " in persons.initials("王桂芳")
    assert {"dxy", "sxy"} <= set(persons.initials("单小雨").split())
    assert "om" in persons.initials("区敏").split() and "zl" in persons.initials("曾丽").split()


def test_full_goes_to_the_waitlist_in_order_and_cancelling_moves_it_up() -> None:
    world = World({"registration": {"capacity": 4}})
    first = world.ticket(3)
    second = try_register(world.slug, party_size=2)
    third = try_register(world.slug, party_size=1)  # one place is free, but somebody waits
    assert (second.registration.status, second.waitlist_position) == ("waitlisted", 1)
    assert (third.registration.status, third.waitlist_position) == ("waitlisted", 2)
    registrations.cancel(world.owner, world.slug, first.id)
    event = events.read(PUBLIC, world.slug)
    assert {r.id: r.status for r in db.session.scalars(db.select(Registration))} == {
        first.id: "cancelled", second.registration.id: "confirmed", third.registration.id: "confirmed",
    }  # fmt: skip
    assert (event.places_taken, registrations.places_left(event), registrations.state(event, event.starts_at)) == (3, 1, "open")


def test_full_without_a_waitlist_is_told_so() -> None:
    world = World({"registration": {"capacity": 2, "waitlist": False}})
    world.ticket(1)
    with pytest.raises(Conflict) as raised:
        try_register(world.slug, party_size=2)
    assert (raised.value.code, raised.value.sentence()) == ("event_full", "只剩1位，不够2位一起报名")
    try_register(world.slug)
    with pytest.raises(Conflict) as raised:
        try_register(world.slug)
    assert raised.value.sentence() == "名额已满"


def test_a_party_is_promoted_whole_or_not_at_all() -> None:
    world = World({"registration": {"capacity": 4}})
    one, three = world.ticket(1), world.ticket(3)
    big, small = try_register(world.slug, party_size=4).registration, try_register(world.slug, party_size=1).registration
    registrations.cancel(world.owner, world.slug, one.id)
    assert (big.status, small.status) == ("waitlisted", "waitlisted")  # the line is kept: nobody overtakes
    registrations.cancel(world.owner, world.slug, three.id)
    assert [db.session.get_one(Registration, r.id, populate_existing=True).status for r in (big, small)] == ["confirmed", "waitlisted"]


def test_whoever_waits_behind_a_large_party_moves_up_when_that_gives_up() -> None:
    world = World({"registration": {"capacity": 3, "waitlist": True}})
    world.ticket(2)
    large, small = world.ticket(2), world.ticket(1)
    assert (large.status, small.status) == ("waitlisted", "waitlisted")
    registrations.cancel(world.owner, world.slug, large.id)
    assert db.session.get_one(Registration, small.id, populate_existing=True).status == "confirmed"


def test_raising_the_capacity_moves_the_waitlist_up_and_lowering_is_refused() -> None:
    world = World({"registration": {"capacity": 1}})
    world.ticket()
    waiting = try_register(world.slug).registration
    events.change(world.owner, world.slug, {"registration": {"capacity": 2}})
    assert db.session.get_one(Registration, waiting.id, populate_existing=True).status == "confirmed"
    with pytest.raises(Invalid):
        events.change(world.owner, world.slug, {"registration": {"capacity": 1}})


def test_sessions_have_places_of_their_own() -> None:
    world = World({"sessions": [{"key": "clay", "name": "泥塑", "capacity": 2}, {"key": "paper", "name": "剪纸"}]})
    ticket = try_register(world.slug, party_size=2, sessions=["clay", "paper"])
    with pytest.raises(Invalid) as raised:
        try_register(world.slug, sessions=["clay"])
    assert raised.value.faults[0].sentence() == "“泥塑”已满，可以候补，也可以选别的场次"
    registrations.cancel(world.owner, world.slug, ticket.registration.id)
    assert try_register(world.slug, sessions=["clay"]).registration.status == "confirmed"


def test_when_registration_is_open(clock: FakeClock) -> None:
    world = World({"registration": {"opens_at": "2026-08-14T19:00:00+08:00", "closes_at": "2026-08-14T20:00:00+08:00"}})
    with pytest.raises(Conflict) as raised:
        try_register(world.slug)
    assert raised.value.code == "registration_not_open"
    clock.advance(hours=1)
    try_register(world.slug)
    clock.advance(hours=1)
    with pytest.raises(Conflict) as raised:
        try_register(world.slug)
    assert raised.value.code == "registration_closed"
    desk = registrations.register(world.owner, world.slug, {"name": "李建国"})  # the desk may, without a phone number
    assert (desk.registration.status, desk.registration.channel) == ("confirmed", "desk")
    events.cancel(world.owner, world.slug)
    with pytest.raises(Conflict) as raised:
        registrations.register(world.owner, world.slug, {"name": "李建国"})
    assert raised.value.code == "event_cancelled"


def test_drafts_are_unknown_to_residents() -> None:
    world = World()
    events.create(world.owner, {"slug": "hidden", "title": "草稿", "kind": "fair"})
    with pytest.raises(Missing):
        try_register("hidden")
    with pytest.raises(Missing):
        try_register("nothing")


def test_public_limits_per_phone_do_not_touch_the_desk() -> None:
    world = World()
    for _ in range(5):
        try_register(world.slug)
    with pytest.raises(TooMany) as raised:
        try_register(world.slug)
    assert 0 < raised.value.retry_after <= 3600
    for _ in range(7):
        registrations.register(world.owner, world.slug, {"name": "王桂芳", "phone": "13900000001"})


def test_changing_a_party() -> None:
    world = World({"registration": {"capacity": 5}})
    ticket = world.ticket(2)
    holder = Actor("public", holds=frozenset({ticket.id}))
    code = ticket.code
    changed = registrations.change(holder, world.slug, ticket.id, {"party_size": 4, "name": "王桂兰"})
    taken = db.session.scalar(db.select(Event.places_taken).where(Event.slug == world.slug))
    assert (changed.registration.party_size, changed.registration.code, taken) == (4, code, 4)
    with pytest.raises(Invalid):
        registrations.change(holder, world.slug, ticket.id, {"party_size": 6})
    other = world.ticket(1)
    with pytest.raises(Invalid) as raised:
        registrations.change(holder, world.slug, ticket.id, {"party_size": 5})
    assert raised.value.faults[0].sentence() == "只剩0位，不能再加1位"
    world.send(world.phone(), checkin(ticket, count=3))
    with pytest.raises(Invalid) as raised:
        registrations.change(holder, world.slug, ticket.id, {"party_size": 2})
    assert raised.value.faults[0].code == "already_in"
    with pytest.raises(Missing):
        registrations.change(holder, "elsewhere", ticket.id, {"party_size": 3})
    for stranger in (PUBLIC, holder):
        with pytest.raises(Exception) as caught:
            registrations.cancel(stranger, world.slug, other.id)
        assert caught.value.status in {401, 404}
    stranger = authenticate(organizations.create_token("elsewhere"))
    viewer = authenticate(organizations.create_token("demo", "viewer"))
    with pytest.raises(Missing):
        registrations.cancel(stranger, world.slug, other.id)
    with pytest.raises(Forbidden):
        registrations.cancel(viewer, world.slug, other.id)


def test_everyone_in_cannot_be_cancelled() -> None:
    world = World()
    ticket = world.ticket()
    world.send(world.phone(), checkin(ticket))
    with pytest.raises(Conflict) as raised:
        registrations.cancel(world.owner, world.slug, ticket.id)
    assert raised.value.code == "already_in"


def test_look_up_shows_little_and_finds_much() -> None:
    world = World()
    phone = world.phone("lookup")
    ticket = world.ticket(2, name="单小雨")
    for said in ("单小雨", "小雨", "dxy", "SXY", ticket.code.lower(), ticket.pickup_code, "0001", "13900000001", "单"):
        [row] = registrations.lookup(phone, world.slug, said)
        assert (row.ref, row.name, row.party_size, row.status, row.used) == (ticket.id, "单*雨", 2, "confirmed", {})
    for said in ("王", "x", "1", "12", "%", "_", "9999", "00", "x" * 300, "\x00", "'; --"):
        assert registrations.lookup(phone, world.slug, said) == []
    for _ in range(12):
        world.ticket(name="王桂芳")
    assert len(registrations.lookup(phone, world.slug, "王")) == 8
    with pytest.raises(Forbidden):
        registrations.lookup(world.phone("scan"), world.slug, "王")


def test_find_mine_says_one_thing_to_all_who_are_wrong() -> None:
    world = World()
    ticket = world.ticket()
    assert [r.id for r in registrations.find_mine("139 0000 0001", ticket.pickup_code)] == [ticket.id]
    said = set()
    wrong = "000000" if ticket.pickup_code != "000000" else "000001"
    for phone in ("13900000001", "13900000002"):
        with pytest.raises(Invalid) as raised:
            registrations.find_mine(phone, wrong)
        said.add(tuple((fault.field, fault.sentence()) for fault in raised.value.faults))
    assert len(said) == 1
    for _ in range(4):
        with pytest.raises(Invalid):
            registrations.find_mine("13900000001", wrong)
    with pytest.raises(TooMany):
        registrations.find_mine("13900000001", ticket.pickup_code)


def test_proving_a_ticket_by_the_whole_number() -> None:
    world = World()
    ticket = world.ticket()
    assert registrations.prove(ticket.code.lower(), "13900000001").id == ticket.id
    for _ in range(5):
        with pytest.raises(Invalid):
            registrations.prove(ticket.code, "13900000002")
    with pytest.raises(TooMany):
        registrations.prove(ticket.code, "13900000001")


def test_search_pages_through_everybody() -> None:
    world = World()
    for number in range(7):
        world.ticket(name=f"王{'一二三四五六七'[number]}")
    seen, cursor = [], None
    while True:
        rows, cursor = registrations.search(world.owner, world.slug, cursor=cursor, limit=3)
        seen += [person.name for _registration, person in rows if person]
        if cursor is None:
            break
    assert seen == [f"王{character}" for character in "一二三四五六七"]
    assert len(registrations.search(world.owner, world.slug, "王三")[0]) == 1
    with pytest.raises(Invalid):
        registrations.search(world.owner, world.slug, cursor="x")


class Places(RuleBasedStateMachine):
    """Registering, changing, cancelling, raising and lowering capacity in any order keeps the places right."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World({"slug": f"p{id(self)}-{next(_numbers)}", "registration": {"capacity": 6, "max_party": 4}})
        self.made: list[str] = []

    def _registration(self, choice: int) -> str | None:
        return self.made[choice % len(self.made)] if self.made else None

    @rule(size=st.integers(1, 4))
    def register(self, size: int) -> None:
        found = registrations.register(self.world.owner, self.world.slug, {"name": "王桂芳", "party_size": size})
        self.made.append(found.registration.id)

    @rule(choice=st.integers(0, 50))
    def cancel(self, choice: int) -> None:
        if chosen := self._registration(choice):
            registrations.cancel(self.world.owner, self.world.slug, chosen)

    @rule(choice=st.integers(0, 50), size=st.integers(1, 4))
    def change(self, choice: int, size: int) -> None:
        if chosen := self._registration(choice):
            try:
                registrations.change(self.world.owner, self.world.slug, chosen, {"party_size": size})
            except (Invalid, Conflict):
                pass

    @rule(capacity=st.integers(1, 12))
    def resize(self, capacity: int) -> None:
        try:
            events.change(self.world.owner, self.world.slug, {"registration": {"capacity": capacity}})
        except Invalid:
            pass

    @invariant()
    def never_above_capacity_and_nobody_overtakes(self) -> None:
        event = db.session.scalar(db.select(Event).where(Event.slug == self.world.slug).execution_options(populate_existing=True))
        rows = db.session.scalars(
            db.select(Registration).where(Registration.event_id == event.id).order_by(Registration.seq).execution_options(populate_existing=True)
        ).all()
        confirmed = sum(row.party_size for row in rows if row.status == "confirmed")
        assert confirmed == event.places_taken <= event.capacity
        waiting = [row for row in rows if row.status == "waitlisted"]
        if waiting:  # the first in line did not fit
            assert waiting[0].party_size > event.capacity - confirmed


_numbers = iter(range(10**6))


def test_places_hold_in_any_sequence(database_url: str) -> None:
    run_state_machine_as_test(
        Places, settings=settings(max_examples=examples(15), stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    )


def test_session_places_follow_the_party() -> None:
    world = World({"sessions": [{"key": "clay", "name": "泥塑", "capacity": 5}]})
    ticket = world.ticket(2, sessions=["clay"])
    registrations.change(world.owner, world.slug, ticket.id, {"party_size": 4})
    assert db.session.scalars(db.select(EventSession.places_taken)).one() == 4
    registrations.cancel(world.owner, world.slug, ticket.id)
    assert db.session.scalars(db.select(EventSession.places_taken).execution_options(populate_existing=True)).one() == 0


def test_nothing_of_the_person_is_in_the_registration() -> None:
    world = World()
    ticket = world.ticket(name="王桂芳")
    row = db.session.execute(db.text("SELECT * FROM registrations")).mappings().one()
    assert "王桂芳" not in repr(dict(row)) and "13900000001" not in repr(dict(row))
    assert db.session.get_one(Person, ticket.id).phone == "+8613900000001"


def test_a_party_cannot_grow_after_registration_has_closed(clock: FakeClock) -> None:
    world = World()
    ticket = world.ticket(2)
    holder = Actor("public", holds=frozenset({ticket.id}))
    clock.advance(hours=5)
    with pytest.raises(Invalid) as raised:
        registrations.change(holder, world.slug, ticket.id, {"party_size": 3})
    assert raised.value.faults[0].code == "registration_closed"
    assert registrations.change(holder, world.slug, ticket.id, {"party_size": 1}).registration.party_size == 1
    assert registrations.change(world.owner, world.slug, ticket.id, {"party_size": 3}).registration.party_size == 3
