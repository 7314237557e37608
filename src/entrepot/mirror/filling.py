"""Filling: a mirror that fills up in this process is trimmed at once, not only when it is due by the clock.

How much is held is looked at when what came since the last look may be too much, and `trim_rest_seconds` after that
look at the earliest.
"""

import asyncio
from dataclasses import dataclass
from time import monotonic

from entrepot.mirror.room import Mirror
from entrepot.mirror.trimming import trim


@dataclass(slots=True)
class _Filling:
    """What this process knows of how full a mirror is. `held`: as last looked at; None: not yet."""

    held: int | None = None
    since: int = 0
    not_before: float = 0.0
    is_looked_at: bool = False

    def fits(self, limit_bytes: int) -> bool:
        return self.held is not None and self.held + self.since <= limit_bytes


def nudge(mirror: Mirror, organization: str, limit_bytes: int, more: int) -> None:
    """Say that a mirror holds so many bytes `more`: beside everything else, it is trimmed when that may be too much."""
    if not limit_bytes:
        return
    filling: _Filling = mirror.running.shared.setdefault(("filling", organization), _Filling())
    filling.since += more
    if not filling.is_looked_at and not filling.fits(limit_bytes):
        filling.is_looked_at = True
        mirror.running.begin(_look(mirror, organization, limit_bytes, filling))


async def _look(mirror: Mirror, organization: str, limit_bytes: int, filling: _Filling) -> None:
    try:
        while not filling.fits(limit_bytes):
            await asyncio.sleep(max(filling.not_before - monotonic(), 0.0))
            before = filling.since
            filling.held = (await trim(mirror, limit_bytes, organization)).held_bytes
            filling.since -= before
            filling.not_before = monotonic() + mirror.settings.trim_rest_seconds
            if not filling.since:
                return  # what is too much may not go yet: the job by the clock tries again
    finally:
        filling.is_looked_at = False
