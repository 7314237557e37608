"""SQL about limits that are nearly used up, and of which it was told."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, func, insert, select

from entrepot.db.among import among
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.quota_rules import Resource, Standing
from entrepot.registry.tables import organization, quota_slice, quota_warning

Limit = tuple[str, str]
"""A limit's scope and resource."""
_PERCENT = 100


async def nearly_used(tx: Reader, percent: int) -> list[Standing]:
    """Limits of which so much or more is used, and anything at all."""
    used, allowed = func.sum(quota_slice.c.used), func.sum(quota_slice.c.allowed)
    rows = await tx.rows(
        select(quota_slice.c.scope, quota_slice.c.resource, used.label("used"), allowed.label("allowed"))
        .group_by(quota_slice.c.scope, quota_slice.c.resource)
        .having(used > 0, used >= allowed * (percent / _PERCENT))
        .order_by(quota_slice.c.scope, quota_slice.c.resource)
    )
    return [Standing(row.scope, Resource(row.resource), int(row.used), int(row.allowed)) for row in rows]


async def warned(tx: Reader) -> set[Limit]:
    """Those of which it was told."""
    rows = await tx.rows(select(quota_warning.c.scope, quota_warning.c.resource))
    return {(row.scope, row.resource) for row in rows}


async def save_warned(tx: Writer, limits: Collection[Limit], at: datetime) -> None:
    rows = [{"scope": scope, "resource": resource, "warned_at": at} for scope, resource in limits]
    if rows:
        await tx.run(insert(quota_warning), rows)


async def forget_warned(tx: Writer, limits: Collection[Limit]) -> None:
    for scope, resource in limits:
        of_limit = (quota_warning.c.scope == scope, quota_warning.c.resource == resource)
        await tx.run(delete(quota_warning).where(*of_limit))


async def organizations_among(tx: Reader, ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """The name and the domain of organizations, by their numbers."""
    found = select(organization.c.id, organization.c.name, organization.c.domain_id)
    rows = await tx.rows(found.where(among(organization.c.id, ids)))
    return {row.id: (row.name, row.domain_id) for row in rows}
