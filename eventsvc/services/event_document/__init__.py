"""An event as a document: the JSON of the contract's section 4, read from API, file and form, and written for export.

Unknown and read-only members are ignored, so that what was exported can be imported. Every fault is said at once.
"""

from eventsvc.services.event_document.faults import faults_of
from eventsvc.services.event_document.reading import parse
from eventsvc.services.event_document.shapes import EventDocument, QuestionDocument
from eventsvc.services.event_document.writing import dump

__all__ = ["EventDocument", "QuestionDocument", "dump", "faults_of", "parse"]
