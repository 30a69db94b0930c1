"""What the driver asks for: plans with places to fill in, one request after the other."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

_PLACE = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True)
class Plan:
    """Requests of one kind; a body is ``before`` + ``count`` times ``item`` + ``after``. Places: see load.lua."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    before: str = ""
    item: str = ""
    after: str = ""
    count: int = 1
    tickets: Sequence[str] = ()
    tokens: Sequence[str] = ()

    def as_lua(self, seed: int) -> str:
        """The plan as load.lua reads it."""
        lists = {"tickets": self.tickets, "tokens": self.tokens}
        plain = {name: getattr(self, name) for name in ("method", "path", "before", "item", "after")}
        parts = [f"{name} = {_quoted(value)}" for name, value in plain.items()]
        parts += [f"{name} = {{{', '.join(map(_quoted, values))}}}" for name, values in lists.items()]
        parts.append("headers = {" + ", ".join(f"[{_quoted(name)}] = {_quoted(value)}" for name, value in self.headers.items()) + "}")
        return f"return {{ {', '.join(parts)}, count = {self.count}, seed = {seed}, phone = {_first_phone(seed)} }}"

    def with_tickets(self, tickets: Sequence[str]) -> Plan:
        """The same, showing these in turn."""
        return replace(self, tickets=tickets)

    def requests(self, seed: int) -> Callable[[], bytes]:
        """What makes the next request's bytes, for the driver without wrk."""
        chance, state = random.Random(seed), {"ticket": -1, "token": 0, "phone": _first_phone(seed)}

        def following(name: str, among: Sequence[str]) -> str:
            state[name] = (state[name] + 1) % len(among)
            return among[state[name]]

        def phone() -> str:
            state["phone"] += 1
            return f"{state['phone'] % 10**8:08d}"

        places: dict[str, Callable[[], str]] = {
            "ID": lambda: minted(chance, _moment(chance, seed if self.count > 1 else 0)),
            "TICKET": lambda: following("ticket", self.tickets),
            "TOKEN": lambda: following("token", self.tokens),
            "NOW": lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "PHONE": phone,
            "ADDRESS": lambda: f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(1, 255)}",
        }

        def fill(text: str) -> str:
            return _PLACE.sub(lambda found: places[found[1]](), text)

        def make() -> bytes:
            body = fill(self.before) + ",".join(fill(self.item) for _ in range(self.count)) + self.after if self.item else ""
            headers = "".join(f"{name}: {fill(value)}\r\n" for name, value in self.headers.items())
            content = body.encode()
            return f"{self.method} {self.path} HTTP/1.1\r\nHost: bench\r\n{headers}Content-Length: {len(content)}\r\n\r\n".encode() + content

        return make


def _moment(chance: random.Random, hours_ago: int) -> int:
    """When a record's id was minted, in milliseconds: now, or some time of an hour that is its run's own, as on phones that were offline."""
    return int(time.time() * 1000) - hours_ago * 3_600_000 + (chance.randrange(3_600_000) if hours_ago else 0)


def minted(chance: random.Random, at: int) -> str:
    """A record's id as our phones mint it at that time (milliseconds): UUID 7."""
    return f"{at >> 16:08x}-{at & 0xFFFF:04x}-7{chance.getrandbits(12):03x}-{0x8000 | chance.getrandbits(14):04x}-{chance.getrandbits(48):012x}"


def _first_phone(seed: int) -> int:
    """Runs after one another ring from telephones of their own: 100,000 each."""
    return seed % 1000 * 100_000


def _quoted(text: str) -> str:
    """A Lua string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


JSON = {"Content-Type": "application/json"}
_CHECKIN = '{"id":"@ID@","type":"checkin","checkpoint":"gate","ticket":"@TICKET@","count":1,"at":"@NOW@"%s}'
_TALLY = '{"id":"@ID@","type":"tally","counter":"leaflets","quantity":1,"at":"@NOW@"}'
_ENVELOPE = {"before": '{"sent_at":"@NOW@","queued":0,"records":[', "after": "]}"}
PERSON = '{"name":"王桂芳","phone":"138@PHONE@","party_size":2,"consent":true}'


def checkins(path: str, tokens: Sequence[str], tickets: Sequence[str] = (), count: int = 1) -> Plan:
    """Check-ins at the gate: one as it happens, or a batch that was decided on the phone. Each run brings its tickets (`with_tickets`)."""
    item = _CHECKIN % (',"decided":"admitted"' if count > 1 else "")
    return Plan("POST", path, {**JSON, "Authorization": "Bearer @TOKEN@"}, item=item, count=count, tickets=tickets, tokens=tokens, **_ENVELOPE)


def tallies(path: str, tokens: Sequence[str]) -> Plan:
    """Taps on a counter, one at a time."""
    return Plan("POST", path, {**JSON, "Authorization": "Bearer @TOKEN@"}, item=_TALLY, tokens=tokens, **_ENVELOPE)


def registrations(path: str) -> Plan:
    """Residents who register, each from an address and with a telephone of their own."""
    return Plan("POST", path, {**JSON, "X-Forwarded-For": "@ADDRESS@"}, item=PERSON)


def reading(path: str, token: str = "", cookie: str = "") -> Plan:
    """The same page or document again and again."""
    said = {"Authorization": f"Bearer {token}" if token else "", "Cookie": cookie}
    return Plan("GET", path, {"Accept-Encoding": "gzip", **{name: value for name, value in said.items() if value}})
