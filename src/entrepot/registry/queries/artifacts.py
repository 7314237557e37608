"""SQL behind the lists of artifacts: every manifest of a repository, with its tags."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import manifest, tag
from entrepot.values.media_types import CONFIGS, INDEXES

_IS_IMAGE = or_(
    manifest.c.artifact_type.in_(sorted(CONFIGS)),
    and_(manifest.c.artifact_type.is_(None), manifest.c.media_type.in_(sorted(INDEXES))),
)
_SHOWN = (
    manifest.c.id,
    manifest.c.digest,
    manifest.c.media_type,
    manifest.c.artifact_type,
    manifest.c.size,
    manifest.c.content_size,
    manifest.c.pushed_at,
)


async def manifest_counts(tx: Reader, repository_ids: Sequence[int]) -> dict[int, int]:
    """How many each repository holds; repositories without any are absent."""
    rows = await tx.rows(
        select(manifest.c.repository_id, func.count().label("manifests"))
        .where(manifest.c.repository_id.in_(repository_ids))
        .group_by(manifest.c.repository_id)
    )
    return {row.repository_id: int(row.manifests) for row in rows}


async def artifacts_page(
    tx: Reader, repository_id: int, tag_part: str, is_image: bool | None, offset: int, limit: int
) -> tuple[Sequence[Row[Any]], int]:
    """Those with a tag whose name contains `tag_part`, the newest first; and how many there are on all pages."""
    conditions: list[ColumnElement[bool]] = [manifest.c.repository_id == repository_id]
    if tag_part:
        named = (
            tag.c.repository_id == repository_id,
            tag.c.digest == manifest.c.digest,
            tag.c.valid_until.is_(None),
            # Lowered on both sides: LIKE looks at case on one database and not on the other.
            func.lower(tag.c.name).contains(tag_part.lower(), autoescape=True),
        )
        conditions.append(select(tag.c.id).where(*named).exists())
    if is_image is not None:
        conditions.append(_IS_IMAGE if is_image else ~_IS_IMAGE)
    total = await tx.value(select(func.count()).select_from(manifest).where(*conditions))
    page = select(*_SHOWN).where(*conditions).order_by(manifest.c.id.desc()).offset(offset).limit(limit)
    return await tx.rows(page), int(total)


async def artifact_row(tx: Reader, repository_id: int, digest: str) -> Row[Any] | None:
    return await tx.row(select(*_SHOWN).where(manifest.c.repository_id == repository_id, manifest.c.digest == digest))


async def tags_naming(tx: Reader, repository_id: int, digests: Sequence[str]) -> Sequence[Row[Any]]:
    """The tags that name some manifests, by name, each with its `digest` and when it was last pushed."""
    return await tx.rows(
        select(tag.c.id, tag.c.name, tag.c.digest, tag.c.pushed_at)
        .where(tag.c.repository_id == repository_id, tag.c.digest.in_(digests), tag.c.valid_until.is_(None))
        .order_by(tag.c.name)
    )
