"""Filling: a mirror that fills up in this process is trimmed at once, not only when it is due by the clock.

How much is held is looked at when what came since the last look may be too much, and not more often than every
`trim_rest_seconds`.
"""

from dataclasses import dataclass

from entrepot.mirror.room import Mirror
from entrepot.mirror.trimming import trim


@dataclass(slots=True)
class _Filling:
    """What this process knows of how full a mirror is. `held`: as last looked at; None: not yet."""

    held: int | None = None
    since: int = 0
    not_before: float = 0.0
    is_looked_at: bool = False


def nudge(mirror: Mirror, organization: str, limit_bytes: int, more: int) -> None:
    """Say that a mirror holds so many bytes `more`: beside everything else, it is trimmed when that may be too much."""
    if not limit_bytes:
        return
    filling: _Filling = mirror.running.shared.setdefault(("filling", organization), _Filling())
    filling.since += more
    is_known_to_fit = filling.held is not None and filling.held + filling.since <= limit_bytes
    if is_known_to_fit or filling.is_looked_at or mirror.clock.now().timestamp() < filling.not_before:
        return
    filling.is_looked_at = True
    mirror.running.begin(_look(mirror, organization, limit_bytes, filling))


async def _look(mirror: Mirror, organization: str, limit_bytes: int, filling: _Filling) -> None:
    try:
        before = filling.since
        trimmed = await trim(mirror, limit_bytes, organization)
        filling.held, filling.since = trimmed.held_bytes, filling.since - before
    finally:
        filling.is_looked_at = False
        filling.not_before = mirror.clock.now().timestamp() + mirror.settings.trim_rest_seconds
