"""Cookies to actors: the browser's registrations, the volunteer's phone, the organizer's session; three things apart.

The manage cookie is a list of manage tokens, newest first. Each carries its own seal (HMAC over the registration's id),
so that the cookie can be read but neither forged nor widened.
"""

from __future__ import annotations

from flask import Response, current_app, request, session

from eventsvc.errors import Unauthorized
from eventsvc.services import actors, registrations, stamps
from eventsvc.services.actors import Actor

MANAGE = "manage"
DEVICE = "device"
PLACE = "place"
CARD = "card"
MOST_HELD = 20
MANAGE_DAYS = 180
DEVICE_DAYS = 30
DAY = 86_400  # seconds


def resident() -> Actor:
    """Whoever opens a public page: nobody in particular, holding what this browser's manage cookie names."""
    return Actor("public", holds=frozenset(held_ids()))


def held_ids() -> list[str]:
    """Ids of the registrations that this browser manages, newest first; tokens that were not made here are dropped."""
    tokens = request.cookies.get(MANAGE, "").split(".")[:MOST_HELD]
    return [found for token in tokens if (found := registrations.read_manage_token(token))]


def hold(response: Response, *registration_ids: str) -> Response:
    """Make this browser the holder of registrations, the first one newest."""
    ids = list(dict.fromkeys([*registration_ids, *held_ids()]))[:MOST_HELD]
    value = ".".join(registrations.manage_token(registration_id) for registration_id in ids)
    _keep(response, MANAGE, value, MANAGE_DAYS)
    return response


def volunteer() -> Actor | None:
    """The joined phone that this browser is, or None where it is not one (any more)."""
    try:
        return device()
    except Unauthorized:
        return None


def device() -> Actor:
    """The joined phone that this browser is; raises Unauthorized (``device_revoked`` where it was stopped)."""
    token = request.cookies.get(DEVICE, "")
    if not token.startswith("ed_"):
        raise Unauthorized("not_joined", "这台手机还没有加入")
    return actors.authenticate(token)


def device_token() -> str:
    """The token in the device cookie, or nothing."""
    return request.cookies.get(DEVICE, "")


def become_device(response: Response, token: str) -> Response:
    """Make this browser the joined phone of that token."""
    _keep(response, DEVICE, token, DEVICE_DAYS)
    return response


def chosen_place() -> str:
    """The checkpoint that this volunteer used last, so that nobody picks it for each ticket anew."""
    return request.cookies.get(PLACE, "")[:64]


def remember_place(response: Response, key: str) -> Response:
    """Preselect this checkpoint from now on."""
    _keep(response, PLACE, key, DEVICE_DAYS)
    return response


def card() -> str:
    """The token of this browser's stamp card (打卡留念), or nothing; it stands for nobody."""
    token = request.cookies.get(CARD, "")
    return token if stamps.is_token(token) else ""


def keep_card(response: Response, token: str) -> Response:
    """Make this the browser's stamp card."""
    _keep(response, CARD, token, DEVICE_DAYS)
    return response


def organizer() -> Actor | None:
    """The signed-in member, or None; a session ends when its password is changed elsewhere."""
    user_id, stamp = session.get("user_id"), session.get("stamp")
    return actors.member(user_id, stamp) if isinstance(user_id, str) and isinstance(stamp, int) else None


def _keep(response: Response, name: str, value: str, days: int) -> None:
    secure = current_app.config["EVENTSVC"].is_https
    response.set_cookie(name, value, max_age=days * DAY, secure=secure, httponly=True, samesite="Lax", path="/")
