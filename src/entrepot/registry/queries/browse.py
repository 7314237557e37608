"""SQL behind the lists of repositories. Only the page itself is counted and summed, not what it skips."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select

from entrepot.access.actor import Actor
from entrepot.access.check import visible
from entrepot.db.transaction import Reader
from entrepot.registry.queries.names import IS_PUBLIC, REPOSITORY
from entrepot.registry.tables import blob, organization, repository, repository_blob, tag
from entrepot.registry.wanted import RepositoryOrder, WantedRepositories

_TAGS = (
    select(func.count())
    .where(tag.c.repository_id == repository.c.id, tag.c.valid_until.is_(None))
    .scalar_subquery()
    .label("tags")
)
# What follows the organization and its slash.
_NAME = func.substr(repository.c.path, func.length(organization.c.name) + 2)

_ORDERS: Final[Mapping[RepositoryOrder, ColumnElement[Any]]] = {
    RepositoryOrder.UPDATED: repository.c.updated_at,
    RepositoryOrder.NAME: _NAME,
    RepositoryOrder.TAGS: _TAGS,
    RepositoryOrder.ORGANIZATION: organization.c.name,
    RepositoryOrder.VISIBILITY: IS_PUBLIC,
}


async def repositories_count(tx: Reader, actor: Actor, wanted: WantedRepositories) -> int:
    found = select(func.count()).select_from(repository).join(organization).where(*_conditions(actor, wanted, tx.now))
    return int(await tx.value(found))


async def repositories_page(
    tx: Reader,
    actor: Actor,
    wanted: WantedRepositories,
    order: RepositoryOrder,
    descending: bool,
    offset: int,
    limit: int,
) -> Sequence[Row[Any]]:
    """In the wanted order, then by path."""
    column = _ORDERS[order]
    ordered = column.desc() if descending else column.asc()
    return await tx.rows(
        _rows()
        .where(*_conditions(actor, wanted, tx.now))
        .order_by(ordered, repository.c.path)
        .offset(offset)
        .limit(limit)
    )


async def repositories_after(
    tx: Reader, actor: Actor, wanted: WantedRepositories, after_id: int, limit: int
) -> Sequence[Row[Any]]:
    """By id, those after `after_id`."""
    return await tx.rows(
        _rows()
        .where(repository.c.id > after_id, *_conditions(actor, wanted, tx.now))
        .order_by(repository.c.id)
        .limit(limit)
    )


async def repository_row(tx: Reader, path: str) -> Row[Any] | None:
    return await tx.row(_rows().where(repository.c.path == path))


async def sizes(tx: Reader, repository_ids: Sequence[int]) -> dict[int, int]:
    """Bytes of the blobs linked in each repository; repositories without any are absent."""
    rows = await tx.rows(
        select(repository_blob.c.repository_id, func.sum(blob.c.size).label("bytes"))
        .join(blob)
        .where(repository_blob.c.repository_id.in_(repository_ids))
        .group_by(repository_blob.c.repository_id)
    )
    return {row.repository_id: int(row.bytes) for row in rows}


async def newest_tag_names(tx: Reader, repository_ids: Sequence[int], each_max: int) -> dict[int, list[str]]:
    """The tags of each repository, newest first, no more than `each_max`."""
    newest_first = (tag.c.valid_from.desc(), tag.c.id.desc())
    numbered = (
        select(
            tag.c.repository_id,
            tag.c.name,
            func.row_number().over(partition_by=tag.c.repository_id, order_by=newest_first).label("number"),
        )
        .where(tag.c.repository_id.in_(repository_ids), tag.c.valid_until.is_(None))
        .subquery()
    )
    found: dict[int, list[str]] = {}
    for row in await tx.rows(
        select(numbered).where(numbered.c.number <= each_max).order_by(numbered.c.repository_id, numbered.c.number)
    ):
        found.setdefault(row.repository_id, []).append(row.name)
    return found


def _rows() -> Select[Any]:
    return select(*REPOSITORY, _TAGS).join(organization)


def _conditions(actor: Actor, wanted: WantedRepositories, now: datetime) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [visible(actor, repository.c.path, organization.c.name, now)]
    if wanted.organization is not None:
        conditions.append(organization.c.name == wanted.organization)
    # Names have no upper case: lowering the part makes databases agree that compare letters differently.
    if wanted.organization_part:
        conditions.append(organization.c.name.contains(wanted.organization_part.lower(), autoescape=True))
    if wanted.name_part:
        conditions.append(_NAME.contains(wanted.name_part.lower(), autoescape=True))
    if wanted.category is not None:
        conditions.append(repository.c.category == wanted.category)
    if wanted.is_public is not None:
        conditions.append(IS_PUBLIC if wanted.is_public else ~IS_PUBLIC)
    return conditions
