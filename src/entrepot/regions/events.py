"""What became of regions' nodes. `subject` is the region of a token, or the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from entrepot.jobs.events import Event


@dataclass(frozen=True, slots=True)
class EdgeTokenCreated(Event):
    """Edges may join a region until then. `patterns`: what they may hold; None: everything."""

    type: ClassVar[str] = "edge-token.created"
    token: str
    expires_at: str
    patterns: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class EdgeTokenDeleted(Event):
    type: ClassVar[str] = "edge-token.deleted"
    before: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EdgeJoined(Event):
    type: ClassVar[str] = "edge.joined"
    region: str
    url: str
    capacity_bytes: int
    token: str
