"""What is known of a node: values for rules and pages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

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
