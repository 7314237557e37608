"""SQL about images that nobody pulls: a walk over repositories by path, a bounded stretch of it at a time."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, func, select, union_all

from entrepot.db.among import among
from entrepot.db.transaction import Reader
from entrepot.registry.counted_tables import pull_last, pull_total
from entrepot.registry.queries.readable import Readable
from entrepot.registry.tables import organization, repository, tag

_PULLED_AT = (
    select(func.max(pull_last.c.pulled_at)).where(pull_last.c.repository_id == repository.c.id).scalar_subquery()
)
_PULLS = select(pull_total.c.pulls).where(pull_total.c.repository_id == repository.c.id).scalar_subquery()
_ROWS = (
    select(
        repository.c.id,
        repository.c.path,
        repository.c.updated_at,
        organization.c.domain_id,
        _PULLED_AT.label("pulled_at"),
        func.coalesce(_PULLS, 0).label("pulls"),
    )
    .join(organization)
    .where(among(repository.c.path, "paths"))
    .order_by(repository.c.path)
)


async def stretch(
    tx: Reader, readable: Readable, organization_name: str | None, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Repositories by path, those after `after`: when each was pulled last, NULL when that is not known, and how often.

    `organization_name`: only of this one.
    """
    conditions = [repository.c.path > after]
    if organization_name is not None:
        # As a range, which the index on paths has: "0" comes right after the slash.
        conditions += [repository.c.path > f"{organization_name}/", repository.c.path < f"{organization_name}0"]
    if readable.is_administrator:
        found = select(repository.c.path).where(readable.condition(), *conditions)
        ordered = found.order_by(repository.c.path)
    else:
        few = union_all(*[part.where(*conditions) for part in readable.parts(repository.c.path)]).subquery()
        ordered = select(few.c.path).order_by(few.c.path)
    paths = [row.path for row in await tx.rows(ordered.limit(limit))]
    return await tx.rows(_ROWS, {"paths": paths})


async def tags_of(tx: Reader, repository_ids: Collection[int]) -> dict[int, Row[Any]]:
    """How many tags each has, `number`, and when one was pushed last, `pushed_at`; those without any are absent."""
    pushed_at = func.max(tag.c.pushed_at).label("pushed_at")
    found = (
        select(tag.c.repository_id, func.count().label("number"), pushed_at)
        .where(among(tag.c.repository_id, repository_ids), tag.c.valid_until.is_(None))
        .group_by(tag.c.repository_id)
    )
    return {row.repository_id: row for row in await tx.rows(found)}
