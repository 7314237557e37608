"""SQL about webhooks as they are defined."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries.names import IS_PUBLIC
from entrepot.registry.tables import organization, repository
from entrepot.webhooks.tables import webhook

_WITH_PLACE = (
    select(webhook, organization.c.name.label("organization"), organization.c.domain_id, repository.c.path)
    .join(organization, organization.c.id == webhook.c.organization_id)
    .outerjoin(repository, repository.c.id == webhook.c.repository_id)
)


async def webhooks_count(tx: Reader, organization_id: int) -> int:
    return int(await tx.value(select(func.count()).where(webhook.c.organization_id == organization_id)))


async def webhooks_of(
    tx: Reader, organization_id: int, repository_id: int | None, after: str, limit: int
) -> Sequence[Row[Any]]:
    """By name, those after one; of a repository, or all of an organization and its repositories."""
    found = _WITH_PLACE.where(webhook.c.organization_id == organization_id, webhook.c.name > after)
    if repository_id is not None:
        found = found.where(webhook.c.repository_id == repository_id)
    return await tx.rows(found.order_by(webhook.c.name).limit(limit))


async def webhook_by_name(tx: Reader, organization_name: str, name: str) -> Row[Any] | None:
    """With its `organization`, `domain_id`, and the `path` of its repository, None when it has none."""
    return await tx.row(_WITH_PLACE.where(organization.c.name == organization_name, webhook.c.name == name))


async def webhook_by_id(tx: Reader, webhook_id: str) -> Row[Any] | None:
    return await tx.row(_WITH_PLACE.where(webhook.c.id == webhook_id))


async def listening(tx: Reader, organizations: Collection[str]) -> Sequence[Row[Any]]:
    """Webhooks of these organizations that are not switched off."""
    return await tx.rows(_WITH_PLACE.where(organization.c.name.in_(organizations), webhook.c.is_enabled))


async def public_among(tx: Reader, paths: Collection[str]) -> set[str]:
    """Those of these repositories that everybody may read."""
    found = select(repository.c.path).where(repository.c.path.in_(paths), IS_PUBLIC)
    return {row.path for row in await tx.rows(found)}


async def save_webhook(tx: Writer, row: Mapping[str, Any]) -> bool:
    """False when the organization has a webhook of this name."""
    insert = tx.insert(webhook).values(**row)
    return await tx.value(insert.on_conflict_do_nothing().returning(webhook.c.id)) is not None


async def change_webhook(tx: Writer, webhook_id: str, **values: Any) -> None:
    await tx.run(update(webhook).where(webhook.c.id == webhook_id).values(**values))


async def delete_webhook(tx: Writer, webhook_id: str) -> None:
    await tx.run(delete(webhook).where(webhook.c.id == webhook_id))


async def is_delivering(tx: Reader, webhook_id: str) -> bool:
    """Whether it is there, switched on and not paused."""
    found = select(webhook.c.id).where(webhook.c.id == webhook_id, webhook.c.is_enabled, webhook.c.paused_at.is_(None))
    return await tx.row(found) is not None
