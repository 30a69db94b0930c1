"""Every page there is: who opens it, its address, and what is done there to see one of its states."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.crowd import LONG_NAME, Crowd

Deed = Callable[[Page], None]


@dataclass(frozen=True)
class Sight:
    """One page in one state. ``{…}`` in the address is filled in from the crowd."""

    name: str
    who: str
    path: str
    deed: Deed | None = None

    def address(self, crowd: Crowd) -> str:
        """Where the page is."""
        tickets = {f"{kind}_code": ticket.code for kind, ticket in crowd.tickets.items()}
        parties = {f"{kind}_id": ticket.id for kind, ticket in crowd.tickets.items()}
        ids = {"record": crowd.record_id, "device": crowd.device_id, "lost": crowd.lost_id, "join": crowd.join_code, "member": crowd.member_id, "organization": crowd.organization_id, "screen": crowd.screen_token, "import_draft": crowd.imports[0], "import_done": crowd.imports[1]}
        return self.path.format(**tickets, **parties, **ids)


def send(selector: str) -> Deed:
    """Send a form as it stands, past the browser's own checks, so that the server's complaints are seen."""

    def deed(page: Page) -> None:
        page.locator(f"{selector} >> nth=0").evaluate("form => { form.noValidate = true; form.requestSubmit(); }")
        page.wait_for_load_state("load")
        expect(page.locator(".is-invalid, .has-error, .alert-stop, .alert-danger").first).to_be_visible()

    return deed


def ready(page: Page) -> None:
    """The scanner has its session."""
    expect(page.locator("[data-scan][data-mode=ready]")).to_be_visible()


def typed(code: str) -> Deed:
    """The scanner has answered a typed code; the answer stays."""

    def deed(page: Page) -> None:
        ready(page)
        page.locator("[data-hook=code-input]").fill(code)
        page.locator("[data-hook=code-input]").press("Enter")
        expect(page.locator("[data-hook=result]")).to_have_attribute("data-pending", "0")

    return deed


def unjoined(page: Page) -> None:
    """The scanner knows that it has not joined."""
    expect(page.locator("[data-notice=unjoined]")).to_be_visible()


def invited(page: Page) -> None:
    """A join link and its QR code are on the page."""
    page.locator("#name").fill("西门检票口（夜市二组）的第一台志愿者手机")
    page.locator("form:has(#name)").first.evaluate("form => form.requestSubmit()")
    expect(page.locator("img[data-hook=join-qr]")).to_be_visible()


def added(page: Page) -> None:
    """A new member's one-time password is on the page."""
    page.locator("#email").fill(f"{uuid.uuid4().hex}@office.example.test")
    page.locator("form:has(#email)").evaluate("form => form.requestSubmit()")
    expect(page.locator("[data-hook=one-time-password]")).to_be_visible()


def too_many(page: Page) -> None:
    """More slips than one print has were asked for."""
    page.locator("#count").fill("9999")
    send("main form[action$='/slips']")(page)


def printed(page: Page) -> None:
    """The sheet to print is there."""
    page.locator("main form[action$='/sign-in-sheet']").evaluate("form => form.requestSubmit()")
    expect(page.locator(".desk-sheet tbody tr").first).to_be_visible()


def twice(page: Page) -> None:
    """The name and the number of one's own ticket were sent once more."""
    page.locator("#name").fill(LONG_NAME)
    page.locator("#phone").fill("13800000000")
    page.locator("form#registration").evaluate("form => form.requestSubmit()")
    expect(page.locator(".alert a.btn-primary")).to_be_visible()


def opened(page: Page) -> None:
    """Every folded part is open."""
    page.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")


def proven(then: str = "") -> Deed:
    """The whole number was typed on 我的信息; ``then`` a page that only then is shown."""

    def deed(page: Page) -> None:
        if then and page.locator("form[data-hook=erase]").count():
            return  # typed a moment ago
        if page.locator("form[data-hook=prove]").count():
            page.locator("form[data-hook=prove] [name=phone]").fill("13800000000")
            page.locator("form[data-hook=prove]").evaluate("form => form.requestSubmit()")
        expect(page.locator("form[data-hook=correct]")).to_be_visible()
        if then:
            page.goto(re.sub(r"/data$", then, page.url.split("#")[0]))
            expect(page.locator("form[data-hook=erase]")).to_be_visible()

    return deed


