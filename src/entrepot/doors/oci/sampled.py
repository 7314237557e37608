"""Pulls for the audit: one in so many is noted, where a setting asks for it."""

from starlette.types import Scope

from entrepot.access.actor import Actor
from entrepot.doors.http.proxies import peer
from entrepot.jobs.notes import Notes
from entrepot.plumbing.caller import Caller
from entrepot.registry.events import ManifestPulled


class SampledPulls:
    """Notes every `every`-th pull of this process."""

    def __init__(self, notes: Notes, every: int) -> None:
        self._notes = notes
        self._every = every
        self._left = every

    def answered(self, scope: Scope, actor: Actor, path: str, reference: str, digest: str) -> None:
        """A manifest was sent, or to a HEAD only what is known of it, which is no pull."""
        if scope["method"] != "GET":
            return
        self._left -= 1
        if self._left == 0:
            self._left = self._every
            by = Caller(peer(scope), actor.credential, actor.domain_id)
            self._notes.note(ManifestPulled(path, digest, reference), actor.subject, actor.domain_id, by)
