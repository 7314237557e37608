"""SQL about runs of retention and the tags they deleted."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import repository
from entrepot.upkeep.tables import retention_deletion, retention_run

COUNTERS = ("looked_at", "deleted", "kept", "immutable", "running", "untagged", "restored", "refused")


async def save_run(tx: Writer, organization_id: int, repository_id: int, **values: Any) -> int:
    """The new run's number."""
    zeros = dict.fromkeys(COUNTERS, 0)
    fixed = {"stopped_by": "", "detail": {}, "undone_by": "", **zeros}
    insert = tx.insert(retention_run).values(
        organization_id=organization_id, repository_id=repository_id, **fixed, **values
    )
    return int(await tx.value(insert.returning(retention_run.c.id)))


async def set_run(tx: Writer, run_id: int, **values: Any) -> None:
    await tx.run(update(retention_run).where(retention_run.c.id == run_id).values(**values))


async def count(tx: Writer, run_id: int, **counts: int) -> None:
    """Add to the counters of a run."""
    added = {name: retention_run.c[name] + number for name, number in counts.items()}
    await tx.run(update(retention_run).where(retention_run.c.id == run_id).values(**added))


async def run_by_id(tx: Reader, repository_id: int, run_id: int) -> Row[Any] | None:
    of_repository = retention_run.c.repository_id == repository_id
    return await tx.row(_runs().where(of_repository, retention_run.c.id == run_id))


async def last_run(tx: Reader, repository_id: int) -> Row[Any] | None:
    found = _runs().where(retention_run.c.repository_id == repository_id)
    return await tx.row(found.order_by(retention_run.c.id.desc()).limit(1))


async def runs_before(
    tx: Reader, organization_id: int, repository_id: int | None, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Of a repository, or of all of an organization: the newest first, those before a run, with the `path`."""
    if repository_id is None:
        found = _runs().where(retention_run.c.organization_id == organization_id)
    else:
        found = _runs().where(retention_run.c.repository_id == repository_id)
    if before is not None:
        found = found.where(retention_run.c.id < before)
    return await tx.rows(found.order_by(retention_run.c.id.desc()).limit(limit))


def _runs() -> Any:
    return select(retention_run, repository.c.path).join_from(retention_run, repository)


async def delete_run(tx: Writer, run_id: int) -> None:
    await tx.run(delete(retention_run).where(retention_run.c.id == run_id))


# --- what they deleted ---


async def save_deletions(tx: Writer, rows: Sequence[Mapping[str, Any]]) -> None:
    await tx.run(tx.insert(retention_deletion), rows)


async def deletions_of_run(
    tx: Reader, run_id: int, after: int, limit: int, without_outcome: bool = False
) -> Sequence[Row[Any]]:
    """The tags that a run deleted, in that order, those after `after`."""
    found = select(retention_deletion).where(retention_deletion.c.run_id == run_id, retention_deletion.c.id > after)
    if without_outcome:
        found = found.where(retention_deletion.c.outcome.is_(None))
    return await tx.rows(found.order_by(retention_deletion.c.id).limit(limit))


async def set_outcomes(tx: Writer, outcome: str, deletion_ids: Sequence[int]) -> None:
    changed = update(retention_deletion).where(among(retention_deletion.c.id, deletion_ids))
    await tx.run(changed.values(outcome=outcome))


async def deletions_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(retention_deletion.c.repository_id == repository_id)))


async def deletions_page(tx: Reader, repository_id: int, offset: int, limit: int) -> Sequence[Row[Any]]:
    """Of a repository, whatever run it was: the newest first."""
    found = select(retention_deletion).where(retention_deletion.c.repository_id == repository_id)
    return await tx.rows(found.order_by(retention_deletion.c.id.desc()).offset(offset).limit(limit))


# --- forgetting ---


async def old_runs(tx: Reader, ended_before: datetime, limit: int) -> Sequence[int]:
    found = select(retention_run.c.id).where(retention_run.c.ended_at < ended_before)
    return [row.id for row in await tx.rows(found.order_by(retention_run.c.ended_at).limit(limit))]


async def forget_deletions(tx: Writer, run_id: int, limit: int) -> int:
    """Forget so many of the tags that a run deleted; how many."""
    some = select(retention_deletion.c.id).where(retention_deletion.c.run_id == run_id).limit(limit)
    return await tx.run(delete(retention_deletion).where(retention_deletion.c.id.in_(some.scalar_subquery())))
