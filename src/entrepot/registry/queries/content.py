"""SQL about blobs, manifests and the references between them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, literal, select, union

from entrepot.access.actor import Actor
from entrepot.access.check import pullable
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.tables import (
    blob,
    gc_candidate,
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    repository,
    repository_blob,
)
from entrepot.values.manifest import Manifest

_BATCH = 500  # bound parameters in one statement, well under every database's limit


async def blob_size(tx: Reader, repository_id: int, digest: str) -> int | None:
    """The size of a blob linked in the repository."""
    linked = repository_blob.c.repository_id == repository_id
    found = await tx.value(select(blob.c.size).join(repository_blob).where(linked, blob.c.digest == digest))
    return None if found is None else int(found)


async def blob_sizes(tx: Reader, digests: Collection[str]) -> dict[str, int]:
    """The size of each of `digests` that is a blob."""
    sizes: dict[str, int] = {}
    for batch in _batches(digests):
        found = select(blob.c.digest, blob.c.size).where(blob.c.digest.in_(batch))
        sizes.update((row.digest, int(row.size)) for row in await tx.rows(found))
    return sizes


async def linked_digests(tx: Reader, repository_id: int, digests: Collection[str]) -> set[str]:
    """Those of `digests` that the repository holds as blobs."""
    held: set[str] = set()
    for batch in _batches(digests):
        found = select(repository_blob.c.digest).where(
            repository_blob.c.repository_id == repository_id, repository_blob.c.digest.in_(batch)
        )
        held.update(row.digest for row in await tx.rows(found))
    return held


async def held_manifests(tx: Reader, repository_id: int, digests: Collection[str]) -> set[str]:
    """Those of `digests` that the repository holds as manifests."""
    held: set[str] = set()
    for batch in _batches(digests):
        found = select(manifest.c.digest).where(manifest.c.repository_id == repository_id, manifest.c.digest.in_(batch))
        held.update(row.digest for row in await tx.rows(found))
    return held


async def readable_digests(tx: Reader, actor: Actor, digests: Collection[str]) -> set[str]:
    """Those of `digests` that are linked in some repository the actor may pull from."""
    readable: set[str] = set()
    for batch in _batches(digests):
        found = (
            select(repository_blob.c.digest)
            .join(repository, repository.c.id == repository_blob.c.repository_id)
            .join(organization, organization.c.id == repository.c.organization_id)
            .where(repository_blob.c.digest.in_(batch), pullable(actor, repository.c.path, organization.c.name, tx.now))
            .distinct()
        )
        readable.update(row.digest for row in await tx.rows(found))
    return readable


async def is_readable_in(tx: Reader, actor: Actor, path: str, digest: str) -> bool:
    """Whether the blob is linked in the repository at `path` and the actor may pull from that."""
    found = (
        select(repository_blob.c.digest)
        .join(repository, repository.c.id == repository_blob.c.repository_id)
        .join(organization, organization.c.id == repository.c.organization_id)
        .where(
            repository.c.path == path,
            repository_blob.c.digest == digest,
            pullable(actor, repository.c.path, organization.c.name, tx.now),
        )
    )
    return await tx.value(found) is not None


async def save_blob(tx: Writer, digest: str, size: int, at: datetime) -> None:
    await tx.run(tx.insert(blob).values(digest=digest, size=size, stored_at=at).on_conflict_do_nothing())


async def link_blobs(tx: Writer, repository_id: int, digests: Iterable[str], at: datetime) -> None:
    rows = [{"repository_id": repository_id, "digest": digest, "linked_at": at} for digest in digests]
    await tx.run(tx.insert(repository_blob).on_conflict_do_nothing(), rows)


async def unlink_blob(tx: Writer, repository_id: int, digest: str, at: datetime) -> bool:
    """Whether it was linked."""
    gone = await tx.run(
        delete(repository_blob).where(
            repository_blob.c.repository_id == repository_id, repository_blob.c.digest == digest
        )
    )
    if gone:
        await mark_blob_dropped(tx, digest, at)
    return gone > 0


async def mark_blob_dropped(tx: Writer, digest: str, at: datetime) -> None:
    """Queue one digest for review."""
    await mark_dropped(tx, select(literal(digest)), at)


async def manifest_using_blob(tx: Reader, repository_id: int, digest: str) -> str | None:
    """The digest of a manifest of this repository that names the blob."""
    found: str | None = await tx.value(
        select(manifest.c.digest)
        .join(manifest_blob)
        .where(manifest.c.repository_id == repository_id, manifest_blob.c.digest == digest)
        .limit(1)
    )
    return found


async def index_using_manifest(tx: Reader, repository_id: int, digest: str) -> str | None:
    """The digest of an index of this repository that names the manifest."""
    found: str | None = await tx.value(
        select(manifest.c.digest)
        .join(manifest_child)
        .where(
            manifest.c.repository_id == repository_id,
            manifest_child.c.digest == digest,
            manifest.c.digest != digest,
        )
        .limit(1)
    )
    return found


async def manifest_by_digest(tx: Reader, repository_id: int, digest: str) -> Row[Any] | None:
    return await tx.row(select(manifest).where(manifest.c.repository_id == repository_id, manifest.c.digest == digest))


async def save_manifest(tx: Writer, repository_id: int, digest: str, content: Manifest, by: str, at: datetime) -> bool:
    """Save a manifest with its references; whether it was new."""
    values = {
        "repository_id": repository_id,
        "digest": digest,
        "media_type": content.media_type,
        "artifact_type": content.artifact_type,
        "subject": str(content.subject.digest) if content.subject else None,
        "config_digest": str(content.config.digest) if content.config else None,
        "size": len(content.body),
        "content_size": content.total_size,
        "annotations": content.annotations,
        "body": content.body,
        "pushed_at": at,
        "pushed_by": by,
    }
    manifest_id = await tx.value(tx.insert(manifest).values(values).on_conflict_do_nothing().returning(manifest.c.id))
    if manifest_id is None:
        return False
    for table, descriptors in ((manifest_blob, content.blobs), (manifest_child, content.children)):
        unique = dict.fromkeys(str(descriptor.digest) for descriptor in descriptors)
        await tx.run(insert(table), [{"manifest_id": manifest_id, "digest": digest} for digest in unique])
    return True


async def delete_manifest(tx: Writer, repository_id: int, manifest_id: int, at: datetime) -> None:
    """Remove a manifest; what only it may have referred to waits for review."""
    named = select(manifest_blob.c.digest).where(manifest_blob.c.manifest_id == manifest_id)
    await mark_dropped(tx, named, at)
    await tx.run(delete(manifest).where(manifest.c.id == manifest_id, manifest.c.repository_id == repository_id))


async def mark_repository_dropped(tx: Writer, repository_id: int, at: datetime) -> None:
    """Every blob of the repository may be without reference soon."""
    linked = select(repository_blob.c.digest).where(repository_blob.c.repository_id == repository_id)
    named = select(manifest_blob.c.digest).join(manifest).where(manifest.c.repository_id == repository_id)
    await mark_dropped(tx, select(union(linked, named).subquery().c.digest), at)


async def mark_dropped(tx: Writer, digests: Select[Any], at: datetime) -> None:
    """Queue digests for review; a digest dropped again waits its whole grace time again."""
    source = digests.add_columns(literal(at, gc_candidate.c.dropped_at.type))
    # SQLite reads "ON" after a bare SELECT as a join; a WHERE tells it otherwise (its documentation, UPSERT §2.2).
    queue = tx.insert(gc_candidate).from_select(["digest", "dropped_at"], source.where(literal(1) == literal(1)))
    await tx.run(queue.on_conflict_do_update(index_elements=["digest"], set_={"dropped_at": at}))


async def referrers(
    tx: Reader, repository_id: int, subject: str, artifact_type: str | None, after: str, limit: int
) -> Sequence[Row[Any]]:
    """Manifests that name `subject`, by digest, those after `after`. `type` is the referrer's artifact type."""
    conditions = [
        manifest.c.repository_id == repository_id,
        manifest.c.subject == subject,
        manifest.c.digest > after,
    ]
    if artifact_type is not None:
        conditions.append(manifest.c.artifact_type == artifact_type)
    return await tx.rows(
        select(
            manifest.c.digest,
            manifest.c.media_type,
            manifest.c.size,
            manifest.c.artifact_type,
            manifest.c.annotations,
        )
        .where(*conditions)
        .order_by(manifest.c.digest)
        .limit(limit)
    )


async def referrers_among(tx: Reader, repository_id: int, subject: str, digests: Collection[str]) -> set[str]:
    """Those of `digests` that are manifests here and name `subject`."""
    found: set[str] = set()
    for batch in _batches(digests):
        rows = await tx.rows(
            select(manifest.c.digest).where(
                manifest.c.repository_id == repository_id,
                manifest.c.subject == subject,
                manifest.c.digest.in_(batch),
            )
        )
        found.update(row.digest for row in rows)
    return found


def _batches(digests: Collection[str]) -> Iterable[list[str]]:
    every = list(dict.fromkeys(digests))
    return (every[start : start + _BATCH] for start in range(0, len(every), _BATCH))
