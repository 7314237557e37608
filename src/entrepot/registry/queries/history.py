"""SQL about what tags named before: every interval is a row that stays."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, or_, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import manifest, organization, tag

_IS_KEPT = (
    select(manifest.c.id)
    .where(manifest.c.repository_id == tag.c.repository_id, manifest.c.digest == tag.c.digest)
    .exists()
    .label("is_kept")
)


async def intervals_of(
    tx: Reader, repository_id: int, name: str, before_id: int | None, limit: int
) -> Sequence[Row[Any]]:
    """What a tag named, the newest first, those before the row `before_id` of the same tag."""
    found = _intervals(repository_id).where(tag.c.name == name)
    if before_id is not None:
        mark = tag.alias("mark")
        since = (
            select(mark.c.valid_from)
            .where(mark.c.id == before_id, mark.c.repository_id == repository_id, mark.c.name == name)
            .scalar_subquery()
        )
        earlier = or_(tag.c.valid_from < since, and_(tag.c.valid_from == since, tag.c.id < before_id))
        found = found.where(earlier)
    return await tx.rows(found.order_by(tag.c.valid_from.desc(), tag.c.id.desc()).limit(limit))


async def tags_at(tx: Reader, repository_id: int, at: datetime, after: str, limit: int) -> Sequence[Row[Any]]:
    """The tags as they were at a moment, by name, those after `after`."""
    found = _intervals(repository_id).where(
        tag.c.name > after, tag.c.valid_from <= at, or_(tag.c.valid_until.is_(None), tag.c.valid_until > at)
    )
    return await tx.rows(found.order_by(tag.c.name).limit(limit))


async def has_named(tx: Reader, repository_id: int, name: str, digest: str) -> bool:
    """Whether a tag names this digest, or did once."""
    found = select(tag.c.id).where(tag.c.repository_id == repository_id, tag.c.name == name, tag.c.digest == digest)
    return await tx.value(found.limit(1)) is not None


async def kept_days(tx: Reader, organization_id: int, default: int) -> int:
    """For how many days an organization keeps what tags named before; `default` is what the settings say."""
    own = await tx.value(select(organization.c.history_days).where(organization.c.id == organization_id))
    return default if own is None else int(own)


def _intervals(repository_id: int) -> Select[Any]:
    return select(tag, _IS_KEPT).where(tag.c.repository_id == repository_id)
