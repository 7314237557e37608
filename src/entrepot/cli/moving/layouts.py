"""OCI image layouts: a folder that is one, or a folder of such folders.

A layout is a repository, named by its folder; an image in it that has a whole name (`registry.example/team/app:1.0`, as
Docker and containerd write it) is of that repository, without the host.
"""

import os
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from entrepot.archives.image import Image, Listed
from entrepot.archives.layout import INDEX, LAYOUT
from entrepot.archives.opening import open_folder
from entrepot.cli.moving.settings import DEFAULT, MovingSettings
from entrepot.cli.moving.source import Member, check_count
from entrepot.plumbing.threads import Threads
from entrepot.values.descriptor import Descriptor
from entrepot.values.digest import Digest
from entrepot.values.errors import ArchiveInvalid, DigestInvalid, NameInvalid, ParameterInvalid, Refused, TagInvalid
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName
from entrepot.values.reference import ImageReference, Reference


@dataclass(slots=True)
class Layouts:
    """The layouts below a folder; each is read once."""

    folder: Path
    threads: Threads
    settings: MovingSettings = DEFAULT
    _shelves: dict[str, "LayoutShelf"] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return str(self.folder)

    async def repositories(self) -> Sequence[str]:
        await self.threads.run(self._read)
        return sorted(self._shelves)

    async def tags(self, repository: RepositoryName) -> Sequence[str]:
        shelf = self._shelves.get(repository)
        if shelf is None:
            return ()
        if shelf.damage is not None:
            raise shelf.damage
        return sorted([*shelf.tagged, *await self.threads.run(shelf.nameless)])

    def shelf(self, repository: RepositoryName, tags: Sequence[str]) -> "LayoutShelf":  # by its kind
        return self._shelves.get(repository) or LayoutShelf(repository, self.threads)

    async def people(self) -> Sequence[Member]:
        return ()

    def _read(self) -> None:
        if not any(True for _ in self._places()):
            raise ParameterInvalid(f"{self.folder} holds neither the storage of a registry nor an OCI image layout.")
        for place in self._places():
            own = "/".join(place.relative_to(self.folder).parts) or self.folder.resolve().name
            try:
                images = open_folder(place).images
            except Refused as error:
                self._at(own).damage = error
                continue
            for name in {name for listed in images for name in self._put(own, listed)}:
                self._at(name).whole += images

    def _put(self, own: str, listed: Listed) -> set[str]:
        """Under each of its names; returns their repositories. What has no name is of the folder's."""
        if not listed.names:
            self._at(own).unnamed += (listed,)
            return {own}
        split = [_split(own, name) for name in listed.names]
        for name, tag in split:
            self._at(name).tagged[tag] = listed
        return {name for name, _ in split}

    def _at(self, name: str) -> "LayoutShelf":
        return self._shelves.setdefault(name, LayoutShelf(RepositoryName(name), self.threads))

    def _places(self) -> Iterator[Path]:
        looked, waiting = 0, [self.folder]
        while waiting:
            place = waiting.pop()
            if (place / LAYOUT).is_file() or (place / INDEX).is_file():
                yield place
                continue
            with os.scandir(place) as entries:
                for one in entries:
                    looked += 1
                    check_count(looked, self.settings.folders_max, "files and folders")
                    if one.is_dir(follow_symlinks=False) and one.name not in (".git", "lost+found"):
                        waiting.append(Path(one.path))


@dataclass(slots=True)
class LayoutShelf:
    """The images of one repository, by their tags; `whole` is all of their layouts, where signatures lie, too."""

    name: RepositoryName
    threads: Threads
    tagged: dict[str, Listed] = field(default_factory=dict)
    whole: tuple[Listed, ...] = ()
    unnamed: tuple[Listed, ...] = ()
    damage: Refused | None = None
    _images: dict[int, Image] = field(default_factory=dict)
    _manifests: dict[Digest, Manifest] = field(default_factory=dict)
    _subjects: dict[Digest, list[Manifest]] | None = None

    @property
    def label(self) -> str:
        return str(self.name)

    async def find(self, reference: Reference) -> Manifest | None:
        if isinstance(reference, Digest):
            return self._manifests.get(reference)
        listed = self.tagged.get(reference)
        return None if listed is None else (await self.threads.run(self._load, listed)).root

    async def digest(self, reference: Reference) -> Digest | None:
        found = await self.find(reference)
        return None if found is None else found.digest

    async def referrers(self, subject: Digest) -> Sequence[Descriptor]:
        if self._subjects is None:
            self._subjects = await self.threads.run(self._find_subjects)
        return [Descriptor(one.media_type, one.digest, len(one.body)) for one in self._subjects.get(subject, ())]

    async def blob(self, blob: Descriptor, start: int = 0) -> AsyncGenerator[bytes, None]:
        found = next((image.blobs[blob.digest] for image in self._images.values() if blob.digest in image.blobs), None)
        if found is None:
            raise ArchiveInvalid(f"The blob {blob.digest} of {self.name} is not there.")
        chunks = found.open(start)
        while chunk := await self.threads.run(next, chunks, b""):
            yield chunk

    def nameless(self) -> list[str]:
        """What has no name and belongs to nothing that has one, in the place of tags that they cannot be."""
        return [f"@{one.digest}" for one in map(self._root, self.unnamed) if one is not None and one.subject is None]

    def _root(self, listed: Listed) -> Manifest | None:
        try:
            return self._load(listed).root
        except Refused:
            return None

    def _load(self, listed: Listed) -> Image:
        known = self._images.get(id(listed))
        if known is None:
            known = listed.load()
            self._images[id(listed)] = known
            self._manifests |= {one.digest: one for one in known.manifests}
        return known

    def _find_subjects(self) -> dict[Digest, list[Manifest]]:
        found: dict[Digest, list[Manifest]] = {}
        for listed in self.whole:
            # That an image is damaged is said at its own turn.
            for manifest in self._load(listed).manifests if self._root(listed) is not None else ():
                if manifest.subject is not None:
                    found.setdefault(manifest.subject.digest, []).append(manifest)
        return found


def _split(own: str, name: str) -> tuple[str, str]:
    """Repository and tag of a name: whole names have their own repository, all others are tags."""
    if "/" not in name and ":" not in name:
        return own, name
    try:
        parsed = ImageReference.parse(name)
        return str(parsed.name), str(parsed.tag or "latest")
    except (NameInvalid, TagInvalid, DigestInvalid):
        return own, name
