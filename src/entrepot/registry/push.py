"""Push: a manifest becomes reachable under a repository name.

Layers arrived earlier, through `uploads.py`. Here only facts are written, in one short
transaction, and `ManifestPushed` leaves with them, so no reaction can miss a push.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.db.transaction import Writer
from entrepot.jobs.events import publish
from entrepot.registry import charging, reach, rules
from entrepot.registry.events import BlobPushed, ManifestPushed
from entrepot.registry.keeping import take_back
from entrepot.registry.pointing import point_tags
from entrepot.registry.queries import changed, content, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.reference import Reference


@dataclass(frozen=True, slots=True)
class Pushed:
    digest: Digest
    subject: Digest | None
    tags: tuple[TagName, ...]
    warnings: tuple[str, ...]
    """What the client should know though the push succeeded."""


async def check_push(
    registry: Registry, actor: Actor, path: RepositoryName, digest: Digest | None = None
) -> charging.Room:
    """Pass when the actor may push to the name; for doors, before they take a body. How large a blob may be.

    Raises Unauthenticated, AccessDenied, OrganizationUnknown or QuotaExceeded.
    """
    async with registry.db.reading() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PUSH, path)
        owner = await reach.organization(tx, path)
        return await charging.foresee(tx, owner, path, digest)


async def push_manifest(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    reference: Reference,
    body: bytes,
    media_type: str | None,
    extra_tags: Sequence[TagName] = (),
    asked_at: int | None = None,
) -> Pushed:
    """Store `body` as a manifest of the repository and let its tags point at it.

    Pushing the same body twice is harmless; existing tags move, unless a rule keeps them where they are.
    A repository that does not exist is made. `extra_tags` go with a push by digest. `asked_at`: in a mirror,
    when its upstream said so (seconds since the epoch).

    Raises ManifestInvalid, ManifestTooLarge, MediaTypeUnsupported, DigestMismatch, Unauthenticated,
    AccessDenied, OrganizationUnknown, ManifestBlobUnknown (naming every missing digest), TagImmutable or
    QuotaExceeded.
    """
    manifest = Manifest.parse(body, media_type, registry.settings.manifest)
    digest = rules.stored_digest(reference, body)
    moved = rules.tags_to_move(reference, extra_tags, registry.settings.manifest_tags_max)

    async with registry.db.writing() as tx:
        now = registry.clock.now()
        repository, is_new = await reach.writable(tx, actor, path, now)
        missing, mounted = await _missing(tx, actor, path, repository, manifest, now)
        rules.check_complete(manifest, missing, repository.allows_sparse)

        await content.save_manifest(tx, repository.id, str(digest), manifest, actor.subject, now)
        pointed = await point_tags(tx, repository, moved, str(digest), actor.subject, now)
        for tag in pointed.same:
            await tags.set_pushed(tx, repository.id, tag, now)
        if asked_at is not None:
            await tags.set_asked(tx, repository.id, moved, asked_at)
        await changed.set_changed(tx, repository.id, now)
        await charging.take(tx, repository, repositories=is_new, tags=pointed.added, digests=mounted)
        told = [str(tag) for tag in moved]
        pushed = ManifestPushed(path, str(digest), manifest.media_type, told, pointed.before)
        await publish(tx, pushed, actor=actor.subject, at=now, domain_id=repository.domain_id)

    if moved:
        registry.pushes.tagged[path] += 1
    warnings = rules.warnings_about(manifest, missing)
    return Pushed(digest, manifest.subject.digest if manifest.subject else None, tuple(moved), warnings)


async def _missing(
    tx: Writer, actor: Actor, path: RepositoryName, repository: Row[Any], manifest: Manifest, at: datetime
) -> tuple[Sequence[str], Sequence[str]]:
    """What the manifest names and nobody can supply; and the blobs linked now: mounted, as the actor may read them, or
    taken back from a review."""
    blobs = [str(blob.digest) for blob in manifest.blobs]
    held = await content.linked_digests(tx, repository.id, blobs)
    absent = [digest for digest in blobs if digest not in held]
    mountable: Sequence[str] = ()
    if absent:
        mountable = sorted(await content.hold_blobs(tx, await content.readable_digests(tx, actor, absent)))
        await content.link_blobs(tx, repository.id, mountable, at)
        sizes = await content.blob_sizes(tx, mountable)
        pushed = [BlobPushed(path, digest, sizes[digest]) for digest in mountable]
        await publish(tx, *pushed, actor=actor.subject, at=at, domain_id=repository.domain_id)
        held.update(mountable)
    taken_back: Sequence[str] = ()
    if len(held) < len(set(blobs)):
        taken_back = await take_back(tx, repository.id, [digest for digest in absent if digest not in held], at)
        held.update(taken_back)
    children = await content.held_manifests(tx, repository.id, [str(child.digest) for child in manifest.children])
    return rules.missing_references(manifest, held, children), [*mountable, *taken_back]
