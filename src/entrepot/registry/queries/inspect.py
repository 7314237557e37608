"""SQL about one manifest and what stands around it."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Row, select

from entrepot.db.transaction import Reader
from entrepot.registry.tables import manifest, manifest_child


async def manifests_among(tx: Reader, repository_id: int, digests: Collection[str]) -> dict[str, Row[Any]]:
    """Media type, artifact type and sizes of those of `digests` that the repository holds as manifests."""
    found = select(
        manifest.c.digest,
        manifest.c.media_type,
        manifest.c.artifact_type,
        manifest.c.size,
        manifest.c.content_size,
    ).where(manifest.c.repository_id == repository_id, manifest.c.digest.in_(digests))
    return {row.digest: row for row in await tx.rows(found)}


async def indexes_naming(tx: Reader, repository_id: int, digest: str, limit: int) -> Sequence[str]:
    """Digests of the indexes of this repository that name a manifest."""
    found = (
        select(manifest.c.digest)
        .join(manifest_child)
        .where(
            manifest.c.repository_id == repository_id, manifest_child.c.digest == digest, manifest.c.digest != digest
        )
        .distinct()
        .order_by(manifest.c.digest)
        .limit(limit)
    )
    return [row.digest for row in await tx.rows(found)]


async def referrers_count(tx: Reader, repository_id: int, subject: str, most: int) -> int:
    """How many manifests name `subject`, counted up to `most`."""
    found = select(manifest.c.id).where(manifest.c.repository_id == repository_id, manifest.c.subject == subject)
    return len(await tx.rows(found.limit(most)))
