"""Import: a list from Excel, WPS, CSV or a group chat becomes registrations, with every fault at its place, and can be taken back.

Read and laid out (`stage_file`, `stage_text`, `lay_out`), looked at (`overview`), registered in pieces or whole (`start`, `go_on`),
taken back (`undo`). Places, waitlist and parties are decided by the same verb as at the desk.
"""

from eventsvc.services.imports.at_once import Brought, bring
from eventsvc.services.imports.columns import choices, letter
from eventsvc.services.imports.running import go_on, left_alone, start
from eventsvc.services.imports.sheets import MOST_BYTES, MOST_ROWS
from eventsvc.services.imports.staging import (
    Line,
    Overview,
    RowFault,
    discard,
    erase_of,
    expire,
    lay_out,
    lines,
    load,
    overview,
    recent,
    stage_file,
    stage_text,
)
from eventsvc.services.imports.undoing import undo, untouched

__all__ = [
    "MOST_BYTES",
    "MOST_ROWS",
    "Brought",
    "Line",
    "Overview",
    "RowFault",
    "bring",
    "choices",
    "discard",
    "erase_of",
    "expire",
    "go_on",
    "lay_out",
    "left_alone",
    "letter",
    "lines",
    "load",
    "overview",
    "recent",
    "stage_file",
    "stage_text",
    "start",
    "undo",
    "untouched",
]
