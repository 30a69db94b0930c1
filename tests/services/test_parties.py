"""Questions, companions, guardians, limits and sealed answers: what may be asked, what is kept, who sees it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, text

from eventsvc.db import db
from eventsvc.errors import Conflict, Invalid
from eventsvc.models import AuditEntry, Person, Registration
from eventsvc.services import events, questions, registrations, retention
from eventsvc.services.actors import PUBLIC
from tests.services.world import World, checkin

pytestmark = pytest.mark.usefixtures("app_context")

ID = "11010519491231002X"  # the example of GB 11643-1999
SEALED = [
    {"key": "id", "label": "身份证号", "type": "id_number", "reason": "景区入园要登记"},
    {"key": "real", "label": "真实姓名", "type": "real_name", "reason": "买保险"},
]
CHILD = {"name": "小宝", "age_band": "6岁以下"}


def faults(refused: Any) -> set[tuple[str, str]]:
    return {(fault.field, fault.code) for fault in refused.value.faults}


@pytest.mark.parametrize(
    ("question", "fault"),
    [
        ({"type": "choice"}, ("registration.questions.0.choices", "required")),
        ({"type": "id_number"}, ("registration.questions.0.reason", "required")),
        ({"type": "real_name", "reason": "保险", "ask": "desk"}, ("registration.questions.0.ask", "not_at_desk")),
        ({"type": "photo"}, ("registration.questions.0.type", "choice")),
    ],
)
def test_a_question_that_cannot_be_asked(question: dict[str, Any], fault: tuple[str, str]) -> None:
    with pytest.raises(Invalid) as refused:
        World({"registration": {"questions": [{"key": "q", "label": "问", **question}]}})
    assert faults(refused) == {fault}


def test_at_most_three_are_asked_at_the_gate() -> None:
    asked = [{"key": f"q{number}", "label": "问", "ask": "desk"} for number in range(4)]
    with pytest.raises(Invalid) as refused:
        World({"registration": {"questions": asked}})
    assert faults(refused) == {("registration.questions.3.ask", "too_many_at_desk")}
    World({"registration": {"questions": asked[:3]}})


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [
        ("number", "三", "number"), ("number", True, "number"), ("number", -1, "number"), ("number", 12, None), ("yes_no", "是", "choice"), ("yes_no", False, None),
        ("text", ["a"], "type"), ("text", "x" * 201, "too_long"), ("text", "\x00", "type"), ("text", {"a": 1}, "type"), ("multi", ["剪纸", "剪纸"], None),
        ("multi", ["木工"], "choice"), ("age_band", "60岁及以上", None), ("age_band", "很老", "choice"), ("id_number", ID.lower(), None),
        ("id_number", "110105194912310021", "id_number"), ("real_name", "王", "too_short"),
    ],
)  # fmt: skip
def test_answers_are_of_their_kind(kind: str, value: Any, code: str | None) -> None:
    more = {"multi": {"choices": ["剪纸", "泥塑"]}, "id_number": {"reason": "入园"}, "real_name": {"reason": "入园"}}.get(kind, {})
    world = World({"registration": {"questions": [{"key": "q", "label": "问", "type": kind, **more}]}})
    if code is None:
        assert world.ticket(answers={"q": value}).answered == ["q"]
        return
    with pytest.raises(Invalid) as refused:
        world.ticket(answers={"q": value})
    assert faults(refused) == {("answers.q", code)}


def test_sealed_answers_stand_nowhere_in_plain_and_are_shown_to_whoever_says_why() -> None:
    world = World({"registration": {"questions": SEALED}})
    ticket = world.ticket(answers={"id": ID, "real": "欧阳小雨"})
    stored = str(db.session.scalar(text("SELECT answers FROM persons")))
    assert ID not in stored and "欧阳" not in stored and "\\u6b27" not in stored
    _event, _found, person = registrations.read(world.owner, world.slug, ticket.id)
    event = events.read(world.owner, world.slug)
    assert person and questions.shown(event.questions, person.answers) == {"id": "11" + "*" * 13 + "02X", "real": "欧**雨"}
    with pytest.raises(Invalid):
        registrations.reveal(world.owner, world.slug, ticket.id, " ")
    with pytest.raises(Invalid):
        registrations.reveal(world.owner, world.slug, ticket.id, "王桂芳来电核对")
    assert registrations.reveal(world.owner, world.slug, ticket.id, "核对保险名单") == {"id": ID, "real": "欧阳小雨"}
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "registration.reveal")).one()
    assert entry.detail["reason"] == "核对保险名单" and ID not in str(entry.detail)
    _event, [line] = registrations.export(world.owner, world.slug, plain=True, reason="投保")
    assert line.answers == {"id": ID, "real": "欧阳小雨"}


def test_what_is_answered_at_the_desk_is_shown_with_the_rest() -> None:
    asked = [{"key": "band", "label": "年龄段", "type": "age_band", "ask": "desk", "required": True}, {"key": "wish", "label": "想学什么"}]
    world = World({"registration": {"questions": asked}})
    ticket, phone = world.ticket(answers={"wish": "面塑"}), world.phone()
    assert world.send(phone, checkin(ticket))[0]["questions"][0]["choices"] == list(questions.AGE_BANDS)
    assert world.send(phone, checkin(ticket, answers={"band": "60岁及以上"}))[0]["outcome"] == "admitted"
    event, found, person = registrations.read(world.owner, world.slug, ticket.id)
    assert registrations.answers_of(event, found, person) == {"band": "60岁及以上", "wish": "面塑"}
    _event, [line] = registrations.export(world.owner, world.slug, plain=True, reason="核对")
    assert line.answers == {"band": "60岁及以上", "wish": "面塑"}


def test_a_child_comes_with_its_guardians_own_consent() -> None:
    world = World({"registration": {"members": "names"}})
    adult = {"name": "李明", "age_band": "adult"}
    for data, wanted in (
        ({"party_size": 3, "members": [adult]}, {("members", "required")}),
        ({"party_size": 2, "members": [adult, CHILD]}, {("members", "too_many"), ("guardian", "required"), ("guardian_consent", "required")}),
        ({"party_size": 2, "members": [CHILD], "guardian": "奶奶"}, {("guardian_consent", "required")}),
        ({"party_size": 2, "members": [{"name": "", "age_band": "6岁以下"}], "guardian": "奶奶", "guardian_consent": True}, {("members.0.name", "required")}),
        ({"party_size": 2, "members": [{"name": "甲", "age_band": "老"}]}, {("members.0.age_band", "choice")}),
        ({"party_size": 2, "members": "甲"}, {("members", "type")}),
    ):
        with pytest.raises(Invalid) as refused:
            world.ticket(**data)
        assert faults(refused) == wanted, data
    made = world.ticket(3, members=[adult, CHILD], guardian="奶奶", guardian_consent=True)
    person = db.session.get_one(Person, made.id)
    assert (person.members, person.guardian, made.guardian_version) == ([adult, CHILD], "奶奶", registrations.CONSENT_VERSION) and made.guardian_at
    registrations.change(world.owner, world.slug, made.id, {"party_size": 2})
    assert db.session.get_one(Person, made.id).members == [adult]
    retention.erase(world.slug)
    assert "小宝" not in str(db.session.execute(text("SELECT * FROM persons")).all())


def test_by_number_nothing_of_companions_is_kept() -> None:
    world = World()
    made = world.ticket(2, members=[CHILD])
    assert db.session.get_one(Person, made.id).members == [] and made.guardian_at is None
    with pytest.raises(Invalid):
        events.change(world.owner, world.slug, {"registration": {"members": "names", "max_party": 11}})


def test_a_number_holds_as_many_registrations_as_the_organizer_lets_it() -> None:
    world = World({"registration": {"per_phone": 2}})
    same = {"name": "王桂芳", "phone": "13800001234", "consent": True}
    first = registrations.register(PUBLIC, world.slug, same).registration.id
    registrations.register(PUBLIC, world.slug, {**same, "name": "李明"})
    with pytest.raises(Conflict) as refused:
        registrations.register(PUBLIC, world.slug, same)
    assert refused.value.code == "phone_limit" and "王" not in refused.value.sentence()
    registrations.register(world.owner, world.slug, same)  # the desk may
    world.ticket()
    third = db.session.scalars(select(Registration.id).where(Registration.seq == 3)).one()
    assert third != first
    registrations.cancel(world.owner, world.slug, first)
    registrations.cancel(world.owner, world.slug, third)
    registrations.register(PUBLIC, world.slug, same)


def test_doubles_are_shown_and_not_merged() -> None:
    world = World()
    first = world.ticket(name="王桂芳")
    phone = db.session.get_one(Person, first.id).phone
    same_phone = registrations.register(world.owner, world.slug, {"name": "李明", "phone": phone}).registration
    same_name = registrations.register(world.owner, world.slug, {"name": "王桂芳"}).registration
    world.ticket(name="王桂芳")  # another number: another person
    event = events.read(world.owner, world.slug)
    found = registrations.doubles_of(event, first, db.session.get(Person, first.id))
    assert [(double.id, double.why) for double in found] == [(same_phone.id, "phone"), (same_name.id, "name")]
