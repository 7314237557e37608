"""SQL about what views of nodes are made of, and about measures."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, true

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import sync_region
from entrepot.regions.measures import Measure
from entrepot.regions.tables import edge, edge_measure

_NODES = select(
    func.count().label("nodes"),
    func.max(edge.c.seen_at).label("seen_at"),
    func.max(edge.c.lost_at).label("lost_at"),
    func.max(edge.c.joined_at).label("joined_at"),
    func.max(edge.c.presence_at).label("presence_at"),
    func.max(edge.c.changed_at).label("changed_at"),
).subquery()
_REGIONS = select(
    func.count().label("regions"),
    func.max(func.coalesce(sync_region.c.changed_at, sync_region.c.created_at)).label("regions_at"),
).subquery()
_MEASURES = select(func.max(edge_measure.c.at).label("measured_at")).subquery()
_STAMP = select(_NODES, _REGIONS, _MEASURES).select_from(_NODES.join(_REGIONS, true()).join(_MEASURES, true()))


async def stamp(tx: Reader) -> Mapping[str, Any]:
    """What differs when nodes, regions or measures do: numbers of them, and when they last changed."""
    found = await tx.row(_STAMP)
    assert found is not None
    return dict(zip(_STAMP.selected_columns.keys(), found, strict=True))


async def places(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """Of regions, by name."""
    columns = (sync_region.c.name, sync_region.c.cidrs, sync_region.c.latitude, sync_region.c.longitude)
    return await tx.rows(select(*columns).order_by(sync_region.c.name).limit(limit))


async def measures_since(tx: Reader, at: datetime, limit: int) -> Sequence[Measure]:
    """The oldest first; the newest are told when there are more."""
    found = select(edge_measure).where(edge_measure.c.at >= at).order_by(edge_measure.c.at.desc()).limit(limit)
    return [Measure(row.network, row.region, row.ms, row.at) for row in reversed(await tx.rows(found))]


async def save_measures(tx: Writer, measures: Iterable[Measure]) -> None:
    insert = tx.insert(edge_measure)
    new = {"ms": insert.excluded.ms, "at": insert.excluded.at}
    rows = [{"network": one.network, "region": one.region, "ms": one.ms, "at": one.at} for one in measures]
    await tx.run(insert.on_conflict_do_update(index_elements=["network", "region"], set_=new), rows)


async def forget_measures(tx: Writer, before: datetime) -> int:
    return await tx.run(delete(edge_measure).where(edge_measure.c.at < before))


async def forget_measures_beyond(tx: Writer, count: int) -> int:
    """All but the newest so many."""
    newest = select(edge_measure.c.at).order_by(edge_measure.c.at.desc()).offset(count).limit(1)
    last: datetime | None = await tx.value(newest)
    return 0 if last is None else await tx.run(delete(edge_measure).where(edge_measure.c.at <= last))
