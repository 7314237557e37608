"""SQL about regions and rules of synchronisation; about copies: see `copies.py`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.tables import sync_region, sync_rule
from entrepot.registry.tables import repository

# --- regions ---


async def regions(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    return await tx.rows(select(sync_region).order_by(sync_region.c.name).limit(limit))


async def region_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(sync_region).where(sync_region.c.name == name))


async def cidrs_of_regions(tx: Reader, but: str) -> dict[str, Sequence[str]]:
    """Networks of clients by region, of all but one."""
    found = select(sync_region.c.name, sync_region.c.cidrs).where(sync_region.c.name != but)
    return {row.name: row.cidrs for row in await tx.rows(found)}


async def save_region(tx: Writer, name: str, creator_id: str, at: datetime, **values: Any) -> bool:
    """False when there is a region of this name."""
    insert = tx.insert(sync_region).values(name=name, creator_id=creator_id, created_at=at, changed_at=at, **values)
    return await tx.value(insert.on_conflict_do_nothing().returning(sync_region.c.name)) is not None


async def change_region(tx: Writer, name: str, at: datetime, **values: Any) -> None:
    await tx.run(update(sync_region).where(sync_region.c.name == name).values(changed_at=at, **values))


async def rules_to(tx: Reader, region: str) -> int:
    return int(await tx.value(select(func.count()).where(sync_rule.c.region == region)))


async def delete_region(tx: Writer, name: str) -> None:
    await tx.run(delete(sync_region).where(sync_region.c.name == name))


# --- rules ---


async def rules_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(sync_rule.c.repository_id == repository_id)))


async def rules_of(tx: Reader, repository_id: int, limit: int) -> Sequence[Row[Any]]:
    """The newest first."""
    found = select(sync_rule).where(sync_rule.c.repository_id == repository_id)
    return await tx.rows(found.order_by(sync_rule.c.id.desc()).limit(limit))


async def rule_to(tx: Reader, repository_id: int, region: str, organization: str) -> Row[Any] | None:
    return await tx.row(select(sync_rule).where(_to(repository_id, region, organization)))


async def automatic_rules(tx: Reader, paths: Collection[str]) -> Sequence[Row[Any]]:
    """Rules of these repositories that copy what is pushed, each with its repository's `path`."""
    found = select(sync_rule, repository.c.path).join(repository)
    return await tx.rows(found.where(repository.c.path.in_(paths), sync_rule.c.is_automatic).order_by(sync_rule.c.id))


async def rule_exists(tx: Reader, rule_id: int) -> bool:
    return await tx.value(select(sync_rule.c.id).where(sync_rule.c.id == rule_id)) is not None


async def save_rule(
    tx: Writer,
    repository_id: int,
    region: str,
    organization: str,
    is_automatic: bool,
    overrides: bool,
    creator_id: str,
    at: datetime,
) -> bool:
    """False when the repository has a rule to there."""
    insert = tx.insert(sync_rule).values(
        repository_id=repository_id,
        region=region,
        remote_organization=organization,
        is_automatic=is_automatic,
        overrides=overrides,
        creator_id=creator_id,
        created_at=at,
    )
    return await tx.value(insert.on_conflict_do_nothing().returning(sync_rule.c.id)) is not None


async def delete_rule(tx: Writer, repository_id: int, region: str, organization: str) -> None:
    await tx.run(delete(sync_rule).where(_to(repository_id, region, organization)))


def _to(repository_id: int, region: str, organization: str) -> ColumnElement[bool]:
    return and_(
        sync_rule.c.repository_id == repository_id,
        sync_rule.c.region == region,
        sync_rule.c.remote_organization == organization,
    )
