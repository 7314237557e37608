"""Orders: what a node is to fetch, told with the answer to its report; and how far it is, as its reports say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.jobs.notes import SYSTEM
from entrepot.plumbing import metrics
from entrepot.regions.warming import queries
from entrepot.regions.warming.events import WarmupEnded
from entrepot.regions.warming.rules import ERROR_CHARS_MAX, ORDERS_MAX, WarmState, next_after

_SAID = (WarmState.RUNNING, WarmState.DONE, WarmState.FAILED)


@dataclass(frozen=True, slots=True)
class WarmOrder:
    """An image to fetch. `tag`: by which it was asked for; empty: by its digest. `platforms`: none: all of it."""

    id: int
    path: str
    tag: str
    digest: str
    platforms: Sequence[str]


@dataclass(frozen=True, slots=True)
class Warmed:
    """How far a node is with an order. `is_final`: trying again is of no use."""

    id: int
    state: WarmState
    bytes_done: int
    bytes_total: int
    error: str = ""
    is_final: bool = False


async def follow_warming(tx: Writer, edge_id: str, said: Sequence[Warmed], at: datetime) -> Sequence[WarmOrder]:
    """Write down how far a node is, and tell what it is to fetch now. What it says of others' orders is left out."""
    if said:
        if ending := sorted({one.id for one in said if _ends(one)}):
            await tx.lock(*[lock_of(number) for number in ending])
        parts = await queries.open_parts(tx, edge_id, {one.id for one in said})
        for one in said:
            if one.id in parts and one.state in _SAID:
                await _write(tx, parts[one.id], one, at)
    rows = await queries.ordered(tx, edge_id, at, ORDERS_MAX)
    return [_order(row) for row in rows]


async def end_if_over(tx: Writer, warmup_id: int, at: datetime) -> None:
    """When no node of a warm-up is left to, it has ended. Hold its lock."""
    nodes = await queries.nodes_of(tx, [warmup_id])
    row = await queries.warmup_by_id(tx, warmup_id)
    if row is None or row.ended_at is not None or any(one.next_at is not None for one in nodes):
        return
    await queries.set_warmup(tx, warmup_id, ended_at=at)
    done = sum(one.state == WarmState.DONE for one in nodes)
    ended = WarmupEnded(row.path, warmup_id, row.reference, row.digest, done, len(nodes) - done)
    await publish(tx, ended, actor=SYSTEM, at=at, domain_id=row.domain_id, though_closed=True)


def lock_of(warmup_id: int) -> str:
    """What is held by who ends a part of a warm-up, or all of it."""
    return f"warm-up:{warmup_id}"


def _ends(said: Warmed) -> bool:
    return said.state in (WarmState.DONE, WarmState.FAILED)


async def _write(tx: Writer, part: Row[Any], said: Warmed, at: datetime) -> None:
    values: dict[str, Any] = {
        "state": said.state,
        "bytes_done": said.bytes_done,
        "bytes_total": said.bytes_total,
        "error": said.error[:ERROR_CHARS_MAX],
    }
    if said.state == WarmState.RUNNING and not said.error:
        values["error"] = part.error  # what broke off before is of interest until it has succeeded
    if all(getattr(part, key) == value for key, value in values.items()) and not _ends(said):
        return
    if said.state == WarmState.FAILED:
        values["attempts"] = part.attempts + 1
        values["next_at"] = None if said.is_final else next_after(part.attempts + 1, at)
    if said.state == WarmState.DONE:
        values["next_at"] = None
    if _ends(said) and values["next_at"] is None:
        values["ended_at"] = at
    await queries.set_part(tx, part.warmup_id, part.edge_id, **values, changed_at=at)
    if part.state != said.state:
        metrics.warmups.labels(said.state).inc()
    if "ended_at" in values:
        await end_if_over(tx, part.warmup_id, at)


def _order(row: Row[Any]) -> WarmOrder:
    tag = "" if ":" in row.reference else row.reference
    return WarmOrder(row.id, row.path, tag, row.digest, row.platforms)
