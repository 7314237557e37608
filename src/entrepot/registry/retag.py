"""Retag: an image gets one more tag, or a tag goes back to an image it named before. Nothing is copied."""

from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, reach
from entrepot.registry.events import TagMoved
from entrepot.registry.pointing import point_tags
from entrepot.registry.queries import changed, content, history, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, TagExists
from entrepot.values.names import RepositoryName, TagName


async def add_tag(
    registry: Registry, actor: Actor, path: RepositoryName, source: TagName, tag: TagName, may_move: bool = False
) -> None:
    """Let `tag` name what `source` names now. With `may_move` a tag that is there already moves.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown, TagExists or QuotaExceeded.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        found = await tags.manifest_by_tag(tx, repository.id, source)
        if found is None:
            raise ManifestUnknown(f"{path} has no tag {source}.", reference=str(source))
        await tx.lock(f"tag:{repository.id}:{tag}")
        if not may_move and await tags.open_tag(tx, repository.id, tag):
            raise taken(path, tag)
        await _point(tx, registry, actor, repository, tag, found)


async def point_tag(
    registry: Registry, actor: Actor, path: RepositoryName, tag: TagName, digest: Digest, may_move: bool = False
) -> None:
    """Let `tag` name a manifest of the repository. One that names another already moves only with `may_move`.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown, TagExists or QuotaExceeded.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        found = await content.manifest_by_digest(tx, repository.id, str(digest))
        if found is None:
            raise ManifestUnknown(f"{path} has no manifest {digest}.", reference=str(digest))
        await tx.lock(f"tag:{repository.id}:{tag}")
        if not may_move:
            await check_free(tx, repository, tag, str(digest))
        await _point(tx, registry, actor, repository, tag, found)


async def check_free(tx: Reader, repository: Row[Any], tag: TagName, digest: str) -> None:
    """Pass when the repository has no such tag, or one that names `digest` already. Raises TagExists."""
    found = await tags.open_tag(tx, repository.id, tag)
    if found is not None and found.digest != digest:
        raise taken(repository.path, tag)


def taken(path: str, tag: TagName) -> TagExists:
    return TagExists(f"{path} has a tag {tag} already; say that it may move, or choose another.")


async def restore_tag(registry: Registry, actor: Actor, path: RepositoryName, tag: TagName, digest: Digest) -> None:
    """Let a tag name again what it named before, also when it was deleted meanwhile.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, QuotaExceeded, or ManifestUnknown: the tag never named
    this digest, or its manifest is gone.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        if not await history.has_named(tx, repository.id, tag, str(digest)):
            raise ManifestUnknown(f"The tag {tag} of {path} never named {digest}.", reference=str(digest))
        found = await content.manifest_by_digest(tx, repository.id, str(digest))
        if found is None:
            raise ManifestUnknown(f"{path} does not hold {digest} any more; push it again.", reference=str(digest))
        await _point(tx, registry, actor, repository, tag, found)


async def _point(
    tx: Writer, registry: Registry, actor: Actor, repository: Row[Any], tag: TagName, manifest: Row[Any]
) -> None:
    """Move a tag and tell so, unless it is where it should be."""
    now = registry.clock.now()
    pointed = await point_tags(tx, repository.id, [tag], manifest.digest, actor.subject, now)
    if not pointed.added and not pointed.before:
        return
    await changed.set_changed(tx, repository.id, now)
    await charging.take(tx, repository, tags=pointed.added)
    before = {"digest": pointed.before[tag]} if pointed.before else {}
    moved = TagMoved(repository.path, tag, manifest.digest, manifest.media_type, before)
    await publish(tx, moved, actor=actor.subject, at=now, domain_id=repository.domain_id)
