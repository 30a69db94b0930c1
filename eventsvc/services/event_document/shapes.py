"""The shapes of an event's document: what stands in it, of which kind, and what holds where it is left out."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, StrictInt, model_validator

from eventsvc.models.event import AREA_KINDS, BY_ONESELF, COUNTER_KINDS, KINDS, QUALIFIERS, RULES
from eventsvc.services.event_document.kinds import Key, OptionalKey, Slug, When, clean, hold, needed_text, one_of, phone_number, text, zone_name
from eventsvc.services.questions import AGE_BANDS, TYPES


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore")


class AreaDocument(_Part):
    """A module, zone, stage, stall or point."""

    key: Key
    name: needed_text(120)
    kind: Annotated[str, one_of(*AREA_KINDS)] = "zone"
    parent: OptionalKey = None
    note: text(300) = None
    queue: StrictBool = False


class SessionDocument(_Part):
    """A session with its own time and places; ``waitlist``: whether a party may wait for it while it is full."""

    key: Key
    name: needed_text(120)
    area: OptionalKey = None
    starts_at: When = None
    ends_at: When = None
    capacity: Annotated[StrictInt | None, Field(ge=1, le=1_000_000)] = None
    waitlist: StrictBool = True


class CheckpointDocument(_Part):
    """A place where tickets are scanned; ``entrance`` defaults to true for the first one only.

    ``by_oneself``: residents check in by themselves, by the code on a ``screen`` or by a poster and the day's ``word``.
    """

    key: Key
    name: needed_text(120)
    area: OptionalKey = None
    rule: Annotated[str, one_of(*RULES)] = "once"
    entrance: StrictBool | None = None
    sessions: list[Key] = []
    opens_at: When = None
    closes_at: When = None
    by_oneself: Annotated[str, one_of(*BY_ONESELF)] = "no"


class ReportedDocument(_Part):
    """A figure typed by a person: number + qualifier."""

    value: Annotated[StrictInt, Field(ge=0, le=100_000_000)]
    qualifier: Annotated[str, one_of(*QUALIFIERS)] = "exact"
    source: needed_text(60) = "人工填报"


class CounterDocument(_Part):
    """Something that is counted."""

    key: Key
    name: needed_text(120)
    kind: Annotated[str, one_of(*COUNTER_KINDS)] = "custom"
    unit: text(16) = ""
    verb: text(16) = ""
    steps: Annotated[list[Annotated[StrictInt, Field(ge=1, le=9999)]], Field(min_length=1, max_length=8)] = [1]
    stock: Annotated[StrictInt | None, Field(ge=0, le=100_000_000)] = None
    topics: Annotated[list[needed_text(60)], Field(max_length=40)] = []
    parent: OptionalKey = None
    area: OptionalKey = None
    basis: Annotated[str, one_of("tapped", "stocktake")] = "tapped"
    qualifier: Annotated[str, one_of(*QUALIFIERS)] = "exact"
    reported: ReportedDocument | None = None


class UnitDocument(_Part):
    """A unit that takes part in a meeting or a tour, such as a sub-district or a park, and how many of it are expected."""

    key: Key
    name: needed_text(120)
    expected: Annotated[StrictInt, Field(ge=1, le=9999)] = 1


class QuestionDocument(_Part):
    """A question asked at registration (``ask: form``) or at the desk (``ask: desk``, at most three).

    ``real_name`` and ``id_number`` want a ``reason`` that residents read; their answers are encrypted and masked.
    """

    key: Key
    label: needed_text(120)
    type: Annotated[str, one_of(*TYPES)] = "text"
    choices: Annotated[list[needed_text(60)], Field(max_length=40)] = []
    required: StrictBool = False
    ask: Annotated[str, one_of("form", "desk")] = "form"
    reason: text(200) = None

    @model_validator(mode="after")
    def _age_bands_are_given(self) -> QuestionDocument:
        if self.type == "age_band" and not self.choices:
            self.choices = list(AGE_BANDS)
        return self


class RegistrationDocument(_Part):
    """How residents register; ``capacity`` null is unlimited, ``closes_at`` null is the event's end.

    ``members``: companions by ``number`` or by ``names``; ``per_phone``: registrations that one number may hold, null unlimited.
    ``hold_hours``: how long a returned place is held for whom it is offered to (0: promoted at once, else at least 24);
    ``reserve``: places that only the desk, the telephone and printed slips give out; ``waitlist_rule`` ``fit``: a smaller party may go round
    one that does not fit, three times at most.
    """

    open: StrictBool = True
    opens_at: When = None
    closes_at: When = None
    capacity: Annotated[StrictInt | None, Field(ge=1, le=1_000_000)] = None
    max_party: Annotated[StrictInt, Field(ge=1, le=99)] = 5
    waitlist: StrictBool = True
    approval: StrictBool = False
    hold_hours: Annotated[StrictInt, Field(ge=0, le=24 * 14), AfterValidator(hold)] = 0
    reserve: Annotated[StrictInt, Field(ge=0, le=1_000_000)] = 0
    waitlist_rule: Annotated[str, one_of("strict", "fit")] = "strict"
    no_show_rule: StrictBool = False
    retention_days: Annotated[StrictInt, Field(ge=1, le=3650)] = 180
    members: Annotated[str, one_of("number", "names")] = "number"
    per_phone: Annotated[StrictInt | None, Field(ge=1, le=99)] = None
    questions: Annotated[list[QuestionDocument], Field(max_length=40)] = []


class EventDocument(_Part):
    """The whole event; only slug, title and kind are required."""

    slug: Slug
    title: needed_text(200)
    short_title: text(60) = None
    kind: Annotated[str, one_of(*KINDS)]
    host: text(200) = None
    undertaker: text(200) = None
    co_host: text(200) = None
    venue: text(200) = None
    contact_phone: Annotated[Annotated[str, Field(max_length=32)] | None, BeforeValidator(clean), AfterValidator(phone_number)] = None
    description: text(5000) = None
    timezone: Annotated[str, AfterValidator(zone_name)] = "Asia/Shanghai"
    starts_at: When = None
    ends_at: When = None
    date_text: text(60) = None
    participation: needed_text(64) = "entries"
    registration: RegistrationDocument = RegistrationDocument()
    areas: Annotated[list[AreaDocument], Field(max_length=500)] = []
    sessions: Annotated[list[SessionDocument], Field(max_length=500)] = []
    checkpoints: Annotated[list[CheckpointDocument], Field(max_length=200)] = []
    counters: Annotated[list[CounterDocument], Field(max_length=200)] = []
    units: Annotated[list[UnitDocument], Field(max_length=200)] = []

    @model_validator(mode="after")
    def _entrance_defaults_to_the_first(self) -> EventDocument:
        if self.checkpoints and all(checkpoint.entrance is None for checkpoint in self.checkpoints):
            self.checkpoints[0].entrance = True
        for checkpoint in self.checkpoints:
            checkpoint.entrance = bool(checkpoint.entrance)
        return self
