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


@dataclass(frozen=True, slots=True)
class EdgeDrained(Event):
    """No more clients are sent to it; `streams` were under way when it last reported."""

    type: ClassVar[str] = "edge.drained"
    region: str
    streams: int


@dataclass(frozen=True, slots=True)
class EdgeResumed(Event):
    type: ClassVar[str] = "edge.resumed"
    region: str


@dataclass(frozen=True, slots=True)
class EdgeDeleted(Event):
    type: ClassVar[str] = "edge.deleted"
    before: Mapping[str, Any]
