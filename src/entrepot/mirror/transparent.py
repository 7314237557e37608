"""Transparent pulls: a client asks for an image by its name at another registry, and is led to a mirror of that.

containerd says which registry it means (`?ns=docker.io`). Docker's `registry-mirrors` mean Docker Hub without saying
so: they have a host of their own (`docker_url`), at which nothing else is meant. So a name that is asked for at any
other host is never looked up elsewhere.
"""

from time import monotonic
from typing import Final

from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.upstream_rules import known_host

_KNOWN_SECONDS: Final = 5.0
_KNOWN_MAX: Final = 10_000
_HOST_CHARS_MAX: Final = 255


class Transparent:
    """`path` is asked with every pull: what it found out holds for a few seconds."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._known: dict[str, tuple[str, float]] = {}

    async def name(self, name: str, host: str) -> str | None:
        """What a repository is called here that a client calls `name` at the registry `host`.

        None when nothing here mirrors that registry.
        """
        asked = known_host(host)
        if not asked or not asked.isprintable() or len(asked) > _HOST_CHARS_MAX:
            return None
        found = await self._remembered(asked)
        return f"{found}/{name}" if found else None

    async def _mirror_of(self, host: str) -> str:
        async with self._mirror.db.reading() as tx:
            return next(iter(await queries.mirrors_of_host(tx, host)), "")

    async def _remembered(self, host: str) -> str:
        known = self._known.get(host)
        if known is not None and monotonic() < known[1]:
            return known[0]
        found = await self._mirror_of(host)
        if len(self._known) >= _KNOWN_MAX:
            self._known.clear()
        self._known[host] = found, monotonic() + _KNOWN_SECONDS
        return found
