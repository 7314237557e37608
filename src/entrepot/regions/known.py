"""What was read of nodes and regions, and the plan that follows from it and from the time."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from entrepot.db.transaction import Reader
from entrepot.mirror.places import Place, place_of
from entrepot.regions import queries, view_queries
from entrepot.regions.nodes import Node, NodeState, reach_of
from entrepot.regions.plan import CENTER, Plan, RegionPlace
from entrepot.regions.presence import NOTHING, Presence

LATE: Final = 3
"""So many reports may be missing; then a node is lost."""
_REGIONS_MAX: Final = 1_000


def state_of(row: Row[Any], now: datetime, report_seconds: float) -> NodeState:
    """Of an edge, by its row: lost when that is written down, or it was silent for too long."""
    if row.lost_at is not None or now - row.seen_at > timedelta(seconds=LATE * report_seconds):
        return NodeState.LOST
    return NodeState.DRAINING if row.is_draining else NodeState.READY


def node_of(row: Row[Any], state: NodeState, presence: Presence = NOTHING) -> Node:
    return Node(
        row.id,
        row.name,
        row.region,
        row.url,
        state,
        row.version,
        row.capacity_bytes,
        row.held_bytes,
        row.free_bytes,
        row.streams,
        row.round_trip_ms,
        row.joined_at,
        row.seen_at,
        presence,
        reach_of(row.patterns),
    )


class Known:
    """`plan` follows from what was read last; `renew` it when time has passed."""

    def __init__(self, center: Place, report_seconds: float, nodes_max: int) -> None:
        self._center = center
        self._report_seconds = report_seconds
        self._nodes_max = nodes_max
        self._stamp: Mapping[str, Any] = {}
        self._rows: Sequence[Row[Any]] = ()
        self._regions: Sequence[RegionPlace] = ()
        self._presences: dict[str, tuple[datetime, Presence]] = {}
        self._nodes: Sequence[Node] = ()
        self._has_changed = True
        self.plan = Plan(center=center)
        self.names: frozenset[str] = frozenset({CENTER})
        """Of regions, and the center's."""

    async def read(self, tx: Reader) -> Mapping[str, Any]:
        """Read what differs from what is known; the stamp of what is there. Raises what the database raises."""
        stamp = await view_queries.stamp(tx)
        before, regions = self._stamp, ("regions", "regions_at")
        nodes = [key for key in stamp if key not in (*regions, "measured_at")]
        if not before or any(stamp[key] != before[key] for key in regions):
            rows = await view_queries.places(tx, _REGIONS_MAX)
            self._regions = [RegionPlace(row.name, place_of(row)) for row in rows]
            self.names = frozenset({CENTER, *(one.name for one in self._regions)})
            self._has_changed = True
        if not before or any(stamp[key] != before[key] for key in nodes):
            rows = await queries.edges(tx, self._nodes_max)
            await self._read_presences(tx, rows)
            self._rows, self._has_changed = rows, True
        self._stamp = stamp
        return stamp

    async def _read_presences(self, tx: Reader, rows: Sequence[Row[Any]]) -> None:
        kept = {row.id: self._presences.get(row.id) for row in rows if row.presence_at is not None}
        for row in rows:
            if row.id in kept and ((known := kept[row.id]) is None or known[0] != row.presence_at):
                kept[row.id] = row.presence_at, Presence(await queries.presence_of(tx, row.id) or b"")
        self._presences = {edge_id: one for edge_id, one in kept.items() if one is not None}

    def renew(self, now: datetime) -> bool:
        """Make the plan for this time; whether it is another one."""
        nodes = [
            node_of(row, state_of(row, now, self._report_seconds), self._presences.get(row.id, (now, NOTHING))[1])
            for row in self._rows
        ]
        if not self._has_changed and nodes == self._nodes:
            return False
        self._has_changed, self._nodes = False, nodes
        self.plan = Plan(self._regions, nodes, self._center)
        return True
