"""Transparent pulls: a client asks for an image by its name at another registry, and is led to a mirror of that.

containerd says which registry it means (`?ns=docker.io`); Docker's `registry-mirrors` speak of Docker Hub without
saying so. An organization of ours is never taken for one of Docker Hub: what is here is not looked up elsewhere.
"""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Final

from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.upstream_rules import DOCKER_HUB, known_host
from entrepot.registry.queries import names
from entrepot.values.errors import RepositoryUnknown, quoted, worded

_KNOWN_SECONDS: Final = 5.0
_KNOWN_MAX: Final = 10_000


class Transparent:
    """`path` is asked with every pull: what it found out holds for a few seconds."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._known: dict[str, tuple[str, float]] = {}

    async def name(self, name: str, host: str, own: str) -> str:
        """What a repository is called here that a client calls `name` at the registry `host`; empty: it does not say.

        `own`: what clients call this service. Raises RepositoryUnknown when nothing here mirrors that registry.
        """
        if not host:
            organization = name.partition("/")[0]
            found = await self._remembered(f"/{organization}", self._instead_of, organization)
            return f"{found}/{name}" if found else name
        asked = known_host(host)
        if asked == own.lower():
            return name
        found = await self._remembered(asked, self._mirror_of, asked)
        if not found:
            raise RepositoryUnknown(worded("No organization here mirrors {host}.", host=quoted(host)), name=name)
        return f"{found}/{name}"

    async def _instead_of(self, organization: str) -> str:
        """The mirror of Docker Hub, for the name of what is no organization here."""
        hub = await self._mirror_of(DOCKER_HUB)
        if not hub:
            return ""
        async with self._mirror.db.reading() as tx:
            return "" if await names.organization_by_name(tx, organization) else hub

    async def _mirror_of(self, host: str) -> str:
        async with self._mirror.db.reading() as tx:
            return next(iter(await queries.mirrors_of_host(tx, host)), "")

    async def _remembered(self, key: str, ask: Callable[[str], Awaitable[str]], subject: str) -> str:
        known = self._known.get(key)
        if known is not None and monotonic() < known[1]:
            return known[0]
        found = await ask(subject)
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        self._known[key] = found, monotonic() + _KNOWN_SECONDS
        return found
