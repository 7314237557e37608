"""Remove: facts first; bytes go later, by upkeep, when nothing refers to them any more.

What something else in the repository still needs is not removed: a blob that a manifest names, an
image that an index names. Deleting one tag leaves the others of the same manifest.
"""

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.jobs.events import publish
from entrepot.registry import charging, immutable, reach, rules
from entrepot.registry.companions import drop_companions
from entrepot.registry.events import BlobDeleted, ManifestDeleted, TagDeleted
from entrepot.registry.queries import changed, content, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, Unsupported, worded
from entrepot.values.names import RepositoryName, TagName


async def delete_tag(registry: Registry, actor: Actor, path: RepositoryName, tag: TagName) -> None:
    """Close a tag; its history and its manifest stay.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown or TagImmutable.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path)
        await tx.lock(f"tag:{repository.id}:{tag}")
        found = await tags.open_tag(tx, repository.id, tag)
        if found is None:
            raise ManifestUnknown(worded("{path} has no tag {tag}.", path=path, tag=tag), reference=str(tag))
        await immutable.check_deletable(tx, repository, [tag])
        now = registry.clock.now()
        await tags.close_tag(tx, found.id, now)
        await changed.set_changed(tx, repository.id, now)
        await charging.take(tx, repository, tags=-1)
        closed = TagDeleted(path, tag, found.digest)
        await publish(tx, closed, actor=actor.subject, at=now, domain_id=repository.domain_id)


async def delete_manifest(registry: Registry, actor: Actor, path: RepositoryName, digest: Digest) -> None:
    """Remove a manifest, every tag that points at it, and the tags that keep its signatures and the like.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown, TagImmutable, or Unsupported while an
    index of the repository names it.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path, alone=True)
        found = await content.manifest_by_digest(tx, repository.id, str(digest))
        if found is None:
            raise ManifestUnknown(
                worded("{path} has no manifest {digest}.", path=path, digest=digest), reference=str(digest)
            )
        if index := await content.index_using_manifest(tx, repository.id, str(digest)):
            raise Unsupported(
                worded("The index {index} names this manifest; delete the index first.", index=index), used_by=index
            )
        closed = await tags.tags_of_digest(tx, repository.id, str(digest))
        await immutable.check_deletable(tx, repository, [tag.name for tag in closed])
        now = registry.clock.now()
        for tag in closed:
            await tags.close_tag(tx, tag.id, now)
        await content.delete_manifests(tx, [found.id], now)
        await changed.set_changed(tx, repository.id, now)
        deleted = ManifestDeleted(path, str(digest), [tag.name for tag in closed])
        await publish(tx, deleted, actor=actor.subject, at=now, domain_id=repository.domain_id)
        beside = await drop_companions(tx, repository, [str(digest)], actor.subject, now, now)
        await charging.take(tx, repository, tags=-len(closed) - beside)


async def delete_blob(registry: Registry, actor: Actor, path: RepositoryName, digest: Digest) -> None:
    """Hide a blob in this repository at once; other repositories keep it.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, BlobUnknown, or Unsupported while a
    manifest of the repository names it.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_DELETE_CONTENT, path, alone=True)
        if manifest := await content.manifest_using_blob(tx, repository.id, str(digest)):
            raise Unsupported(
                worded("The manifest {manifest} names this blob; delete the manifest first.", manifest=manifest),
                used_by=manifest,
            )
        now = registry.clock.now()
        await charging.give_back_blobs(tx, repository, str(digest))
        if not await content.unlink_blob(tx, repository.id, str(digest), now):
            raise rules.unknown_blob(digest)
        unlinked = BlobDeleted(path, str(digest))
        await publish(tx, unlinked, actor=actor.subject, at=now, domain_id=repository.domain_id)
