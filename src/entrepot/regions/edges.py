"""Edges, for operators: how each is; drained, resumed and deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.regions import queries
from entrepot.regions.events import EdgeDeleted, EdgeDrained, EdgeResumed
from entrepot.regions.known import node_of, state_of
from entrepot.regions.nodes import Node
from entrepot.regions.room import Regions
from entrepot.values.errors import RuleUnknown, worded


@dataclass(frozen=True, slots=True)
class Edge:
    """`patterns`: what it may hold; None: everything. `is_draining`: also while it is lost.

    `is_distrusted`: this process sends nobody there for now, since clients had no luck.
    """

    node: Node
    patterns: Sequence[str] | None
    is_draining: bool
    is_distrusted: bool


async def list_edges(regions: Regions, actor: Actor) -> Sequence[Edge]:
    """All by name. Raises Unauthenticated or AccessDenied."""
    async with regions.db.reading() as tx:
        await require_operator(tx, actor)
        rows = await queries.edges(tx, regions.settings.edges_max)
    return [_edge(regions, row) for row in rows]


async def show_edge(regions: Regions, actor: Actor, name: str) -> Edge:
    """Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with regions.db.reading() as tx:
        await require_operator(tx, actor)
        return _edge(regions, await _existing(tx, name))


async def drain_edge(regions: Regions, actor: Actor, name: str) -> Edge:
    """Send nobody to it any more; who is there is served to the end. One that is drained already stays so.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        row = await _existing(tx, name)
        if not row.is_draining:
            await _set_draining(regions, tx, row, True)
            event = EdgeDrained(name, row.region, row.streams)
            await publish(tx, event, actor=actor.subject, at=regions.clock.now())
        return _edge(regions, await _existing(tx, name))


async def resume_edge(regions: Regions, actor: Actor, name: str) -> Edge:
    """Send clients to it again. Raises Unauthenticated, AccessDenied or RuleUnknown."""
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        row = await _existing(tx, name)
        if row.is_draining:
            await _set_draining(regions, tx, row, False)
            await publish(tx, EdgeResumed(name, row.region), actor=actor.subject, at=regions.clock.now())
        return _edge(regions, await _existing(tx, name))


async def delete_edge(regions: Regions, actor: Actor, name: str) -> None:
    """Forget it: it may ask for nothing more, and what it keeps it serves only as long as it was told it may.

    Raises Unauthenticated, AccessDenied or RuleUnknown.
    """
    async with regions.db.writing() as tx:
        await require_operator(tx, actor)
        row = await _existing(tx, name)
        await queries.delete_edge(tx, row.id)
        before = {"region": row.region, "url": row.url, "held_bytes": row.held_bytes}
        await publish(tx, EdgeDeleted(name, before), actor=actor.subject, at=regions.clock.now())


def unknown(name: str) -> RuleUnknown:
    return RuleUnknown(worded("There is no edge {name}.", name=name), kind="edge-unknown")


async def _existing(tx: Reader, name: str) -> Row[Any]:
    row = await queries.edge_by_name(tx, name)
    if row is None:
        raise unknown(name)
    return row


async def _set_draining(regions: Regions, tx: Writer, row: Row[Any], is_draining: bool) -> None:
    await queries.change_edge(tx, row.id, is_draining=is_draining, changed_at=regions.clock.now())


def _edge(regions: Regions, row: Row[Any]) -> Edge:
    state = state_of(row, regions.clock.now(), regions.settings.report_seconds)
    return Edge(node_of(row, state), row.patterns, row.is_draining, row.id in regions.view.distrusted)
