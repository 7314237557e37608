"""Retag: an image gets one more tag, or a tag goes back to an image it named before. Nothing is copied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Reader, Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, reach
from entrepot.registry.events import TagMoved
from entrepot.registry.pointing import point_tags
from entrepot.registry.queries import changed, content, history, inspect, names, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestUnknown, TagExists, worded
from entrepot.values.names import RepositoryName, TagName


async def add_tag(
    registry: Registry, actor: Actor, path: RepositoryName, source: TagName, tag: TagName, may_move: bool = False
) -> None:
    """Let `tag` name what `source` names now. With `may_move` a tag that is there already moves.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown, TagExists, TagImmutable
    or QuotaExceeded.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        found = await tags.manifest_by_tag(tx, repository.id, source)
        if found is None:
            raise ManifestUnknown(
                worded("{path} has no tag {source}.", path=path, source=source), reference=str(source)
            )
        await tx.lock(f"tag:{repository.id}:{tag}")
        if not may_move and await tags.open_tag(tx, repository.id, tag):
            raise taken(path, tag)
        await _point(tx, registry, actor, repository, tag, found)


async def point_tag(
    registry: Registry, actor: Actor, path: RepositoryName, tag: TagName, digest: Digest, may_move: bool = False
) -> None:
    """Let `tag` name a manifest of the repository. One that names another already moves only with `may_move`.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, ManifestUnknown, TagExists, TagImmutable
    or QuotaExceeded.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        found = await content.manifest_by_digest(tx, repository.id, str(digest))
        if found is None:
            raise ManifestUnknown(
                worded("{path} has no manifest {digest}.", path=path, digest=digest), reference=str(digest)
            )
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
    return TagExists(
        worded("{path} has a tag {tag} already; say that it may move, or choose another.", path=path, tag=tag)
    )


async def restore_tag(registry: Registry, actor: Actor, path: RepositoryName, tag: TagName, digest: Digest) -> None:
    """Let a tag name again what it named before, also when it was deleted meanwhile.

    Raises Unauthenticated, AccessDenied, RepositoryUnknown, TagImmutable, QuotaExceeded, or ManifestUnknown: the tag
    never named this digest, or its manifest is gone.
    """
    async with registry.db.writing() as tx:
        repository = await reach.changing(tx, actor, Action.REPOSITORY_TAG, path)
        if not await history.has_named(tx, repository.id, tag, str(digest)):
            raise ManifestUnknown(
                worded("The tag {tag} of {path} never named {digest}.", tag=tag, path=path, digest=digest),
                reference=str(digest),
            )
        found = await content.manifest_by_digest(tx, repository.id, str(digest))
        if found is None:
            raise ManifestUnknown(
                worded("{path} does not hold {digest} any more; push it again.", path=path, digest=digest),
                reference=str(digest),
            )
        await _point(tx, registry, actor, repository, tag, found)


@dataclass(frozen=True, slots=True)
class Closed:
    """A tag that was closed, what it named then, and when that was pushed."""

    tag: TagName
    digest: str
    pushed_at: datetime


class Outcome(StrEnum):
    """`taken`: there is a tag of that name again, which stays. `gone`: its manifest is not there any more."""

    RESTORED = "restored"
    TAKEN = "taken"
    GONE = "gone"


async def reopen_tags(
    tx: Writer, repository: Row[Any], wanted: Sequence[Closed], by: str, at: datetime
) -> Mapping[TagName, Outcome]:
    """Let closed tags name again what they named, as old as they were; what became of each, by tag.

    The caller keeps the repository's content where it is (`reach.lock_content`). Raises QuotaExceeded, ReadOnly or
    InMaintenance; the transaction must end then.
    """
    await tx.lock(*[f"tag:{repository.id}:{one.tag}" for one in sorted(wanted, key=lambda one: one.tag)])
    taken = await tags.digests_of(tx, repository.id, [one.tag for one in wanted])
    held = await inspect.manifests_among(tx, repository.id, {one.digest for one in wanted})
    outcomes = {one.tag: _outcome(one, taken, held) for one in wanted}
    free = [one for one in wanted if outcomes[one.tag] is Outcome.RESTORED]
    for one in free:
        await tags.save_tag(tx, repository.id, one.tag, one.digest, by, at)
        await tags.set_pushed(tx, repository.id, one.tag, one.pushed_at)
    if free and await names.is_mirror(tx, repository.path.partition("/")[0]):
        await tags.set_asked(tx, repository.id, [one.tag for one in free], 0)  # the upstream is asked first
    if free:
        moved = [TagMoved(repository.path, one.tag, one.digest, held[one.digest].media_type, {}) for one in free]
        await publish(tx, *moved, actor=by, at=at, domain_id=repository.domain_id)
        await changed.set_changed(tx, repository.id, at)
        await charging.take(tx, repository, tags=len(free))
    return outcomes


def _outcome(one: Closed, taken: Mapping[str, str], held: Mapping[str, Row[Any]]) -> Outcome:
    if one.tag in taken:
        return Outcome.TAKEN
    return Outcome.RESTORED if one.digest in held else Outcome.GONE


async def _point(
    tx: Writer, registry: Registry, actor: Actor, repository: Row[Any], tag: TagName, manifest: Row[Any]
) -> None:
    """Move a tag and tell so, unless it is where it should be."""
    now = registry.clock.now()
    pointed = await point_tags(tx, repository, [tag], manifest.digest, actor.subject, now)
    if not pointed.added and not pointed.before:
        return
    await changed.set_changed(tx, repository.id, now)
    await charging.take(tx, repository, tags=pointed.added)
    before = {"digest": pointed.before[tag]} if pointed.before else {}
    moved = TagMoved(repository.path, tag, manifest.digest, manifest.media_type, before)
    await publish(tx, moved, actor=actor.subject, at=now, domain_id=repository.domain_id)
