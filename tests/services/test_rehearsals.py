"""演练: begun only before there are records, reset with the number that was seen, figures at zero, the old epoch kept whole."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from openpyxl import load_workbook

from eventsvc.errors import Conflict, Forbidden, Missing
from eventsvc.ports.clock import FakeClock
from eventsvc.render import brief, text, xlsx
from eventsvc.services import events, figures, finalizing, organizations, registrations, rehearsals
from eventsvc.services.actors import authenticate
from tests.services.world import World, checkin, count_of, record, tally

pytestmark = pytest.mark.usefixtures("app_context")
LATER = {"starts_at": "2026-08-20T18:00:00+08:00", "ends_at": "2026-08-20T21:00:00+08:00"}


def code_of(refused: pytest.ExceptionInfo[Conflict]) -> str:
    return refused.value.code


def test_it_does_not_begin_once_there_are_real_records() -> None:
    world = World(LATER)
    world.send(world.phone(), tally("heads"))
    with pytest.raises(Conflict) as refused:
        rehearsals.start(world.owner, world.slug)
    assert code_of(refused) == "has_records" and refused.value.params == {"records": 1}


def test_a_whole_rehearsal() -> None:
    world = World(LATER)
    gate, ticket = world.phone(), world.ticket(2)
    assert rehearsals.start(world.owner, world.slug).rehearsal
    assert rehearsals.start(world.owner, world.slug).rehearsal, "saying it twice is fine"
    assert world.send(gate, checkin(ticket, count=2), tally("leaflets", 30))[0]["outcome"] == "admitted"
    assert figures.stats(world.owner, world.slug).entries == 2
    told = finalizing.report(world.owner, world.slug)
    assert text.title(told).startswith("【演练】") and brief.paragraph(told).startswith("【演练】") and brief.oneliner(told).endswith("（演练）。")
    for wrong in (1, 3, 0):
        with pytest.raises(Conflict) as refused:
            rehearsals.reset(world.owner, world.slug, wrong)
        assert code_of(refused) == "records_changed" and refused.value.params == {"records": 2}
    event = rehearsals.reset(world.owner, world.slug, 2)
    assert (event.rehearsal, event.epoch, count_of(world)) == (False, 2, 0)
    now = figures.stats(world.owner, world.slug)
    assert (now.entries, now.scans, now.people_admitted, [c.total for c in now.counters]) == (0, 0, 0, [0, 0, 0, 0])
    assert now.people_registered == 2, "registrations are real and stay"
    assert world.send(gate, checkin(ticket))[0]["outcome"] == "not_yet_open", "the clock rules again"
    assert registrations.people_in(event, ticket) == 0
    assert text.title(finalizing.report(world.owner, world.slug)) == "演示夜市"


def test_the_old_records_can_be_taken_out_afterwards() -> None:
    world = World(LATER)
    rehearsals.start(world.owner, world.slug)
    gate, ticket = world.phone(), world.ticket(3)
    world.send(gate, checkin(ticket, count=3), checkin(ticket), tally("leaflets", 30))
    event = rehearsals.reset(world.owner, world.slug, 3, again=True)
    assert event.rehearsal and rehearsals.past(event)[0].records == 3
    world.send(gate, tally("leaflets", 7))
    rehearsals.reset(world.owner, world.slug, 1)
    told, lines = rehearsals.take_out(world.owner, world.slug, 1)
    assert (told.figures.entries, told.figures.refused, told.frozen and told.frozen.figures.entries, told.late) == (3, 1, 3, {})
    assert [line.quantity for line in lines] == [3, 1, 30]
    book = load_workbook(BytesIO(xlsx.workbook(told, lines)))
    assert "【演练】" in str(book.worksheets[0]["A1"].value)
    assert [one.records for one in rehearsals.past(event)] == [1, 3]
    for epoch in (0, 3, 4):
        with pytest.raises(Missing):
            rehearsals.take_out(world.owner, world.slug, epoch)


def test_real_records_are_never_put_aside() -> None:
    world = World()
    world.send(world.phone(), checkin(world.ticket()))
    for again in (False, True):
        with pytest.raises(Conflict) as refused:
            rehearsals.reset(world.owner, world.slug, 1, again=again)
        assert code_of(refused) == "not_rehearsing"
    assert figures.stats(world.owner, world.slug).entries == 1


def test_a_rehearsal_without_records_ends_quietly() -> None:
    world = World(LATER)
    rehearsals.start(world.owner, world.slug)
    event = rehearsals.reset(world.owner, world.slug, 0)
    assert (event.rehearsal, event.epoch) == (False, 1)
    assert not rehearsals.reset(world.owner, world.slug, 0).rehearsal, "sent twice"


def test_what_a_phone_held_back_from_the_rehearsal_stays_with_it(clock: FakeClock) -> None:
    world = World()
    rehearsals.start(world.owner, world.slug)
    gate, ticket = world.phone(), world.ticket()
    held = checkin(ticket, decided="admitted")
    world.send(gate, tally("heads"))
    clock.advance(minutes=5)
    rehearsals.reset(world.owner, world.slug, 1)
    clock.advance(minutes=5)
    real = checkin(ticket)
    assert [answer["outcome"] for answer in world.send(gate, held, real)] == ["admitted", "admitted"]
    assert world.send(gate, checkin(ticket))[0]["outcome"] == "already_used"
    assert figures.stats(world.owner, world.slug).entries == 1
    assert rehearsals.take_out(world.owner, world.slug, 1)[0].late == {"people_admitted": 1, "entries": 1, "scans": 1}


def test_a_wrong_phone_clock_does_not_move_real_records_into_the_rehearsal(clock: FakeClock) -> None:
    world = World()
    rehearsals.start(world.owner, world.slug)
    gate = world.phone()
    world.send(gate, tally("heads"))
    rehearsals.reset(world.owner, world.slug, 1)
    clock.advance(minutes=5)
    behind = timedelta(days=-1)
    row = record("tally", at=clock.now() + behind, counter="heads", quantity=4)
    world.send(gate, row, skew=behind)
    assert figures.stats(world.owner, world.slug).counters[0].total == 4


def test_who_may_rehearse() -> None:
    world = World(LATER)
    viewer = authenticate(organizations.create_token("demo", "viewer"))
    for actor, kind in ((viewer, Forbidden), (world.phone(), Forbidden), (authenticate(organizations.create_token("far")), Missing)):
        for deed in (lambda who: rehearsals.start(who, world.slug), lambda who: rehearsals.reset(who, world.slug, 0)):
            with pytest.raises((kind, Missing) if kind is Missing else kind):
                deed(actor)
    events.cancel(world.owner, world.slug)
    with pytest.raises(Conflict):
        rehearsals.start(world.owner, world.slug)