def many(deed: str, done: bool = False) -> Deed:
    """Two are ticked for a deed, up to the question whether (``done``: to what became of it)."""

    def go(page: Page) -> None:
        for number in (2, 3):
            page.locator("input[name=id]").nth(number).check()
        page.locator("#deed").select_option(deed)
        page.locator("#many").evaluate("form => form.requestSubmit()")
        page.wait_for_url("**/registrations/bulk")
        if done:
            page.locator("form[action$='bulk/do']").evaluate("form => form.requestSubmit()")
            page.wait_for_url("**/bulk/do")

    return go


NOTHING = [
    Sight("home", "stranger", "/"),
    Sight("my", "stranger", "/my"),
    Sight("console", "member", "/manage/"),
    Sight("journal", "member", "/manage/journal"),
]
EVENT, CONSOLE = "/e/big", "/manage/e/big"
EVERY = [
    Sight("home", "stranger", "/"),
    Sight("event", "stranger", EVENT),
    Sight("event-wrong", "stranger", EVENT, send("form#register, #register form, main form[method=post]")),
    Sight("event-mine", "resident", EVENT),
    Sight("event-twice", "resident", EVENT, twice),
    Sight("event-full", "stranger", "/e/full"),
    Sight("event-over", "stranger", "/e/over"),
    Sight("event-called-off", "stranger", "/e/called-off"),
    Sight("privacy", "stranger", f"{EVENT}/privacy"),
    Sight("my-nobody", "stranger", "/my"),
    Sight("my", "resident", "/my"),
    Sight("ticket", "resident", "/t/{whole_code}"),
    Sight("ticket-cancelled", "resident", "/t/{cancelled_code}"),
    Sight("ticket-blocked", "resident", "/t/{blocked_code}"),
    Sight("ticket-waiting", "resident", "/t/{waiting_code}"),
    Sight("ticket-offered", "resident", "/t/{offered_code}"),
    Sight("ticket-lining", "resident", "/t/{lining_code}"),
    Sight("event-sessions", "stranger", "/e/held"),
    Sight("here", "resident", f"{EVENT}/here/gate"),
    Sight("here-one", "resident", f"{EVENT}/here/gate?of={{whole_id}}"),
    Sight("here-word", "resident", f"{EVENT}/here/p-3?of={{whole_id}}"),
    Sight("here-wrong", "resident", f"{EVENT}/here/p-3?of={{whole_id}}", send("form[data-hook=check-in]")),
    Sight("here-nobody", "stranger", f"{EVENT}/here/p-3"),
    Sight("here-nobody-wrong", "stranger", f"{EVENT}/here/p-3", send("form[data-hook=find]")),
    Sight("here-where", "stranger", f"{EVENT}/here"),
    Sight("here-off", "stranger", f"{EVENT}/here/p-1"),
    Sight("card", "stranger", f"{EVENT}/card"),
    Sight("venue-screen", "stranger", f"{EVENT}/here/gate/screen/{{screen}}"),
    Sight("data", "resident", "/t/{blocked_code}/data"),
    Sight("data-wrong", "resident", "/t/{blocked_code}/data", send("form[data-hook=prove]")),
    Sight("data-proven", "resident", "/t/{whole_code}/data", proven()),
    Sight("data-erase", "resident", "/t/{whole_code}/erase", proven("/erase")),
    Sight("ticket-stranger", "stranger", "/T/{whole_code}"),
    Sight("ticket-wrong", "stranger", "/t/{whole_code}", send("form[action$=unlock]")),
    Sight("no-ticket", "stranger", "/t/00000000000000000000"),
    Sight("no-page", "stranger", "/nothing-is-here"),
    Sight("join", "stranger", "/join/{join}"),
    Sight("join-wrong", "stranger", "/join/{join}", send("main form[method=post]")),
    Sight("join-unknown", "stranger", "/join/NOSUCHCODE"),
    Sight("scan-unjoined", "stranger", "/scan", unjoined),
    Sight("scan-help", "stranger", "/scan/help"),
    Sight("scan", "volunteer", "/scan", ready),
    Sight("scan-refused", "volunteer", "/scan", typed("0" * 20)),
    Sight("check-in", "volunteer", "/t/{taken_code}"),
    Sight("check-in-whole", "volunteer", "/t/{whole_code}"),
    Sight("api-docs", "stranger", "/api/docs"),
    Sight("sign-in", "stranger", "/manage/sign-in"),
    Sight("sign-in-wrong", "stranger", "/manage/sign-in", send("main form[method=post]")),
    Sight("password-first", "newcomer", "/manage/password"),
    Sight("password-wrong", "newcomer", "/manage/password", send("main form[method=post]")),
    Sight("console", "member", "/manage/"),
    Sight("journal", "member", "/manage/journal"),
    Sight("members", "member", "/manage/members"),
    Sight("members-viewer", "viewer", "/manage/members"),
    Sight("members-wrong", "member", "/manage/members", send("form[action*='/members/of/']")),
    Sight("member-added", "member", "/manage/members", added),
    Sight("organization-name", "member", "/manage/members/of/{organization}/name"),
    Sight("member", "member", "/manage/members/{member}"),
    Sight("tokens", "member", "/manage/tokens"),
    Sight("new", "member", "/manage/new"),
    Sight("new-form", "member", "/manage/new?template=fair", opened),
    Sight("new-wrong", "member", "/manage/new?template=fair", send("main form[method=post]")),
    Sight("import-new", "member", "/manage/import"),
    Sight("draft", "member", "/manage/e/draft/"),
    Sight("draft-people", "member", "/manage/e/draft/registrations"),
    Sight("draft-phones", "member", "/manage/e/draft/devices"),
    Sight("draft-live", "member", "/manage/e/draft/live"),
    Sight("draft-report", "member", "/manage/e/draft/report"),
    Sight("draft-conflicts", "member", "/manage/e/draft/conflicts"),
    Sight("draft-tallies", "member", "/manage/e/draft/tallies"),
    Sight("overview", "member", f"{CONSOLE}/"),
    Sight("overview-viewer", "viewer", f"{CONSOLE}/"),
    Sight("forbidden", "viewer", f"{CONSOLE}/edit"),
    Sight("edit", "member", f"{CONSOLE}/edit", opened),
    Sight("poster", "member", f"{CONSOLE}/poster"),
    Sight("team-sheet", "member", f"{CONSOLE}/team-sheet"),
    Sight("slips", "member", f"{CONSOLE}/slips"),
    Sight("slips-wrong", "member", f"{CONSOLE}/slips", too_many),
    Sight("slips-viewer", "viewer", f"{CONSOLE}/slips"),
    Sight("slips-void", "member", f"{CONSOLE}/slips/1/void"),
    Sight("draft-slips", "member", "/manage/e/draft/slips"),
    Sight("sign-in-sheet", "member", f"{CONSOLE}/sign-in-sheet"),
    Sight("sign-in-sheet-printed", "member", "/manage/e/full/sign-in-sheet", printed),
    Sight("paper-list", "member", f"{CONSOLE}/paper-list"),
    Sight("paper-list-wrong", "member", f"{CONSOLE}/paper-list", send("main form[action$='/paper-list']")),
    Sight("rehearsal", "member", "/manage/e/draft/rehearsal"),
    Sight("rehearsal-refused", "member", f"{CONSOLE}/rehearsal"),
    Sight("rehearsing", "member", "/manage/e/try-out/rehearsal"),
    Sight("rehearsing-overview", "member", "/manage/e/try-out/"),
    Sight("rehearsing-wall", "member", "/manage/e/try-out/live?wall=1"),
    Sight("import", "member", f"{CONSOLE}/import"),
    Sight("self-checkin", "member", f"{CONSOLE}/self-checkin"),
    Sight("self-checkin-word", "member", f"{CONSOLE}/self-checkin/p-3/word"),
    Sight("self-checkin-none", "member", "/manage/e/full/self-checkin"),
    Sight("queues", "member", f"{CONSOLE}/queues"),
    Sight("queues-none", "viewer", "/manage/e/full/queues"),
    Sight("series", "member", f"{CONSOLE}/series", opened),
    Sight("series-draft", "member", "/manage/e/draft/series"),
    Sight("people", "member", f"{CONSOLE}/registrations"),
    Sight("waitlist", "member", "/manage/e/held/waitlist"),
    Sight("waitlist-viewer", "viewer", "/manage/e/full/waitlist"),
    Sight("waitlist-none", "member", f"{CONSOLE}/waitlist"),
    Sight("units", "member", f"{CONSOLE}/units"),
    Sight("units-viewer", "viewer", f"{CONSOLE}/units"),
    Sight("draft-units", "member", "/manage/e/draft/units"),
    Sight("people-sieved", "member", f"{CONSOLE}/registrations?status=confirmed&order=name"),
    Sight("people-many", "member", f"{CONSOLE}/registrations", many("cancel")),
    Sight("people-many-done", "member", f"{CONSOLE}/registrations?status=pending", many("approve", done=True)),
    Sight("imports", "member", f"{CONSOLE}/imports"),
    Sight("imports-wrong", "member", f"{CONSOLE}/imports", send("main form[method=post]")),
    Sight("import-checked", "member", f"{CONSOLE}/imports/{{import_draft}}", opened),
    Sight("import-refused", "member", f"{CONSOLE}/imports/{{import_draft}}", send("form:has(#consent)")),
    Sight("import-done", "member", f"{CONSOLE}/imports/{{import_done}}"),
    Sight("import-undo", "member", f"{CONSOLE}/imports/{{import_done}}/undo"),
    Sight("export", "member", f"{CONSOLE}/registrations/export"),
    Sight("messages", "member", f"{CONSOLE}/messages"),
    Sight("calls", "member", f"{CONSOLE}/calls"),
    Sight("calls-viewer", "viewer", f"{CONSOLE}/calls"),
    Sight("party", "member", f"{CONSOLE}/registrations/{{whole_id}}"),
    Sight("party-cancel", "member", f"{CONSOLE}/registrations/{{whole_id}}/cancel"),
    Sight("party-pause", "member", f"{CONSOLE}/registrations/{{whole_id}}/pause"),
    Sight("party-excuse", "member", f"{CONSOLE}/registrations/{{whole_id}}/excuse"),
    Sight("party-erase", "member", f"{CONSOLE}/registrations/{{whole_id}}/erase"),
    Sight("desk", "member", f"{CONSOLE}/desk"),
    Sight("desk-wrong", "member", f"{CONSOLE}/desk", send("main form[method=post]")),
    Sight("phones", "member", f"{CONSOLE}/devices"),
    Sight("phones-invited", "member", f"{CONSOLE}/devices", invited),
    Sight("phone-stop", "member", f"{CONSOLE}/devices/{{device}}/revoke"),
    Sight("live", "member", f"{CONSOLE}/live"),
    Sight("wall", "member", f"{CONSOLE}/live?wall=1"),
    Sight("figure", "member", f"{CONSOLE}/figures/entries"),
    Sight("figure-counter", "member", f"{CONSOLE}/figures/counter:c-1"),
    Sight("undo", "member", f"{CONSOLE}/records/{{record}}/undo"),
    Sight("report", "member", f"{CONSOLE}/report"),
    Sight("tallies", "member", f"{CONSOLE}/tallies"),
    Sight("tally", "member", f"{CONSOLE}/tallies/c-1"),
    Sight("conflicts", "member", f"{CONSOLE}/conflicts"),
    Sight("quarantine", "member", f"{CONSOLE}/quarantine"),
    Sight("quarantine-accept", "member", f"{CONSOLE}/quarantine/{{lost}}/accept"),
    Sight("quarantine-refuse", "member", f"{CONSOLE}/quarantine/{{lost}}/refuse"),
    Sight("draft-quarantine", "member", "/manage/e/draft/quarantine"),
    Sight("publish", "member", "/manage/e/draft/turn/publish"),
    Sight("finalize", "member", f"{CONSOLE}/turn/finalize"),
    Sight("call-off", "member", f"{CONSOLE}/turn/cancel"),
    Sight("postpone", "member", f"{CONSOLE}/postpone"),
]
NOT_PAGES = {
    "api.": "answers JSON, text or a workbook",
    "health.": "answers text to programs",
    "static": "files",
    "web.calendar": "a calendar file",
    "web.ticket_calendar": "a calendar file",
    "web.ticket_qr": "a picture",
    "web.favicon": "a picture",
    "web.robots": "text to programs",
    "web.scan_static": "files",
    "web.scan_worker": "a script",
    "web.here_scanned": "remembers the place and leads to it",
    "web.card_opened": "takes the card along and leads to it",
    "web.card_again": "leads to the place",
    "web.here_again": "leads to the place",
    "web.manage": "sets the cookie and leads to the ticket",
    "web.ticket_again": "leads to the ticket",
    "web.ticket_copy": "a file",
    "manage.export": "a file",
    "manage.import_template": "a workbook",
    "manage.import_faults": "a workbook",
    "manage.live_figures": "answers JSON",
    "manage.report_txt": "text",
    "manage.report_xlsx": "a workbook",
    "manage.rehearsal_xlsx": "a workbook",
    "manage.poster_pdf": "a file to print",
    "manage.poster_png": "a picture",
    "manage.self_checkin_poster": "a file to print",
    "manage.slips_pdf": "a file to print",
}
