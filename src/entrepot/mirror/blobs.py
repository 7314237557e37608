"""Blobs through a mirror: found here, taken from a sibling, or on their way from the upstream."""

from dataclasses import dataclass

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.mirror.fetching import Fetch, fetch_of, under_way
from entrepot.mirror.mounting import is_mounted
from entrepot.mirror.queries import upstreams as queries
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source, source_of
from entrepot.registry import pull, reach
from entrepot.remote.blobs import blob_size
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, RemoteRefused, RepositoryUnknown
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName


@dataclass(frozen=True, slots=True)
class FoundBlob:
    """`fetch`: what brings it here, and can be read meanwhile; None when it is here.

    `path`: where it was found, if that is not where it was asked for.
    """

    size: int
    fetch: Fetch | None = None
    path: RepositoryName | None = None


async def find_blob(
    mirror: Mirror, actor: Actor, path: RepositoryName, digest: Digest, *, with_bytes: bool
) -> FoundBlob:
    """A blob that the repository holds, or that its upstream has: then it is fetched, if its bytes are wanted.

    Raises Unauthenticated, RepositoryUnknown, BlobUnknown, and RemoteUnreachable or RemoteRefused.
    """
    if coming := under_way(mirror, path, digest):
        async with mirror.db.reading() as tx:
            await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
        if not with_bytes:
            return FoundBlob(coming.size)
        coming.want()
        return FoundBlob(coming.size, coming)
    source = await source_of(mirror, path.organization)
    if source is None:
        return FoundBlob(await pull.find_blob(mirror.registry, actor, path, digest))
    async with mirror.db.reading() as tx:
        await reach.permitted(tx, actor, Action.REPOSITORY_PULL, path)
    try:
        return FoundBlob(await pull.find_blob(mirror.registry, actor, path, digest))
    except (BlobUnknown, RepositoryUnknown):
        if await is_mounted(mirror, source, path, digest):
            return FoundBlob(await pull.find_blob(mirror.registry, actor, path, digest))
    size = await mirror.running.together(("size", path, digest), lambda: _size(mirror, source, path, digest))
    return FoundBlob(size, fetch_of(mirror, source, path, digest, size) if with_bytes else None)


async def _size(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest) -> int:
    """What a manifest here says, else what the upstream says. Raises BlobUnknown."""
    async with mirror.db.reading() as tx:
        row = await queries.naming(tx, path, str(digest))
    if row is not None:
        manifest = Manifest.parse(row.body, row.media_type, mirror.registry.settings.manifest)
        return next(blob.size for blob in manifest.blobs if blob.digest == digest)
    name = source.name_there(path)
    try:
        size = await source.ask(lambda remote: blob_size(remote, name, digest))
    except RemoteRefused as error:
        if error.status not in (401, 403, 404):
            raise
        size = None
    if size is None:
        raise BlobUnknown(digest=str(digest))
    return size
