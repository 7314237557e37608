"""Refusals for the audit: who was not allowed to do what, also where the answer hides it; which quota was full; and
which image a rule refused."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from entrepot.access.actor import Actor
from entrepot.access.events import AccessRefused
from entrepot.jobs.notes import Notes
from entrepot.mirror.virtual.events import ImageRefused
from entrepot.registry.events import QuotaRefused
from entrepot.values.errors import AccessDenied, QuotaExceeded, Refused, VirtualRefused


@contextmanager
def refusals_noted(notes: Notes, actor: Actor, asked: str) -> Iterator[None]:
    """Note when permission, a quota, or a rule about images is what the block fails for.

    `asked`: what for, where no error says it.
    """
    try:
        yield
    except Refused as error:
        denied = error if isinstance(error, AccessDenied) else error.__cause__
        if isinstance(denied, AccessDenied):
            notes.note(AccessRefused(denied.scope, denied.action or asked), actor.subject, actor.domain_id)
        if isinstance(error, QuotaExceeded) and error.about:
            said: Mapping[str, Any] = error.detail
            full = QuotaRefused(error.about, said["quota"], said["of"], said["limit"])
            notes.note(full, actor.subject, actor.domain_id)
        if isinstance(error, VirtualRefused):
            rule, digest = error.detail.get("rule", ""), error.detail.get("digest", "")
            notes.note(ImageRefused(error.about, str(rule), str(digest)), actor.subject, actor.domain_id)
        raise
