"""Prefetching: of an image for several platforms that was brought, the others come, too, while nobody needs the line.

Clients are never delayed by it: they have the turns (`turns.py`), and what is prefetched steps back. When this process
ends, it ends; what is missing then comes when it is pulled.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from entrepot.mirror.beside import fetch_beside
from entrepot.mirror.mounting import is_mounted
from entrepot.mirror.room import Mirror
from entrepot.mirror.sources import Source
from entrepot.plumbing.logging import get_logger
from entrepot.registry import pull
from entrepot.remote.together import WIDTH, together
from entrepot.values.accept import Accept
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobUnknown, EntrepotError, ManifestUnknown
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference

Bring: TypeAlias = Callable[[Mirror, Source, RepositoryName, Reference], Awaitable[None]]
_ATTEMPTS: Final = 20
"""So often a layer steps back for clients before it is left to who pulls it."""
_log = get_logger()


async def prefetch(mirror: Mirror, source: Source, path: RepositoryName, index: Manifest, bring: Bring) -> None:
    """Have all that an index names; `bring` gets one manifest. It ends early while the upstream is to be left alone."""
    blobs: dict[Digest, Descriptor] = {}
    try:
        for child in index.children:
            if source.is_held_back:
                _log.info("an image is not prefetched: its upstream is asked no more for now", path=path)
                return
            blobs |= {blob.digest: blob for blob in (await _held(mirror, source, path, child.digest, bring)).blobs}
        width = min(WIDTH, source.policy.fetches_max)
        await together((partial(_fetch, mirror, source, path, blob) for blob in blobs.values()), width)
    except EntrepotError as error:
        _log.warning("an image could not be prefetched", path=path, error=error.message)


async def _held(mirror: Mirror, source: Source, path: RepositoryName, digest: Digest, bring: Bring) -> Manifest:
    try:
        found = await pull.find_manifest(mirror.registry, source.house, path, digest, Accept())
    except ManifestUnknown:
        await bring(mirror, source, path, digest)
        found = await pull.find_manifest(mirror.registry, source.house, path, digest, Accept())
    return Manifest.parse(found.body, found.media_type, mirror.registry.settings.manifest)


async def _fetch(mirror: Mirror, source: Source, path: RepositoryName, blob: Descriptor) -> None:
    for _ in range(_ATTEMPTS):
        try:
            await pull.find_blob(mirror.registry, source.house, path, blob.digest)
        except BlobUnknown:
            if await is_mounted(mirror, source, path, blob.digest):
                return
            if await fetch_beside(mirror, source, path, blob.digest, blob.size):
                return
        else:
            return
