"""Messages: written with their cause and only then, sent once a cause, true when they go out, and nobody's name in the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, inspect, select, text

from eventsvc.db import db, transaction
from eventsvc.errors import Invalid
from eventsvc.models import Message, Person, Registration
from eventsvc.ports.carrier import Down, Fake, Later, Letter, Never, Note
from eventsvc.ports.clock import FakeClock
from eventsvc.services import events, messages, registrations, retention, upkeep
from eventsvc.services.actors import PUBLIC, Actor
from eventsvc.services.messages import sending
from tests.services.world import World

TOMORROW = {"starts_at": "2026-08-15T18:00:00+08:00", "ends_at": "2026-08-15T21:30:00+08:00", "venue": "商都遗址城墙下", "contact_phone": "0371-66666666"}


@pytest.fixture
def carriers(app_context: Flask) -> Iterator[tuple[Fake, Fake]]:
    """A mail server and a text message service that keep what they are given."""
    mail, sms = Fake(), Fake()
    messages.use(mail, sms)
    yield mail, sms
    messages.use(None, None)


@pytest.fixture
def world(carriers: tuple[Fake, Fake]) -> World:
    """An event tomorrow evening, when both channels are set up."""
    return World({**TOMORROW, "registration": {"capacity": 2}})


def outbox() -> list[tuple[str, str, str | None]]:
    """What is in the outbox: template, state, reason; in order of writing."""
    db.session.rollback()
    db.session.expire_all()
    return [(m.template, m.state, m.reason) for m in db.session.scalars(select(Message).order_by(Message.id))]


def holder(registration: Registration) -> Actor:
    """The browser of whoever registered."""
    return Actor("public", holds=frozenset({registration.id}))


def templates(carrier: Fake) -> list[str]:
    """The templates of the text messages that went out."""
    return [note.template for note in carrier.sent if isinstance(note, Note)]


def test_a_confirmation_goes_out_by_mail_where_there_is_an_address(world: World, carriers: tuple[Fake, Fake]) -> None:
    mail, sms = carriers
    ticket = world.ticket(email="Wang@Example.COM")
    assert mail.sent == [] and outbox() == [("confirmed", "waiting", None)]
    assert sending.deliver() == sending.Delivered(sent=1)
    (letter,) = mail.sent
    assert isinstance(letter, Letter) and letter.to == "Wang@example.com"
    for part in ("王桂芳", "演示夜市", "8月15日（周六）18:00", "商都遗址城墙下", ticket.pickup_code, f"https://example.test/t/{ticket.code}", "0371-66666666"):
        assert part in letter.text
    assert letter.message_id.endswith("@example.test>") and sms.sent == [] and outbox() == [("confirmed", "sent", None)]
    assert sending.deliver() == sending.Delivered()


def test_else_by_text_message_and_a_landline_gets_none(world: World, carriers: tuple[Fake, Fake]) -> None:
    _mail, sms = carriers
    ticket = world.ticket()
    world.ticket(phone="0371-12345678")
    assert sending.deliver().sent == 1
    (note,) = sms.sent
    assert isinstance(note, Note) and note.to.startswith("+861390000") and ticket.pickup_code in note.text and note.text.startswith("【")
    assert outbox()[1] == ("confirmed", "dropped", "no_channel")


def test_a_wrong_address_is_a_fault_and_none_is_asked_for_without_mail(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        world.ticket(email="wang@@example")
    assert [(fault.field, fault.code) for fault in refused.value.faults] == [("email", "email")]
    messages.use(None, None)
    ticket = world.ticket(email="wang@example.com")
    assert db.session.get_one(Person, ticket.id).email is None and outbox() == []


def test_what_is_rolled_back_is_not_told(world: World) -> None:
    @transaction
    def breaks() -> None:
        world.ticket()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        breaks()
    assert outbox() == []


def test_the_waitlist_and_its_promotion(world: World, carriers: tuple[Fake, Fake]) -> None:
    _mail, sms = carriers
    first, second, third = world.ticket(2), world.ticket(1), world.ticket(1)
    sending.deliver()
    assert templates(sms) == ["confirmed", "waitlisted", "waitlisted"] and "候补第2位" in sms.sent[2].text
    registrations.cancel(holder(first), world.slug, first.id)
    assert db.session.get_one(Registration, second.id).status == db.session.get_one(Registration, third.id).status == "confirmed"
    sending.deliver()
    assert sorted(templates(sms)[3:]) == ["cancelled", "promoted", "promoted"]
    upkeep.work()
    assert sending.deliver() == sending.Delivered()


def test_a_change_is_told_when_somebody_else_made_it(world: World, carriers: tuple[Fake, Fake]) -> None:
    _mail, sms = carriers
    ticket = world.ticket(2)
    registrations.change(holder(ticket), world.slug, ticket.id, {"party_size": 1})
    registrations.change(world.owner, world.slug, ticket.id, {"note": "轮椅"})
    registrations.change(world.owner, world.slug, ticket.id, {"party_size": 2})
    sending.deliver()
    assert templates(sms) == ["confirmed", "resized"] and "改为2位" in sms.sent[1].text


def test_postponing_tells_everybody_once_however_often_it_is_pressed(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    world.ticket(1), world.ticket(1), world.ticket(1)  # the third waits
    gone = world.ticket(1)
    registrations.cancel(holder(gone), world.slug, gone.id)
    sending.deliver()
    sms.sent.clear()
    for _press in range(4):
        events.postpone(world.owner, world.slug, {"starts_at": "2026-08-16T09:00:00+08:00"})
    sending.deliver()
    assert templates(sms) == ["postponed"] * 3 and all("8月16日09:00" in note.text for note in sms.sent)
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-17T09:00:00+08:00"})
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-16T09:00:00+08:00"})
    sending.deliver()
    assert templates(sms) == ["postponed"] * 6, "a moment later moved and moved back: told once, what is true now"
    assert all("8月16日09:00" in note.text for note in sms.sent)


def test_a_new_place_is_told_and_other_edits_are_not(world: World, carriers: tuple[Fake, Fake]) -> None:
    _mail, sms = carriers
    world.ticket()
    sending.deliver()
    events.change(world.owner, world.slug, {"description": "新的说明"})
    events.change(world.owner, world.slug, {"venue": "南关街文化广场"})
    sending.deliver()
    assert templates(sms)[1:] == ["moved"] and "南关街文化广场" in sms.sent[1].text


def test_cancelling_the_event_silences_everything_else(world: World, carriers: tuple[Fake, Fake]) -> None:
    _mail, sms = carriers
    world.ticket()
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-16T09:00:00+08:00"})
    events.cancel(world.owner, world.slug)
    events.cancel(world.owner, world.slug)
    sending.deliver()
    assert templates(sms) == ["event_cancelled"]
    assert [state for _template, state, _reason in outbox()] == ["dropped", "dropped", "sent"]


def test_the_reminder_of_the_evening_before(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    clock.advance(hours=-2)
    world.ticket(1), world.ticket(1), world.ticket(1)
    sending.deliver()
    sms.sent.clear()
    assert upkeep.work().reminded == 0
    clock.advance(hours=2, minutes=1)
    assert (upkeep.work().reminded, upkeep.work().reminded) == (2, 0)
    sending.deliver()
    assert templates(sms) == ["reminder", "reminder"]
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-16T18:00:00+08:00"})
    clock.advance(days=1)
    assert upkeep.work().reminded == 2, "the new day has an evening before of its own"


def test_a_reminder_that_came_too_late_is_not_sent(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    clock.advance(hours=-2)
    world.ticket()
    sending.deliver()
    clock.advance(hours=3)
    upkeep.work()
    events.change(world.owner, world.slug, {"starts_at": "2026-08-15T17:00:00+08:00"})
    sending.deliver()
    assert templates(sms) == ["confirmed", "moved"]


def test_no_text_message_rings_at_night(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    clock.advance(hours=4)  # 22:00
    world.ticket()
    assert sending.deliver() == sending.Delivered() and sms.sent == []
    clock.advance(hours=9, minutes=59)
    assert sending.deliver() == sending.Delivered()
    clock.advance(minutes=1)
    assert sending.deliver().sent == 1


def test_what_concerns_this_night_rings_all_the_same(carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    world = World({**TOMORROW, "starts_at": "2026-08-15T08:30:00+08:00"})
    world.ticket()
    sending.deliver()
    clock.advance(hours=4)
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-29T08:30:00+08:00"})
    assert sending.deliver().sent == 1 and templates(sms)[-1] == "postponed"


def test_one_number_gets_no_more_a_day_than_the_carrier_takes(carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    _mail, sms = carriers
    sms.day_limit = 2
    world = World(TOMORROW)
    clock.advance(hours=-8)
    for _family in range(3):
        world.ticket(phone="13800001234")
    assert sending.deliver().sent == 2
    clock.advance(hours=9)
    assert sending.deliver().sent == 0, "counted over a day, whatever the calendar says"
    clock.advance(hours=15)
    assert outbox()[2][:2] == ("confirmed", "waiting")


def test_it_is_tried_again_ever_more_slowly_and_given_up(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    mail, _sms = carriers
    world.ticket(email="a@example.com")
    times = []

    def trouble(_letter: Any) -> None:
        times.append(clock.now())
        raise Later("smtp 451")

    mail.trouble = trouble
    events.change(world.owner, world.slug, {"starts_at": "2026-08-20T18:00:00+08:00", "ends_at": None})
    for _minute in range(24 * 60):
        sending.deliver()
        clock.advance(minutes=1)
    assert [one for one in outbox() if one[0] == "confirmed"] == [("confirmed", "failed", "smtp 451")]
    assert len(times) == 2 * sending.ATTEMPTS
    waits = [later - earlier for earlier, later in zip(times[::2], times[2::2], strict=False)]
    assert waits[0] < timedelta(minutes=3) < waits[-1]


def test_a_refused_address_is_not_tried_again(world: World, carriers: tuple[Fake, Fake]) -> None:
    mail, _sms = carriers

    def never(_letter: Any) -> None:
        raise Never("smtp 550")

    mail.trouble = never
    world.ticket(email="a@example.com")
    assert sending.deliver() == sending.Delivered(failed=1) and outbox() == [("confirmed", "failed", "smtp 550")]


def test_a_mail_server_out_of_reach_holds_no_text_message_up(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    mail, sms = carriers
    tries = []

    def down(letter: Any) -> None:
        tries.append(letter)
        raise Down("smtp TimeoutError")

    mail.trouble = down
    world.ticket(email="a@example.com")
    world.ticket(email="b@example.com")
    world.ticket()
    assert sending.deliver() == sending.Delivered(sent=1, later=1)
    assert len(tries) == 1 and templates(sms) == ["waitlisted"], "it is knocked at once a round"
    mail.trouble = None
    clock.advance(minutes=3)
    assert sending.deliver().sent == 2


def test_a_dead_workers_message_is_sent_again_under_the_same_id(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    mail, _sms = carriers
    world.ticket(email="a@example.com")
    taken = sending.claim()
    assert isinstance(taken, sending.InHand)
    mail.send(taken.thing)  # and then it was killed
    assert sending.deliver() == sending.Delivered(), "it is still in hand"
    clock.advance(minutes=4)
    assert sending.deliver().sent == 1
    first, second = mail.sent
    assert first.message_id == second.message_id
    sending.settle(taken, "failed", "late")
    assert outbox() == [("confirmed", "sent", None)], "the dead one's lease is void"


def test_without_channels_only_those_who_must_be_called_are_kept(app_context: Flask) -> None:
    messages.use(None, None)
    world = World({**TOMORROW, "registration": {"capacity": 2}})
    first, second = world.ticket(2), world.ticket(1)
    assert outbox() == []
    registrations.cancel(holder(first), world.slug, first.id)
    assert outbox() == [("promoted", "call", None)]
    events.postpone(world.owner, world.slug, {"starts_at": "2026-08-16T09:00:00+08:00"})
    assert outbox() == [("promoted", "call", None), ("postponed", "call", None)] and second.id


def test_an_erased_person_is_nowhere_and_nothing_is_sent(world: World, carriers: tuple[Fake, Fake], clock: FakeClock) -> None:
    mail, sms = carriers
    world.ticket(name="独孤无双", phone="13877776666", email="wushuang@example.com")
    world.ticket(name="独孤无双", phone="13877776666")
    sms.trouble = mail.trouble = lambda _letter: (_ for _ in ()).throw(Later("smtp 451"))
    sending.deliver()
    retention.erase(world.slug)
    clock.advance(hours=1)
    sms.trouble = mail.trouble = None
    assert sending.deliver() == sending.Delivered()
    assert outbox() == [("confirmed", "dropped", "erased")] * 2
    dumped = dump()
    for trace in ("独孤", "13877776666", "wushuang", "77776666"):
        assert trace not in dumped


def dump() -> str:
    """Every row of every table as text."""
    names = inspect(db.engine).get_table_names()
    return "\n".join(str(tuple(row)) for name in names for row in db.session.execute(text(f'SELECT * FROM "{name}"')))


def test_a_person_deleted_by_themselves_takes_the_message_along(world: World, carriers: tuple[Fake, Fake]) -> None:
    ticket = world.ticket()

    @transaction
    def forget() -> None:
        db.session.execute(delete(Person).where(Person.registration_id == ticket.id))

    forget()
    sending.deliver()
    assert outbox() == [("confirmed", "dropped", "erased")]


def test_the_demo_never_writes_to_anybody(carriers: tuple[Fake, Fake]) -> None:
    world = World(TOMORROW)
    events.mark(events.read(PUBLIC, world.slug).id, demo=True)
    world.ticket()
    events.cancel(world.owner, world.slug)
    assert outbox() == []
