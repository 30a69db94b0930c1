"""Messages to residents: written into the outbox in the transaction of their cause, sent by the worker, at most once a cause.

Nothing depends on a message: the ticket's page is the ticket. This package's own names are the outbox's entrance;
`sending`, `reminders`, `calls` and `overview` are what the worker and the organizer's pages use.
"""

from eventsvc.services.messages.channels import mail_is_on, use
from eventsvc.services.messages.outbox import tell, tell_all, tell_each

__all__ = ["mail_is_on", "tell", "tell_all", "tell_each", "use"]
