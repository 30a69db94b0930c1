"""Public addresses: every link and QR code starts from BASE_URL, never from a request's Host header."""

from __future__ import annotations

_base = "http://127.0.0.1:8000"
_qr_case = "upper"


def use(base_url: str, qr_case: str) -> None:
    """Set the public address and the case of the QR code's text."""
    global _base, _qr_case
    _base, _qr_case = base_url.rstrip("/"), qr_case


def to(path: str) -> str:
    """The public address of a path that begins with a slash."""
    return _base + path


def ticket(code: str) -> str:
    """The ticket's page."""
    return to(f"/t/{code}")


def qr_text(code: str) -> str:
    """What the ticket's QR code holds: its address, all upper case unless set otherwise, so that the code stays small."""
    return ticket(code).upper() if _qr_case == "upper" else ticket(code).lower()


def event(slug: str) -> str:
    """The event's public page."""
    return to(f"/e/{slug}")


def join(code: str) -> str:
    """The page on which a volunteer's phone joins."""
    return to(f"/join/{code}")


def manage(token: str) -> str:
    """The address that makes a browser the holder of a registration."""
    return to(f"/m/{token}")
