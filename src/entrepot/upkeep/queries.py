"""SQL about retention policies."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.upkeep.tables import retention_deletion, retention_policy


async def policy_of(tx: Reader, repository_id: int) -> Row[Any] | None:
    """The policy of a repository; it has at most one."""
    return await tx.row(select(retention_policy).where(retention_policy.c.repository_id == repository_id))


async def policy_by_id(tx: Reader, repository_id: int, policy_id: int) -> Row[Any] | None:
    """The policy of that number, when it is one of this repository."""
    of_repository = retention_policy.c.repository_id == repository_id
    return await tx.row(select(retention_policy).where(of_repository, retention_policy.c.id == policy_id))


async def save_policy(
    tx: Writer, repository_id: int, rules: Sequence[Any], creator_id: str, at: datetime
) -> int | None:
    """The new policy's number, or None when the repository has one."""
    insert = tx.insert(retention_policy).values(
        repository_id=repository_id, rules=rules, creator_id=creator_id, created_at=at, updated_at=at
    )
    made = await tx.value(insert.on_conflict_do_nothing().returning(retention_policy.c.id))
    return None if made is None else int(made)


async def set_rules(tx: Writer, policy_id: int, rules: Sequence[Any], at: datetime) -> None:
    changed = update(retention_policy).where(retention_policy.c.id == policy_id)
    await tx.run(changed.values(rules=rules, updated_at=at))


async def delete_policy(tx: Writer, policy_id: int) -> None:
    await tx.run(delete(retention_policy).where(retention_policy.c.id == policy_id))


async def deletions_count(tx: Reader, repository_id: int) -> int:
    return int(await tx.value(select(func.count()).where(retention_deletion.c.repository_id == repository_id)))


async def deletions_page(tx: Reader, repository_id: int, offset: int, limit: int) -> Sequence[Row[Any]]:
    """The newest first."""
    found = select(retention_deletion).where(retention_deletion.c.repository_id == repository_id)
    return await tx.rows(found.order_by(retention_deletion.c.id.desc()).offset(offset).limit(limit))
