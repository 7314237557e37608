"""The storage folder of a docker-registry (distribution), without the registry.

    DIR/docker/registry/v2/repositories/NAME/_manifests/tags/TAG/current/link           a digest
                                             _manifests/revisions/sha256/HEX/link       what was not deleted
                          /blobs/sha256/HE/HEX/data

Links of the file system are never followed, and what a link file says is a digest or nothing.
"""

import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from entrepot.archives.blob import Blob, VerifiedBlob
from entrepot.archives.documents import read_whole
from entrepot.archives.members import FolderMembers
from entrepot.archives.settings import DEFAULT as ARCHIVES
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, check_count
from entrepot.plumbing.threads import Threads
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, DigestInvalid
from entrepot.values.manifest import Manifest
from entrepot.values.media_types import OCI_INDEX
from entrepot.values.names import RepositoryName
from entrepot.values.reference import Reference, fallback_tag

INSIDE: Final = Path("docker/registry/v2")
_LIMITS = replace(ARCHIVES, name_depth_max=200, name_chars_max=1_024)
_LINK_BYTES_MAX = 256


@dataclass(frozen=True, slots=True)
class StorageSource:
    """The folder that the registry's setting `rootdirectory` names."""

    folder: Path
    threads: Threads
    settings: MovingSettings = DEFAULT

    @property
    def label(self) -> str:
        return str(self.folder)

    async def repositories(self) -> Sequence[str]:
        return await self.threads.run(lambda: sorted(self._walk()))

    async def tags(self, repository: RepositoryName) -> Sequence[str]:
        found = await self.threads.run(
            lambda: sorted(_folders(self._root / "repositories" / repository / "_manifests" / "tags"))
        )
        check_count(len(found), self.settings.tags_max, f"tags in {repository}")
        return found

    def shelf(self, repository: RepositoryName, tags: Sequence[str]) -> "StorageShelf":
        return StorageShelf(FolderMembers(self._root, _LIMITS), repository, frozenset(tags), self.threads)

    async def people(self) -> Sequence[Member]:
        return ()

    @property
    def _root(self) -> Path:
        return self.folder / INSIDE

    def _walk(self) -> Iterator[str]:
        """Folders that have `_manifests`, below `repositories`; what begins with `_` is the registry's own."""
        looked, waiting = 0, [""]
        while waiting:
            name = waiting.pop()
            for child in _folders(self._root / "repositories" / name):
                looked += 1
                check_count(looked, self.settings.folders_max, "folders")
                if child == "_manifests" and name:
                    yield name
                elif not child.startswith("_") and name.count("/") < self.settings.folder_depth_max:
                    waiting.append(f"{name}/{child}" if name else child)


@dataclass(frozen=True, slots=True)
class StorageShelf:
    """One repository of the folder."""

    members: FolderMembers
    name: RepositoryName
    tags: frozenset[str]
    threads: Threads

    @property
    def label(self) -> str:
        return str(self.name)

    async def find(self, reference: Reference) -> Manifest | None:
        return await self.threads.run(self._find, reference)

    async def digest(self, reference: Reference) -> Digest | None:
        return await self.threads.run(self._resolve, reference)

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        """This registry has no list of them; clients keep one under a tag."""
        tag = fallback_tag(subject)
        index = await self.find(tag) if tag in self.tags else None
        return index.children if index is not None and index.media_type == OCI_INDEX else ()

    async def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        found = self._data(blob.digest)
        if found is None or found.size != blob.size:
            said = "is not there" if found is None else f"has {found.size} bytes where {blob.size} should be"
            raise ArchiveInvalid(f"The blob {blob.digest} of {self.name} {said}.")
        chunks = VerifiedBlob(found, blob.digest, str(blob.digest)).open(start)
        while chunk := await self.threads.run(next, chunks, b""):
            yield chunk

    def _find(self, reference: Reference) -> Manifest | None:
        digest = self._resolve(reference)
        found = self._data(digest) if digest is not None else None
        if digest is None or found is None:
            return None
        return Manifest.parse(read_whole(VerifiedBlob(found, digest, str(digest)), str(digest), _LIMITS), None)

    def _resolve(self, reference: Reference) -> Digest | None:
        """The digest that is meant, if the repository has it: a link to a deleted manifest may be left of a tag."""
        manifests = f"repositories/{self.name}/_manifests"
        if not isinstance(reference, Digest):
            named = self._link(f"{manifests}/tags/{reference}/current/link")
            return self._resolve(named) if named is not None else None
        return self._link(f"{manifests}/revisions/{reference.algorithm}/{reference.hex}/link")

    def _link(self, name: str) -> Digest | None:
        found = self.members.find(name)
        if found is None:
            return None
        if found.size > _LINK_BYTES_MAX:
            raise ArchiveInvalid(f"The file {name} is no link to a digest.", member=name)
        try:
            return Digest.parse(b"".join(found.open()).decode("ascii", "replace").strip())
        except DigestInvalid as error:
            raise ArchiveInvalid(f"The file {name} is no link to a digest.", member=name) from error

    def _data(self, digest: Digest) -> Blob | None:
        return self.members.find(f"blobs/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/data")


def _folders(folder: Path) -> list[str]:
    """The folders in a folder, none where there is no such folder, or it is a link."""
    if folder.is_symlink():
        return []
    try:
        with os.scandir(folder) as entries:
            return [one.name for one in entries if one.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
