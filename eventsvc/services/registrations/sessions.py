"""Sessions as somebody chose them: which, how many of the party go there, and that nobody is in two places at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from eventsvc.errors import Fault
from eventsvc.models import Event, EventSession
from eventsvc.services.registrations.terms import Terms


@dataclass(frozen=True)
class Chosen:
    """The sessions of a party, how many go where it is not everybody, and in whose line it would stand."""

    keys: tuple[str, ...] = ()
    sizes: dict[str, int] = field(default_factory=dict)
    may_wait_for: frozenset[str] = frozenset()


def read(data: dict[str, Any], event: Event | Terms, party_size: int) -> tuple[Chosen, list[Fault]]:
    """``sessions`` (keys), ``session_sizes`` ({key: people}) and ``wait_for_sessions`` (true, or keys) of a body, and what is wrong with them."""
    said = data.get("sessions") or []
    known = {session.key: session for session in event.sessions}
    if not isinstance(said, list) or any(not isinstance(key, str) or key not in known for key in said):
        return Chosen(), [Fault("sessions", "unknown_key", "没有这个场次")]
    keys = tuple(dict.fromkeys(said))
    sizes, faults = _sizes(data.get("session_sizes"), keys, party_size)
    faults += clashes(event, {key: sizes.get(key, party_size) for key in keys}, party_size)
    may = data.get("wait_for_sessions")
    waits = frozenset(keys) if may is True else frozenset(key for key in may if isinstance(key, str)) if isinstance(may, list) else frozenset()
    return Chosen(keys, sizes, waits), faults


def _sizes(said: Any, keys: tuple[str, ...], party_size: int) -> tuple[dict[str, int], list[Fault]]:
    if said in (None, {}):
        return {}, []
    if not isinstance(said, dict):
        return {}, [Fault("session_sizes", "object", "应为一个对象")]
    faults = []
    for key, size in said.items():
        if key not in keys:
            faults.append(Fault(f"session_sizes.{key}", "unknown_key", "没有选这个场次"))
        elif type(size) is not int or not 1 <= size <= party_size:
            faults.append(Fault(f"session_sizes.{key}", "number", "去这个场次的人数应为1到{most}位", {"most": party_size}))
    return ({}, faults) if faults else ({key: size for key, size in said.items() if size < party_size}, [])


def clashes(event: Event | Terms, sizes: dict[str, int], party_size: int) -> list[Fault]:
    """The pairs of sessions at the same time for which the party is too small; ``sizes``: how many go to each."""
    chosen = [session for session in event.sessions if sizes.get(session.key)]
    return [
        Fault("sessions", "clash", "“{one}”和“{other}”时间重叠，只能去一个", {"one": one.name, "other": other.name})
        for one, other in combinations(chosen, 2)
        if _overlap(one, other) and sizes[one.key] + sizes[other.key] > party_size
    ]


def _overlap(one: EventSession, other: EventSession) -> bool:
    """Whether two sessions share a moment; one without an end is over as soon as another begins later."""
    if one.starts_at is None or other.starts_at is None:
        return False
    first, second = sorted((one, other), key=lambda session: session.starts_at or 0)
    return first.starts_at == second.starts_at or (first.ends_at is not None and second.starts_at < first.ends_at)
