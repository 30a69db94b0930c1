"""Events: creating, changing, publishing, closing, cancelling, postponing; listing what a caller may see."""

from eventsvc.services import event_document
from eventsvc.services.events.making import change, create
from eventsvc.services.events.reading import facts, listed, published, read
from eventsvc.services.events.series import copy_over
from eventsvc.services.events.states import TICKS, cancel, close, mark, postpone, publish, tick
from eventsvc.services.events.times import LATER

__all__ = [
    "LATER",
    "TICKS",
    "cancel",
    "change",
    "close",
    "copy_over",
    "create",
    "event_document",
    "facts",
    "listed",
    "mark",
    "postpone",
    "publish",
    "published",
    "read",
    "tick",
]
