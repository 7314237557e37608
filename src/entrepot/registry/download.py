"""Download: an image of the registry as a file, made while it is sent; nothing is put down anywhere.

Sizes stand in manifests, so the length of the file is known before its first byte (`archives/writing.py`).
"""

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row

from entrepot.access.actor import Actor
from entrepot.access.levels import Action
from entrepot.archives.image import Form
from entrepot.archives.writing import END, Outgoing, Place, plan_members, plan_tar
from entrepot.db.transaction import Reader
from entrepot.plumbing import metrics
from entrepot.registry import reach
from entrepot.registry.pull import open_blob
from entrepot.registry.queries import content, tags
from entrepot.registry.room import Registry
from entrepot.values.digest import Digest
from entrepot.values.errors import ManifestBlobUnknown, ManifestUnknown, worded
from entrepot.values.manifest import Manifest
from entrepot.values.names import RepositoryName, TagName
from entrepot.values.platform import Platform
from entrepot.values.platforms import choose_child
from entrepot.values.reference import Reference

_DEPTH_MAX: Final = 4
_MANIFESTS_MAX: Final = 10_000
_USUAL: Final = Platform("linux", "amd64")


@dataclass(frozen=True, slots=True)
class Download:
    """A tar file to be sent: `size` bytes in all. `file_name` is plain ASCII."""

    path: RepositoryName
    file_name: str
    size: int
    places: Sequence[Place]


async def plan_download(
    registry: Registry,
    actor: Actor,
    path: RepositoryName,
    reference: Reference,
    form: Form,
    platform: Platform | None = None,
    host: str = "",
) -> Download:
    """What a file of the image will hold; `host` stands before its name in the file. Counts as one pull.

    Without `platform` an OCI archive has every platform there is; a Docker archive, which holds one, has
    linux/amd64 or else the first. Raises Unauthenticated, RepositoryUnknown, ManifestUnknown,
    ManifestBlobUnknown when parts of the image are not in the repository, or ArchiveInvalid for what is no
    container image and so cannot be a Docker archive.
    """
    async with registry.db.reading() as tx:
        repository = await reach.existing(tx, actor, Action.REPOSITORY_PULL, path)
        tree = _Tree(registry, tx, repository.id, path)
        root = await tree.find(reference)
        if platform is not None or (form is Form.DOCKER and root.is_index):
            root = await tree.of_platform(root, platform)
        await tree.take(root, 1)
        await _check_blobs(tx, repository.id, tree.manifests.values())
    name = f"{host}/{path}" if host else str(path)
    if isinstance(reference, TagName):
        name += f":{reference}"
    outgoing = Outgoing((name,), root, tuple(tree.manifests.values()))
    places = plan_tar(plan_members([outgoing], form))
    registry.counts.answered("GET", path, str(reference), str(root.digest), actor.id)
    return Download(path, _file_name(path, reference, platform), places[-1].stop + len(END), places)


async def read_download(registry: Registry, download: Download) -> AsyncGenerator[bytes, None]:
    """The bytes of the file, in chunks. Raises BlobCorrupt when the store lost some; close it to stop early."""
    for place in download.places:
        member = place.member
        yield place.header + (member.content or b"")
        if member.content is None and member.digest is not None:
            sent = 0
            try:
                async with aclosing(open_blob(registry, member.digest, 0, member.size)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                        sent += len(chunk)
            finally:
                metrics.bytes_out.inc(sent)
                registry.counts.sent(download.path, str(member.digest), sent)
        if place.padding:
            yield place.padding
    yield END


@dataclass(slots=True)
class _Tree:
    """Manifests of one repository, each read once; those that others name come before them."""

    registry: Registry
    tx: Reader
    repository_id: int
    path: RepositoryName
    manifests: dict[Digest, Manifest] = field(default_factory=dict)

    async def find(self, reference: Reference) -> Manifest:
        if isinstance(reference, TagName):
            row = await tags.manifest_by_tag(self.tx, self.repository_id, reference)
        else:
            row = await content.manifest_by_digest(self.tx, self.repository_id, str(reference))
        if row is None:
            raise ManifestUnknown(
                worded("{path} has no manifest {reference}.", path=self.path, reference=reference),
                reference=str(reference),
            )
        return self._parse(row)

    async def of_platform(self, root: Manifest, wanted: Platform | None) -> Manifest:
        """The one image below `root` for a platform; for none in particular the usual one, or else the first."""
        found, depth = root, 0
        while found.is_index and depth < _DEPTH_MAX:
            child = choose_child(found.children, wanted or _USUAL)
            if child is None and wanted is None:
                child = next((one for one in found.children if one.platform and one.platform.os != "unknown"), None)
            if child is None:
                offered = ", ".join(sorted({str(one.platform) for one in found.children if one.platform}))
                raise ManifestUnknown(
                    worded(
                        "{path} has no image for {wanted}. There is: {offered}.",
                        path=self.path,
                        wanted=wanted or _USUAL,
                        offered=offered or "none with a platform",
                    )
                )
            found, depth = await self.find(child.digest), depth + 1
        return found

    async def take(self, manifest: Manifest, depth: int) -> None:
        if depth > _DEPTH_MAX or len(self.manifests) >= _MANIFESTS_MAX:
            raise ManifestUnknown(worded("Indexes in {path} are nested too deep, or name too much.", path=self.path))
        for child in manifest.children:
            if child.digest not in self.manifests:
                row = await content.manifest_by_digest(self.tx, self.repository_id, str(child.digest))
                if row is not None:  # an index may be sparse
                    await self.take(self._parse(row), depth + 1)
        self.manifests[manifest.digest] = manifest

    def _parse(self, row: Row[Any]) -> Manifest:
        return Manifest.parse(row.body, row.media_type, self.registry.settings.manifest)


async def _check_blobs(tx: Reader, repository_id: int, manifests: Collection[Manifest]) -> None:
    """Pass when the repository holds every blob in the size that is stated: a file cannot be mended half-way."""
    wanted = {str(blob.digest): blob.size for manifest in manifests for blob in manifest.blobs}
    linked = await content.linked_digests(tx, repository_id, wanted)
    sizes = await content.blob_sizes(tx, linked)
    absent = sorted(digest for digest, size in wanted.items() if sizes.get(digest) != size)
    if absent:
        raise ManifestBlobUnknown(
            worded(
                "The image cannot be put into a file: {count} of its blobs are not in this repository "
                "({absent}{more}).",
                count=len(absent),
                absent=", ".join(absent[:3]),
                more=" …" if len(absent) > 3 else "",
            ),
            digests=absent,
        )


def _file_name(path: RepositoryName, reference: Reference, platform: Platform | None) -> str:
    """As `acme-web-1.4.2.tar`; every part is plain by its grammar, except for what a platform may say."""
    which = str(reference) if isinstance(reference, TagName) else f"{reference.algorithm}-{reference.hex[:12]}"
    machine = f"-{platform.os}-{platform.architecture}" if platform else ""
    name = f"{path.replace('/', '-')}-{which}{machine}.tar"
    return "".join(char if char.isascii() and (char.isalnum() or char in "._-") else "-" for char in name)
