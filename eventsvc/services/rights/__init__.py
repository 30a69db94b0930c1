"""Rights of the people in the lists (PIPL art. 44 to 47): to see, to take along, to correct, to withdraw, to be deleted, to know who looked.

Residents do it by themselves with their browser's cookie; who telephones has it done by an organizer. Both go through these verbs.
"""

from eventsvc.services.rights.access import Access, accesses, look
from eventsvc.services.rights.copying import Copy, Passage, Told, copy, copy_of
from eventsvc.services.rights.correcting import correct
from eventsvc.services.rights.erasing import CHANNELS, erase, is_over
from eventsvc.services.rights.proving import holds, need, proof_of, prove

__all__ = [
    "CHANNELS",
    "Access",
    "Copy",
    "Passage",
    "Told",
    "accesses",
    "copy",
    "copy_of",
    "correct",
    "erase",
    "holds",
    "is_over",
    "look",
    "need",
    "proof_of",
    "prove",
]
