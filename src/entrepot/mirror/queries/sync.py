"""SQL about regions and synchronisation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.mirror.rules import Status
from entrepot.mirror.tables import sync_job, sync_region, sync_rule

# --- regions ---


async def regions(tx: Reader, limit: int) -> Sequence[Row[Any]]:
    return await tx.rows(select(sync_region).order_by(sync_region.c.name).limit(limit))


async def region_by_name(tx: Reader, name: str) -> Row[Any] | None:
    return await tx.row(select(sync_region).where(sync_region.c.name == name))


async def save_region(tx: Writer, name: str, url: str, creator_id: str, at: datetime) -> bool:
    """False when there is a region of this name."""
    insert = tx.insert(sync_region).values(name=name, url=url, creator_id=creator_id, created_at=at)
    return await tx.value(insert.on_conflict_do_nothing().returning(sync_region.c.name)) is not None


async def rules_to(tx: Reader, region: str) -> int:
    return int(await tx.value(select(func.count()).where(sync_rule.c.region == region)))


async def copies_waiting(tx: Reader, region: str) -> int:
    waiting = (sync_job.c.status == Status.WAITING, sync_job.c.region == region)
    return int(await tx.value(select(func.count()).where(*waiting)))


async def cancel_copies(tx: Writer, region: str, at: datetime) -> int:
    """How many were waiting."""
    waiting = update(sync_job).where(sync_job.c.status == Status.WAITING, sync_job.c.region == region)
    return await tx.run(waiting.values(status=Status.CANCEL, updated_at=at))


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


# --- copies ---


async def waiting_copies(tx: Reader, repository_id: int, limit: int) -> Sequence[Row[Any]]:
    waiting = and_(sync_job.c.repository_id == repository_id, sync_job.c.status == Status.WAITING)
    return await tx.rows(select(sync_job).where(waiting).limit(limit))


async def save_copies(
    tx: Writer,
    repository_id: int,
    region: str,
    organization: str,
    tags: Sequence[str],
    overrides: bool,
    operator_id: str,
    at: datetime,
) -> None:
    shared = {
        "repository_id": repository_id,
        "region": region,
        "remote_organization": organization,
        "overrides": overrides,
        "status": Status.WAITING,
        "operator_id": operator_id,
        "created_at": at,
        "updated_at": at,
    }
    await tx.run(tx.insert(sync_job), [{**shared, "tag": tag} for tag in tags])


async def copies_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(sync_job.c.repository_id == repository_id)))


async def copies_page(
    tx: Reader, repository_id: int, newest_first: bool, offset: int, limit: int
) -> Sequence[Row[Any]]:
    order = sync_job.c.id.desc() if newest_first else sync_job.c.id
    found = select(sync_job).where(sync_job.c.repository_id == repository_id)
    return await tx.rows(found.order_by(order).offset(offset).limit(limit))
