"""Refusals for the audit: who was not allowed to do what, also where the answer hides that there is such a thing."""

from collections.abc import Iterator
from contextlib import contextmanager

from entrepot.access.actor import Actor
from entrepot.access.events import AccessRefused
from entrepot.jobs.notes import Notes
from entrepot.values.errors import AccessDenied, Refused


@contextmanager
def refusals_noted(notes: Notes, actor: Actor, asked: str) -> Iterator[None]:
    """Note when permission is what the block fails for; `asked` says what for, where the error does not."""
    try:
        yield
    except Refused as error:
        denied = error if isinstance(error, AccessDenied) else error.__cause__
        if isinstance(denied, AccessDenied):
            notes.note(AccessRefused(denied.scope, denied.action or asked), actor.subject, actor.domain_id)
        raise
