"""Edges in a database, as they are when they have joined and reported."""

from typing import Any

from entrepot.plumbing.ids import new_id
from entrepot.regions import queries
from entrepot.regions.presence import presence_of
from tests.make.rooms import Rooms


async def save_edge(rooms: Rooms, name: str, region: str, *, holds: tuple[str, ...] = (), **values: Any) -> str:
    """A new edge of a region, with the id that is returned."""
    now, edge_id = rooms.clock.now(), new_id()
    fields: dict[str, Any] = {
        "id": edge_id,
        "name": name,
        "region": region,
        "url": f"https://{name}.example",
        "hash": edge_id,
        "version": "1.2.3",
        "capacity_bytes": 1 << 40,
        "held_bytes": 3 << 30,
        "free_bytes": 1 << 39,
        "streams": 0,
        "joined_at": now,
        "seen_at": now,
    }
    if holds:
        fields |= {"presence": presence_of(holds, len(holds)).bits, "presence_at": now}
    async with rooms.db.writing() as tx:
        assert await queries.save_edge(tx, fields | values)
    return edge_id


async def change_edge(rooms: Rooms, edge_id: str, **values: Any) -> None:
    async with rooms.db.writing() as tx:
        await queries.change_edge(tx, edge_id, **values)
