"""What somebody was sending when their session had run out: carried through the sign-in page, so that nothing typed is lost.

The form had its CSRF token (it is checked before anybody asks who is signed in), so it is their own. It travels sealed and
bound to the user of the old session, and after signing in it is sent by one more press of a button, never by itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

MOST = 200_000  # characters of a form that is carried
AGE = 3600  # seconds that somebody may take to sign in
NEVER = {"csrf_token", "password", "old", "new", "again"}
NOT_FROM = ("/manage/sign-", "/manage/password")


@dataclass(frozen=True)
class Kept:
    """A form that was not saved: where it was going, and its fields in order."""

    path: str
    fields: list[tuple[str, str]]


def _seal(user_id: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt=f"kept form of {user_id}")


def seal(user_id: str) -> str:
    """The form of this request, sealed for its user; empty where there is nothing to carry (files, passwords, far too much)."""
    if request.method != "POST" or request.files or request.path.startswith(NOT_FROM) or not user_id:
        return ""
    fields = [(name, text) for name, text in request.form.items(multi=True) if name not in NEVER]
    if len(json.dumps(fields)) > MOST:
        return ""
    return str(_seal(user_id).dumps({"path": request.full_path.rstrip("?"), "fields": fields}))


def open_for(user_id: str, sealed: str) -> Kept | None:
    """The form that this user was sending, or None for nobody's, another user's or an old one."""
    if not sealed:
        return None
    try:
        found = _seal(user_id).loads(sealed, max_age=AGE)
    except BadData:
        return None
    return Kept(found["path"], [(name, text) for name, text in found["fields"]])
