"""SQL behind the lists of tags with what they point at."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import manifest, tag
from entrepot.registry.wanted import TagOrder

_earlier = tag.alias("earlier")
_CREATED = (
    select(func.min(_earlier.c.valid_from))
    .where(_earlier.c.repository_id == tag.c.repository_id, _earlier.c.name == tag.c.name)
    .scalar_subquery()
    .label("created_at")
)
# Moving a tag opens a new row, so the newest id is the latest move.
_ORDERS: Final[Mapping[TagOrder, ColumnElement[Any]]] = {TagOrder.UPDATED: tag.c.id, TagOrder.NAME: tag.c.name}


async def tag_row(tx: Reader, repository_id: int, name: str) -> Row[Any] | None:
    return await tx.row(_rows(repository_id).where(tag.c.name == name))


async def tags_count(tx: Reader, repository_id: int, part: str) -> int:
    found = select(func.count()).select_from(tag).where(*_conditions(repository_id, part))
    return int(await tx.value(found))


async def tags_page(
    tx: Reader, repository_id: int, part: str, order: TagOrder, descending: bool, offset: int, limit: int
) -> Sequence[Row[Any]]:
    """Tags whose name contains `part`, in the wanted order."""
    column = _ORDERS[order]
    ordered = column.desc() if descending else column.asc()
    return await tx.rows(
        _rows(repository_id).where(*_conditions(repository_id, part)).order_by(ordered).offset(offset).limit(limit)
    )


async def tags_after(
    tx: Reader, repository_id: int, part: str, order: TagOrder, descending: bool, after: str | int | None, limit: int
) -> Sequence[Row[Any]]:
    """Tags whose name contains `part`, in the wanted order, those after the one whose order key is `after`."""
    column = _ORDERS[order]
    statement = _rows(repository_id).where(*_conditions(repository_id, part))
    if after is not None:
        statement = statement.where(column < after if descending else column > after)
    return await tx.rows(statement.order_by(column.desc() if descending else column.asc()).limit(limit))


async def bodies(tx: Reader, repository_id: int, digests: Sequence[str]) -> dict[str, bytes]:
    """The documents of manifests, by digest."""
    found = select(manifest.c.digest, manifest.c.body).where(
        manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests)
    )
    return {row.digest: row.body for row in await tx.rows(found)}


def _rows(repository_id: int) -> Select[Any]:
    return (
        select(
            tag,
            manifest.c.id.label("manifest_id"),
            manifest.c.media_type,
            manifest.c.artifact_type,
            manifest.c.config_digest,
            manifest.c.content_size,
            manifest.c.size,
            _CREATED,
        )
        .join(manifest, (manifest.c.repository_id == tag.c.repository_id) & (manifest.c.digest == tag.c.digest))
        .where(*_conditions(repository_id, ""))
    )


def _conditions(repository_id: int, part: str) -> list[ColumnElement[bool]]:
    conditions = [tag.c.repository_id == repository_id, tag.c.valid_until.is_(None)]
    if part:
        # Lowered on both sides: LIKE looks at case on one database and not on the other.
        conditions.append(func.lower(tag.c.name).contains(part.lower(), autoescape=True))
    return conditions
