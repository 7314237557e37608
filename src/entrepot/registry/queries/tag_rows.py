"""SQL behind the lists of tags with what they point at."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, Row, Select, String, bindparam, func, select, tuple_

from entrepot.access.patterns import ESCAPE, escaped
from entrepot.db.among import among
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
_ORDERS: Final[Mapping[TagOrder, Sequence[ColumnElement[Any]]]] = {
    TagOrder.UPDATED: (tag.c.pushed_at, tag.c.id),
    TagOrder.NAME: (tag.c.name,),
}


async def tag_row(tx: Reader, repository_id: int, name: str) -> Row[Any] | None:
    """One tag, with the document it points at as `body`."""
    return await tx.row(_ROW, {"repository": repository_id, "tag": name})


async def tags_count(tx: Reader, repository_id: int, part: str) -> int:
    return int(await tx.value(_count(bool(part)), _asking(repository_id, part)))


async def tags_page(
    tx: Reader, repository_id: int, part: str, order: TagOrder, descending: bool, offset: int, limit: int
) -> Sequence[Row[Any]]:
    """Tags whose name contains `part`, in the wanted order, each with the `total` of them on all pages."""
    page = _counted_page(order, descending, bool(part))
    return await tx.rows(page, {"first": offset, "most": limit, **_asking(repository_id, part)})


async def tags_after(
    tx: Reader, repository_id: int, part: str, order: TagOrder, descending: bool, after: Sequence[Any], limit: int
) -> Sequence[Row[Any]]:
    """Tags whose name contains `part`, in the wanted order, those after the one whose order keys are `after`."""
    page = _page(order, descending, bool(part))
    if after:
        keys = tuple_(*_ORDERS[order])
        page = page.where(keys < tuple_(*after) if descending else keys > tuple_(*after))
    return await tx.rows(page, {"first": 0, "most": limit, **_asking(repository_id, part)})


async def bodies(tx: Reader, repository_id: int, digests: Sequence[str]) -> dict[str, bytes]:
    """The documents of manifests, by digest."""
    return {row.digest: row.body for row in await tx.rows(_BODIES, {"repository": repository_id, "digests": digests})}


def _conditions(with_part: bool) -> list[ColumnElement[bool]]:
    conditions = [tag.c.repository_id == bindparam("repository"), tag.c.valid_until.is_(None)]
    if with_part:
        # Lowered on both sides: LIKE looks at case on one database and not on the other.
        conditions.append(func.lower(tag.c.name).like(bindparam("part", type_=String), escape=ESCAPE))
    return conditions


def _asking(repository_id: int, part: str) -> dict[str, Any]:
    return {"repository": repository_id, **({"part": f"%{escaped(part.lower())}%"} if part else {})}


def _rows(with_part: bool, *more: ColumnElement[Any]) -> Select[Any]:
    shown = (
        manifest.c.id.label("manifest_id"),
        manifest.c.media_type,
        manifest.c.artifact_type,
        manifest.c.config_digest,
        manifest.c.content_size,
        manifest.c.size,
        _CREATED,
    )
    return (
        select(tag, *shown, *more)
        .join(manifest, (manifest.c.repository_id == tag.c.repository_id) & (manifest.c.digest == tag.c.digest))
        .where(*_conditions(with_part))
    )


# Made once each.
_BODIES = select(manifest.c.digest, manifest.c.body).where(
    manifest.c.repository_id == bindparam("repository"), among(manifest.c.digest, "digests")
)
_ROW = _rows(False, manifest.c.body).where(tag.c.name == bindparam("tag"))


@cache
def _count(with_part: bool) -> Select[Any]:
    return select(func.count()).select_from(tag).where(*_conditions(with_part))


@cache
def _page(order: TagOrder, descending: bool, with_part: bool) -> Select[Any]:
    ordered = [column.desc() if descending else column.asc() for column in _ORDERS[order]]
    window = bindparam("first", type_=Integer), bindparam("most", type_=Integer)
    return _rows(with_part).order_by(*ordered).offset(window[0]).limit(window[1])


@cache
def _counted_page(order: TagOrder, descending: bool, with_part: bool) -> Select[Any]:
    total = _count(with_part).correlate(None).scalar_subquery().label("total")
    return _page(order, descending, with_part).add_columns(total)
