"""Pull: open this manifest, open this blob.

`Pulls` answers the common case with one database read that decides permission and location at
once; whatever it cannot answer with a plain yes goes through the verbs below, which find the exact
reason and raise it.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.check import level_within
from entrepot.access.levels import Action, Level
from entrepot.registry import reach, rules
from entrepot.registry.queries import content, pull, tags
from entrepot.registry.room import Registry
from entrepot.values.accept import Accept
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, BlobUnknown, ManifestUnknown, worded
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import is_index
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.platform import Platform
from entrepot.values.reference import Reference

# What a client gets that asks for a tag of an index but understands only single images.
_DEFAULT_PLATFORM = Platform("linux", "amd64")


@dataclass(frozen=True, slots=True)
class FoundManifest:
    digest: str
    media_type: str
    size: int
    body: bytes


class Pulls:
    """The pull path's reads, prepared once for each process."""

    def __init__(self, registry: Registry) -> None:
        hot = registry.db.hot
        self._clock = registry.clock
        self._day = date.min
        self._today = ""
        self._by_tag = (hot(pull.manifest_by_tag(False)), hot(pull.manifest_by_tag(True)))
        self._by_digest = (hot(pull.manifest_by_digest(False)), hot(pull.manifest_by_digest(True)))
        self._blob = hot(pull.blob_by_digest())

    async def manifest(
        self, actor: Actor, path: str, reference: str, with_body: bool
    ) -> tuple[str, str, int, bytes] | None:
        """Digest, media type, size and body (empty unless asked for) of a manifest.

        None when there is any reason against it: what that is, `find_manifest` knows; and for a tag of a mirror
        whose upstream is to be asked.
        """
        read = (self._by_digest if ":" in reference else self._by_tag)[with_body]
        row = await read.row(pull.parameters(actor, path, reference, self._beginning_of_today()))
        if row is None or not _may_read(actor, path, row):
            return None
        if row[5] is not None and row[5] <= self._clock.now().timestamp():
            return None
        return row[2], row[3], row[4], row[6] if with_body else b""

    async def blob_size(self, actor: Actor, path: str, digest: str) -> int | None:
        """The blob's size, or None when there is any reason against reading it."""
        row = await self._blob.row(pull.parameters(actor, path, digest, self._beginning_of_today()))
        if row is None or not _may_read(actor, path, row):
            return None
        size: int = row[2]
        return size

    def _beginning_of_today(self) -> str:
        day = self._clock.now().date()
        if day != self._day:
            self._day, self._today = day, pull.beginning(day)
        return self._today


async def find_manifest(
    registry: Registry, actor: Actor, path: RepositoryName, reference: Reference, accept: Accept
) -> FoundManifest:
    """The manifest that `reference` names, in a form the client accepts.

    A client that takes no index gets, for a tag, the index's image for linux/amd64.
    Raises Unauthenticated, RepositoryUnknown or ManifestUnknown.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        if isinstance(reference, TagName):
            row = await tags.manifest_by_tag(tx, repository.id, reference)
        else:
            row = await content.manifest_by_digest(tx, repository.id, str(reference))
        if row is None:
            raise ManifestUnknown(
                worded("{path} has no manifest {reference}.", path=path, reference=reference), reference=str(reference)
            )
        if accept.allows(row.media_type):
            return _found(row)
        if isinstance(reference, TagName) and is_index(row.media_type):
            for child in Manifest.parse(row.body, row.media_type, registry.settings.manifest).children:
                if child.platform and _fits_default(child.platform) and accept.allows(child.media_type):
                    single = await content.manifest_by_digest(tx, repository.id, str(child.digest))
                    if single is not None:
                        return _found(single)
    raise ManifestUnknown(
        worded(
            "{path} has {reference} as {media_type}, which the Accept header does not allow.",
            path=path,
            reference=reference,
            media_type=row.media_type,
        ),
        reference=str(reference),
        media_type=row.media_type,
    )


async def find_blob(registry: Registry, actor: Actor, path: RepositoryName, digest: Digest) -> int:
    """The size of a blob the repository holds. Raises Unauthenticated, RepositoryUnknown or BlobUnknown.

    One whose bytes were found missing or wrong is unknown, too, so that clients bring it again.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        found = await content.stored_blob(tx, repository.id, str(digest))
    if found is None:
        raise rules.unknown_blob(digest)
    if found.is_lost:
        raise rules.lost_blob(digest)
    return int(found.size)


async def open_blob(registry: Registry, digest: Digest, start: int, stop: int) -> AsyncGenerator[bytes, None]:
    """The bytes from `start` up to `stop` of a blob that `find_blob` found for this actor.

    Raises BlobCorrupt, at the first chunk, when the store lost them: an answer of "unknown" would hide that.
    """
    try:
        async with aclosing(registry.blobs.open(digest, start, stop)) as chunks:
            async for chunk in chunks:
                yield chunk
    except BlobUnknown as error:
        raise BlobCorrupt(
            worded("The bytes of {digest} are gone from the storage.", digest=digest), digest=str(digest)
        ) from error


async def locate_blob(registry: Registry, digest: Digest) -> str | None:
    """Where the client can fetch the blob itself, if the store offers that."""
    return await registry.blobs.locate(digest, seconds=registry.settings.redirect_seconds)


def _may_read(actor: Actor, path: str, row: tuple[Any, ...]) -> bool:
    level, version = row[0], row[1]
    if level is None or version != actor.credential_version:
        return False
    return actor.bounds is None or level_within(actor.bounds, path) >= Level.READ


def _fits_default(platform: Platform) -> bool:
    return (platform.os, platform.architecture) == (_DEFAULT_PLATFORM.os, _DEFAULT_PLATFORM.architecture)


def _found(row: Row[Any]) -> FoundManifest:
    return FoundManifest(row.digest, row.media_type, row.size, row.body)
