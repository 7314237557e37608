"""Artifacts: every manifest of a repository with the tags that name it, for management clients."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader
from entrepot.registry import reach
from entrepot.registry.queries import artifacts
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, worded
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class ArtifactTag:
    """`named_at`: since when the tag names this artifact."""

    id: int
    name: str
    named_at: datetime


@dataclass(frozen=True, slots=True)
class Artifact:
    """`size`: bytes of config and layers; of the document itself for an index."""

    id: int
    repository_id: int
    organization_id: int
    digest: str
    media_type: str
    artifact_type: str | None
    size: int
    pushed_at: datetime
    tags: Sequence[ArtifactTag]


@dataclass(frozen=True, slots=True)
class ArtifactPage:
    items: Sequence[Artifact]
    total: int


async def list_artifacts(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    tag_part: str,
    is_image: bool | None,
    offset: int,
    limit: int,
) -> ArtifactPage:
    """A page of a repository's artifacts, the newest first, and how many there are on all pages.

    With a `tag_part` those that have a tag whose name contains it. Raises Unauthenticated or RepositoryUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        rows, total = await artifacts.artifacts_page(tx, repository.id, tag_part, is_image, offset, limit)
        return ArtifactPage(await _artifacts(tx, repository, rows), total)


async def show_artifact(registry: Registry, actor: Actor, path: RepositoryName, digest: Digest) -> Artifact:
    """One artifact. Raises Unauthenticated, RepositoryUnknown or ManifestUnknown."""
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        row = await artifacts.artifact_row(tx, repository.id, str(digest))
        if row is None:
            raise ManifestUnknown(
                worded("{path} has no manifest {digest}.", path=path, digest=digest), reference=str(digest)
            )
        return (await _artifacts(tx, repository, [row]))[0]


async def _artifacts(tx: Reader, repository: Row[Any], rows: Sequence[Row[Any]]) -> Sequence[Artifact]:
    tags: dict[str, list[ArtifactTag]] = {row.digest: [] for row in rows}
    for row in await artifacts.tags_naming(tx, repository.id, list(tags)):
        tags[row.digest].append(ArtifactTag(row.id, row.name, row.pushed_at))
    return [
        Artifact(
            row.id,
            repository.id,
            repository.organization_id,
            row.digest,
            row.media_type,
            row.artifact_type,
            row.content_size or row.size,
            row.pushed_at,
            tags[row.digest],
        )
        for row in rows
    ]
