"""SQL about blobs, manifests and the references between them."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Row, delete, insert, select

from entrepot.access.actor import Actor
from entrepot.access.check import pullable
from entrepot.db.transaction import Reader, Writer
from entrepot.registry.queries import dropped
from entrepot.registry.queries.lost import is_lost
from entrepot.registry.tables import (
    blob,
    label_wait,
    manifest,
    manifest_blob,
    manifest_child,
    organization,
    repository,
    repository_blob,
)
from entrepot.values.manifest import Manifest

_Key = TypeVar("_Key", int, str)
_WAIT = insert(label_wait)
_BATCH = 500  # bound parameters in one statement, well under every database's limit


async def blob_size(tx: Reader, repository_id: int, digest: str) -> int | None:
    """The size of a blob linked in the repository."""
    linked = repository_blob.c.repository_id == repository_id
    found = await tx.value(select(blob.c.size).join(repository_blob).where(linked, blob.c.digest == digest))
    return None if found is None else int(found)


async def stored_blob(tx: Reader, repository_id: int, digest: str) -> Row[Any] | None:
    """A blob linked in the repository: size, is_lost."""
    linked = repository_blob.c.repository_id == repository_id
    found = select(blob.c.size, is_lost(blob.c.digest).label("is_lost")).join(repository_blob)
    return await tx.row(found.where(linked, blob.c.digest == digest))


async def blob_sizes(tx: Reader, digests: Collection[str]) -> dict[str, int]:
    """The size of each of `digests` that is a blob."""
    sizes: dict[str, int] = {}
    for batch in _batches(digests):
        found = select(blob.c.digest, blob.c.size).where(blob.c.digest.in_(batch))
        sizes.update((row.digest, int(row.size)) for row in await tx.rows(found))
    return sizes


async def linked_digests(tx: Reader, repository_id: int, digests: Collection[str]) -> set[str]:
    """Those of `digests` that the repository holds as blobs, bytes and all."""
    held: set[str] = set()
    for batch in _batches(digests):
        found = select(repository_blob.c.digest).where(
            repository_blob.c.repository_id == repository_id,
            repository_blob.c.digest.in_(batch),
            ~is_lost(repository_blob.c.digest),
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
    """From here to the end of the transaction the blob stays, also one that was there."""
    new = tx.insert(blob).values(digest=digest, size=size, stored_at=at)
    # The update changes nothing; it holds the row.
    await tx.run(new.on_conflict_do_update(index_elements=["digest"], set_={"size": new.excluded.size}))


async def hold_blobs(tx: Writer, digests: Collection[str]) -> set[str]:
    """Those of `digests` that are blobs, bytes and all, and stay until the end of the transaction."""
    held: set[str] = set()
    for batch in _batches(digests):
        whole = (blob.c.digest.in_(batch), ~is_lost(blob.c.digest))
        found = select(blob.c.digest).where(*whole).order_by(blob.c.digest)
        held.update(row.digest for row in await tx.rows(found.with_for_update(read=True, key_share=True)))
    return held


async def link_blobs(tx: Writer, repository_id: int, digests: Collection[str], at: datetime) -> None:
    """Link blobs that the transaction holds. Until a manifest names them, they wait for review."""
    rows = [{"repository_id": repository_id, "digest": digest, "linked_at": at} for digest in digests]
    link = tx.insert(repository_blob)
    again = link.on_conflict_do_update(index_elements=["repository_id", "digest"], set_={"linked_at": at})
    await tx.run(again, rows)
    await dropped.mark_new(tx, digests, at)


async def unlink_blob(tx: Writer, repository_id: int, digest: str, at: datetime) -> bool:
    """Whether it was linked."""
    gone = await tx.run(
        delete(repository_blob).where(
            repository_blob.c.repository_id == repository_id, repository_blob.c.digest == digest
        )
    )
    if gone:
        await dropped.mark_blob(tx, digest, at)
    return gone > 0


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
        await dropped.forget_manifest(tx, repository_id, digest)
        return False
    for table, descriptors in ((manifest_blob, content.blobs), (manifest_child, content.children)):
        unique = dict.fromkeys(str(descriptor.digest) for descriptor in descriptors)
        await tx.run(insert(table), [{"manifest_id": manifest_id, "digest": digest} for digest in unique])
    await tx.run(_WAIT, [{"manifest_id": manifest_id}])
    return True


async def delete_manifests(tx: Writer, manifest_ids: Collection[int], at: datetime) -> None:
    """Remove manifests; what they named, and what refers to them, waits for review."""
    for batch in _batches(manifest_ids):
        await dropped.mark_named(tx, batch, at)
        await tx.run(delete(manifest).where(manifest.c.id.in_(batch)))


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


def _batches(keys: Collection[_Key]) -> Iterable[list[_Key]]:
    every = list(dict.fromkeys(keys))
    return (every[start : start + _BATCH] for start in range(0, len(every), _BATCH))
