"""Platforms of single images, which only their configurations tell: read once, remembered by digest."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

from entrepot.db.transaction import Reader
from entrepot.registry.configs import read_config
from entrepot.registry.queries import content
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, ManifestInvalid

_AT_ONCE: Final = 8
_CONFIG_BYTES_MAX: Final = 256 * 1024  # of one that is read only for its platform


async def readable_configs(tx: Reader, repository_id: int, digests: Collection[str]) -> Mapping[str, int]:
    """Those configurations that the repository holds and that are small enough to look into, with their sizes."""
    held = await content.linked_digests(tx, repository_id, digests)
    sizes = await content.blob_sizes(tx, held)
    return {digest: size for digest, size in sizes.items() if size <= _CONFIG_BYTES_MAX}


async def read_platforms(registry: Registry, configs: Mapping[str, int]) -> Mapping[str, str]:
    """The platform each configuration, given with its size, tells; empty where it tells none or cannot be read."""
    known, places = registry.platforms, asyncio.Semaphore(_AT_ONCE)

    async def look_into(digest: str, size: int) -> None:
        async with places:
            known.keep(digest, await _platform(registry, Digest.parse(digest), size))

    async with asyncio.TaskGroup() as group:
        for digest, size in configs.items():
            if known.get(digest) is None:
                group.create_task(look_into(digest, size))
    return {digest: known.get(digest) or "" for digest in configs}


async def _platform(registry: Registry, digest: Digest, size: int) -> str:
    try:
        return (await read_config(registry, digest, size)).platform
    except (BlobCorrupt, ManifestInvalid):
        return ""  # a list is no place to tell of it; the page of the version does
