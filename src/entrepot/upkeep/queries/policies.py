"""SQL about retention policies, of repositories and of organizations."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.accounts.tables import user
from entrepot.db.transaction import Reader, Writer
from entrepot.upkeep.tables import retention_policy, retention_wide_policy


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


# --- of organizations ---

_SET_BY = func.coalesce(
    select(user.c.name).where(user.c.id == retention_wide_policy.c.changed_by).scalar_subquery(), ""
)


async def wide_policies(tx: Reader, organization_id: int) -> Sequence[Row[Any]]:
    """All policies of an organization, the oldest first, with `set_by`: the name of who said last what it says."""
    of_it = retention_wide_policy.c.organization_id == organization_id
    found = select(retention_wide_policy, _SET_BY.label("set_by")).where(of_it)
    return await tx.rows(found.order_by(retention_wide_policy.c.id))


async def save_wide_policy(tx: Writer, organization_id: int, document: Mapping[str, Any], by: str, at: datetime) -> int:
    """The new policy's number."""
    insert = tx.insert(retention_wide_policy).values(
        organization_id=organization_id, document=document, created_at=at, changed_by=by, updated_at=at
    )
    return int(await tx.value(insert.returning(retention_wide_policy.c.id)))


async def set_wide_policy(tx: Writer, policy_id: int, document: Mapping[str, Any], by: str, at: datetime) -> None:
    changed = update(retention_wide_policy).where(retention_wide_policy.c.id == policy_id)
    await tx.run(changed.values(document=document, changed_by=by, updated_at=at))


async def delete_wide_policy(tx: Writer, policy_id: int) -> None:
    await tx.run(delete(retention_wide_policy).where(retention_wide_policy.c.id == policy_id))
