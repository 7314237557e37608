"""Own shelf: a repository of this installation to copy from, read by verbs, as the installation itself."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from entrepot.access.actor import Actor
from entrepot.registry.lists import list_referrers
from entrepot.registry.pull import find_blob, find_manifest, open_blob
from entrepot.registry.room import Registry
from entrepot.values.accept import Accept
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import BlobCorrupt, ManifestUnknown, TooMany, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference

_ANY: Final = Accept()
_REFERRERS_MAX: Final = 10_000
_IN_LOOP_BYTES_MAX: Final = 64 << 10
"""Hashed quicker than a thread is reached."""


@dataclass(frozen=True, slots=True)
class OwnShelf:
    """A `Shelf` (`remote/shelf.py`). `reader` is who reads. Nothing read counts as a pull.

    Raises what the registry's verbs raise: RepositoryUnknown once the repository is gone.
    """

    registry: Registry
    reader: Actor
    path: RepositoryName

    @property
    def label(self) -> str:
        return str(self.path)

    async def find(self, reference: Reference) -> Manifest | None:
        try:
            found = await find_manifest(self.registry, self.reader, self.path, reference, _ANY)
        except ManifestUnknown:
            return None
        return Manifest.parse(found.body, found.media_type, self.registry.settings.manifest)

    async def digest(self, reference: Reference) -> Digest | None:
        try:
            found = await find_manifest(self.registry, self.reader, self.path, reference, _ANY)
        except ManifestUnknown:
            return None
        return Digest.parse(found.digest)

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        found: list[Descriptor] = []
        after: str | None = ""
        while after is not None:
            listed = await list_referrers(self.registry, self.reader, self.path, subject, None, after)
            found += [Descriptor.parse(one) for one in listed.descriptors]
            after = listed.after
            if len(found) > _REFERRERS_MAX:
                raise TooMany(
                    worded("{label} has too many referrers of {subject} to copy.", label=self.label, subject=subject),
                    limit=_REFERRERS_MAX,
                )
        return found

    async def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        """Raises also BlobUnknown, or BlobCorrupt for bytes that are not what they were pushed as."""
        size = await find_blob(self.registry, self.reader, self.path, blob.digest)
        hashed = hashlib.new(blob.digest.algorithm)
        async with aclosing(open_blob(self.registry, blob.digest, start, size)) as chunks:
            async for chunk in chunks:
                if start == 0 and len(chunk) > _IN_LOOP_BYTES_MAX:
                    await asyncio.to_thread(hashed.update, chunk)
                elif start == 0:
                    hashed.update(chunk)
                yield chunk
        if start == 0 and hashed.hexdigest() != blob.digest.hex:
            raise BlobCorrupt(
                worded("The bytes of {digest} are not what was pushed.", digest=blob.digest), digest=str(blob.digest)
            )
