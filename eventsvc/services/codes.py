"""Codes on tickets: minting them, and reading them out of whatever a scanner, a camera or a thumb delivers.

A code is 20 Crockford base32 characters, 100 random bits. ``parse`` is pure and has a JavaScript mirror
(``static/js/scan/ticket-text.js``); both obey ``tests/cases/ticket-text.json``.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
import uuid
from datetime import datetime
from typing import NamedTuple

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FOLD = str.maketrans("OIL", "011")
_CODE = re.compile(r"[0-9A-HJ-NP-TV-ZIOL]{20}")
PLAIN = re.compile(f"[{ALPHABET}]{{20}}")  # a code already as it is kept: nothing to fold, nothing to leave out
_HOST = r"(?:\[[0-9A-F:.]+\]|[^/?#:\[\]]+)(?::[0-9]+)?"
_ADDRESS = re.compile(rf"(?:HTTPS?://)?{_HOST}/(?:[^?#]*/)?T/([0-9A-Z]{{20}})/?(?:[?#].*)?", re.DOTALL)
_AIM = re.compile(r"^\][A-Z][0-9]")
_IGNORED = re.compile(r"[\s\-‐-―−\u00ad\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")
LONGEST = 512  # characters; anything longer is no code of ours


class TicketText(NamedTuple):
    """What a text is: ``code`` (20 characters), ``pickup`` (six digits) or ``foreign`` (not ours: value empty)."""

    kind: str
    value: str = ""


def mint() -> str:
    """A fresh code: 20 Crockford base32 characters from a cryptographic source."""
    return "".join(ALPHABET[byte & 31] for byte in secrets.token_bytes(20))  # one call for all of them: lists are imported by the thousand


def mint_id(now: datetime) -> str:
    """A fresh id that begins with the time (UUID version 7, RFC 9562, 5.7): one event's lie side by side in an index, whatever else it holds."""
    milliseconds = int(now.timestamp() * 1000)
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62)))


def mint_pickup() -> str:
    """Six random digits (签到码); unique in its event, which the caller sees to."""
    return f"{secrets.randbelow(1_000_000):06d}"


def parse(text: str) -> TicketText:
    """Read a scanned or typed text; accepts full-width, lower case, spaces, hyphens, scanner prefixes, any host's address."""
    if _CODE.fullmatch(text):  # what our own scanner sends
        return TicketText("code", text.translate(_FOLD))
    if len(text) > LONGEST:
        return TicketText("foreign")
    flat = _IGNORED.sub("", unicodedata.normalize("NFKC", text)).upper()
    flat = _AIM.sub("", flat)
    address = _ADDRESS.fullmatch(flat)
    candidate = address.group(1) if address else flat
    if _CODE.fullmatch(candidate):
        return TicketText("code", candidate.translate(_FOLD))
    if re.fullmatch(r"[0-9]{6}", flat):
        return TicketText("pickup", flat)
    return TicketText("foreign")


def describe(text: str) -> str:
    """What is kept of a text that is no code of ours: hash, length and four characters (it may be somebody's payment code)."""
    fingerprint = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    head = re.sub(r"[^0-9A-Za-z]", "?", text[:4])
    return f"{fingerprint}:{len(text)}:{head}"
