"""SQL about warm-ups, their nodes and rules."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, Select, delete, func, select, update

from entrepot.access.actor import Actor
from entrepot.access.check import visible
from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.regions.tables import edge, warm_rule, warmup, warmup_node
from entrepot.regions.warming.rules import WarmState
from entrepot.registry.tables import organization, repository

_WARMUP: Final = (warmup, repository.c.path, organization.c.domain_id)

# --- warm-ups ---


async def save_warmup(tx: Writer, **values: Any) -> int:
    """Its number."""
    return int(await tx.value(tx.insert(warmup).values(**values).returning(warmup.c.id)))


async def warmup_by_id(tx: Reader, warmup_id: int) -> Row[Any] | None:
    """With its repository's `path` and `domain_id`."""
    return await tx.row(_with_path().where(warmup.c.id == warmup_id))


async def warmups(tx: Reader, before: int | None, limit: int, readable_by: Actor | None) -> Sequence[Row[Any]]:
    """With their repositories' `path`, the newest first, from below the number `before`; those of repositories that
    somebody may read, or all.
    """
    found = _with_path()
    if before is not None:
        found = found.where(warmup.c.id < before)
    if readable_by is not None:
        found = found.where(visible(readable_by, repository.c.path, organization.c.name, tx.now))
    return await tx.rows(found.order_by(warmup.c.id.desc()).limit(limit))


async def open_count(tx: Reader) -> int:
    """How many have not ended."""
    return int(await tx.value(select(func.count()).where(warmup.c.ended_at.is_(None))))


async def same_open(tx: Reader, repository_id: int, digest: str, rule: str) -> bool:
    """Whether a rule's warm-up of an image has not ended."""
    found = select(warmup.c.id).where(
        warmup.c.repository_id == repository_id,
        warmup.c.digest == digest,
        warmup.c.rule == rule,
        warmup.c.ended_at.is_(None),
    )
    return await tx.value(found.limit(1)) is not None


async def set_warmup(tx: Writer, warmup_id: int, **values: Any) -> None:
    await tx.run(update(warmup).where(warmup.c.id == warmup_id).values(**values))


async def forget_warmups(tx: Writer, before: datetime, limit: int) -> int:
    """Some that ended before then; how many they were."""
    old = select(warmup.c.id).where(warmup.c.ended_at < before).limit(limit)
    return await tx.run(delete(warmup).where(warmup.c.id.in_(old)))


async def deserted(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    """Some that have not ended though none of their nodes is left to: an edge was deleted."""
    is_open = select(warmup_node.c.warmup_id).where(
        warmup_node.c.warmup_id == warmup.c.id, warmup_node.c.next_at.is_not(None)
    )
    return await tx.rows(_with_path().where(warmup.c.ended_at.is_(None), ~is_open.exists()).limit(limit))


# --- their nodes ---


async def save_nodes(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    await tx.run(tx.insert(warmup_node), rows)


async def nodes_of(tx: Reader, warmup_ids: Collection[int]) -> Sequence[Row[Any]]:
    """With `name` and `region`, by these."""
    found = select(warmup_node, edge.c.name, edge.c.region).join(edge, edge.c.id == warmup_node.c.edge_id)
    found = found.where(among(warmup_node.c.warmup_id, warmup_ids))
    return await tx.rows(found.order_by(edge.c.region, edge.c.name))


async def ordered(tx: Reader, edge_id: str, at: datetime, limit: int) -> Sequence[Row[Any]]:
    """What a node is to fetch now, the oldest first."""
    found = _with_path().join(warmup_node, warmup_node.c.warmup_id == warmup.c.id)
    found = found.where(warmup_node.c.edge_id == edge_id, warmup_node.c.next_at <= at)
    return await tx.rows(found.order_by(warmup.c.id).limit(limit))


async def open_parts(tx: Reader, edge_id: str, warmup_ids: Collection[int]) -> Mapping[int, Row[Any]]:
    """A node's parts of these warm-ups that have not ended, by warm-up."""
    found = select(warmup_node).where(
        warmup_node.c.edge_id == edge_id,
        among(warmup_node.c.warmup_id, warmup_ids),
        warmup_node.c.next_at.is_not(None),
    )
    return {row.warmup_id: row for row in await tx.rows(found)}


async def set_part(tx: Writer, warmup_id: int, edge_id: str, **values: Any) -> None:
    where = (warmup_node.c.warmup_id == warmup_id, warmup_node.c.edge_id == edge_id)
    await tx.run(update(warmup_node).where(*where).values(**values))


async def cancel_parts(tx: Writer, warmup_id: int, at: datetime) -> int:
    """How many there were to call off."""
    found = update(warmup_node).where(warmup_node.c.warmup_id == warmup_id, warmup_node.c.next_at.is_not(None))
    return await tx.run(found.values(state=WarmState.CANCELLED, next_at=None, changed_at=at, ended_at=at))


# --- rules ---


async def save_rule(tx: Writer, **values: Any) -> bool:
    """False when there is a rule of this name."""
    insert = tx.insert(warm_rule).values(**values)
    return await tx.value(insert.on_conflict_do_nothing().returning(warm_rule.c.name)) is not None


async def rules(tx: Reader) -> Sequence[Row[Any]]:
    """All of them by name: there are few."""
    return await tx.rows(select(warm_rule).order_by(warm_rule.c.name))


async def rule_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(warm_rule).where(warm_rule.c.name == name))


async def rules_count(tx: Reader) -> int:
    return int(await tx.value(select(func.count()).select_from(warm_rule)))


async def delete_rule(tx: Writer, name: str) -> None:
    await tx.run(delete(warm_rule).where(warm_rule.c.name == name))


def _with_path() -> Select[Any]:
    """Of warm-ups, with their repositories' `path` and `domain_id`."""
    found = select(*_WARMUP).join(repository, repository.c.id == warmup.c.repository_id)
    return found.join(organization, organization.c.id == repository.c.organization_id)
