"""English pages hold no Chinese: every page of an event whose own texts are English, in English, in its states and with its errors."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from eventsvc.db import db
from eventsvc.models import Device, Event, Membership, Organization, QuarantinedRecord, Record, Registration, User
from eventsvc.ports import limits
from eventsvc.services import devices, finalizing, imports, quarantine, registrations, slips, venue_codes, wording
from eventsvc.services.actors import device_token, stopped
from eventsvc.web import language
from scripts import messages
from tests.guards.test_catalog import HAN, KEPT_IN_ENGLISH
from tests.guards.sources import PROJECT, read
from tests.services.world import World, checkin, record, tally
from tests.web.console import BASE, Console
from tests.web.conftest import NewWorld
from tests.web.visitor import Visitor, form_with

FAIR = {
    "slug": "fair",
    "title": "Lantern Fair",
    "short_title": "Fair",
    "venue": "Old Wall",
    "host": "District Office",
    "undertaker": "Culture Centre",
    "description": "Paper cutting and dough figures.",
    "contact_phone": "0371-12345678",
    "areas": [{"key": "quiet", "name": "Quiet area", "kind": "zone"}, {"key": "s1", "name": "Stall 1", "kind": "stall", "parent": "quiet"}],
    "sessions": [{"key": "paper", "name": "Paper cutting", "capacity": 5, "starts_at": "2026-08-14T19:00:00+08:00"}],
    "checkpoints": [{"key": "gate", "name": "East gate", "rule": "once", "entrance": True, "by_oneself": "screen"}, {"key": "stage", "name": "Stage", "rule": "each_time"}, {"key": "lane", "name": "Lane", "rule": "stamp", "by_oneself": "word"}],
    "counters": [
        {"key": "heads", "name": "visitors", "kind": "headcount", "unit": "visits"},
        {"key": "leaflets", "name": "leaflets", "kind": "handout", "unit": "copies", "verb": "Gave ", "stock": 100},
        {"key": "consult", "name": "questions", "kind": "consultation", "unit": "visits", "verb": "Took ", "topics": ["Services"]},
        {"key": "boards", "name": "boards", "kind": "material", "unit": "pieces", "reported": {"value": 20, "qualifier": "over_yu", "source": "Office"}},
    ],
    "registration": {"max_party": 9, "questions": [{"key": "wish", "label": "What to learn"}]},
}
OWN_CHINESE = re.compile(r'<(\w+)(?=[^>]*\blang="zh-CN")[^>]*?(/?)>(?:.*?</\1>)?', re.DOTALL)
IN_THE_API = re.compile("签到码|定稿后?|延期，时间另行通知")  # the domain's own terms, among English sentences for programmers
ON_PAPER = re.compile(r"凭条\d{3}")  # the name that a slip bears until somebody's name is known: as it is printed
OF_THE_BRIEF = [str(messages.kept().get(text).string) for text in KEPT_IN_ENGLISH]  # what the brief would write, quoted
NO_PAGES = {"static", "health.alive", "health.ready", "health.metrics", "web.robots", "web.favicon", "web.scan_worker", "web.scan_static"}
FILES = {"web.calendar", "web.ticket_qr", "web.ticket_calendar", "manage.report_txt", "manage.report_xlsx", "manage.rehearsal_xlsx", "manage.export", "manage.import_template", "manage.import_faults", "manage.live_figures"}


def leaks(html: str) -> list[str]:
    """What stands in Chinese, in text or in an attribute, but for what says that it is Chinese."""
    own = unescape(OWN_CHINESE.sub("", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)))
    for quoted in OF_THE_BRIEF:
        own = own.replace(quoted, "")
    own = ON_PAPER.sub("", own)
    return sorted({found.strip()[:80] for found in re.findall(r"[^<>\n\"]*", own) if HAN.search(found)})


@pytest.mark.parametrize(
    "html",
    ["<p>报名</p>", '<a title="报名">x</a>', '<input placeholder="姓名">', "<p>Names：</p>", "<button data-done='已复制'>Copy</button>", '<p lang="zh-CN">简报</p><p>简报</p>'],
)
def test_the_walk_sees_chinese(html: str) -> None:
    assert leaks(html)


def test_the_walk_lets_the_brief_be_chinese() -> None:
    assert leaks('<p lang="zh-CN">简报 <b>560人次</b></p><button name="lang" lang="zh-CN">中文</button><p>Brief</p>') == []


@pytest.fixture
def world(app: Flask) -> World:
    """A fair in English, in the middle of its evening: people in, a walk-in, refusals, a conflict, counters, figures frozen."""
    limits.reset()
    with app.app_context():
        made = World(FAIR)
        gate, table = made.phone(name="Gate phone"), made.phone("tally", name="Desk phone")
        lost = made.phone("tally", name="Lost phone")
        for phone in db.session.query(Device):
            phone.operator = "Volunteer A"
        db.session.commit()
        family, one = made.ticket(4, "Anna Petrova", sessions=["paper"], answers={"wish": "Paper"}), made.ticket(1, "Ben Carter")
        made.ticket(2, "Cleo Brown")
        made.send(gate, checkin(family, count=3), checkin(one), checkin(one), record("walkin", checkpoint="gate", count=2, operator="Volunteer A"))
        made.send(gate, checkin(one, decided="admitted", reason="came again"), checkin("another code"), checkin(family, "stage", count=4), queued=2)
        made.send(table, tally("consult", topic="Services"), tally("leaflets", 10), tally("heads", 7))
        devices.revoke(made.owner, made.slug, lost.id)
        quarantine.salvage(stopped(device_token(lost.id)), made.slug, {"records": [tally("leaflets"), tally("nothing")]})
        quarantine.accept(made.owner, made.slug, lost.id)
        finalizing.finalize(made.owner, made.slug)
        made.send(table, tally("leaflets", 5))
        return made


def english(visitor: Visitor) -> Visitor:
    visitor.client.set_cookie("lang", "en", domain="example.test", path="/")
    return visitor


@pytest.fixture
def organizer(app: Flask, world: World) -> Console:
    console = Console(app)
    console.client.set_cookie("lang", "en", domain="example.test", path="/")
    with app.app_context():
        db.session.query(Organization).update({"name": "District Office"})
        db.session.query(User).update({"name": "Mia"})
        db.session.commit()
    return console


def brought_in(world: World) -> list[str]:
    """Lists with a good row, a faulty one and one that is there already: one to look at, one imported, one taken back."""
    rows = b"Name,Phone,People\nAnn Grey,1380000,2\nBob Gold,13800007777,many\nCid Lake,13800007778,2\nCid Lake,13800007778,2\n"
    listed = []
    for turn in range(3):
        listed.append(imports.stage_file(world.owner, world.slug, rows.replace(b"777", b"66%d" % turn)))
        if turn:
            imports.start(world.owner, world.slug, listed[-1], channel="desk", consent=True, doubles=True, whole=False)
    imports.undo(world.owner, world.slug, listed[-1])
    return listed


def addresses(app: Flask, world: World) -> Iterator[str]:
    """Every page that there is, with something of the fair in each place; a place that is new has to be named here."""
    with app.app_context():
        registration = db.session.query(Registration).first()
        phone = db.session.query(Device).first()
        row = db.session.query(Record).filter_by(type="tally").first()
        places: dict[str, list[str]] = {
            "slug": [world.slug],
            "code": [registration.code],
            "registration_id": [registration.id],
            "device_id": [phone.id, db.session.query(QuarantinedRecord).first().device_id],
            "decision": ["accept", "refuse"],
            "place": ["gate", "lane", "stage"],
            "proof": ["0" * 16],
            "token": [venue_codes.screen_token(db.session.query(Event).filter_by(slug=world.slug).one(), "gate")],
            "record_id": [row.id],
            "organization_id": [db.session.query(Membership).first().organization_id],
            "member_id": [db.session.query(Membership).first().id],
            "import_id": brought_in(world),
            "manage_token": [registrations.manage_token(registration.id)],
            "key": ["leaflets", "boards", "consult", "heads"],
            "name": ["people_admitted", "entries", "inside", "walkins", "scans", "refused", "conflicts", "unidentified", "self_reported", "records", "checkpoint:gate", "counter:leaflets"],
            "deed": ["cancel", "reissue", "block"],
            "kind": ["txt", "json"],
            "verb": ["publish", "close", "cancel", "finalize"],
        }
        places["batch"] = [str(slips.make(world.owner, world.slug, {"count": 2}))]
        join = devices.invite(world.owner, world.slug, {"name": "East gate", "max_uses": 9}).join_code
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.rule.startswith("/api/v1") or rule.endpoint in NO_PAGES | FILES:
            continue
        listed: list[dict[str, str]] = [{}]
        for name in rule.arguments:
            values = [join] if rule.endpoint == "web.join" else places[name]
            listed = [{**one, name: value} for one in listed for value in values]
        for one in listed:
            with app.test_request_context(base_url=BASE):
                yield app.url_map.bind("example.test").build(rule.endpoint, one)


def test_no_page_holds_chinese(app: Flask, world: World, organizer: Console) -> None:
    seen, found = 0, {}
    with app.app_context():
        waiting = world.ticket(1, "Dana White")
        registrations.cancel(world.owner, world.slug, waiting.id)
    extra = ["/manage/new?template=copy:fair", "/manage/e/fair/live?wall=1", "/manage/e/fair/registrations?status=cancelled", "/nope", f"/t/{waiting.code}"]
    for browser in (organizer.client, english(Visitor(app)).client):
        for address in [*addresses(app, world), *extra]:
            page = browser.get(address, base_url=BASE, follow_redirects=True)
            if page.mimetype == "text/html" and page.status_code < 500:
                seen += 1
                assert '<html lang="en"' in page.text, address
                left = leaks(IN_THE_API.sub("", page.text) if address == "/api/docs" else page.text)
                found |= {address: left} if left else {}
    assert found == {}, "\n".join(f"{address}: {left}" for address, left in found.items())
    assert seen > 60


def list_checked(organizer: Console, page: str) -> TestResponse:
    """A list with every kind of fault, its import refused for want of a tick."""
    rows = "Ann Grey,13800007777,2\n,1380000,\nBob,1.3E+10,many\nCid,13800007777,9\n#REF!,13800007770/13800007771,1\n" + "x" * 60 + ",,1"
    data = {**organizer.fields(page), "file": (io.BytesIO(b"Name,Phone,People\n" + rows.encode()), "a.csv")}
    preview = organizer.client.post(page, data=data, base_url=BASE, content_type="multipart/form-data").headers["Location"]
    return organizer.send(preview, action=preview)


def test_no_error_is_said_in_chinese(app: Flask, world: World, organizer: Console) -> None:
    visitor = english(Visitor(app))
    with app.app_context():
        ticket = db.session.query(Registration).order_by(Registration.seq.desc()).first()
        code, token = ticket.code, registrations.manage_token(ticket.id)
    pages = {
        "nothing": visitor.register("fair", name="", phone="", party_size="", consent=None),
        "wrong": visitor.register("fair", name="x" * 60, phone="1", party_size="99"),
        "digits": visitor.register("fair", name="Eve", phone="138000012345", party_size="3", sessions=["paper"]),
        "full": visitor.register("fair", name="Eve", party_size="3", sessions=["paper"]),
        "lost": visitor.send(visitor.get("/my"), form_with(visitor.get("/my"), "pickup_code"), phone="1", pickup_code="1"),
        "stranger": visitor.send(visitor.get(f"/t/{code}"), form_with(visitor.get(f"/t/{code}"), "phone"), phone="13900009999"),
        "no token": visitor.post("/display"),
        "not allowed": visitor.post("/scan"),
        "no link": visitor.get("/join/NOSUCH"),
    }
    visitor.get(f"/m/{token}")
    own = visitor.get(f"/t/{code}")
    pages["own"] = own
    pages["too many"] = visitor.send(own, form_with(own, "party_size"), party_size="99")
    pages["changed"] = visitor.client.get(visitor.send(own, form_with(own, "party_size"), party_size="3").headers["Location"], base_url=BASE)
    e = "/manage/e/fair"
    pages |= {
        "event": organizer.send(f"{e}/edit", title="", starts_at="yesterday", capacity="many", counters_0_name="x"),
        "new": organizer.send("/manage/new", "/manage/new?template=copy:fair", title="", slug="Bad slug", ends_at="2020-01-01T10:00"),
        "invite": organizer.send(f"{e}/devices", max_uses="0", many="group", scopes=None),
        "tally": organizer.send(f"{e}/tallies/leaflets", value="many"),
        "stocktake": organizer.send(f"{e}/tallies/leaflets/stocktake", f"{e}/tallies/leaflets", taken="5", left="9"),
        "desk": organizer.send(f"{e}/desk", name="", phone="1"),
        "import": organizer.send("/manage/import", text="{"),
        "import more": organizer.send("/manage/import", text='{"title": 5, "kind": "x", "checkpoints": [{}]}'),
        "list": organizer.send(f"{e}/imports", action=None, text=""),
        "list checked": list_checked(organizer, f"{e}/imports"),
        "password": organizer.send("/manage/password", old="x", new="y", again="z"),
    }
    answered = {name: (page.status_code, leaks(page.text)) for name, page in pages.items()}
    assert {name: left for name, (_, left) in answered.items() if left} == {}
    assert {name for name, (status, _) in answered.items() if status >= 500} == set()
    assert sum(400 <= status < 500 for status, _ in answered.values()) > 12


def test_a_volunteer_reads_the_doors_sentence_in_english(app: Flask, world: World) -> None:
    phone = english(Visitor(app))
    with app.app_context():
        code = devices.invite(world.owner, world.slug, {"name": "East gate"}).join_code
        fresh, used = world.ticket(2, "Finn Gray"), db.session.query(Registration).filter_by(seq=2).one()
        fresh_code, used_code = fresh.code, used.code
    join = phone.get(f"/join/{code}")
    assert leaks(join.text) == []
    phone.send(join, form_with(join, "operator"), operator="Volunteer B")
    assert leaks(phone.get("/scan").text) == [] and leaks(phone.get("/scan/help").text) == []
    said = {}
    for ticket in (fresh_code, used_code, "A" * 20):
        check = phone.get(f"/t/{ticket}")
        answer = phone.send(check, form_with(check, "checkpoint"), checkpoint="gate")
        assert leaks(check.text) == [] and leaks(answer.text) == [], ticket
        said[ticket] = answer.text
    assert "Go in" in said[fresh_code] and "party of" in said[fresh_code]
    assert "Already checked in" in said[used_code] and "18:00 East gate" in said[used_code]
    assert "Not found" in said["A" * 20]


def test_every_sentence_of_the_door_has_its_case(app: Flask) -> None:
    cases = json.loads(read(PROJECT / "tests/cases/sentences.json"))
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        for case in cases:
            assert language.sentence_of_scan(case["zh"]) == case["en"]
    for name, sentence in wording.SENTENCES.items():
        pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(sentence))
        assert any(re.fullmatch(pattern, case["zh"]) for case in cases), name


def test_dates_are_on_the_events_clock_in_english(world: World, app: Flask) -> None:
    page = english(Visitor(app)).get("/e/fair")
    assert "Fri 14 Aug 2026" in page.text and "18:00–21:30" in page.text
    assert "2026年" in Visitor(app).get("/e/fair").text


@pytest.mark.parametrize(
    ("written", "shown"),
    [("2020年8月14日下午", "14 Aug 2020, afternoon"), ("8月2日", "2 Aug"), ("近日", "recently"), ("延期，时间另行通知", "Postponed; new time to be announced"), ("next spring", "next spring")],
)
def test_a_date_in_words_is_read_where_it_is_plain(app: Flask, new_world: NewWorld, written: str, shown: str) -> None:
    new_world(starts_at=None, ends_at=None, date_text=written)
    page = english(Visitor(app)).get("/e/ye-shi")
    assert f"<time>{shown}</time>" in page.text
    assert f"<time>{written}</time>" in Visitor(app).get("/e/ye-shi").text
