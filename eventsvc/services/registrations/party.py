"""Who comes along: by number alone, or by name; of children under 14 only what they are called and their age band, with a guardian's consent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eventsvc.errors import Fault
from eventsvc.models import Event
from eventsvc.services.persons import clean_text, read_name, unprintable
from eventsvc.services.registrations.terms import Terms
from eventsvc.services.questions import CHILDREN

BANDS = ("adult", *CHILDREN)
LONGEST_RELATION, LONGEST_NICKNAME = 20, 20


@dataclass(frozen=True)
class Party:
    """Companions as they were written down, and what the registrant is to the children among them."""

    members: tuple[dict[str, Any], ...] = ()
    guardian: str | None = None

    @property
    def children(self) -> int:
        """How many are under 14."""
        return sum(member["age_band"] in CHILDREN for member in self.members)


def read_party(data: dict[str, Any], event: Event | Terms, size: int, public: bool) -> tuple[Party, list[Fault]]:
    """The companions ``members: [{name, age_band}]``, ``guardian`` and ``guardian_consent``, and every fault.

    Where the event wants names, residents write one for each companion; the desk and lists may leave them out.
    """
    given = data.get("members") or []
    if event.members != "names" or size < 1 or size > event.max_party:
        return Party(), []
    if not isinstance(given, list) or any(not isinstance(one, dict) for one in given):
        return Party(), [Fault("members", "type", "同行人应逐个写明")]
    faults: list[Fault] = []
    members: list[dict[str, Any]] = []
    for number, one in enumerate(given[: event.max_party]):
        if not any(one.get(part) for part in ("name", "age_band")) or one.get("age_band") == "adult" and not one.get("name"):
            continue
        member, fault = read_member(one, number)
        faults += [fault] if fault else []
        members.append(member)
    if len(members) > size - 1:
        faults.append(Fault("members", "too_many", "写了{written}位同行人，可是一共只报{size}位；请改人数或去掉几位", {"written": len(members), "size": size}))
    elif public and not faults and len(members) < size - 1:
        faults.append(Fault("members", "required", "还有{missing}位同行人没有写名字", {"missing": size - 1 - len(members)}))
    relation, unfit = _guardian(data, any(member["age_band"] in CHILDREN for member in members))
    return Party(tuple(members), relation), faults + unfit


def read_member(one: dict[str, Any], number: int) -> tuple[dict[str, Any], Fault | None]:
    """A companion ``{name, age_band}``, the ``number``-th, and what is wrong with it if anything."""
    band = one.get("age_band") or "adult"
    field = f"members.{number}"
    if band not in BANDS:
        return {"name": "", "age_band": "adult"}, Fault(f"{field}.age_band", "choice", "年龄段只能从选项里选")
    name, fault = read_name(one.get("name") if isinstance(one.get("name"), str) else None, f"{field}.name")
    if band != "adult" and not fault and len(name) > LONGEST_NICKNAME:
        fault = Fault(f"{field}.name", "too_long", "孩子只写小名，最多{most}个字", {"most": LONGEST_NICKNAME})
    return {"name": name, "age_band": band}, fault


def _guardian(data: dict[str, Any], needed: bool) -> tuple[str | None, list[Fault]]:
    if not needed:
        return None, []
    said = data.get("guardian")
    relation = clean_text(said) if isinstance(said, str) else ""
    faults = []
    if not relation or len(relation) > LONGEST_RELATION or unprintable(relation):
        faults.append(Fault("guardian", "required", "请写您是孩子的什么人，如妈妈、爷爷"))
    if data.get("guardian_consent") is not True:
        faults.append(Fault("guardian_consent", "required", "带14岁以下的孩子，要由监护人单独勾选同意"))
    return relation or None, faults
