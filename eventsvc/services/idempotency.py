"""A retried POST gets the answer of the first one (draft-ietf-httpapi-idempotency-key-header): kept for 24 hours, in the verb's own transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError, OperationalError

from eventsvc.db import db, transaction
from eventsvc.errors import Conflict, Fault, Invalid
from eventsvc.models import RememberedAnswer
from eventsvc.ports import clock

KEPT_FOR = timedelta(hours=24)


def known(scope: str, key: str, body: bytes) -> tuple[int, str] | None:
    """The remembered status and body, if this very request was answered before. Raises Invalid for another body under the key."""
    _check(key)
    row = db.session.execute(
        select(RememberedAnswer.body_hash, RememberedAnswer.status, RememberedAnswer.body, RememberedAnswer.created_at).where(
            RememberedAnswer.scope == scope, RememberedAnswer.key == key
        )
    ).one_or_none()
    if row is None or row.created_at <= clock.now() - KEPT_FOR:
        return None
    if row.body_hash != _hash(body):
        raise Invalid([Fault("Idempotency-Key", "idempotency_reused", "这个重试编号已用于另一个请求")], "idempotency_reused")
    return row.status, row.body


def once(scope: str, key: str, body: bytes, run: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    """Run a creating verb once for (scope, key); a retry gets the same status and body. Raises Conflict while it is still in work."""
    earlier = known(scope, key, body)
    if earlier is not None:
        return earlier
    try:
        return _first(scope, key, body, run)
    except IntegrityError:
        earlier = known(scope, key, body)
        if earlier is None:
            raise
        return earlier


@transaction
def _first(scope: str, key: str, body: bytes, run: Callable[[], tuple[int, str]]) -> tuple[int, str]:
    expired = delete(RememberedAnswer).where(
        RememberedAnswer.scope == scope, RememberedAnswer.key == key, RememberedAnswer.created_at <= clock.now() - KEPT_FOR
    )
    db.session.execute(expired)
    mark = insert(RememberedAnswer).values(scope=scope, key=key, body_hash=_hash(body), status=None, body=None, created_at=clock.now())
    try:
        db.session.execute(mark)  # on PostgreSQL waits for the same key's first request
    except OperationalError as error:
        if "lock timeout" in str(error):
            raise Conflict("in_progress", "上一次提交还在处理，请稍候") from error
        raise
    status, answer = run()
    mine = RememberedAnswer.__table__.update().where(RememberedAnswer.scope == scope, RememberedAnswer.key == key)
    db.session.execute(mine.values(status=status, body=answer))
    return status, answer


@transaction
def forget_old() -> int:
    """Delete answers older than a day; how many."""
    return db.session.execute(delete(RememberedAnswer).where(RememberedAnswer.created_at <= clock.now() - KEPT_FOR)).rowcount


def _check(key: str) -> None:
    if not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise Invalid.one("Idempotency-Key", "characters", "重试编号应为1到255个可见的ASCII字符")


def _hash(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
