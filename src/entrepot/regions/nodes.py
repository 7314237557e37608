"""What is known of a node: values for rules and pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from entrepot.access.patterns import fits
from entrepot.regions.presence import NOTHING, Presence


class NodeState(StrEnum):
    """`LOST`: it did not report when it should have. `DRAINING`: it serves who is there and is sent nobody."""

    READY = "ready"
    LOST = "lost"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Node:
    """An edge. `url`: where clients reach it. `held_bytes` of `capacity_bytes` are taken, `free_bytes` its disk has.

    `streams`: clients it is sending blobs to. `round_trip_ms`: from it to the center, as it measured.
    """

    id: str
    name: str
    region: str
    url: str
    state: NodeState
    version: str
    capacity_bytes: int
    held_bytes: int
    free_bytes: int
    streams: int
    round_trip_ms: float | None
    joined_at: datetime
    seen_at: datetime
    presence: Presence = NOTHING
    reach: tuple[str, ...] | None = None
    """Patterns of the repositories that it may hold; None: all."""

    def may_hold(self, path: str) -> bool:
        return self.reach is None or any(fits(pattern, path) for pattern in self.reach)


def reach_of(scopes: Sequence[str] | None) -> tuple[str, ...] | None:
    """Patterns of repositories for the scopes that a token named: an organization stands for all that is in it."""
    if scopes is None:
        return None
    return tuple(one if "/" in one or "*" in one else f"{one}/*" for one in scopes)
