"""The one door for everything that happens on the spot: a batch of field records in, one answer each, every record kept once.

Form, then a known id (replay or `id_reused`), then rights, then the decision; a bad record never sinks the others. Long
batches are cut into pieces of 50, each one transaction, so that no writer waits long; tickets are locked in sorted order.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventsvc.db import transaction
from eventsvc.errors import Invalid, Refusal, TooLarge
from eventsvc.ports import clock
from eventsvc.services.actors import Actor, load_event
from eventsvc.services.record_form import Form, Malformed, moment, read
from eventsvc.services.records.answers import rejected
from eventsvc.services.records.deciding import answer
from eventsvc.services.records.keeping import keep, note_contact
from eventsvc.services.records.loading import load
from eventsvc.services.records.piece import Piece
from eventsvc.services.sites import visit

MOST_RECORDS = 500
PIECE = 50  # records that one transaction takes


def submit(actor: Actor, slug: str, body: Any) -> dict[str, Any]:
    """Take a batch ``{sent_at, queued, records}`` and answer each record in order; see the contract, section 4.

    Raises Missing, Forbidden or Unauthorized for the caller, TooLarge above 500 records, Invalid for a bad envelope.
    """
    try:
        raw, sent_at, queued = _envelope(body)
    except Refusal:
        load_event(actor, slug, "record.submit")  # whoever may not enter is told that first
        raise
    results: list[dict[str, Any]] = []
    for start in range(0, max(1, len(raw)), PIECE):
        piece = raw[start : start + PIECE]
        last = start + PIECE >= len(raw)
        results += _take(actor, slug, piece, sent_at, (queued or 0) if last else None)
    return {"results": results, "server_time": clock.now().isoformat()}


def _envelope(body: Any) -> tuple[list[Any], datetime | None, int | None]:
    if not isinstance(body, dict) or not isinstance(body.get("records"), list):
        raise Invalid.one("records", "required", "缺少 records 数组")
    if len(body["records"]) > MOST_RECORDS:
        raise TooLarge(message="一次最多{most}条记录", most=MOST_RECORDS)
    sent_at = moment(body.get("sent_at"))
    if body.get("sent_at") is not None and sent_at is None:
        raise Invalid.one("sent_at", "time", "时间不对，要带时区")
    queued = body.get("queued")
    if queued is not None and (type(queued) is not int or not 0 <= queued <= 1_000_000):
        raise Invalid.one("queued", "number", "应为不小于0的整数")
    return body["records"], sent_at, queued


@transaction
def _take(actor: Actor, slug: str, raw: list[Any], sent_at: datetime | None, queued: int | None) -> list[dict[str, Any]]:
    piece = Piece(actor=actor, site=visit(actor, slug, "record.submit"), now=clock.now(), sent_at=sent_at)
    read_ones: list[Form | Malformed] = []
    for item in raw:
        try:
            read_ones.append(read(item))
        except Malformed as fault:
            read_ones.append(fault)
    forms = [form for form in read_ones if isinstance(form, Form)]
    load(piece, forms)
    answers: list[dict[str, Any]] = []
    for form in read_ones:
        if isinstance(form, Malformed):
            answers.append(rejected(form.id, "malformed", str(form)))
        else:
            answers.append(answer(piece, form))
    answers = keep(piece, answers)
    if queued is not None:
        note_contact(piece, queued)
    return answers
