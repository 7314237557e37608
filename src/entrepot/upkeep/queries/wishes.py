"""SQL about executions of retention that are to be done, and what holds them up."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, or_, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import organization, repository
from entrepot.upkeep.tables import (
    retention_clock,
    retention_hold,
    retention_policy,
    retention_wide_policy,
    retention_wish,
)

_CLOCK = 1  # the number of its only row


async def save_wish(
    tx: Writer,
    organization_id: int,
    repository_id: int | None,
    cause: str,
    by: str,
    at: datetime,
    is_forced: bool = False,
    run_id: int | None = None,
) -> None:
    wish = {"organization_id": organization_id, "repository_id": repository_id, "cause": cause, "asked_by": by}
    more = {"asked_at": at, "is_forced": is_forced, "run_id": run_id, "after": 0, "attempts": 0}
    await tx.run(tx.insert(retention_wish).values(**wish, **more))


async def save_due(tx: Writer, cause: str, by: str, at: datetime) -> int:
    """A wish for each organization with a policy that has none of this cause yet; how many."""
    waiting = select(retention_wish.c.organization_id).where(
        retention_wish.c.cause == cause, retention_wish.c.repository_id.is_(None)
    )
    of_repositories = select(repository.c.organization_id).join_from(retention_policy, repository)
    of_organizations = select(retention_wide_policy.c.organization_id)
    has_policy = or_(organization.c.id.in_(of_repositories), organization.c.id.in_(of_organizations))
    found = select(organization.c.id).where(has_policy, organization.c.id.not_in(waiting))
    rows = await tx.rows(found.order_by(organization.c.id))
    for row in rows:
        await save_wish(tx, row.id, None, cause, by, at)
    return len(rows)


async def first_wish(tx: Reader) -> Row[Any] | None:
    return await tx.row(select(retention_wish).order_by(retention_wish.c.id).limit(1))


async def begin_attempt(tx: Writer, wish_id: int) -> None:
    tried = update(retention_wish).where(retention_wish.c.id == wish_id)
    await tx.run(tried.values(attempts=retention_wish.c.attempts + 1))


async def move_on(tx: Writer, wish_id: int, after: int) -> None:
    """The wish is fulfilled up to a repository, which was no trouble."""
    await tx.run(update(retention_wish).where(retention_wish.c.id == wish_id).values(after=after, attempts=1))


async def delete_wish(tx: Writer, wish_id: int) -> None:
    await tx.run(delete(retention_wish).where(retention_wish.c.id == wish_id))


# --- what holds them up ---


async def hold_of(tx: Reader, repository_id: int) -> Row[Any] | None:
    return await tx.row(select(retention_hold).where(retention_hold.c.repository_id == repository_id))


async def save_hold(tx: Writer, repository_id: int, by: str, at: datetime) -> None:
    held = {"held_by": by, "held_at": at}
    insert = tx.insert(retention_hold).values(repository_id=repository_id, **held)
    await tx.run(insert.on_conflict_do_update(index_elements=["repository_id"], set_=held))


async def holds_in(tx: Reader, organization_id: int) -> Sequence[Row[Any]]:
    """The repositories of an organization that are held: id, name."""
    found = select(repository.c.id, repository.c.name).join_from(retention_hold, repository)
    return await tx.rows(found.where(repository.c.organization_id == organization_id).order_by(repository.c.id))


async def end_hold(tx: Writer, repository_id: int) -> None:
    await tx.run(delete(retention_hold).where(retention_hold.c.repository_id == repository_id))


async def clock(tx: Reader) -> Row[Any] | None:
    return await tx.row(select(retention_clock).where(retention_clock.c.id == _CLOCK))


async def set_clock(tx: Writer, **values: datetime | None) -> None:
    insert = tx.insert(retention_clock).values(id=_CLOCK, **values)
    await tx.run(insert.on_conflict_do_update(index_elements=["id"], set_=values))
