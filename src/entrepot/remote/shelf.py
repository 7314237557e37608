"""Shelf: one repository that images are read from, at a registry or in files; who copies does not care which."""

from collections.abc import AsyncGenerator, Container, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from entrepot.remote.blobs import pull_blob
from entrepot.remote.manifests import digest_of, find_manifest
from entrepot.remote.referrers import list_referrers
from entrepot.remote.session import Remote, pull_scope
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference


class Shelf(Protocol):
    """Everything it gives is verified, or raises an error of the family `Refused`."""

    @property
    def label(self) -> str:
        """What it is called in messages: `registry.example/acme/app`."""
        ...

    async def find(self, reference: Reference) -> Manifest | None:
        """The manifest; None when it is not there."""
        ...

    async def digest(self, reference: Reference) -> Digest | None:
        """What a tag names now, by the cheapest way there is; None when that cannot be told."""
        ...

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """What refers to a manifest."""
        ...

    def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        """The bytes of a blob from `start` on; from the beginning, digest and size are verified."""
        ...


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """A repository of a registry. Who knows all its `tags` says so, and no other is asked for."""

    remote: Remote
    name: RepositoryName
    tags: Container[str] | None = None

    @property
    def label(self) -> str:
        return f"{urlsplit(self.remote.url).netloc}/{self.name}"

    async def find(self, reference: Reference) -> Manifest | None:
        if self.tags is not None and not isinstance(reference, Digest) and reference not in self.tags:
            return None
        return await find_manifest(self.remote, self.name, reference)

    async def digest(self, reference: Reference) -> Digest | None:
        return await digest_of(self.remote, self.name, reference, pull_scope(self.name))

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        return await list_referrers(self.remote, self.name, subject, self.tags)

    def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        return pull_blob(self.remote, self.name, blob, start)
